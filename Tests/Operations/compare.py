"""What two versions on one database must understand of each other: all that one gave out, at the other."""

import uuid
from typing import Any, Callable

from node import Answer, Node
from place import until
from stand import Stand, uuid_of

LISTS = ("/webhook-endpoints", "/link-sessions", "/transfers", "/events", "/deliveries")
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


class Comparison:
    """A sub-client of its own that no load touches, and both versions asked about it in turn. `number` is its own."""

    def __init__(self, stand: Stand, maker: Node, number: int) -> None:
        self.stand = stand
        self.client = stand.make_client(maker, number, 2)

    def ask(self, node: Node, path: str, token: str = "", expect: int | None = 200) -> Answer:
        return node.call("public", "GET", f"/v1{path}", token=token or self.client["clientSecret"], expect=expect)

    def run(self, one: Node, other: Node) -> None:
        """What `one` gives out, and `other` takes."""
        self.credentials(one, other)
        self.admin_keys(one, other)
        self.repeated_requests(one, other)
        self.versions_of_things(one, other)
        self.endpoints(one, other)
        self.deliveries(one, other)
        self.stream(one, other)
        self.console(one, other)
        self.pages(one, other)
        self.settle()

    def settle(self) -> None:
        """Waits until nothing about the sub-client moves any more."""
        open_ones = f"""select count(*) from subgate.delivery
            where status <> 'delivered' and sub_client_id = '{uuid_of(self.client["id"])}'"""
        until(lambda: not {path for path, _ in self.stand.missing()} & set(self.client["paths"]), "all of it received")
        until(lambda: self.stand.cluster.sql(open_ones) == "0", "all of it recorded")

    def credentials(self, one: Node, other: Node) -> None:
        base = f"/sub-clients/{self.client['id']}/credentials"
        body = {"environment": "sandbox", "access": "read", "name": "compared"}
        made = self.stand.admin(one, "POST", base, body, expect=201).json
        assert self.ask(other, "/me", made["clientSecret"]).json["subClientId"] == self.client["id"]
        again = self.stand.admin(
            other, "POST", f"{base}/{made['id']}/rotate", {"overlapSeconds": 600}, expect=201).json
        for node in (one, other):
            for secret in (made["clientSecret"], again["clientSecret"]):
                self.answers(node, "/me", secret, 200)
        self.stand.admin(one, "DELETE", f"{base}/{made['id']}", expect=204)
        for node in (one, other):
            self.answers(node, "/me", again["clientSecret"], 401)

    def answers(self, node: Node, path: str, token: str, status: int) -> None:
        """Soon: a node may remember a key for a second."""
        until(lambda: self.ask(node, path, token, None).status == status, f"{status} of {node.name} at {path}")

    def admin_keys(self, one: Node, other: Node) -> None:
        body = {"name": "Compared", "email": f"{uuid.uuid4()}@example.com", "role": "support"}
        member = self.stand.admin(one, "POST", "/members", body, expect=201).json
        made = self.stand.admin(one, "POST", f"/members/{member['id']}/keys", {"name": "compared"}, expect=201).json
        found = other.call("admin", "GET", "/admin/v1/sub-clients?limit=1", token=made["key"])
        assert found.json["data"], found
        self.stand.admin(other, "DELETE", f"/members/{member['id']}", expect=204)
        until(lambda: one.call("admin", "GET", "/admin/v1/me", token=made["key"], expect=None).status == 401,
              "the end of an admin key")

    def repeated_requests(self, one: Node, other: Node) -> None:
        """An idempotency key works wherever a request is sent again."""
        keyed = {"Idempotency-Key": str(uuid.uuid4())}
        body = {"legalName": "Once GmbH", "displayName": "Once", "country": "DE", "externalId": str(uuid.uuid4())}

        def create(node: Node, sent: dict[str, str], expect: int) -> Answer:
            return node.call(
                "admin", "POST", "/admin/v1/sub-clients", sent, self.stand.admin_key, expect, headers=keyed)

        first, second = create(one, body, 201), create(other, body, 201)
        assert first.body == second.body, (first.body, second.body)
        assert create(other, body | {"country": "FR"}, 422).json["code"] == "idempotencyMismatch"

    def versions_of_things(self, one: Node, other: Node) -> None:
        path = f"/admin/v1/sub-clients/{self.client['id']}"
        tag = one.call("admin", "GET", path, token=self.stand.admin_key).headers["etag"]
        for node, expect in ((other, 200), (one, 412)):
            node.call("admin", "PATCH", path, {"metadata": {"by": str(uuid.uuid4())}}, self.stand.admin_key, expect,
                      headers={"If-Match": tag})

    def endpoints(self, one: Node, other: Node) -> None:
        """One's endpoint is delivered to by the other, signed by its secret and, from then on, by the other's."""
        path, token = f"/compared/{uuid.uuid4()}", self.client["clientSecret"]
        made = one.call("public", "POST", "/v1/webhook-endpoints", {
            "url": self.stand.receiver.url + path, "eventTypes": ["*"]}, token, expect=201).json
        self.stand.receiver.secrets[path] = [made["secret"]]
        self.client = self.client | {"paths": [*self.client["paths"], path]}
        for node in (other, one):
            assert self.stand.post(node, self.client) == 200
        again = other.call("public", "POST", f"/v1/webhook-endpoints/{made['id']}/rotate-secret", {
            "overlapSeconds": 0}, token, expect=201).json
        self.stand.receiver.secrets[path].append(again["secret"])

        def is_signed_anew() -> bool:
            assert self.stand.post(one, self.client) == 200
            self.settle()
            return self.stand.receiver.signer[path] == again["secret"]

        until(is_signed_anew, "signatures by the new secret")
        one.call("public", "DELETE", f"/v1/webhook-endpoints/{made['id']}", token=token, expect=204)
        self.client = self.client | {"paths": [kept for kept in self.client["paths"] if kept != path]}
        until(lambda: self.ask(other, f"/webhook-endpoints/{made['id']}", expect=None).status == 404,
              "the end of an endpoint")

    def deliveries(self, one: Node, other: Node) -> None:
        """What one holds for an endpoint that was disabled the other sends when it is enabled, and sends again."""
        token, receiver = self.client["clientSecret"], self.stand.receiver
        endpoint = self.ask(one, "/webhook-endpoints?limit=1").json["data"][0]
        path, event = endpoint["url"].removeprefix(receiver.url), str(uuid.uuid4())
        one.call("public", "POST", f"/v1/webhook-endpoints/{endpoint['id']}/disable", token=token)
        assert self.stand.post(one, self.client, event) == 200
        held = until(lambda: self.ask(one, "/deliveries?status=held").json["data"], "a delivery held")
        assert len(held) == 1 and (path, event) not in receiver.taken, held
        other.call("public", "POST", f"/v1/webhook-endpoints/{endpoint['id']}/enable", token=token)
        until(lambda: receiver.taken.get((path, event)) == 1, "what was held received")
        self.settle()
        other.call("public", "POST", f"/v1/events/{held[0]['eventId']}/replay", {}, token, expect=202)
        until(lambda: receiver.taken.get((path, event)) == 2, "the event received again")
        self.settle()

    def stream(self, one: Node, other: Node) -> None:
        """A stream that began at one goes on at the other, and back."""
        cursor = self.ask(one, "/events/stream").json["nextCursor"]
        for node in (other, one):
            event = str(uuid.uuid4())
            assert self.stand.post(one, self.client, event) == 200
            found = until(lambda: self.streamed(node, cursor), f"an event in the stream of {node.name}")
            assert event in str(found["data"]), (event, found)
            cursor = found["nextCursor"]

    def streamed(self, node: Node, cursor: str) -> dict[str, Any] | None:
        found = self.ask(node, f"/events/stream?after={cursor}&wait=5").json
        return found if found["data"] else None

    def console(self, one: Node, other: Node) -> None:
        """Where both have one, a browser signed in at one is known at the other."""
        def page(node: Node, path: str, headers: dict[str, str]) -> Answer:
            return node.call("admin", "GET", f"/console/{path}", expect=None, headers=headers)

        if 404 in (page(node, "sign-in", {}).status for node in (one, other)):
            return
        made = one.call("admin", "POST", "/console/sign-in", f"key={self.stand.admin_key}".encode(), expect=303,
                        headers=FORM)
        cookie = {"Cookie": made.headers["set-cookie"].partition(";")[0]}
        text = page(other, "sub-clients", cookie).body.decode()
        assert "Sign out" in text, text
        form = text.partition('name="form" value="')[2].partition('"')[0]
        other.call("admin", "POST", "/console/sign-out", f"form={form}".encode(), expect=303, headers=FORM | cookie)
        until(lambda: b"Sign out" not in page(one, "sub-clients", cookie).body, "the end of a console session")

    def pages(self, one: Node, other: Node) -> None:
        """A list whose pages come from both in turn is the list."""
        for path in LISTS:
            whole = [thing["id"] for thing in self.ask(one, f"{path}?limit=100").json["data"]]
            found: list[str] = []
            cursor, nodes = "", [one, other]
            while cursor is not None:
                page = self.ask(nodes[0], f"{path}?limit=2{cursor and '&cursor=' + cursor}").json
                found += [thing["id"] for thing in page["data"]]
                cursor = page["nextCursor"]
                nodes.reverse()
            assert found[:100] == whole and whole, (path, found, whole)

    def same_answers(self, old: Node, new: Node) -> None:
        """The newer version says all that the older one says."""
        base = f"/admin/v1/sub-clients/{self.client['id']}"
        asked: list[tuple[str, str, str]] = []
        for path in LISTS:
            asked += [("public", f"/v1{path}?limit=100", self.client["clientSecret"]),
                      ("admin", f"{base}{path}?limit=100", self.stand.admin_key)]
            for thing in self.ask(old, f"{path}?limit=3").json["data"]:
                asked.append(("public", f"/v1{path}/{thing['id']}", self.client["clientSecret"]))
        asked += [("admin", path, self.stand.admin_key) for path in (
            base, f"{base}/branding", f"{base}/compliance", f"{base}/credentials", "/admin/v1/upstreams",
            "/admin/v1/members", "/admin/v1/me", "/admin/v1/audit?limit=100", "/admin/v1/audit/verify")]
        for listener, path, token in asked:
            def differences() -> list[str]:
                answers = [node.call(listener, "GET", path, token=token, expect=None) for node in (old, new)]
                if answers[0].status != answers[1].status:
                    return [f"{path}: {answers}"]
                return differ(answers[0].json, answers[1].json, path) if answers[0].status == 200 else []

            # Nodes write down statistics now and then, so what is shown may change between two looks.
            for _ in range(3):
                if not (found := differences()):
                    break
            assert not found, found


def differ(old: Any, new: Any, place: str) -> list[str]:
    """Where `new` lacks what `old` has; it may have more members. Cursors are each version's own."""
    if isinstance(old, dict) and isinstance(new, dict):
        lost = [f"{place} has no {name} any more" for name in old.keys() - new.keys()]
        both = old.keys() & new.keys() - {"nextCursor"}
        return lost + [told for name in both for told in differ(old[name], new[name], f"{place} {name}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new))
        return [told for index, pair in pairs for told in differ(*pair, f"{place} {index}")]
    return [] if old == new else [f"{place}: {old!r} and {new!r}"]
