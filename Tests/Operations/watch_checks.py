"""What a node tells those who watch it by hand: its readiness, its log, and the traces in both."""

import json
import re
import signal
import time
import uuid
from typing import Any

from cluster import Cluster
from listening import Listening
from node import Node
from place import Place, until
from stand import WEBHOOK_SECRET, Stand

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01")


def lines(node: Node) -> list[dict[str, Any]]:
    """Every line that it wrote: each is one JSON object, and none holds a member twice."""
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(found)) == len(found), f"a member stands twice: {found}"
        return dict(found)

    whole = node.process.read_log().rpartition("\n")[0]
    return [json.loads(line, object_pairs_hook=pairs) for line in whole.splitlines()]


def found(node: Node, message: str, **members: Any) -> list[dict[str, Any]]:
    return [line for line in lines(node) if line["message"] == message
            and all(line.get(name) == value for name, value in members.items())]


def wait(node: Node, message: str, **members: Any) -> dict[str, Any]:
    """The first such line, as soon as it is there."""
    return until(lambda: found(node, message, **members), f"a line {message!r} with {members}", child=node.process)[0]


def states(node: Node, kind: str) -> list[str]:
    return [line["state"] for line in found(node, "state changed", kind=kind)]


def check_one_trace_leads_from_the_upstreams_event_to_every_attempt_and_no_secret_is_logged() -> None:
    with Place() as place, Listening() as world, Stand(place, Cluster(place).start()) as stand:
        # On one loop, which knows at once what it was told of its upstream.
        node = stand.node("node", "--log-level", "debug", "--loops", "1", "--retry-time-divisor", "20").start()
        stand.fill(node, clients=1, endpoints=1)
        merchant = stand.clients[0]
        made = node.call("public", "POST", "/v1/webhook-endpoints", {
            "url": f"{world.url}/hook", "eventTypes": ["*"]}, merchant["clientSecret"], expect=201).json

        event = str(uuid.uuid4())
        trace = event.replace("-", "")
        # The second time it is known, and belongs to the same trace all the same.
        assert [stand.post(node, identifier=event) for _ in range(2)] == [200, 200]
        stand.settle()
        sent = world.wait("/hook")[0].headers["traceparent"]
        assert TRACEPARENT.fullmatch(sent) and sent[3:35] == trace, sent
        for outcome in ("stored", "duplicate"):
            line = wait(node, "request", traceId=trace, outcome=outcome)
            assert line["subClient"] == merchant["id"] and line["requestId"] and line["status"] == 200, line
        attempt = wait(node, "attempt", traceId=trace, endpoint=made["id"])
        assert attempt["outcome"] == "delivered" and attempt["status"] == 200 and attempt["durationMs"] > 0, attempt
        # The attempt as its owner sees it, long after, has the same.
        def recorded() -> Any:
            answer = node.call(
                "public", "GET", f"/v1/deliveries/{attempt['delivery']}", token=merchant["clientSecret"], expect=None)
            return answer.status == 200 and answer.json["attemptLog"]

        shown = until(recorded, "the attempt recorded")
        assert {"name": "traceparent", "value": sent} in shown[0]["requestHeaders"], shown

        requests_are_traced(node, world, stand)
        states_are_told(node, world, stand, made["id"])
        node.stop()
        assert states(node, "node") == ["ready", "draining"] and not states(node, "database")

        text = node.process.read_log()
        secrets = [stand.admin_key, merchant["clientSecret"], made["secret"], WEBHOOK_SECRET, "psp-secret-0123"]
        secrets += [line.partition(":")[2].strip() for name in ("SUBGATE_MASTER_KEYS", "SUBGATE_PEPPER")
                    for line in stand.environment[name].splitlines()]
        for secret in secrets:
            assert len(secret) > 10 and secret not in text, "a secret is in the log"
        assert {"request", "attempt", "state changed"} <= {line["message"] for line in lines(node)}


def requests_are_traced(node: Node, world: Listening, stand: Stand) -> None:
    """A trace that a caller names is gone on with, one that is none is not; upstreams are told."""
    stand.admin(node, "PATCH", f"/upstreams/{stand.upstream_id}", {
        "baseUrl": world.url.replace("localhost", "127.0.0.1"), "clientSecret": "psp-secret-0123"})
    merchant = stand.clients[0]
    keys = {"X-Client-Id": merchant["clientId"], "X-Client-Secret": merchant["clientSecret"]}
    token = {"userId": "user", "transferOptions": {"transactionId": "order-9", "amountInFiat": 5}}
    for named in (f"00-{TRACE}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01", None):
        headers = keys | ({"traceparent": named} if named else {})
        answer = node.call("public", "POST", "/api/v1/linktoken", token, headers=headers)
        told = wait(node, "request", requestId=answer.headers["x-request-id"])
        sent = world.wait("/api/v1/linktoken")[-1].headers["traceparent"]
        assert TRACEPARENT.fullmatch(sent) and sent[3:35] == told["traceId"], (sent, told)
        assert (told["traceId"] == TRACE) == (named is not None and TRACE in named), told
        assert "00f067aa0ba902b7" not in sent, "the caller's span is not ours"


def states_are_told(node: Node, world: Listening, stand: Stand, endpoint: str) -> None:
    """What people and endpoints change is one line each, with the request or the delivery that did it."""
    merchant = stand.clients[0]
    for state in ("disable", "enable"):
        node.call("public", "POST", f"/v1/webhook-endpoints/{endpoint}/{state}", token=merchant["clientSecret"])
        line = wait(node, "state changed", kind="endpoint", state=state + "d", endpoint=endpoint)
        assert line["requestId"] and len(line["traceId"]) == 32 and line["subClient"] == merchant["id"], line
    world.statuses["/hook"] = 503
    assert stand.post(node) == 200
    line = wait(node, "state changed", kind="breaker", state="open")
    assert line["endpoint"] == endpoint and line["delivery"] and len(line["traceId"]) == 32, line
    world.statuses["/hook"] = 200
    wait(node, "state changed", kind="breaker", state="closed")
    world.statuses["/hook"] = 410
    event = str(uuid.uuid4())
    assert stand.post(node, identifier=event) == 200
    line = wait(node, "state changed", kind="endpoint", state="disabled", reason="gone")
    assert line["endpoint"] == endpoint and line["traceId"] == event.replace("-", ""), line
    stand.admin(node, "POST", f"/sub-clients/{merchant['id']}/suspend", {"reason": "a drill"})
    assert wait(node, "state changed", kind="subClient", state="suspended")["subClient"] == merchant["id"]
    assert wait(node, "state changed", kind="upstream", state="changed")["upstream"] == stand.upstream_id


def check_a_node_without_its_database_is_not_ready_says_why_and_comes_back() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        node = stand.node("node", "--loops", "2").start()
        stand.fill(node, clients=1, endpoints=1)
        assert stand.post(node) == 200
        stand.cluster.stop("immediate")
        until(lambda: not node.is_ready(), "the node notices")
        answer = until(lambda: with_reason(node), "its readiness says why")
        parts = {part["name"]: part for part in answer["parts"]}
        assert answer["status"] == "unavailable" and not parts["database"]["ready"], answer
        assert parts["node"]["ready"] and parts["upstreams"]["ready"], answer
        start = time.monotonic()
        assert node.call("ops", "GET", "/livez").json == {"status": "ok"}
        assert node.metrics()
        assert time.monotonic() - start < 2, "its liveness and metrics wait for the database"
        until(lambda: "subgate_node_ready 0" in node.metrics().splitlines(), "its metrics tell that it is not ready")
        answered = stand.post(node)
        assert answered in (0, 503), f"a webhook was answered {answered} without a database"
        # What looks again and again fails several times meanwhile: both loops look at themselves four times a second.
        before = looks(node)
        until(lambda: looks(node) > before + 24, "three seconds without a database")
        stand.cluster.start()
        start = time.monotonic()
        until(node.is_ready, "the node comes back")
        assert time.monotonic() - start < 10, "it took long to come back"
        assert stand.post(node) == 200
        stand.settle()
        until(lambda: "back" in states(node, "database"), "that the database is back is told")
        told = found(node, "state changed", kind="database")
        end = [line["state"] for line in told].index("back")
        # A server that has just started may take one more connection away, which is an outage of its own; and one that
        # starts may give some connections before others.
        lost, back = told[:end], told[end]
        assert lost and lost[0]["state"] == "lost", f"one beginning and one end: {told}"
        assert {line["state"] for line in lost} <= {"lost", "short"}, f"one beginning and one end: {told}"
        reasons = [line["reason"] for line in lost]
        assert all(reasons) and len(reasons) == len(set(reasons)), f"a reason is told twice: {reasons}"
        assert 0 < back["durationMs"] < 60_000, back
        held_up = [line for line in lines(node) if line.get("error") in ("unavailable", "outcomeUnknown")]
        assert len(held_up) <= 1, f"work that waits is told of again and again: {held_up}"
        until(lambda: "subgate_node_ready 1" in node.metrics().splitlines(), "its metrics tell that it is ready")
        node.stop()


def looks(node: Node) -> int:
    counted = re.search(r"^subgate_loop_lag_seconds_count (\d+)$", node.metrics(), re.MULTILINE)
    assert counted
    return int(counted[1])


def with_reason(node: Node) -> Any:
    """What a node that is not ready answers, once its database has refused it."""
    answer = node.call("ops", "GET", "/readyz", expect=503).json
    reasons = [part["reason"] for part in answer["parts"] if part["name"] == "database"]
    return "connect" in (reasons[0] or "") and answer


def check_signals_change_what_is_logged() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        node = stand.node("node", "--log-level", "error").start()

        def asked() -> str:
            return node.call("public", "GET", "/v1/me", expect=401).headers["x-request-id"]

        quiet = asked()
        node.process.send(signal.SIGUSR1)
        wait(node, "state changed", kind="logLevel", state="debug")
        wait(node, "request", requestId=asked())
        node.process.send(signal.SIGUSR2)
        wait(node, "state changed", kind="logLevel", state="error")
        late = asked()
        # A line that is written whatever the level comes after that request's own.
        node.process.send(signal.SIGUSR2)
        until(lambda: states(node, "logLevel") == ["debug", "error", "error"], "the last signal")
        assert not found(node, "request", requestId=quiet) and not found(node, "request", requestId=late)
        node.stop()
