"""A private PostgreSQL cluster: durable, reachable through a unix socket only, the same for all that is measured."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from stage import ROOT, Stage, fail, run, unprivileged

# Durability is PostgreSQL's default; it is repeated here because everything measured hangs on it.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "min_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "jit": "off",
}
OWNER = "subgate_owner"


class Cluster:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.home = stage.folder / "postgresql"
        self.home.mkdir()
        account = unprivileged()
        if account:
            os.chown(self.home, account["user"], account["group"])
        self.binaries = find_binaries()
        data = self.home / "data"
        run([self.binaries / "initdb", "-D", data, "-U", OWNER, "-E", "UTF8", "--locale=C", "-A", "trust"],
            cwd="/", **account)
        settings = [argument for name, value in SETTINGS.items() for argument in ("-c", f"{name}={value}")]
        self.process = stage.start(
            [self.binaries / "postgres", "-D", data, "-k", self.home, *settings], cwd="/", **account)
        stage.until(self.is_ready, self.process, "the start of PostgreSQL")
        self.age()

    def age(self) -> None:
        """A server that has run for a while has old WAL segments to write into; a new one makes each of them, 16 MiB of
        zeros that are synchronised, while all commits wait."""
        for _ in range(64):
            self.sql("select pg_logical_emit_message(false, 'bench', 'aged'); select pg_switch_wal()")
        self.sql("checkpoint")

    def is_ready(self) -> bool:
        asked = [self.binaries / "pg_isready", "-q", "-h", self.home]
        return subprocess.run(asked, check=False).returncode == 0

    def url(self, role: str, database: str = "postgres") -> str:
        return f"postgresql://{role}@/{database}?host={str(self.home).replace('/', '%2F')}"

    def socket_url(self, database: str) -> str:
        """The owner's, with the socket in the host's place: the one way to write it that all drivers read."""
        return f"postgresql://{OWNER}@{str(self.home).replace('/', '%2F')}/{database}"

    def sql(self, statements: str, database: str = "postgres") -> str:
        """Runs statements as the owner; the answer's rows, fields separated by `|`."""
        return run([
            self.binaries / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
            self.url(OWNER, database), "-c", statements]).strip()

    def empty(self) -> None:
        """Forgets what a measurement wrote, so that the next one finds what this one found."""
        self.sql("set search_path = subgate; truncate event, event_key, transfer, delivery, attempt, quarantine, "
                 "handover, lane")
        self.sql("vacuum")
        self.sql("checkpoint")

    def pgbench(self, script: Path, clients: int, seconds: float) -> float:
        """Runs the script on each connection again and again, as the service's role; scripts per second."""
        options = "-c subgate.platform=on -c search_path=subgate,pg_catalog"
        answer = run(
            [self.binaries / "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", 2, "-T", max(1, round(seconds)),
             "-D", "n=0", "-f", script, "postgres"],
            env={"PATH": os.environ["PATH"], "PGHOST": str(self.home), "PGUSER": "subgate_app", "PGOPTIONS": options})
        found = re.search(r"^tps = ([0-9.]+)", answer, re.MULTILINE)
        return float(found[1]) if found else fail(f"pgbench said:\n{answer}")


def find_binaries() -> Path:
    """The newest server there is."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if folders:
        return folders[-1]
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else fail("there is no PostgreSQL server on this machine")


def statement(file: str, name: str) -> str:
    """One statement of db/queries, by its name."""
    text = (ROOT / "db" / "queries" / file).read_text()
    parts = re.split(r"^-- name: (\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))[name]
