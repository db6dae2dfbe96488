"""A database of Subgate, a PSP with an upstream, sub-clients with endpoints, and the ledger of what they are owed."""

import base64
import functools
import hashlib
import hmac
import json
import threading
import time
import uuid
from typing import Any, Callable

import place
from cluster import APP, Cluster
from listening import PostServer
from node import Answer, Node
from place import LIMIT_SECONDS, Place, Threads, run, until

WEBHOOK_SECRET = "drill-webhook-secret-0123456789abcdef"
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


class Receiver:
    """Merchants' server: takes webhooks, counts each event at each path. `status` is what it answers; at `flaky` paths
    a quarter of the events is refused once. Those at paths of which it has `secrets` must be signed by one of them."""

    def __init__(self) -> None:
        self.status = 204
        self.flaky: set[str] = set()
        self.refused: set[tuple[str, str]] = set()
        self.secrets: dict[str, list[str]] = {}
        # The webhook-id of each event at each path, what signed the last webhook there, and what was wrong with any.
        self.ids: dict[tuple[str, str], str] = {}
        self.signer: dict[str, str] = {}
        self.wrong: list[str] = []
        self.taken: dict[tuple[str, str], int] = {}
        self.changed = threading.Condition()
        self.server = PostServer(self.answer)
        self.url = self.server.url

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        event = json.loads(body).get("EventId", "")
        self.judge(path, event, headers, body)
        if self.refuses(path, event):
            return 503, b""
        self.take(path, event)
        return self.status, b""

    def judge(self, path: str, event: str, headers: dict[str, str], body: bytes) -> None:
        """As a merchant who verifies both signatures, and knows an event by its id."""
        identifier = headers.get("webhook-id", "")
        if path not in self.secrets:
            return
        signed = f"{identifier}.{headers.get('webhook-timestamp')}.".encode() + body
        signatures, mesh = headers.get("webhook-signature", "").split(), headers.get("x-mesh-signature-256")
        fitting = [secret for secret in self.secrets[path] if mesh == digest(secret.encode(), body)
                   and f"v1,{digest(base64.b64decode(secret[6:]), signed)}" in signatures]
        if fitting:
            self.signer[path] = fitting[0]
        else:
            self.wrong.append(f"{path}: event {event} is signed wrongly")
        if self.ids.setdefault((path, event), identifier) != identifier:
            self.wrong.append(f"{path}: event {event} came as {identifier} too")

    def refuses(self, path: str, event: str) -> bool:
        if path not in self.flaky or event[:1] not in "0123" or (path, event) in self.refused:
            return False
        self.refused.add((path, event))
        return True

    def take(self, path: str, event: str) -> None:
        with self.changed:
            self.taken[path, event] = self.taken.get((path, event), 0) + 1
            self.changed.notify_all()

    def count(self) -> int:
        with self.changed:
            return len(self.taken)

    def close(self) -> None:
        self.server.close()


# What the database says of deliveries that wait, and of what is in nodes' memories.
WAITS = """
    set search_path = subgate;
    select now()::text, count(*) filter (where status = 'delivered') as delivered, count(*) from delivery;
    (select e.url, d.id, d.status, d.attempts, d.failures, d.last_status_code, d.last_error, d.due_at, d.lease_owner,
        d.updated_at, l.ready_at, l.is_closing, l.scan_from, l.breaker, l.paused_until
    from delivery d
    join endpoint e on e.sub_client_id = d.sub_client_id and e.id = d.endpoint_id
    left join lane l on l.sub_client_id = e.sub_client_id and l.endpoint_id = e.id
    where d.status <> 'delivered'
    order by d.id
    limit 10);
    select h.id, h.node_id, n.name, n.dead_since, h.lease_end, h.event_ids
    from handover h
    left join node n on n.id = h.node_id
    order by h.id
    limit 5"""

# An upstream's address and our client id there.
NOWHERE = ("http://127.0.0.1:9", "00000000-0000-4000-8000-000000000009")


class Stand:
    """Use it in a `with`. Fill it through a node that runs; then `post` events to any node."""

    def __init__(self, where: Place, cluster: Cluster) -> None:
        self.place, self.cluster = where, cluster
        self.receiver = Receiver()
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "SUBGATE_DATABASE_URL": cluster.url(APP),
            "SUBGATE_MASTER_KEYS": run([place.binary, "keys", "new", "drill"]),
            "SUBGATE_PEPPER": run([place.binary, "keys", "new", "drill"]),
        }
        run([place.binary, "migrate"], env=self.environment | {"SUBGATE_DATABASE_URL": cluster.url()})
        self.admin_key = run([place.binary, "keys", "bootstrap"], env=self.environment).strip()
        # What was answered 200, and the paths that each event goes to.
        self.acknowledged: dict[str, list[str]] = {}
        self.lock = threading.Lock()
        self.clients: list[dict[str, Any]] = []
        # Where link tokens are minted, and as whom; nowhere, unless a drill says so before it fills the stand.
        self.upstream = NOWHERE

    def __enter__(self) -> "Stand":
        return self

    def __exit__(self, *_: object) -> None:
        self.receiver.close()

    def node(self, name: str = "node", *options: str) -> Node:
        # On a busy machine a commit takes longer than an upstream waits; a drill that is about that says so.
        patience = ("--acknowledge-within", "10000")
        return Node(self.place, self.environment, name, "--reconcile-interval", "0", *patience, *options)

    def admin(self, node: Node, method: str, path: str, body: Any = None, expect: int | None = 200) -> Answer:
        return node.call("admin", method, f"/admin/v1{path}", body, self.admin_key, expect)

    def fill(self, node: Node, clients: int = 2, endpoints: int = 2) -> None:
        """Makes an upstream, and sub-clients with endpoints at `/CLIENT/ENDPOINT` of the receiver."""
        made = self.admin(node, "POST", "/upstreams", {
            "environment": "sandbox", "name": "drill", "baseUrl": self.upstream[0],
            "clientId": self.upstream[1], "clientSecret": "drill", "webhookSecrets": [WEBHOOK_SECRET],
        }, expect=201).json
        self.upstream_id = made["id"]
        self.clients = [self.make_client(node, index, endpoints) for index in range(clients)]

    def make_client(self, node: Node, index: int, endpoints: int) -> dict[str, Any]:
        body = {"legalName": f"Drill {index} GmbH", "displayName": f"Drill {index}", "country": "DE"}
        client = self.admin(node, "POST", "/sub-clients", body, expect=201).json
        self.admin(node, "POST", f"/sub-clients/{client['id']}/activate")
        keys = {"environment": "sandbox", "access": "readWrite", "name": "drill"}
        made = self.admin(node, "POST", f"/sub-clients/{client['id']}/credentials", keys, expect=201).json
        paths = [f"/{index}/{endpoint}" for endpoint in range(endpoints)]
        for path in paths:
            made_at = node.call("public", "POST", "/v1/webhook-endpoints", {
                "url": self.receiver.url + path, "eventTypes": ["*"]}, made["clientSecret"], expect=201)
            self.receiver.secrets[path] = [made_at.json["secret"]]
        session = uuid.UUID(int=(time.time_ns() // 1_000_000 << 80) | 0x7 << 76 | 0x2 << 62 | index)
        self.cluster.sql(f"""
            set search_path = subgate;
            insert into link_session (sub_client_id, id, environment, upstream_id, credential_id, transaction_id,
                user_id, transfer_type, has_transfer, expires_at, created_at)
            select c.sub_client_id, '{session}', 'sandbox', '{uuid_of(self.upstream_id)}', c.id, 'order-{index}',
                'user-{index}', 'payment', true, now() + interval '10 minutes', now()
            from credential c where c.sub_client_id = '{uuid_of(client["id"])}'""")
        reference = f"sg1_{digits(uuid_of(client['id']))}{digits(session)}"
        return {"id": client["id"], "reference": reference, "paths": paths,
                "clientId": made["clientId"], "clientSecret": made["clientSecret"]}

    def event(self, client: dict[str, Any], identifier: str) -> bytes:
        """The body of a webhook, as Mesh writes it."""
        return json.dumps({
            "Id": str(uuid.uuid4()), "EventId": identifier, "SentTimestamp": 1720532648, "UserId": "user",
            "TransactionId": client["reference"], "TransferId": str(uuid.uuid4()), "TransferStatus": "Pending",
            "TxHash": None, "Chain": "Ethereum", "Token": "USDC", "SourceAmount": 25.004786046226555188,
            "DestinationAmount": 25, "DestinationAddress": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0",
            "Timestamp": 1715175519038}).encode()

    def post(self, node: Node, client: dict[str, Any] | None = None, identifier: str = "") -> int:
        """Posts one event, signed; its answer's status, 0 without an answer. What is answered 200 is owed."""
        client, identifier = client or self.clients[0], identifier or str(uuid.uuid4())
        try:
            return self.send(node, client, identifier).status
        except OSError:
            return 0

    def send(self, node: Node, client: dict[str, Any], identifier: str) -> Answer:
        """As `post`, with the whole answer; raises OSError without one."""
        body = self.event(client, identifier)
        signature = digest(WEBHOOK_SECRET.encode(), body)
        answer = node.call(
            "public", "POST", f"/inbound/mesh/{self.upstream_id}", body, expect=None,
            headers={"X-Mesh-Signature-256": signature})
        if answer.status == 200:
            with self.lock:
                self.acknowledged[identifier] = client["paths"]
        return answer

    def owed(self) -> set[tuple[str, str]]:
        with self.lock:
            return {(path, event) for event, paths in self.acknowledged.items() for path in paths}

    def missing(self) -> set[tuple[str, str]]:
        """What was acknowledged and has not been received."""
        return self.owed() - self.receiver.taken.keys()

    def settle(self, seconds: float = LIMIT_SECONDS) -> None:
        """Waits until all that is owed was received and is recorded as delivered."""
        open_ones = "select count(*) from subgate.delivery where status <> 'delivered'"
        try:
            until(lambda: not self.missing(), "all that was acknowledged received", seconds)
            until(lambda: self.cluster.sql(open_ones) == "0", "all deliveries recorded", seconds)
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{len(self.missing())} not received\n{self.cluster.sql(WAITS)}") from None
        assert not self.receiver.wrong, self.receiver.wrong[:5]

    def repeated(self) -> int:
        """How many receptions were more than one for their event and endpoint."""
        return sum(count - 1 for count in self.receiver.taken.values())


class Load(Threads):
    """Threads that post events, each to its node in turn."""

    def __init__(self, stand: Stand, nodes: Callable[[], list[Node]], threads: int = 4) -> None:
        self.stand, self.nodes, self.answers = stand, nodes, dict[int, int]()
        super().__init__(*(functools.partial(self.run, index) for index in range(threads)))

    def run(self, index: int) -> None:
        number = index
        while not self.over.is_set():
            nodes = self.nodes()
            client = self.stand.clients[number % len(self.stand.clients)]
            status = self.stand.post(nodes[number % len(nodes)], client)
            with self.stand.lock:
                self.answers[status] = self.answers.get(status, 0) + 1
            number += 1
            # A node that is away answers at once; do not spin against it.
            self.over.wait(0.05 if status == 0 else 0.002)

    def acknowledged(self) -> int:
        with self.stand.lock:
            return self.answers.get(200, 0)

    def go_on(self, count: int) -> None:
        """Waits until so many more were acknowledged."""
        wanted = self.acknowledged() + count
        until(lambda: self.acknowledged() >= wanted, f"{count} more events acknowledged")


def digest(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def digits(value: uuid.UUID) -> str:
    """Crockford's base32, as identifiers are written."""
    return "".join(DIGITS[value.int >> shift & 31] for shift in range(125, -1, -5))


def uuid_of(identifier: str) -> uuid.UUID:
    number = 0
    for digit in identifier.partition("_")[2]:
        number = number << 5 | DIGITS.index(digit)
    return uuid.UUID(int=number)
