"""What a node does when much more is asked of it than it can do: it refuses most of it cheaply, does the rest as fast
as ever, and goes on taking what upstreams send. All is counted: no figure here is a time, but for what the processor
spends on refusals."""

import asyncio
import contextlib
import os
import threading
import uuid
from collections.abc import Callable

from asking import Asker, Round, reads, webhooks
from cluster import APP, Cluster
from node import Answer, Node
from place import Place, until
from stand import Load, Stand

# A loop works on so few requests at once that 80 connections are ten times too many: all of them are of the sandbox,
# which may have half of what is under way.
CAPACITY = 8
# How much longer each answer of the slow database takes: so long that it, and not the machine, is what is scarce.
DELAY_SECONDS = 0.05
UNLIMITED = ("--rate-limit-per-address", "0", "--rate-limit-per-key", "0", "--rate-limit-per-sub-client", "0")
# Of them, the reads.
READS = CAPACITY * 3 // 4
SECONDS = 2
# Connections that all ask at once, and again as soon as they are answered.
CROWD = 2_000
# A loop refuses so many while others wait for their turn, and some more for those who were served and left.
REFUSED_PER_SECOND = 3_000
# Of one second of webhooks.
EVENTS = 6_000


class SlowDatabase:
    """A socket that leads to the cluster's, and holds back all that comes from there for a while."""

    def __init__(self, where: Place, cluster: Cluster) -> None:
        self.folder, self.target = where.folder / "slow", str(cluster.home / ".s.PGSQL.5432")
        self.folder.mkdir()
        self.loop, self.listens = asyncio.new_event_loop(), threading.Event()
        threading.Thread(target=self.run, daemon=True).start()
        assert self.listens.wait(10), "the slow database does not listen"

    def url(self, role: str) -> str:
        return f"postgresql://{role}@/postgres?host={str(self.folder).replace('/', '%2F')}"

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_unix_server(self.lead, str(self.folder / ".s.PGSQL.5432")))
        self.listens.set()
        self.loop.run_forever()

    async def lead(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_unix_connection(self.target)
        await asyncio.gather(self.pass_on(near, forth, 0), self.pass_on(far, back, DELAY_SECONDS))

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, delay: float) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                self.loop.call_later(delay, target.write, data)
        self.loop.call_later(delay, target.close)


def holding(cluster: Cluster, table: str) -> contextlib.AbstractContextManager[None]:
    """Nobody else can use the table meanwhile."""
    return cluster.transaction(f"lock table {table} in access exclusive mode")


def refused(node: Node, reason: str) -> int:
    """Of the metric of refusals."""
    return counted(node, f'subgate_requests_refused_total{{reason="{reason}"}}')


def counted(node: Node, metric: str) -> int:
    return next(int(line.rpartition(" ")[2]) for line in node.metrics().splitlines() if line.startswith(f"{metric} "))


def check_at_ten_times_its_capacity_a_node_does_as_much_as_ever_and_takes_every_webhook() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        stand.environment["SUBGATE_DATABASE_URL"] = SlowDatabase(where, stand.cluster).url(APP)
        node = stand.node("node", "--loops", "1", "--requests-in-flight", str(2 * CAPACITY), *UNLIMITED).start()
        stand.fill(node, clients=6, endpoints=1)
        asker = Asker(where, node)
        read = asker.file(reads(stand))
        with Load(stand, lambda: [node], threads=2) as load:
            load.go_on(20)
            asker.ask(read, READS, SECONDS)
            # Each round has its own comparison, as a neighbour may take the machine for a while.
            ratios = []
            for _ in range(3):
                peak = asker.ask(read, READS, SECONDS)
                before = load.acknowledged()
                much = asker.ask(read, CAPACITY * 10, SECONDS)
                # Those that the round before left behind are still at work for a moment.
                few = peak.refused <= 3 * CAPACITY < peak.served and peak.statuses.keys() <= {200, 503}
                assert few, f"within its capacity it answered {peak}"
                clean = much.statuses.keys() <= {200, 429, 503} and much.unsaid == 0
                assert clean and much.statuses[503] > much.statuses.get(429, 0), f"beyond it, it answered {much}"
                assert load.acknowledged() > before, "no webhook was taken meanwhile"
                assert node.call("ops", "GET", "/livez").status == 200
                ratios.append(round(much.rate / peak.rate, 2))
                if ratios[-1] >= 0.8:
                    break
            assert max(ratios) >= 0.8, f"of what it does alone it did {ratios} beyond its capacity"
        assert set(load.answers) == {200}, f"webhooks were refused before anything else had to be: {load.answers}"
        assert refused(node, "busy") > 0
        stand.settle()
        assert stand.repeated() == 0
        node.stop()


def check_refusals_take_a_small_part_of_a_core_however_many_are_asked_for() -> None:
    """The database is as fast as it is, and waits for nothing: what much more load could take away is the processor."""
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        node = stand.node("node", "--loops", "1", "--requests-in-flight", str(2 * CAPACITY), *UNLIMITED).start()
        stand.fill(node, clients=6, endpoints=0)
        asker = Asker(where, node)
        read = asker.file(reads(stand))
        asker.ask(read, READS, 1)
        with Load(stand, lambda: [node], threads=1) as load:
            load.go_on(5)
            judge("reads", lambda: asker.ask(read, READS, 1), lambda: asker.ask(read, CROWD, SECONDS))
            load.go_on(5)
            # Whoever is refused comes again at once on another connection.
            new = asker.file(reads(stand, Connection="close"))
            found = judge("reads on new connections", lambda: asker.ask(new, READS, 1),
                          lambda: asker.ask(new, CROWD, SECONDS))
            most = CROWD + REFUSED_PER_SECOND * found.seconds
            assert found.refused < most, f"{found.refused} were refused at once, more than {most:.0f}"
            load.go_on(5)
        assert set(load.answers) == {200}, f"webhooks were refused before anything else had to be: {load.answers}"
        assert count_lines(node, "requests refused") > 0, "the log does not say that requests are refused"
        lines = count_lines(node, '"status":503')
        assert lines < refused(node, "busy") / 10, f"{lines} refusals have a line each"
        node.stop()


def check_webhooks_beyond_what_can_be_stored_are_refused_cheaply_and_the_others_taken() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        node = stand.node("node", "--loops", "1", "--acknowledge-within", "200", *UNLIMITED).start()
        stand.fill(node, clients=2, endpoints=0)
        asker, taken = Asker(where, node), 0

        def send(connections: int, seconds: int = 1) -> Round:
            nonlocal taken
            # Other events in each round, as a repeated one costs less.
            found = asker.ask(asker.file(webhooks(stand, EVENTS * seconds)), connections, seconds)
            taken += found.served
            return found

        send(16)
        judge("webhooks", lambda: send(16), lambda: send(CROWD, SECONDS))
        assert refused(node, "webhooksBusy") > 0
        stored = int(stand.cluster.sql("select count(*) from subgate.event"))
        # A quick machine gets to the end of a round's events, and begins again.
        repeated = counted(node, 'subgate_inbound_ack_seconds_count{outcome="duplicate"}')
        assert stored + repeated >= taken, f"{taken} were answered 200, {stored} are stored, {repeated} came again"
        node.stop()


def count_lines(node: Node, text: str) -> int:
    return node.process.read_log().count(text)


def judge(what: str, alone: Callable[[], Round], crowded: Callable[[], Round]) -> Round:
    """A core of which refusals take less than a fifth does over four fifths of what it does alone. How much of a core
    the node and the database get beside so many who ask is the machine's affair, so two fifths of the peak will do."""
    found = []
    for _ in range(5):
        peak, much = alone(), crowded()
        assert much.statuses.keys() <= {200, 429, 503} and much.unsaid == 0, f"{what} were answered {much}"
        found.append((round(much.refusing(peak), 2), round(much.rate / max(peak.rate, 1), 2)))
        if much.refused > 0 and found[-1][0] < 0.2 and found[-1][1] > 0.4:
            return much
    raise AssertionError(f"{what} beyond the peak: of a core refusals took, of the peak was served: {found}")


def check_webhooks_go_on_while_all_other_work_waits_for_a_lock() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        node = stand.node("node", "--loops", "1", "--requests-in-flight", str(2 * CAPACITY), *UNLIMITED).start()
        stand.fill(node, clients=6, endpoints=1)
        with holding(stand.cluster, "subgate.audit_entry"):
            # Changes are audited, so all of these wait for the lock, and take all places there are.
            found: list[Answer] = []
            waiting = [
                threading.Thread(target=write, args=(node, client["clientSecret"], index, found), daemon=True)
                for client in stand.clients for index in range(4)]
            for thread in waiting:
                thread.start()
            until(lambda: refused(node, "busy") + refused(node, "subClientBusy") > 0, "work refused")
            answers = [stand.post(node) for _ in range(20)]
            assert answers == [200] * 20, f"webhooks beside work that waits were answered {answers}"
            assert node.call("ops", "GET", "/readyz").status == 200
        for thread in waiting:
            thread.join()
        assert len(found) == len(waiting) and {answer.status for answer in found} <= {201, 429, 503}, found
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in found if answer.status != 201), found
        stand.settle()
        node.stop()


def write(node: Node, key: str, index: int, found: list[Answer]) -> None:
    """Something that is audited."""
    body = {"url": f"https://example.com/{index}", "eventTypes": ["*"]}
    found.append(node.call("public", "POST", "/v1/webhook-endpoints", body, key, expect=None))


def check_a_webhook_that_cannot_be_stored_in_time_is_refused_and_stored_once_when_it_comes_again() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        node = stand.node("node", "--loops", "1", "--acknowledge-within", "200").start()
        stand.fill(node, clients=1, endpoints=1)
        events = [str(uuid.uuid4()) for _ in range(30)]
        with holding(stand.cluster, "subgate.transfer"):
            answers: list[int] = []
            posters = [
                threading.Thread(target=lambda event=event: answers.append(stand.post(node, identifier=event)))
                for event in events]
            for poster in posters:
                poster.start()
            # They are answered while the lock is held, so none of them waited for it.
            for poster in posters:
                poster.join()
            assert answers == [503] * len(events), f"late webhooks were answered {answers}"
            assert refused(node, "lateWebhook") == len(events)
        until(lambda: stand.post(node) == 200, "webhooks taken again")
        for event in events:
            assert stand.post(node, identifier=event) == 200
        stand.settle()
        assert stand.repeated() == 0, "what had been stored after its refusal was delivered twice"
        node.stop()
