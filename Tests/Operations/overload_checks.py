"""What a node does when much more is asked of it than it can do: it refuses most of it cheaply, does the rest as fast
as ever, and goes on taking what upstreams send. All is counted: no figure here is a time."""

import asyncio
import contextlib
import json
import os
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from cluster import APP, BINARIES, Cluster
from node import Answer, Node
from place import Place, run, until
from stand import Load, Stand

# A loop works on so few requests at once that 80 connections are ten times too many.
CAPACITY = 8
# How much longer each answer of the slow database takes: so long that it, and not the machine, is what is scarce.
DELAY_SECONDS = 0.05
UNLIMITED = ("--rate-limit-per-address", "0", "--rate-limit-per-key", "0", "--rate-limit-per-sub-client", "0")
# Of them, the reads.
READS = CAPACITY * 3 // 4
SECONDS = 2

WRK = """
local keys, turn, threads = {}, 0, {}
function setup(thread) table.insert(threads, thread) end
function init(arguments)
    counts = {}
    for key in io.open(arguments[1]):lines() do
        keys[#keys + 1] = wrk.format("GET", "/v1/deliveries?limit=1", {["Authorization"] = "Bearer " .. key})
    end
end
function request()
    turn = turn % #keys + 1
    return keys[turn]
end
function response(status, headers, body)
    counts[status] = (counts[status] or 0) + 1
    if status == 503 and not headers["Retry-After"] then counts[0] = (counts[0] or 0) + 1 end
end
function done(summary, latency)
    local parts = {}
    for status, count in pairs(threads[1]:get("counts")) do
        parts[#parts + 1] = string.format('"%d":%d', status, count)
    end
    io.write("\\n{" .. table.concat(parts, ",") .. "}\\n")
end
"""


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


@contextlib.contextmanager
def holding(cluster: Cluster, table: str) -> Iterator[None]:
    """Nobody else can use the table meanwhile."""
    session = subprocess.Popen(
        [str(BINARIES / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", cluster.url()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]})
    assert session.stdin and session.stdout
    try:
        session.stdin.write(f"begin; lock table {table} in access exclusive mode; select 'held';\n")
        session.stdin.flush()
        assert session.stdout.readline().strip() == "held", f"{table} could not be locked"
        yield
    finally:
        session.stdin.close()
        session.wait()
        session.stdout.close()


def ask(node: Node, script: Path, keys: Path, connections: int) -> dict[int, int]:
    """Reads that go to the database, as fast as they are answered; how many answers of each status came."""
    url = f"http://127.0.0.1:{node.ports['public']}"
    out = run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", script, url, "--", keys])
    return {int(status): count for status, count in json.loads(out.splitlines()[-1]).items()}


def refused(node: Node, reason: str) -> int:
    """Of the metric of refusals."""
    wanted = f'subgate_requests_refused_total{{reason="{reason}"}} '
    return next(int(line.removeprefix(wanted)) for line in node.metrics().splitlines() if line.startswith(wanted))


def check_at_ten_times_its_capacity_a_node_does_as_much_as_ever_and_takes_every_webhook() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        stand.environment["SUBGATE_DATABASE_URL"] = SlowDatabase(where, stand.cluster).url(APP)
        node = stand.node("node", "--loops", "1", "--requests-in-flight", str(CAPACITY), *UNLIMITED).start()
        stand.fill(node, clients=6, endpoints=1)
        script, keys = where.folder / "overload.lua", where.folder / "keys"
        script.write_text(WRK)
        keys.write_text("".join(client["clientSecret"] + "\n" for client in stand.clients))
        with Load(stand, lambda: [node], threads=2) as load:
            load.go_on(20)
            ask(node, script, keys, READS)
            # Each round has its own comparison, as a neighbour may take the machine for a while.
            ratios = []
            for _ in range(3):
                peak = ask(node, script, keys, READS)
                before = load.acknowledged()
                much = ask(node, script, keys, CAPACITY * 10)
                # Those that the round before left behind are still at work for a moment.
                few = peak.get(503, 0) <= CAPACITY and peak.keys() <= {200, 503}
                assert few, f"within its capacity it answered {peak}"
                assert much.keys() <= {200, 429, 503} and much[503] > much.get(429, 0), f"beyond it, it answered {much}"
                assert load.acknowledged() > before, "no webhook was taken meanwhile"
                assert node.call("ops", "GET", "/livez").status == 200
                ratios.append(round(much.get(200, 0) / peak[200], 2))
                if ratios[-1] >= 0.8:
                    break
            assert max(ratios) >= 0.8, f"of what it does alone it did {ratios} beyond its capacity"
        assert set(load.answers) == {200}, f"webhooks were refused before anything else had to be: {load.answers}"
        assert refused(node, "busy") > 0
        stand.settle()
        assert stand.repeated() == 0
        node.stop()


def check_webhooks_go_on_while_all_other_work_waits_for_a_lock() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        node = stand.node("node", "--loops", "1", "--requests-in-flight", str(CAPACITY), *UNLIMITED).start()
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
