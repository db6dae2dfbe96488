"""The fastest of the queues with Subgate's whole work before it: the same webhooks in, the same deliveries out."""

import subprocess
from pathlib import Path

from ledger import FAN_OUT, Ledger
from peer import PATIENCE
from rows import Bench
from service import WEBHOOK_SECRET
from stage import CPU, HERE, accepts, fail, free_port, run

QUEUE = "pgqueuer"
ROW = f"peer_{QUEUE}_intake"
# Its best on two cores of those tried: 1 or 2 processes that take webhooks, 1 to 3 that deliver.
INTAKES, WORKERS = 1, 2
# As many as are on their way to Subgate, in `deliveries`; 512 connections and as many as are taken make it no faster.
CONNECTIONS, WINDOW = 64, 1000


def intake(bench: Bench) -> dict[str, float]:
    """As `deliveries`: the clock starts with the first webhook, and stops when the receiver has every delivery."""
    dsn, port = bench.cluster.socket_url("peer"), free_port()
    events = max(1000, bench.events // 2)
    bench.cluster.sql("drop database if exists peer")
    bench.cluster.sql("create database peer")
    queue = [bench.peers[QUEUE], HERE / f"{QUEUE}_peer.py"]
    run([*queue, "install", dsn])
    bench.cluster.sql("create table event_seen (event_id uuid primary key)", "peer")
    bench.cluster.sql("checkpoint")
    serve = [bench.peers[QUEUE], HERE / f"{QUEUE}_intake.py", dsn, port, WEBHOOK_SECRET, bench.service.session_file,
             bench.service.sink_port]
    intakes = [bench.stage.start(serve) for _ in range(INTAKES)]
    workers = [bench.stage.start([*queue, "work", dsn, WEBHOOK_SECRET]) for _ in range(WORKERS)]
    bench.stage.until(lambda: accepts(port), intakes[0], f"the start of {QUEUE}'s intake")
    warm = Ledger(bench.stage.memory, 500)
    deliver(bench, warm, 500, port)
    warm.close()

    ledger = Ledger(bench.stage.memory, events)
    cpu = CPU(postgres=bench.cluster.process, **{f"intake{index}": child for index, child in enumerate(intakes)},
              **{f"worker{index}": child for index, child in enumerate(workers)})
    begun = deliver(bench, ledger, events, port)
    used, owed = cpu.used(), FAN_OUT * events
    rate = owed / (ledger.last_received() - begun) * 1e9
    # The first of them once more: they are known.
    bench.load(ledger, 100, 1, port=port)
    bench.stage.until(lambda: run([*queue, "left", dsn]).strip() == "0", workers[0], f"the last of {QUEUE}'s jobs")
    wrong = {"repeated": ledger.repeated, "misrouted": ledger.misrouted}
    ledger.close()
    if any(wrong.values()):
        fail(f"{QUEUE} behind its intake: of {owed} deliveries {wrong}")
    for child in [*intakes, *workers]:
        end(bench, child)
    return {"rate": rate, "machine_us": used["machine"] / owed * 1e6, "postgres_us": used["postgres"] / owed * 1e6} | {
        f"{kind}_us": sum(seconds for name, seconds in used.items() if name.startswith(kind)) / owed * 1e6
        for kind in ("intake", "worker")}


def deliver(bench: Bench, ledger: Ledger, events: int, port: int) -> int:
    """Until the receiver has every delivery; returns when the first webhook was sent."""
    begun = bench.load(ledger, events, CONNECTIONS, window=WINDOW, port=port)["firstSent"]
    bench.stage.until(
        lambda: ledger.delivered == FAN_OUT * events, bench.cluster.process,
        f"the last delivery of {QUEUE} behind its intake", PATIENCE)
    return begun


def end(bench: Bench, child: subprocess.Popen) -> None:
    bench.stage.stop(child)
    if child.returncode != 0:
        fail(f"{QUEUE} ended with {child.returncode}:\n{Path(child.log).read_text()[-2000:]}")
