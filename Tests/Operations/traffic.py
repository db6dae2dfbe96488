"""What callers do all the time: webhooks, reads and link tokens, through a balancer that takes nodes out in time."""

import contextlib
import functools
import json
import threading
import time
import uuid
from typing import Any, Callable, Iterator

from listening import Listening
from node import Answer, Node
from place import Threads, until
from stand import Stand


class Balancer:
    """Gives each request to the next of its nodes; one that is taken out has answered all that it was given."""

    def __init__(self, *nodes: Node) -> None:
        self.nodes = list(nodes)
        self.turn = 0
        self.busy: dict[str, int] = {}
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def next(self, besides: Node | None = None) -> Iterator[Node]:
        """Not the one named, if there are others."""
        with self.lock:
            choice = [node for node in self.nodes if node is not besides] or self.nodes
            self.turn += 1
            node = choice[self.turn % len(choice)]
            self.busy[node.name] = self.busy.get(node.name, 0) + 1
        try:
            yield node
        finally:
            with self.lock:
                self.busy[node.name] -= 1

    def put(self, *nodes: Node) -> None:
        with self.lock:
            self.nodes += nodes

    def take(self, node: Node) -> None:
        with self.lock:
            self.nodes.remove(node)
        until(lambda: self.busy.get(node.name, 0) == 0, f"the answers of {node.name}")


class Traffic(Threads):
    """Threads of callers. A request is answered well, or with a 503 that says when to come again: whatever else happens
    to one stands in `wrong`."""

    WEBHOOK_THREADS = 3

    def __init__(self, stand: Stand, upstream: Listening, balancer: Balancer) -> None:
        self.stand, self.upstream, self.balancer = stand, upstream, balancer
        self.lock = threading.Lock()
        self.counts: dict[str, int] = {}
        self.wrong: list[str] = []
        self.last = time.monotonic()
        # Since the last `mark`: the longest time in which no webhook was acknowledged.
        self.longest = 0.0
        work: list[Callable[[], None]] = [self.webhook] * Traffic.WEBHOOK_THREADS + [self.read, self.link]
        super().__init__(*(functools.partial(self.go, one) for one in work))

    def go(self, act: Callable[[], None]) -> None:
        while not self.over.is_set():
            try:
                act()
            except Exception as problem:
                self.wrong.append(f"{act.__name__}: {problem!r}")
            # So that drills beside this one, and the nodes, find time too.
            self.over.wait(0.02)

    def judge(self, what: str, node: Node, answer: Answer) -> bool:
        """Whether it is the answer that was wanted."""
        kind = what if answer.status == 200 else f"refused {what}"
        with self.lock:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            if answer.status == 200 and what == "webhook":
                now = time.monotonic()
                self.longest, self.last = max(self.longest, now - self.last), now
            if answer.status != 200 and (answer.status != 503 or "retry-after" not in answer.headers):
                self.wrong.append(f"{what} at {node.name}: {answer.status} {answer.body[:300]!r}")
        return answer.status == 200

    def webhook(self) -> None:
        identifier = str(uuid.uuid4())
        client = self.stand.clients[uuid.UUID(identifier).int % len(self.stand.clients)]
        self.post(client, identifier)

    def post(self, client: dict[str, Any], identifier: str, besides: Node | None = None) -> None:
        """As an upstream does, which posts an event again until it is answered 200."""
        while not self.over.is_set():
            with self.balancer.next(besides) as node:
                if self.judge("webhook", node, self.stand.send(node, client, identifier)):
                    return
            self.over.wait(0.05)

    def read(self) -> None:
        client = self.stand.clients[0]
        for path in ("/v1/deliveries?limit=3", "/v1/events?limit=3", "/v1/transfers?limit=3", "/v1/me"):
            with self.balancer.next() as node:
                self.judge("read", node, node.call(
                    "public", "GET", path, token=client["clientSecret"], expect=None))
        self.over.wait(0.1)

    def link(self) -> None:
        """A link token of one node, and the event of its transfer to another."""
        client = self.stand.clients[-1]
        keys = {"X-Client-Id": client["clientId"], "X-Client-Secret": client["clientSecret"]}
        body = {"userId": "user", "transferOptions": {"transactionId": str(uuid.uuid4()), "amountInFiat": 5}}
        with self.balancer.next() as node:
            answer = node.call("public", "POST", "/api/v1/linktoken", body, expect=None, headers=keys)
            if not self.judge("link token", node, answer):
                return
        asked = json.loads(self.upstream.at("/api/v1/linktoken")[-1].body)
        session = client | {"reference": asked["transferOptions"]["transactionId"]}
        self.post(session, str(uuid.uuid4()), besides=node)
        self.over.wait(0.1)

    def webhooks(self) -> int:
        with self.lock:
            return self.counts.get("webhook", 0)

    def go_on(self, count: int) -> None:
        """Waits until so many more webhooks were acknowledged."""
        wanted = self.webhooks() + count
        until(lambda: self.wrong or self.webhooks() >= wanted, f"{count} more webhooks acknowledged")
        assert not self.wrong, self.wrong[:5]

    def mark(self) -> float:
        """The longest time without an acknowledgement since the last mark, in seconds."""
        with self.lock:
            self.longest, found = 0.0, self.longest
            return max(found, time.monotonic() - self.last)
