"""A private PostgreSQL cluster, reachable through a unix socket in its own folder only."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from place import Child, Place, run, unprivileged, until

OWNER = "subgate_owner"
APP = "subgate_app"


def find_binaries() -> Path:
    """The newest server there is."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if folders:
        return folders[-1]
    found = shutil.which("initdb")
    assert found, "there is no PostgreSQL server on this machine"
    return Path(found).resolve().parent


BINARIES = find_binaries()


class Cluster:
    """`settings` are PostgreSQL's own, by name. Without `data` a new cluster is made; else that folder is served."""

    def __init__(self, place: Place, name: str = "postgresql", data: Path | None = None, **settings: str) -> None:
        self.place, self.settings = place, settings
        self.home = place.folder_for_others(name)
        self.data = data or self.home / "data"
        if data is None:
            run([BINARIES / "initdb", "-N", "-D", self.data, "-U", OWNER, "-E", "UTF8", "--locale=C", "-A", "trust"],
                cwd="/", **unprivileged())
        self.server: Child | None = None

    def start(self) -> "Cluster":
        asked = {"listen_addresses": "", "max_connections": "100", "jit": "off"} | self.settings
        settings = [argument for name, value in asked.items() for argument in ("-c", f"{name}={value}")]
        self.server = self.place.start(
            [BINARIES / "postgres", "-D", self.data, "-k", self.home, *settings], cwd="/", **unprivileged())
        until(self.is_ready, "the start of PostgreSQL", child=self.server)
        return self

    def stop(self, mode: str = "fast") -> None:
        """`smart`, `fast` or `immediate`: the last leaves recovery to the next start."""
        run([BINARIES / "pg_ctl", "-D", self.data, "-m", mode, "-w", "stop"], cwd="/", **unprivileged())
        if self.server:
            self.server.process.wait()

    def restart(self, mode: str = "immediate") -> None:
        self.stop(mode)
        self.start()

    def is_ready(self) -> bool:
        asked = [BINARIES / "pg_isready", "-q", "-h", self.home]
        return subprocess.run(asked, check=False).returncode == 0

    @contextlib.contextmanager
    def transaction(self, statements: str) -> Iterator[None]:
        """Runs statements as the owner in a transaction that stays open meanwhile, and is rolled back."""
        session = subprocess.Popen(
            [BINARIES / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]})
        assert session.stdin and session.stdout
        try:
            session.stdin.write(f"begin; {statements}; select 'done';\n")
            session.stdin.flush()
            assert session.stdout.readline().strip() == "done", f"'{statements}' failed"
            yield
        finally:
            session.stdin.close()
            session.wait()
            session.stdout.close()

    def url(self, role: str = OWNER, database: str = "postgres") -> str:
        return f"postgresql://{role}@/{database}?host={str(self.home).replace('/', '%2F')}"

    def sql(self, statements: str, database: str = "postgres") -> str:
        """Runs statements as the owner; the answer's rows, fields separated by `|`."""
        url = self.url(OWNER, database)
        return run(
            [BINARIES / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statements],
            env={"PATH": os.environ["PATH"]}).strip()
