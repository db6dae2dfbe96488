"""Queues on PostgreSQL that PyPI has, each as the sender of the same deliveries."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger import Ledger, scrambled
from rows import Bench
from service import WEBHOOK_SECRET
from stage import CPU, HERE, ROOT, fail, run

CLIENT = ["aiohttp==3.13.2", "uvloop==0.22.1"]
# How long the slowest may take for all of its jobs, in seconds.
PATIENCE = 600


@dataclass(frozen=True)
class Engine:
    """One queue, as its program `<name>_peer.py` drives it; the number of processes is its best on two cores."""

    name: str
    packages: list[str]
    processes: int
    # Whether its worker can end when it finds no job; the others are told to.
    ends: bool

    def install(self) -> Path:
        """A virtual environment with exactly these packages; its Python."""
        folder = ROOT / ".build" / "bench-venv" / self.name
        pins, python, wanted = folder / "pins.txt", folder / "bin" / "python", "\n".join(self.packages)
        if not pins.exists() or pins.read_text() != wanted:
            run(["python3", "-m", "venv", "--clear", folder])
            run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *self.packages])
            pins.write_text(wanted)
        return python


# By the row of the table that each of them has.
ENGINES = {f"peer_{engine.name}": engine for engine in (
    Engine("pgqueuer", ["pgqueuer[asyncpg]==1.6.0", *CLIENT], processes=2, ends=True),
    Engine("awa", ["awa-pg==0.6.9", *CLIENT], processes=2, ends=False),
    Engine("procrastinate", ["procrastinate==3.10.0", "psycopg[binary,pool]==3.3.9", *CLIENT], processes=2, ends=True),
)}


def row(engine: Engine) -> Callable[[Bench], dict[str, float]]:
    return lambda bench: drain(bench, engine)


def drain(bench: Bench, engine: Engine) -> dict[str, float]:
    """It has its jobs already, one for each delivery with the body in it, and only sends and records them."""
    dsn = bench.cluster.socket_url("peer")
    jobs = max(1000, bench.events // 2)
    bench.cluster.sql("drop database if exists peer")
    bench.cluster.sql("create database peer")
    program = [bench.peers[engine.name], HERE / f"{engine.name}_peer.py"]
    run([*program, "install", dsn])
    ledger = Ledger(bench.stage.memory, jobs)
    file = bench.stage.folder / "jobs"
    file.write_text("".join(lines(bench, ledger.run, jobs)))
    run([*program, "fill", dsn, file])
    bench.cluster.sql("vacuum analyze", "peer")
    bench.cluster.sql("checkpoint")

    senders = [bench.stage.start([*program, "drain", dsn, WEBHOOK_SECRET]) for _ in range(engine.processes)]
    bench.stage.until(lambda: ledger.delivered > 0, senders[0], f"the first delivery of {engine.name}")
    begun, first = ledger.delivered, time.monotonic_ns()
    cpu = CPU(postgres=bench.cluster.process, **{f"sender{index}": child for index, child in enumerate(senders)})
    bench.stage.until(
        lambda: ledger.delivered == jobs, bench.cluster.process, f"the last delivery of {engine.name}", PATIENCE)
    used, sent = cpu.used(), jobs - begun
    rate = sent / (ledger.last_received() - first) * 1e9
    ledger.close()
    for child in senders:
        if engine.ends:
            child.wait(30)
        else:
            bench.stage.stop(child)
        if child.returncode != 0:
            fail(f"{engine.name} ended with {child.returncode}:\n{Path(child.log).read_text()[-2000:]}")
    if (left := int(run([*program, "left", dsn]))) != 0:
        fail(f"{engine.name} sent all of its {jobs} jobs, but has not recorded {left} of them as done")
    sender = sum(seconds for name, seconds in used.items() if name.startswith("sender"))
    return {"rate": rate, "machine_us": used["machine"] / sent * 1e6, "sender_us": sender / sent * 1e6,
            "postgres_us": used["postgres"] / sent * 1e6}


def lines(bench: Bench, run_number: int, jobs: int) -> Iterator[str]:
    before, _, after = bench.payload.decode().partition('"EventId":"')
    for number in range(jobs):
        bits = f"{scrambled(run_number << 32 | number):016x}"
        event = f"{bits[:8]}-{bits[8:12]}-{bits[12:]}"
        yield f'http://127.0.0.1:{bench.service.sink_port}/0/0\t{before}"EventId":"{event}{after[len(event):]}\n'
