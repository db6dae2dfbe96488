"""Two nodes behind the nginx and the HAProxy of deploy/: who comes through, what they see, and what a death costs."""

import base64
import hashlib
import hmac
import re
import ssl
import uuid
from pathlib import Path
from typing import Any

from cluster import Cluster
from node import Node
from place import Place, until
from proxy import ADMIN, ADMINS, OUTSIDE, PUBLIC, Caller, HAProxy, Nginx, Proxy
from stand import WEBHOOK_SECRET, Load, Stand


def check_nginx_and_haproxy_stand_in_front_of_two_nodes() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        nodes = [stand.node(name, "--trusted-proxies", "127.0.0.1") for name in ("one", "two")]
        for node in nodes:
            node.begin()
        for node in nodes:
            until(node.is_ready, f"the start of {node.name}", child=node.child)
        stand.fill(nodes[0])
        for kind in (Nginx, HAProxy):
            stand_in_front(stand, kind(place, nodes))
            nodes[1].start()


def stand_in_front(stand: Stand, proxy: Nginx | HAProxy) -> None:
    child = proxy.start()
    for step in (
        tenants_come_through, admins_come_from_their_network_alone, health_and_metrics_stay_inside,
        strangers_get_no_certificate, bytes_stay_as_they_are, addresses_are_the_callers, connections_are_kept,
        a_death_costs_no_webhook,
    ):
        try:
            step(stand, proxy)
        except Exception as problem:
            raise AssertionError(f"{type(proxy).__name__}, {step.__name__}: {problem}") from problem
    assert child.runs, child.read_log()[-2000:]
    child.stop()


def tenants_come_through(stand: Stand, proxy: Proxy) -> None:
    key = stand.clients[0]["clientSecret"]
    for spelling in (PUBLIC, PUBLIC.upper(), f"{PUBLIC}:{proxy.port}"):
        answer = Caller(proxy).call("public", "GET", "/v1/me", token=key, host=spelling)
        assert answer.headers["strict-transport-security"] == "max-age=63072000"
        assert answer.headers["x-request-id"]
    made = {"url": stand.receiver.url + "/proxied", "eventTypes": ["transfer.failed"]}
    Caller(proxy).call("public", "POST", "/v1/webhook-endpoints", made, key, expect=201)
    Caller(proxy).call("public", "GET", "/v1/me", token="sk_sandbox_wrong", expect=401)


def admins_come_from_their_network_alone(stand: Stand, proxy: Proxy) -> None:
    path, key = "/admin/v1/sub-clients", stand.admin_key
    assert len(Caller(proxy, ADMINS).call("admin", "GET", path, token=key).json["data"]) == 2
    for name in ("admin", "public"):
        answer = Caller(proxy, OUTSIDE).call(name, "GET", path, token=key, expect=403, host=ADMIN)
        assert "x-request-id" not in answer.headers, "Subgate was asked"
    forged = {"X-Forwarded-For": ADMINS}
    Caller(proxy, OUTSIDE).call("admin", "GET", path, token=key, expect=403, headers=forged)
    # The public listener has no such path, wherever a caller comes from.
    Caller(proxy, ADMINS).call("public", "GET", path, token=key, expect=404)


def health_and_metrics_stay_inside(_: Stand, proxy: Proxy) -> None:
    for path in ("/metrics", "/readyz", "/livez", "/version"):
        for name in ("public", "admin"):
            Caller(proxy, ADMINS).call(name, "GET", path, expect=404)


def strangers_get_no_certificate(_: Stand, proxy: Proxy) -> None:
    for name in ("other.example.com", "127.0.0.1"):
        try:
            proxy.connect(name, OUTSIDE).close()
        except (ssl.SSLError, ConnectionError) as problem:
            assert not isinstance(problem, ssl.SSLCertVerificationError), f"{name} was shown a certificate"
        else:
            raise AssertionError(f"{name} was served")
    for version, works in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
        trust = ssl.create_default_context(cafile=str(proxy.certificate))
        trust.set_ciphers("DEFAULT:@SECLEVEL=0")
        trust.minimum_version, trust.maximum_version = ssl.TLSVersion.TLSv1, version
        proxy.trust, before = trust, proxy.trust
        try:
            proxy.connect(PUBLIC, OUTSIDE).close()
            assert works, f"{version} was taken"
        except (ssl.SSLError, ConnectionError):
            assert not works, f"{version} was refused"
        finally:
            proxy.trust = before


def inbound(stand: Stand, proxy: Proxy, signed: bytes, sent: bytes, size: int, expect: int) -> None:
    """Posts bytes in chunks of a size, or whole for 0. A node that is busy asks for them again, as Mesh would send."""
    signature = base64.b64encode(hmac.new(WEBHOOK_SECRET.encode(), signed, hashlib.sha256).digest()).decode()

    def post() -> int:
        body = (sent[start:start + size] for start in range(0, len(sent), size)) if size else sent
        return Caller(proxy).call(
            "public", "POST", f"/inbound/mesh/{stand.upstream_id}", body, expect=None,
            headers={"X-Mesh-Signature-256": signature}).status

    found = until(lambda: (status := post()) != 503 and status, "an answer of a node with time")
    assert found == expect, f"{found} for {sent[:100]!r}"


def bytes_stay_as_they_are(stand: Stand, proxy: Proxy) -> None:
    """The signature is over bytes that another writer of JSON would change; one of them more, and it is refused."""
    for padding, size in ((0, 0), (0, 11), (200_000, 0), (200_000, 5_000)):
        event = str(uuid.uuid4())
        body = b"\r\n\t " + stand.event(stand.clients[0], event).replace(b"Ethereum", b"\\u0045thereum")
        body = body.replace(b", ", b"\t,\n ") + b" " * padding + b"\n"
        inbound(stand, proxy, body, body, size, expect=200)
        inbound(stand, proxy, body, body + b" ", size, expect=401)
        stand.acknowledged[event] = stand.clients[0]["paths"]
    stand.settle()


def addresses_are_the_callers(stand: Stand, proxy: Proxy) -> None:
    bound = {"environment": "sandbox", "access": "read", "name": "bound", "allowedIps": ["127.0.0.9"]}
    path = f"/admin/v1/sub-clients/{stand.clients[0]['id']}/credentials"
    key = Caller(proxy, ADMINS).call("admin", "POST", path, bound, stand.admin_key, expect=201).json["clientSecret"]
    for source, said, status in (
        ("127.0.0.9", "", 200), (OUTSIDE, "", 403), (OUTSIDE, "127.0.0.9", 403), ("127.0.0.9", OUTSIDE, 200),
        (OUTSIDE, "127.0.0.9, 127.0.0.1", 403),
    ):
        headers = {"X-Forwarded-For": said} if said else {}
        Caller(proxy, source).call("public", "GET", "/v1/me", token=key, expect=status, headers=headers)


def connections_are_kept(stand: Stand, proxy: Proxy) -> None:
    """Many requests, one after the other, go over few connections to the nodes. Those that ended are seen for a minute
    more (state 06, TIME_WAIT)."""
    before = sockets_to(proxy.nodes)
    for _ in range(40):
        Caller(proxy).call("public", "GET", "/v1/me", token=stand.clients[0]["clientSecret"])
    made = sockets_to(proxy.nodes) - before
    assert len(made) <= 8, f"40 requests took {len(made)} connections"


def sockets_to(nodes: list[Node]) -> set[str]:
    """The other ends of connections to the nodes' public listeners."""
    wanted = {f"{node.ports['public']:04X}" for node in nodes}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = [(here, there) for _, here, there, state, *_ in rows if state in ("01", "06")]
    pairs = ends + [(there, here) for here, there in ends]
    return {other for one, other in pairs if one[-4:] in wanted}


def answered(node: Node) -> float:
    """The inbound webhooks that a node has answered."""
    lines = re.findall(r"^subgate_http_requests_total\{.*inbound.*\} (\S+)$", node.metrics(), re.MULTILINE)
    return sum(map(float, lines))


def a_death_costs_no_webhook(stand: Stand, proxy: Proxy) -> None:
    """A node is killed, and the other one is stopped after the first has come back: each post is answered by a node.
    One that is busy may say so (503); the proxy never has to."""
    one, two = proxy.nodes
    caller: Any = Caller(proxy)
    with Load(stand, lambda: [caller]) as load:
        load.go_on(60)
        assert answered(one) > 0 and answered(two) > 0, "the load is not shared"
        one.kill()
        load.go_on(60)
        one.start()
        until(lambda: answered(one) > 0, "a place in the load for the node that came back")
        two.stop()
        load.go_on(60)
    assert not caller.failures and load.answers.keys() <= {200, 503}, f"{load.answers}, of the proxy {caller.failures}"
