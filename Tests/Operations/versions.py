"""An upgrade from one build to another and back, node by node, while callers go on as ever.

Two nodes of version N serve a database that it made. Version N+1's `migrate` runs beside them, its nodes join, N's
leave; then N's come back on the newer schema and N+1's leave; then forward again. All the while nothing may be lost,
answered wrongly or signed wrongly, and what one version gave out must be good at the other.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import place
from cluster import Cluster
from compare import Comparison
from listening import Listening
from node import Node
from place import Place, run, until
from stand import Stand
from traffic import Balancer, Traffic

OPTIONS = {"--loops": "1", "--reconcile-interval": "0", "--retry-time-divisor": "20", "--acknowledge-within": "10000",
           "--public-url": "https://subgate.example", "--rate-limit-per-key": "0", "--rate-limit-per-sub-client": "0"}
# What makes the end of a killed node's leases come soon.
SHORT = {"--attempt-timeout": "1s", "--lease": "7s"}
# A merchant who does not always answer at first, so that retries go from version to version.
FLAKY = "/0/1"
# A migration waits 2 s for its locks, and whoever comes meanwhile waits behind it; the rest is for a busy machine.
LONGEST_SECONDS = 8


class Upgrade:
    """From `place.binary` to `new`; `run` it once. `count` is how many webhooks have to be acknowledged in each phase.
    `can_return` says that N is to start on the newer schema; if not, it must say why it does not. With `kills` nodes
    that leave are killed, deliveries in their hands. What each step came to stands in `told`."""

    def __init__(self, new: Path, count: int, can_return: bool = True, kills: bool = False) -> None:
        self.old, self.new, self.count = place.binary, new, count
        self.can_return, self.kills = can_return, kills
        self.told: list[str] = []

    def run(self) -> None:
        with Place() as where, Listening() as upstream, Stand(where, Cluster(where).start()) as stand:
            self.stand = stand
            self.olds, self.news = self.nodes("old", self.old), self.nodes("new", self.new)
            self.start(self.olds)
            stand.fill(self.olds[0])
            stand.admin(self.olds[0], "PATCH", f"/upstreams/{stand.upstream_id}", {
                "baseUrl": upstream.url.replace("localhost", "127.0.0.1")})
            stand.receiver.flaky.add(FLAKY)
            self.counts_usage = stand.admin(self.olds[0], "GET", "/usage", expect=None).status == 200
            made_by_old = Comparison(stand, self.olds[0], 1001)
            self.balancer = Balancer(*self.olds)
            with Traffic(stand, upstream, self.balancer) as self.traffic:
                self.phase("N")
                self.migrate()
                self.phase("N on N+1's schema")
                # The nodes of N until now: attempts tell their nodes by identifiers of each start.
                nodes = self.stand.cluster.sql("select distinct node_id from subgate.attempt").split()
                self.first = ", ".join(f"'{node}'" for node in nodes)
                self.join(self.news)
                made_by_new = Comparison(stand, self.news[0], 1002)
                self.compare(made_by_old, made_by_new)
                self.leave(self.olds, "N+1")
                if self.can_return:
                    self.back(made_by_old, made_by_new)
                else:
                    self.stay()
                self.traffic.go_on(0)
            self.settle()

    # Steps.

    def migrate(self) -> None:
        """With the newer build, as the owner, while the older one serves."""
        planned = self.command(self.new, "migrate", "--plan").splitlines()
        ran = self.command(self.new, "migrate").splitlines()
        names = [line.removeprefix("ran ") for line in ran if line.startswith("ran ")]
        if names:
            assert names == [line.partition(":")[0] for line in planned if not line.startswith(" ")], (planned, ran)
        else:
            assert planned == ran == ["the database is up to date"], (planned, ran)
        self.told.append(f"migrated while N serves: {', '.join(names) or 'nothing to do'}")

    def back(self, *comparisons: Comparison) -> None:
        """Version N on the newer schema, from its own `migrate` on; and forward once more."""
        assert "up to date" in self.command(self.old, "migrate")
        self.join(self.olds)
        self.compare(*reversed(comparisons))
        self.leave(self.news, "N again")
        self.join(self.news)
        self.leave(self.olds, "N+1 again")

    def stay(self) -> None:
        """Version N says in a line why it does not start again."""
        late = self.olds[0].begin().process
        until(lambda: not late.runs, "the end of a build that refuses a newer database")
        told = late.read_log()
        assert late.process.returncode == 1 and told.count("\n") == 1 and "the database has migration" in told, told
        self.told.append(f"N does not come back: {told.strip()}")

    def join(self, nodes: list[Node]) -> None:
        self.start(nodes)
        self.balancer.put(*nodes)
        self.phase("both")

    def leave(self, nodes: list[Node], name: str) -> None:
        """One by one; `name` says who serves then."""
        for node in nodes:
            self.balancer.take(node)
            if self.kills:
                node.kill()
            else:
                node.stop()
        self.phase(name)

    def compare(self, first: Comparison, second: Comparison) -> None:
        """One in each direction at a time, because both wait more than they work."""
        old, new = self.olds[0], self.news[0]
        with ThreadPoolExecutor(2) as pool:
            for running in (pool.submit(first.run, old, new), pool.submit(second.run, new, old)):
                running.result()
        for comparison in (first, second):
            comparison.same_answers(old, new)

    # Parts.

    def nodes(self, name: str, binary: Path) -> list[Node]:
        """Two, with those of the options that the build knows."""
        known, wanted = run([binary, "serve", "--help"]), OPTIONS | (SHORT if self.kills else {})
        options = [word for option, value in wanted.items() if option in known for word in (option, value)]
        made = [Node(self.stand.place, self.stand.environment, f"{name}-{index}", *options) for index in (1, 2)]
        for node in made:
            node.binary = binary
        return made

    def start(self, nodes: list[Node]) -> None:
        for node in nodes:
            node.begin()
        for node in nodes:
            until(node.is_ready, f"the start of {node.name}", child=node.child)

    def command(self, binary: Path, *words: str) -> str:
        owner = {"SUBGATE_DATABASE_URL": self.stand.cluster.url()} if words[0] == "migrate" else {}
        return run([binary, *words], env=self.stand.environment | owner)

    def phase(self, name: str) -> None:
        """Goes on for a while, and tells what became of it."""
        began, accepted, received = time.monotonic(), self.traffic.webhooks(), self.stand.receiver.count()
        self.traffic.go_on(self.count)
        seconds, longest = time.monotonic() - began, self.traffic.mark()
        accepted, received = self.traffic.webhooks() - accepted, self.stand.receiver.count() - received
        self.told.append(f"{name}: {accepted} accepted, {received} received in {seconds:.1f} s; since the phase before "
                         f"never longer without an acknowledgement than {longest:.2f} s")
        assert longest < LONGEST_SECONDS, self.told

    def settle(self) -> None:
        stand = self.stand
        stand.settle()
        last = stand.admin(self.news[0], "GET", "/audit/verify").json
        assert last["valid"], last
        self.command(self.new, "check")
        for node in self.news:
            node.stop()
        # A node adds what it counted every few seconds and as it stops; one that is killed loses the last of it.
        if self.counts_usage and not self.kills:
            until(self.usage_is_right, "the use that was made counted")
        crossed = self.crossed()
        assert crossed > 0, "no retry went from version to version"
        counts = ", ".join(f"{count} {what}s" for what, count in sorted(self.traffic.counts.items()))
        self.told.append(f"all in all: {counts}; {stand.receiver.count()} received, {stand.repeated()} of them twice; "
                  f"{crossed} deliveries tried by both versions")

    def crossed(self) -> int:
        """How many deliveries nodes of both versions tried: a retry is whoever's turn it is."""
        return int(self.stand.cluster.sql(f"""
            select count(*) from (select from subgate.attempt group by sub_client_id, delivery_id
                having bool_or(node_id in ({self.first})) and bool_or(node_id not in ({self.first}))) as a"""))

    def usage_is_right(self) -> bool:
        """What nodes counted is what stands in the tables."""
        counted = self.stand.cluster.sql(
            "select sum(link_tokens), sum(events), sum(deliveries), sum(attempts) from subgate.usage_count")
        stored = self.stand.cluster.sql(f"""
            select {self.traffic.counts.get("link token", 0)}, (select count(*) from subgate.event),
                (select count(*) from subgate.delivery), (select count(*) from subgate.attempt)""")
        self.usage = f"counted {counted}, stored {stored}"
        return counted == stored
