"""Subgate itself, started as in production, and filled through its own API; only link sessions come by SQL."""

import http.client
import json
import subprocess
import time
import uuid
from pathlib import Path

from cluster import OWNER, Cluster
from ledger import FAN_OUT
from stage import Stage, accepts, fail, free_port, run

CLIENTS = 20
SESSIONS_PER_CLIENT = 1000
WEBHOOK_SECRET = "bench-webhook-secret-0123456789abcdef"
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


class Service:
    """The ports and keys stay the same from start to start."""

    def __init__(self, stage: Stage, cluster: Cluster, binary: Path, upstream_port: int, sink_port: int) -> None:
        self.stage, self.cluster, self.binary = stage, cluster, binary
        self.upstream_port, self.sink_port = upstream_port, sink_port
        self.public, self.admin, self.ops = free_port(), free_port(), free_port()
        self.process: subprocess.Popen | None = None
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "SUBGATE_DATABASE_URL": cluster.url("subgate_app"),
            "SUBGATE_MASTER_KEYS": run([binary, "keys", "new", "bench"]),
            "SUBGATE_PEPPER": run([binary, "keys", "new", "bench"]),
            # All load comes from one address and with few keys.
            "SUBGATE_RATE_LIMIT_PER_ADDRESS": "0", "SUBGATE_RATE_LIMIT_PER_KEY": "0",
            "SUBGATE_RATE_LIMIT_PER_SUB_CLIENT": "0",
            # An acknowledgement that takes long is to be measured.
            "SUBGATE_ACKNOWLEDGE_WITHIN": "10000",
        }
        run([binary, "migrate"], env=self.environment | {"SUBGATE_DATABASE_URL": cluster.url(OWNER)})
        self.admin_key = run([binary, "keys", "bootstrap"], env=self.environment).strip()

    def start(self, *options: object, core: int | None = None) -> None:
        self.stop()
        self.process = self.stage.start(
            [self.binary, "serve", "--public-listen", f"127.0.0.1:{self.public}",
             "--admin-listen", f"127.0.0.1:{self.admin}", "--ops-listen", f"127.0.0.1:{self.ops}",
             "--allow-private-targets", "--log-level", "warn", *options],
            core=core, env=self.environment)
        self.stage.until(self.is_ready, self.process, "the start of subgate")

    def stop(self) -> None:
        if self.process:
            self.stage.stop(self.process)
            if self.process.returncode != 0:
                fail(f"subgate ended with {self.process.returncode}:\n{Path(self.process.log).read_text()[-2000:]}")
            self.process = None

    def is_ready(self) -> bool:
        return accepts(self.ops) and self.call(self.ops, "GET", "/readyz", expect=None)[0] == 200

    def has_option(self, name: str) -> bool:
        return f"--{name}" in run([self.binary, "serve", "--help"])

    def call(self, port: int, method: str, path: str, body: object = None, token: str = "", expect: int | None = 200):
        """One request; returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if expect is not None and answer.status != expect:
            fail(f"{method} {path} answered {answer.status}: {content.decode()[:500]}")
        return answer.status, content

    def make(self, port: int, path: str, body: object, token: str, expect: int = 201) -> dict:
        return json.loads(self.call(port, "POST", path, body, token, expect)[1])

    def fill(self) -> None:
        """Makes the upstream, the sub-clients with three endpoints each, and their link sessions."""
        upstream = self.make(self.admin, "/admin/v1/upstreams", {
            "environment": "sandbox", "name": "bench", "baseUrl": f"http://127.0.0.1:{self.upstream_port}",
            "clientId": str(uuid.uuid4()), "clientSecret": "bench", "webhookSecrets": [WEBHOOK_SECRET],
        }, self.admin_key)
        self.upstream_id = upstream["id"]
        self.inbound_path = f"/inbound/mesh/{upstream['id']}"
        self.clients = [self.make_client(index) for index in range(CLIENTS)]
        self.make_sessions()

    def make_client(self, index: int) -> dict:
        client = self.make(self.admin, "/admin/v1/sub-clients", {
            "legalName": f"Bench {index} GmbH", "displayName": f"Bench {index}", "country": "DE"}, self.admin_key)
        path = f"/admin/v1/sub-clients/{client['id']}"
        self.make(self.admin, f"{path}/activate", None, self.admin_key, expect=200)
        keys = self.make(self.admin, f"{path}/credentials", {
            "environment": "sandbox", "access": "readWrite", "name": "bench"}, self.admin_key)
        for endpoint in range(FAN_OUT):
            self.make(self.public, "/v1/webhook-endpoints", {
                "url": f"http://127.0.0.1:{self.sink_port}/{index}/{endpoint}", "eventTypes": ["*"],
                "payloadFormat": "standard" if endpoint == 2 else "mesh"}, keys["clientSecret"])
        return {"id": client["id"], "clientId": keys["clientId"], "clientSecret": keys["clientSecret"]}

    def make_sessions(self) -> None:
        self.session_file = self.stage.folder / "sessions"
        prefix = f"{int(time.time() * 1000):012x}"
        self.session_prefix = f"{prefix[:8]}-{prefix[8:]}-7000-8000-"
        lines = []
        for index, client in enumerate(self.clients):
            first = index * SESSIONS_PER_CLIENT
            self.cluster.sql(f"""
                set search_path = subgate;
                insert into link_session (sub_client_id, id, environment, upstream_id, credential_id, transaction_id,
                    user_id, transfer_type, has_transfer, expires_at, created_at)
                select c.sub_client_id, ('{self.session_prefix}' || lpad(to_hex(n), 12, '0'))::uuid, 'sandbox',
                    '{uuid_of(self.upstream_id)}', c.id, 'order-' || n, 'user-' || n, 'payment', true,
                    now() + interval '10 minutes', now()
                from credential c, generate_series({first}, {first + SESSIONS_PER_CLIENT - 1}) n
                where c.sub_client_id = '{uuid_of(client["id"])}'""")
            for number in range(first, first + SESSIONS_PER_CLIENT):
                session = uuid.UUID(f"{self.session_prefix}{number:012x}")
                lines.append(f"{index} sg1_{digits(uuid_of(client['id']))}{digits(session)}\n")
        self.session_file.write_text("".join(lines))
        self.cluster.sql("vacuum analyze")


def digits(value: uuid.UUID) -> str:
    """Crockford's base32, as identifiers are written."""
    return "".join(DIGITS[value.int >> shift & 31] for shift in range(125, -1, -5))


def uuid_of(identifier: str) -> uuid.UUID:
    number = 0
    for digit in identifier.partition("_")[2]:
        number = number << 5 | DIGITS.index(digit)
    return uuid.UUID(int=number)
