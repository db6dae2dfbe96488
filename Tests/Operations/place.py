"""What a drill needs around it: a folder, child processes that never outlive it, free ports, and patience."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Callable, Self

ROOT = Path(__file__).resolve().parents[2]
LIBC = ctypes.CDLL(None)

# The longest that something may take on a busy machine before a drill gives up on it.
LIMIT_SECONDS = 40
STOP_LIMIT_SECONDS = 20

binary = Path()


def die_with_parent() -> None:
    """Runs in a child before its program: it is killed when the thread that started it ends (PR_SET_PDEATHSIG is 1)."""
    LIBC.prctl(1, signal.SIGKILL)


def unprivileged() -> dict[str, Any]:
    """Arguments for subprocess that run a program as nobody of importance: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class Child:
    """A program that runs until it is stopped."""

    def __init__(self, arguments: list[Any], log: Path, **options: Any) -> None:
        self.name = Path(str(arguments[0])).name
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=die_with_parent, **options)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def read_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def send(self, which: signal.Signals) -> None:
        self.process.send_signal(which)

    def kill(self) -> None:
        if self.runs:
            self.process.kill()
        self.process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end, and makes it if it does not. The exit status."""
        if self.runs:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            try:
                self.process.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode


class Place:
    """Use it in a `with`: at its end all children are stopped, the last one first, and the folder is removed."""

    def __init__(self) -> None:
        # Not /tmp and not the checkout: a real disk that any user can reach.
        self.folder = Path(tempfile.mkdtemp(prefix="subgate-drill-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.children: list[Child] = []

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        for child in reversed(self.children):
            child.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, arguments: list[Any], **options: Any) -> Child:
        log = self.folder / f"{len(self.children)}-{Path(str(arguments[0])).name}.log"
        child = Child(arguments, log, **options)
        self.children.append(child)
        return child

    def folder_for_others(self, name: str) -> Path:
        """A new folder that belongs to whom `unprivileged` programs run as."""
        made = self.folder / name
        made.mkdir()
        account = unprivileged()
        if account:
            os.chown(made, account["user"], account["group"])
        return made


class Threads:
    """Threads that act from the `with` that they are used in to its end, each until `over` is set."""

    def __init__(self, *actions: Callable[[], None]) -> None:
        self.over = threading.Event()
        self.threads = [threading.Thread(target=action, daemon=True) for action in actions]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


def until(found: Callable[[], Any], what: str, seconds: float = LIMIT_SECONDS, child: Child | None = None) -> Any:
    """Waits for what `found` answers to be true, and answers it."""
    deadline = time.monotonic() + seconds
    while True:
        if value := found():
            return value
        told = f":\n{child.read_log()[-2000:]}" if child else ""
        assert child is None or child.runs, f"{child.name} ended before {what}{told}"
        assert time.monotonic() < deadline, f"did not happen in {seconds} s: {what}{told}"
        time.sleep(0.01)


def run(arguments: list[Any], expect: int | None = 0, **options: Any) -> str:
    """Runs a program to its end, and returns all that it printed; `expect` is its exit status, or None for any."""
    done = subprocess.run(
        [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=LIMIT_SECONDS, **options)
    told = f"{arguments} ended with {done.returncode}:\n{done.stdout[-2000:]}"
    assert expect is None or done.returncode == expect, told
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
