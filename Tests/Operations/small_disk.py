"""A disk that can be filled: a file system in memory that only this drill sees, and that goes with its last process."""

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

from cluster import BINARIES, OWNER
from place import LIBC, Place, run, unprivileged

CLONE_NEWNS = 0x0002_0000


def apart(body: Callable[[], None]) -> None:
    """Runs it on a thread of its own, whose mounts end with it."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(body).result()


class SmallDisk:
    """Needs root. The thread that makes it has mounts of its own from then on, and so have all that it starts."""

    def __init__(self, place: Place, megabytes: int) -> None:
        self.place = place
        self.home = place.folder_for_others("disk")
        assert os.geteuid() == 0, "a disk can be mounted by root alone"
        if LIBC.unshare(CLONE_NEWNS) != 0:
            raise OSError(ctypes.get_errno(), "no mounts of its own")
        run(["mount", "--make-rprivate", "/"])
        run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "subgate-drill", self.home])
        self.ballast = self.home / "ballast"

    def __enter__(self) -> "SmallDisk":
        return self

    def __exit__(self, *_: object) -> None:
        for child in reversed(self.place.children):
            child.kill()
        # Servers that lost their parent end a moment later, and the mount with the last of them.
        run(["umount", "--lazy", self.home])

    def cluster(self) -> Path:
        """A new cluster's data."""
        data = self.home / "data"
        run([BINARIES / "initdb", "-D", data, "-U", OWNER, "-E", "UTF8", "--locale=C", "-A", "trust",
             "--wal-segsize=1"], cwd="/", **unprivileged())
        return data

    def fill(self) -> None:
        """Takes all that is left, to the last byte."""
        with self.ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def free(self) -> None:
        self.ballast.unlink()
