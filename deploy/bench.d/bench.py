"""Measures Subgate beside what it is held against, each in turn in every round, and prints the medians.

`--quick` measures once and for a second or two each, for a look; `--only ROW,…` a part; `--rounds N` more or fewer
than three; `--keep` makes what was measured the README's chart and table.
"""

import argparse
import json
import signal
import sys
from pathlib import Path

import chart
import hung
import intake
import peer
import report
import rows
from cluster import Cluster
from ledger import Ledger
from nginx import LINK_TOKEN, Nginx
from rows import Bench
from service import Service
from stage import HERE, ROOT, Stage, accepts, fail, free_port

ROWS = {
    "http_livez": rows.http_livez, "http_me": rows.http_me, "inbound": rows.inbound, "deliveries": rows.deliveries,
    "burst": rows.burst, **{name: peer.row(engine) for name, engine in peer.ENGINES.items()},
    intake.ROW: intake.intake, "latency": rows.latency, "link_tokens": rows.link_tokens,
    "authentication": rows.authentication, "policy": rows.policy, "listing": rows.listing, "memory": rows.memory,
    "dead": hung.dead, "hung": hung.hung,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy/bench", description=__doc__)
    parser.add_argument("binary", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="short measurements")
    parser.add_argument("--only", default=",".join(ROWS), metavar="ROW,…", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, help="how often each is measured (3; with --quick 1)")
    parser.add_argument("--keep", action="store_true", help="also write deploy/bench.d/measured.{json,svg,md}")
    parser.add_argument("--seconds", type=float, help="how long each side runs (5; with --quick 2)")
    parser.add_argument("--events", type=int, help="how many events are delivered (30000; with --quick 6000)")
    return parser.parse_args()


def prepare(stage: Stage, wanted: argparse.Namespace, names: list[str]) -> Bench:
    cluster = Cluster(stage)
    upstream = Nginx(stage, free_port(), "upstream", {"/api/v1/linktoken": LINK_TOKEN})
    sink_port = free_port()
    sink = stage.start([stage.compile("sink"), sink_port, stage.memory])
    stage.until(lambda: accepts(sink_port), sink, "the start of the receiver")
    service = Service(stage, cluster, wanted.binary, upstream.port, sink_port)
    service.start()
    service.fill()
    # What was just made is known to every node within a second; to a new one at once.
    service.start()
    bench = Bench(
        stage, cluster, service, upstream, sink, stage.compile("load"), b"",
        {engine.name: engine.install() for name, engine in peer.ENGINES.items()
         if name in names or engine.name == intake.QUEUE and intake.ROW in names},
        wanted.seconds or (2 if wanted.quick else 5), wanted.events or (6000 if wanted.quick else 30_000))
    bench.payload = sample(bench)
    service.stop()
    return bench


def sample(bench: Bench) -> bytes:
    """One webhook as it was stored: what pgbench stores, and what the peers send."""
    ledger = Ledger(bench.stage.memory, 1)
    bench.load(ledger, 1, 1)
    ledger.close()
    return bytes.fromhex(bench.cluster.sql("select encode(payload, 'hex') from subgate.event limit 1"))


def write(path: Path, kept: dict[str, object], found: list[report.Line]) -> None:
    """`path` with `.json` for all that was measured, with `.svg` for the chart and with `.md` for the table."""
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    path.with_suffix(".svg").write_text(chart.draw(found, "How many times as good as its bar each figure is"))
    path.with_suffix(".md").write_text(report.markdown(found) + "\n")


def main() -> int:
    wanted = arguments()
    rounds = wanted.rounds or (1 if wanted.quick else 3)
    names = wanted.only.split(",")
    if unknown := [name for name in names if name not in ROWS]:
        fail(f"there is no row {unknown[0]}; the rows are {', '.join(ROWS)}")
    # However it is told to end, the stage is cleared.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    where = report.surroundings()
    results: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with Stage() as stage:
        bench = prepare(stage, wanted, names)
        for number in range(1, rounds + 1):
            for name in names:
                print(f"round {number} of {rounds}: {name}", end="", file=sys.stderr, flush=True)
                results[name].append(numbers := ROWS[name](bench))
                said = ", ".join(f"{key} {value:,.2f}" for key, value in numbers.items())
                print(f": {said}", file=sys.stderr, flush=True)
    found = report.lines(results, bench.faults)
    kept = report.whole(where, results, bench.faults, found)
    write(ROOT / ".build" / "bench", kept, found)
    if wanted.keep:
        write(HERE / "measured", kept, found)
    print(f"\n{where['processor']}, {where['cores']} cores, load before {where['loadBefore']:.1f}, "
          f"fdatasync {where['fsyncMicroseconds']} µs; medians (min–max) of {rounds} rounds\n")
    print(report.table(found))
    return 1 if any(count for name, count in bench.faults.items() if name != "acknowledged") else 0


if __name__ == "__main__":
    sys.exit(main())
