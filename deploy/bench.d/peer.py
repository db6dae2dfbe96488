"""pgqueuer, the fastest queue on PostgreSQL that PyPI has, as the sender of the same deliveries."""

import time
from collections.abc import Iterator
from pathlib import Path

from ledger import Ledger, scrambled
from rows import Bench
from service import WEBHOOK_SECRET
from stage import CPU, HERE, ROOT, run

PACKAGES = ["pgqueuer[asyncpg]==1.6.0", "aiohttp==3.13.2", "uvloop==0.22.1"]
# The best of 1 to 3 on two cores.
PROCESSES = 2


def install() -> Path:
    """A virtual environment with exactly these packages; its Python."""
    folder = ROOT / ".build" / "bench-venv"
    pins, python = folder / "pins.txt", folder / "bin" / "python"
    if not pins.exists() or pins.read_text() != "\n".join(PACKAGES):
        run(["python3", "-m", "venv", "--clear", folder])
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES])
        pins.write_text("\n".join(PACKAGES))
    return python


def drain(bench: Bench) -> dict[str, float]:
    """It has its jobs already, one for each delivery with the body in it, and only sends and records them."""
    dsn = f"postgresql://subgate_owner@/peer?host={bench.cluster.home}"
    jobs = max(1000, bench.events // 2)
    bench.cluster.sql("drop database if exists peer")
    bench.cluster.sql("create database peer")
    program = [bench.peer_python, HERE / "pgqueuer_peer.py"]
    run([*program, "install", dsn])
    ledger = Ledger(bench.stage.memory, jobs)
    file = bench.stage.folder / "jobs"
    file.write_text("".join(lines(bench, ledger.run, jobs)))
    run([*program, "fill", dsn, file])
    bench.cluster.sql("vacuum analyze", "peer")
    bench.cluster.sql("checkpoint")

    senders = [bench.stage.start([*program, "drain", dsn, WEBHOOK_SECRET]) for _ in range(PROCESSES)]
    bench.stage.until(lambda: ledger.delivered > 0, senders[0], "the first delivery of pgqueuer")
    begun, first = ledger.delivered, time.monotonic_ns()
    cpu = CPU(postgres=bench.cluster.process, **{f"sender{index}": child for index, child in enumerate(senders)})
    bench.stage.until(lambda: ledger.delivered == jobs, bench.cluster.process, "the last delivery of pgqueuer", 120)
    used, sent = cpu.used(), jobs - begun
    rate = sent / (ledger.last_received() - first) * 1e9
    for child in senders:
        child.wait(30)
    ledger.close()
    sender = sum(seconds for name, seconds in used.items() if name.startswith("sender"))
    return {"rate": rate, "machine_us": used["machine"] / sent * 1e6, "sender_us": sender / sent * 1e6,
            "postgres_us": used["postgres"] / sent * 1e6}


def lines(bench: Bench, run_number: int, jobs: int) -> Iterator[str]:
    before, _, after = bench.payload.decode().partition('"EventId":"')
    for number in range(jobs):
        bits = f"{scrambled(run_number << 32 | number):016x}"
        event = f"{bits[:8]}-{bits[8:12]}-{bits[12:]}"
        yield f'http://127.0.0.1:{bench.service.sink_port}/0/0\t{before}"EventId":"{event}{after[len(event):]}\n'
