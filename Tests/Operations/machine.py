"""A machine of its own for a drill: systemd as its first process, this machine's files to change at will, its own
network. For what can only be seen of a service that systemd runs."""

import contextlib
import os
import subprocess
import threading
from pathlib import Path
from typing import Any, Callable

from place import LIBC, ROOT, Place, until

BOOT = Path(__file__).parent / "machine" / "boot.sh"
NAMESPACES = ["--mount", "--pid", "--ipc", "--uts", "--cgroup", "--net", "--fork", "--kill-child"]
# A whole installation, with a new PostgreSQL, on a busy machine.
SCRIPT_LIMIT_SECONDS = 120
CLONE_NEWNET = 0x40000000


class Machine:
    """Use it in a `with`. It ends with all that runs in it."""

    def __init__(self, place: Place) -> None:
        assert os.geteuid() == 0, "a machine of its own needs root"
        self.place = place
        folder = place.folder / "machine"
        folder.mkdir()
        self.group = cgroups() / f"subgate-drill-{os.getpid()}"
        self.group.mkdir()
        enter = f"echo $$ >{self.group}/cgroup.procs && exec \"$@\""
        self.unshare = place.start(
            ["sh", "-c", enter, "sh", "unshare", *NAMESPACES, BOOT, folder, ROOT])

    def __enter__(self) -> "Machine":
        try:
            self.first = until(self.find_first, "a first process", child=self.unshare)
            until(lambda: self.try_run("systemctl is-system-running") in ("running\n", "degraded\n"), "systemd",
                  child=self.unshare)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.unshare.kill()
        until(self.is_gone, "the end of the machine")

    def is_gone(self) -> bool:
        """Removes its control groups, which can be done once all of its processes have ended."""
        for folder, _, _ in os.walk(self.group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        return not self.group.exists()

    def find_first(self) -> int | None:
        """The process that is number 1 in there, once it is systemd."""
        children = Path(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children").read_text().split()
        return int(children[0]) if children and program(children[0]) == "systemd" else None

    def command(self, script: str) -> list[str]:
        entered = ["nsenter", "--target", str(self.first), "--all"]
        return [*entered, "bash", "-euo", "pipefail", "-c", f"cd {ROOT}\n{script}"]

    def run(self, script: str, expect: int | None = 0) -> str:
        """What a script prints that root runs in there, in the checkout."""
        done = subprocess.run(
            self.command(script), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=SCRIPT_LIMIT_SECONDS)
        assert expect is None or done.returncode == expect, f"a script ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def try_run(self, script: str) -> str:
        return self.run(script, expect=None)

    def write(self, path: str, text: str) -> None:
        done = subprocess.run(self.command(f"mkdir -p {Path(path).parent}; cat >{path}"), input=text.encode())
        assert done.returncode == 0, f"{path} was not written"

    def inside(self, work: Callable[[], Any]) -> Any:
        """Does work in a thread whose sockets, and whose programs, are in the machine's network."""
        ended: list[Any] = []

        def enter() -> None:
            try:
                with open(f"/proc/{self.first}/ns/net") as network:
                    assert LIBC.setns(network.fileno(), CLONE_NEWNET) == 0, "its network cannot be entered"
                ended.extend([work(), None])
            except BaseException as problem:
                ended.extend([None, problem])

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        result, problem = ended
        if problem:
            raise problem
        return result


def cgroups() -> Path:
    """Where the second version of control groups is mounted, by itself or beside the first."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise AssertionError("no cgroup2 is mounted on this machine")


def program(process: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text().strip()
    return ""
