"""Where images are built and run: a container engine with storage of its own, in namespaces that end with the drill."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any, Callable

from place import LIBC, ROOT, Place, until

NEEDED = ["podman", "conmon", "crun", "netavark", "aardvark-dns", "iptables", "catatonit", "mmdebstrap"]
CLONE_NEWNET = 0x40000000
# A whole release build on two busy cores, at most.
LIMIT_SECONDS = 1500

# Its first process: reaps what containers leave, and holds the mounts. Where old and new control groups are side by
# side, crun wants one kind only. `/run` is the engine's alone, where no systemd is looked for. What is written into the
# checkout, such as secrets, is not seen from outside.
FIRST = r"""
mount --make-rprivate /
mount -t proc proc /proc
mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock
ip netns add yard
ip -n yard link set lo up
mkdir -p "$2"/upper "$2"/work
mount -t overlay overlay -o "lowerdir=$3,upperdir=$2/upper,workdir=$2/work" "$3"
rm -rf "$3"/deploy/container/secrets
touch "$1"
sleep infinity &
wait
"""

CONTAINERS = """[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
STORAGE = """[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "/run/containers"
"""


def install() -> None:
    """Debian's packages of the engine, where they are missing."""
    told = subprocess.run(["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *NEEDED],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    missing = [name for name in NEEDED if f"{name} installed" not in told.splitlines()]
    if missing:
        print(f"installing {' '.join(missing)}", flush=True)
        words = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "install", "--yes", "--no-install-recommends"]
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*words, *missing], check=True, stdout=subprocess.DEVNULL, env=environment)


class Yard:
    """Use it in a `with`. All that runs in it ends with it; its storage is in the place's folder."""

    def __init__(self, place: Place) -> None:
        assert os.geteuid() == 0, "an engine of its own needs root"
        self.folder = place.folder / "yard"
        self.folder.mkdir()
        for name, text in (("containers.conf", CONTAINERS), ("storage.conf", STORAGE)):
            (self.folder / name).write_text(text.format(folder=self.folder))
        self.log = (self.folder / "log").open("a")
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder),
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            # No systemd is here whose timers could ask for health; `health` does.
            "DISABLE_HC_SYSTEMD": "true",
        }
        up = self.folder / "up"
        unshared = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        self.unshare = place.start([*unshared, "bash", "-euc", FIRST, "first", up, self.folder, ROOT])
        until(up.exists, "namespaces", child=self.unshare)
        self.first = int(Path(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children").read_text())

    def __enter__(self) -> "Yard":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(AssertionError, subprocess.SubprocessError):
            self.podman("rm", "--all", "--force", "--time", "2")
        self.unshare.kill()
        until(self.is_gone, "the end of the containers")
        self.log.close()

    def is_gone(self) -> bool:
        """Removes the engine's control groups, which can be done once all of its processes have ended."""
        groups = [*Path("/sys/fs/cgroup").glob("libpod_parent"), *Path("/sys/fs/cgroup").glob("*/libpod_parent")]
        for group in groups:
            for folder, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        shutil.rmtree(self.folder / "storage", ignore_errors=True)
        return not any(group.exists() for group in groups)

    def enter(self, network: str = "yard") -> list[str]:
        """The words before a command that is to run in here, in the checkout; `network` is one of `ip netns`, or empty
        for the machine's own."""
        entered = ["nsenter", "--target", str(self.first), "--mount", "--pid", "--ipc", "--uts", f"--wdns={ROOT}"]
        return [*entered, "nsenter", f"--net=/run/netns/{network}"] if network else entered

    def run(self, *words: Any, network: str = "yard", expect: int | None = 0, stderr_too: bool = False,
            **options: Any) -> str:
        """What a program printed."""
        command = [*self.enter(network), *(str(word) for word in words)]
        done = subprocess.run(
            command, stdin=options.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=LIMIT_SECONDS, env=self.environment | options.pop("env", {}), **options)
        self.log.write(f"\n$ {' '.join(map(str, words))}\n{done.stdout}{done.stderr}\n")
        self.log.flush()
        told = f"{' '.join(map(str, words))} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}"
        assert expect is None or done.returncode == expect, told
        return (done.stdout + (done.stderr if stderr_too else "")).strip()

    def podman(self, *words: Any, **options: Any) -> str:
        return self.run("podman", *words, **options)

    def inside(self, work: Callable[[], Any], network: str = "yard") -> Any:
        """Does work in a thread whose sockets are in a network of the yard's."""
        found: list[Any] = []
        failed: list[BaseException] = []

        def go() -> None:
            try:
                with (Path("/proc", str(self.first), "root") / "run/netns" / network).open() as handle:
                    if LIBC.setns(handle.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                found.append(work())
            except BaseException as problem:
                failed.append(problem)

        thread = threading.Thread(target=go)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return found[0]


def health(yard: Yard, name: str) -> str:
    """What a container's own check says now; no systemd is here whose timers would ask."""
    yard.podman("healthcheck", "run", name, expect=None)
    return yard.podman("inspect", "--format", "{{.State.Health.Status}}", name, expect=None)
