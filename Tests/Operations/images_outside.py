"""The internet around the containers: a network of its own with Mesh's API, a merchant's shop, and whoever calls."""

import http.client
import http.server
import json
import socket
import ssl
import threading
import uuid
from typing import Any

from day_world import ADDRESS, ADMIN, MESH, PUBLIC, SHOP, Shop, serve_names
from images_yard import Yard
from listening import LINK_TOKEN
from node import Answer
from place import run, until
from stand import WEBHOOK_SECRET, digest

# Of the office, which deploy/nginx lets in, and of the machine with the containers.
OFFICE, YARD = "192.0.2.2", "192.0.2.1"

NETWORK = f"""
ip netns add outside
ip link add yard netns outside type veth peer name outside netns yard
ip -n yard address add {YARD}/30 dev outside
ip -n yard link set outside up
ip -n outside address add {OFFICE}/30 dev yard
ip -n outside address add {ADDRESS}/32 dev lo
ip -n outside link set lo up
ip -n outside link set yard up
ip -n outside route add default via {YARD}
ip -n yard route add {ADDRESS} via {OFFICE}
echo nameserver {OFFICE} >/run/resolv.conf
mount --bind /run/resolv.conf "$(realpath /etc/resolv.conf)"
"""


class Outside:
    """`authority` is a file: what nodes have to trust."""

    def __init__(self, yard: Yard) -> None:
        self.yard, self.tokens = yard, 0
        # What Mesh calls the last link session.
        self.reference = ""
        yard.run("bash", "-euc", NETWORK, network="")
        key, self.authority = yard.folder / "outside.key", yard.folder / "outside.pem"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=outside", "-addext", f"subjectAltName=DNS:{MESH},DNS:{SHOP}", "-keyout", key,
             "-out", self.authority])
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.authority, key)
        self.shop: Shop = yard.inside(Shop, "outside")
        self.server = yard.inside(self.serve, "outside")
        yard.inside(lambda: serve_names(OFFICE), "outside")

    def serve(self) -> http.server.ThreadingHTTPServer:
        outside = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, answer = outside.answer(headers["host"], self.path, headers, body)
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        server = http.server.ThreadingHTTPServer((ADDRESS, 443), Handler)
        server.daemon_threads = True
        server.socket = self.context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def answer(self, host: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if host == SHOP:
            return self.shop.take(path, headers, body), b""
        self.tokens += 1
        self.reference = json.loads(body)["transferOptions"]["transactionId"]
        content = {"content": {"linkToken": LINK_TOKEN}, "status": "ok", "message": ""}
        return 200, json.dumps(content).encode()


class Caller:
    """Calls from outside, through the proxy on the yard's port 443; raises OSError without an answer."""

    def __init__(self, outside: Outside, certificate: str) -> None:
        self.outside, self.trust = outside, ssl.create_default_context(cadata=certificate)

    def call(
        self, method: str, path: str, body: Any = None, name: str = PUBLIC, source: str = OFFICE,
        expect: int | None = 200, headers: dict[str, str] = {},
    ) -> Answer:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = headers | ({"Content-Type": "application/json"} if data is not None else {})
        answer: Answer = self.outside.yard.inside(lambda: self.ask(method, path, data, sent, name, source), "outside")
        assert expect is None or answer.status == expect, f"{method} {path}: {answer.status} {answer.body[:500]!r}"
        return answer

    def ask(self, method: str, path: str, data: bytes | None, sent: dict[str, str], name: str, source: str) -> Answer:
        connection = http.client.HTTPConnection(name, timeout=15)
        try:
            plain = socket.create_connection((YARD, 443), 15, (source, 0))
            connection.sock = self.trust.wrap_socket(plain, server_hostname=name)
            connection.request(method, path, data, sent)
            found = connection.getresponse()
            return Answer(found.status, {key.lower(): value for key, value in found.getheaders()}, found.read())
        except http.client.HTTPException as problem:
            raise ConnectionError(f"no whole answer: {problem!r}") from problem
        finally:
            connection.close()


class Merchant:
    """An upstream, and a sub-client with an endpoint at the shop, made by the office."""

    def __init__(self, caller: Caller, key: str) -> None:
        self.caller, self.shop = caller, caller.outside.shop
        office = {"name": ADMIN, "headers": {"Authorization": f"Bearer {key}"}}

        def admin(path: str, body: Any = None, expect: int = 201) -> Any:
            return caller.call("POST", f"/admin/v1{path}", body, expect=expect, **office).json

        self.upstream = admin("/upstreams", {
            "environment": "sandbox", "name": "Mesh", "baseUrl": f"https://{MESH}", "clientSecret": "secret",
            "clientId": "00000000-0000-4000-8000-000000000009", "webhookSecrets": [WEBHOOK_SECRET]})
        client = admin("/sub-clients", {"legalName": "Shop GmbH", "displayName": "Shop", "country": "DE"})["id"]
        admin(f"/sub-clients/{client}/activate", expect=200)
        made = admin(f"/sub-clients/{client}/credentials", {
            "environment": "sandbox", "access": "readWrite", "name": "shop"})
        self.headers = {"X-Client-Id": made["clientId"], "X-Client-Secret": made["clientSecret"]}
        endpoint = caller.call("POST", "/v1/webhook-endpoints", {
            "url": f"https://{SHOP}/webhooks", "eventTypes": ["*"], "payloadFormat": "standard"},
            headers=self.headers, expect=201).json
        self.shop.secrets["/webhooks"] = endpoint["secret"]

    def link_token(self) -> str:
        token: str = self.caller.call("POST", "/api/v1/linktoken", {"userId": "user-7", "transferOptions": {
            "transactionId": "order-1001", "transferType": "payment", "amountInFiat": 25.5, "toAddresses": [{
                "networkId": "e3c7fdd8-b1fc-4e51-85ae-bb276e075611", "symbol": "USDC",
                "address": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}]}}, headers=self.headers).json[
                    "content"]["linkToken"]
        return token

    def pay(self) -> str:
        """Mesh tells of a payment, until it is answered 200; the event's id."""
        event = str(uuid.uuid4())
        body = json.dumps({
            "Id": str(uuid.uuid4()), "EventId": event, "SentTimestamp": 1720532648, "UserId": "user",
            "TransactionId": self.caller.outside.reference, "TransferId": str(uuid.uuid4()),
            "TransferStatus": "Pending", "TxHash": None, "Chain": "Ethereum", "Token": "USDC",
            "SourceAmount": 25.004786046226555188, "DestinationAmount": 25, "Timestamp": 1715175519038,
            "DestinationAddress": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}).encode()
        until(lambda: self.post(body) == 200, "a webhook taken", seconds=20)
        return event

    def post(self, body: bytes) -> int:
        """The answer's status, 0 without one."""
        signed = {"X-Mesh-Signature-256": digest(WEBHOOK_SECRET.encode(), body)}
        path = f"/inbound/mesh/{self.upstream['id']}"
        try:
            return self.caller.call("POST", path, body, headers=signed, expect=None).status
        except OSError:
            return 0
