"""What overload costs, by hand: `overload.py PATH-OF-SUBGATE [SECONDS] [--requests-in-flight N]`.

Reads, link tokens and webhooks at the concurrency that suits them best, at ten times that, and from thousands of
connections at once; each beside its peak. The load generator, PostgreSQL and the stand-ins share the machine with the
node, and take more of it the more is asked. So what is judged is the part of a core that refusals take: what the node
used beyond what the served would have cost at the peak. As long as that is under a fifth, a loop whose core is the
scarce thing does over 80 % of what it does alone. What the clock says, and what a CPU second bought, stand beside it.
"""

import argparse
import subprocess
import threading
import time
import uuid
from pathlib import Path
from typing import Callable

import place
from asking import Asker, Round, link_tokens, own, reads, webhooks
from cluster import Cluster
from node import Node
from overload_checks import UNLIMITED, holding, write
from place import Place, free_port, until
from stand import Stand

CONCURRENCIES = (8, 16, 32, 64, 128)
FLOOD = 4_000
# Webhooks of one round: each is another event, as a repeated one costs less.
EVENTS = 60_000


class Bench(Asker):
    def __init__(self, stand: Stand, node: Node, seconds: int) -> None:
        super().__init__(stand.place, node)
        self.stand, self.seconds = stand, seconds

    def round(self, requests: Path, connections: int) -> Round:
        return self.ask(requests, connections, self.seconds)


def tell(name: str, found: Round, peak: Round | None) -> None:
    line = (f"{name:34} {found.rate:7.0f}/s served {found.refused / found.seconds:7.0f}/s refused  "
            f"median {found.median:6.1f} most {found.most:6.0f} ms  {found.processor / found.seconds:4.2f} of a core  "
            f"{found.bought:6.0f} by CPU s")
    if peak:
        line += f"  {found.rate / peak.rate:.2f} of the peak, {found.bought / peak.bought:.2f} by CPU"
        if found.refused:
            refusing = found.refusing(peak)
            line += f", refusing {refusing:.3f} of a core, {refusing * found.seconds / found.refused * 1e6:.1f} us each"
    others = found.statuses.keys() - {200, 429, 503}
    if others or found.unsaid or found.lost:
        line += f"  ALSO {found.statuses}, without Retry-After {found.unsaid}, lost {found.lost}"
    print(line, flush=True)


def measure(bench: Bench, name: str, kind: Callable[[], Path], **floods: Callable[[], Path]) -> None:
    """`kind` makes the file of requests of a round, and so do `floods` by name. A round beyond the peak stands beside
    the peak before and after it, as a neighbour may take the machine for a while."""
    bench.ask(kind(), 32, 1)
    best, connections = None, 0
    for tried in CONCURRENCIES:
        found = bench.round(kind(), tried)
        tell(f"{name}, {tried} connections", found, None)
        if found.refused < found.served / 100 and (best is None or found.rate > best.rate):
            best, connections = found, tried
    assert best, "nothing was served without refusals"
    crowds = {f"ten times {connections}": (kind, connections * 10), f"{FLOOD} connections": (kind, FLOOD)}
    before = bench.round(kind(), connections)
    for told, (make, count) in (crowds | {told: (make, FLOOD) for told, make in floods.items()}).items():
        found, after = bench.round(make(), count), bench.round(kind(), connections)
        tell(f"{name}, {told}", found, before.with_more(after))
        before = after


def refusals(bench: Bench) -> None:
    """What refusals cost where nothing else is done: all places are taken by what waits for a lock."""
    stand = bench.stand
    with holding(stand.cluster, "subgate.audit_entry"):
        waiting = [
            threading.Thread(target=write, args=(bench.node, c["clientSecret"], i, []), daemon=True)
            for c in stand.clients for i in range(8)]
        for thread in waiting:
            thread.start()
        kept, new = bench.file(reads(stand)), bench.file(reads(stand, Connection="close"))
        time.sleep(0.5)
        for told, requests in (("kept connections", kept), ("a connection each", new)):
            found = bench.round(requests, FLOOD)
            print(f"refusals alone, {told}: {found.refused / found.seconds:.0f}/s, "
                  f"{found.processor / max(1, found.refused) * 1e6:.1f} us of CPU each, served {found.served}, "
                  f"lost {found.lost}", flush=True)
    for thread in waiting:
        thread.join()


def sandbox(where: Place, cluster: Cluster, stand: Stand) -> tuple[str, str]:
    """Another upstream's stand-in: its address and its client id."""
    port, identifier = free_port(), str(uuid.uuid4())
    url = f"http://127.0.0.1:{port}"
    child = where.start([
        place.binary, "sandbox", "--database-url", cluster.url("subgate_sandbox"), "--listen", f"127.0.0.1:{port}",
        "--url", url, "--client-id", identifier, "--client-secret", "drill", "--log-level", "warn"],
        env={"PATH": "/usr/bin:/bin"})
    until(lambda: subprocess.run(["curl", "-s", "-o", "/dev/null", url], check=False).returncode == 0, "the sandbox",
          child=child)
    return url, identifier


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("binary")
    options.add_argument("seconds", nargs="?", type=int, default=4)
    options.add_argument("--requests-in-flight", default="1024")
    options.add_argument("--loops", default="1")
    options.add_argument("--log-level", default="info")
    options.add_argument("--only", default="own,reads,tokens,webhooks,refusals")
    options.add_argument("--acknowledge-within", default="200")
    asked = options.parse_args()
    place.binary = Path(asked.binary).resolve()
    with Place() as where, Stand(where, Cluster(where, shared_buffers="256MB").start()) as stand:
        sink = free_port()
        config = where.folder / "nginx.conf"
        config.write_text(f"daemon off; worker_processes 1; pid {where.folder}/nginx.pid; error_log stderr warn;\n"
                          "events {} http { access_log off; keepalive_requests 100000000; server { listen "
                          f"127.0.0.1:{sink}; return 204; }} }}")
        where.start(["nginx", "-p", where.folder, "-c", config])
        stand.receiver.url = f"http://localhost:{sink}"
        url, identifier = sandbox(where, stand.cluster, stand)
        stand.upstream = (url, identifier)
        node = stand.node("node", "--loops", asked.loops, "--requests-in-flight", asked.requests_in_flight,
                          "--log-level", asked.log_level, *UNLIMITED,
                          "--acknowledge-within", asked.acknowledge_within).start()
        stand.fill(node, clients=8, endpoints=1)
        bench = Bench(stand, node, asked.seconds)
        if "own" in asked.only:
            mine = bench.file(own(stand))
            measure(bench, "own", lambda: mine)
        if "reads" in asked.only:
            read, closing = bench.file(reads(stand)), bench.file(reads(stand, Connection="close"))
            measure(bench, "reads", lambda: read, **{"a connection each": lambda: closing})
        if "tokens" in asked.only:
            token = bench.file(link_tokens(stand))
            measure(bench, "link tokens", lambda: token)
        if "webhooks" in asked.only:
            measure(bench, "webhooks", lambda: bench.file(webhooks(stand, EVENTS)))
            until(lambda: stand.cluster.sql(
                "select count(*) from subgate.delivery where status <> 'delivered'") == "0", "all delivered", 60)
            print(stand.cluster.sql("select count(*) from subgate.event"), "events", flush=True)
            print("\n".join(line for line in node.metrics().splitlines()
                            if "inbound_ack" in line and "stored" in line and " 0" != line[-2:]))
        if "refusals" in asked.only:
            refusals(bench)
        print("\n".join(line for line in node.metrics().splitlines() if line.startswith("subgate_requests_refused")))
        node.stop()


if __name__ == "__main__":
    main()
