"""What a run needs around it: a folder, child processes that end with us, free ports, CPU accounts."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
LIBC = ctypes.CDLL(None)


def fail(message: str) -> None:
    sys.exit(f"deploy/bench: error: {message}")


def die_with_parent() -> None:
    """Runs in a child before its program: whatever becomes of us, it gets SIGINT (PR_SET_PDEATHSIG is 1)."""
    LIBC.prctl(1, signal.SIGINT)


def unprivileged() -> dict[str, object]:
    """Arguments for subprocess that run a program as nobody of importance: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class Stage:
    """Use it in a `with`: at its end all children are stopped, the last one first, and the folders are removed."""

    def __init__(self) -> None:
        # Not /tmp and not the checkout: a real disk that any user can reach.
        self.folder = Path(tempfile.mkdtemp(prefix="subgate-bench-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.memory = Path(tempfile.mkdtemp(prefix="subgate-bench-", dir="/dev/shm"))
        self.children: list[subprocess.Popen] = []

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        for child in reversed(self.children):
            self.stop(child)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.memory, ignore_errors=True)

    def start(self, arguments: list[object], core: int | None = None, **options: object) -> subprocess.Popen:
        """Starts a program that runs until it is stopped; with `core`, on that core alone."""
        if core is not None:
            arguments = ["taskset", "--cpu-list", core, *arguments]
        log = (self.folder / f"{len(self.children)}-{Path(str(arguments[0])).name}.log").open("wb")
        child = subprocess.Popen(
            [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=die_with_parent, **options)
        child.log = log.name
        self.children.append(child)
        return child

    def stop(self, child: subprocess.Popen, how: signal.Signals = signal.SIGINT) -> None:
        if child.poll() is None:
            child.send_signal(how)
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def check(self, child: subprocess.Popen) -> None:
        if child.poll() is not None:
            fail(f"{child.args[0]} ended with {child.returncode}:\n{Path(child.log).read_text()[-2000:]}")

    def until(self, is_true, child: subprocess.Popen, what: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not is_true():
            self.check(child)
            if time.monotonic() > end:
                fail(f"{what} did not happen in {seconds} s:\n{Path(child.log).read_text()[-2000:]}")
            time.sleep(0.01)

    def compile(self, name: str) -> Path:
        program = self.folder / name
        run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, HERE / f"{name}.c", "-lcrypto"])
        return program


def run(arguments: list[object], **options: object) -> str:
    """Runs a program to its end and returns what it printed; ends the bench if it failed."""
    done = subprocess.run(
        [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        fail(f"{arguments[0]} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class CPU:
    """CPU seconds used since it was made: of the whole machine, and of processes with all their children."""

    def __init__(self, **processes: subprocess.Popen) -> None:
        self.pids = {name: child.pid for name, child in processes.items()}
        self.before = self.now()

    def now(self) -> dict[str, float]:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
        user, nice, system, _idle, _wait, interrupts, soft = (int(field) for field in fields)
        used = {"machine": (user + nice + system + interrupts + soft) / TICKS}
        return used | {name: tree_seconds(pid) for name, pid in self.pids.items()}

    def used(self) -> dict[str, float]:
        return {name: seconds - self.before[name] for name, seconds in self.now().items()}


def tree_seconds(root: int) -> float:
    """Of a process, of its children that live, and of those it has waited for."""
    ticks, parents = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry)] = int(stat[1])
        own, waited = int(stat[11]) + int(stat[12]), int(stat[13]) + int(stat[14])
        ticks[int(entry)] = own + waited
    return sum(used for pid, used in ticks.items() if pid == root or parents[pid] == root) / TICKS


def resident_megabytes(child: subprocess.Popen) -> float:
    for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError("a process without VmRSS")
