"""What overload costs, by hand: `overload.py PATH-OF-SUBGATE [SECONDS] [--tls] [--settle SECONDS] [--only KIND,…]`.

Reads, link tokens and webhooks at the concurrency that suits them best, at ten times that, and from thousands of
connections at once; each beside its peak, on connections that are kept and, by `new...`, on one for each request. The
load generator, PostgreSQL and the stand-ins share the machine with the node, and take more of it the more is asked. So
what is judged is the part of a core that refusals take: what the node used beyond what the served would have cost at
the peak. As long as that is under a fifth, a loop whose core is the scarce thing does over 80 % of what it does alone.
What the clock says, and what a CPU second bought, stand beside it.

`--settle` leaves out so many seconds, in which kept connections come about: wrk looks again and again at TLS handshakes
that wait for their turn, and takes a good part of a core for that.
"""

import argparse
import subprocess
import uuid
from pathlib import Path
from typing import Callable

import place
from asking import Asker, Round, link_tokens, own, reads, webhooks
from cluster import Cluster
from node import Node
from overload_checks import UNLIMITED
from place import Place, free_port, until
from stand import Stand
from tls_checks import Pair

CONCURRENCIES = (16, 32, 64, 128)
# That each request has a connection of its own.
CLOSE = {"Connection": "close"}
FLOOD = 4_000
# Webhooks of one round: each is another event, as a repeated one costs less.
EVENTS = 60_000


class Bench(Asker):
    def __init__(self, stand: Stand, node: Node, seconds: int, settling: int) -> None:
        super().__init__(stand.place, node)
        self.stand, self.seconds, self.settling = stand, seconds, settling

    def round(self, requests: Path, connections: int) -> Round:
        found = self.ask(requests, connections, self.seconds, self.settling)
        assert found.unsaid == 0, f"refusals without Retry-After: {found}"
        return found


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
    if others or found.lost:
        line += f"  ALSO {found.statuses}, lost {found.lost}"
    print(line, flush=True)


def measure(bench: Bench, name: str, kind: Callable[[], Path]) -> None:
    """`kind` makes the file of requests of a round. A round beyond the peak stands beside the peak before and after it,
    as a neighbour may take the machine for a while."""
    bench.ask(kind(), 32, 1)
    best, connections = None, 0
    for tried in CONCURRENCIES:
        found = bench.round(kind(), tried)
        tell(f"{name}, {tried} connections", found, None)
        if found.refused < found.served / 100 and (best is None or found.rate > best.rate):
            best, connections = found, tried
    assert best, "nothing was served without refusals"
    before = bench.round(kind(), connections)
    for told, count in (f"ten times {connections}", connections * 10), (f"{FLOOD} connections", FLOOD):
        found, after = bench.round(kind(), count), bench.round(kind(), connections)
        tell(f"{name}, {told}", found, before.with_more(after))
        before = after


def kinds(bench: Bench) -> dict[str, tuple[str, Callable[[], Path]]]:
    """By the word that asks for it: its name, and what makes the requests of a round."""
    stand = bench.stand

    def once(requests: list[bytes]) -> Callable[[], Path]:
        made = bench.file(requests)
        return lambda: made

    return {
        "own": ("own", once(own(stand))), "newown": ("own, new each", once(own(stand, **CLOSE))),
        "reads": ("reads", once(reads(stand))), "newreads": ("reads, new each", once(reads(stand, **CLOSE))),
        "tokens": ("link tokens", once(link_tokens(stand))),
        "newtokens": ("link tokens, new each", once(link_tokens(stand, **CLOSE))),
        "webhooks": ("webhooks", lambda: bench.file(webhooks(stand, EVENTS))),
        "newwebhooks": ("webhooks, new each", lambda: bench.file(webhooks(stand, EVENTS, **CLOSE)))}


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
    options.add_argument("seconds", nargs="?", type=int, default=3)
    options.add_argument("--requests-in-flight", default="1024")
    options.add_argument("--loops", default="1")
    options.add_argument("--log-level", default="info")
    options.add_argument("--only", default="reads,newreads,newtokens,webhooks,newwebhooks")
    options.add_argument("--tls", action="store_true")
    options.add_argument("--settle", type=int, default=0)
    options.add_argument("--acknowledge-within", default="200")
    asked = options.parse_args()
    wanted = asked.only.split(",")
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
        furnishing = stand.node("furnishing").start()
        stand.fill(furnishing, clients=8, endpoints=1)
        furnishing.stop()
        secure = Pair(where).make("localhost").options() if asked.tls else []
        node = stand.node("node", *secure, "--loops", asked.loops, "--requests-in-flight", asked.requests_in_flight,
                          "--log-level", asked.log_level, *UNLIMITED,
                          "--acknowledge-within", asked.acknowledge_within).start()
        bench = Bench(stand, node, asked.seconds, asked.settle)
        bench.scheme = "https" if asked.tls else "http"
        for word, (name, kind) in kinds(bench).items():
            if word in wanted:
                measure(bench, name, kind)
        if "webhooks" in wanted:
            until(lambda: stand.cluster.sql(
                "select count(*) from subgate.delivery where status <> 'delivered'") == "0", "all delivered", 60)
            print(stand.cluster.sql("select count(*) from subgate.event"), "events", flush=True)
            print("\n".join(line for line in node.metrics().splitlines()
                            if "inbound_ack" in line and "stored" in line and " 0" != line[-2:]))
        print("\n".join(line for line in node.metrics().splitlines() if line.startswith("subgate_requests_refused")))
        node.stop()


if __name__ == "__main__":
    main()
