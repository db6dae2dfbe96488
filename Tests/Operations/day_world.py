"""The world around one installation: names, certificates, Mesh's stand-in, and a merchant's shop that judges what it
gets by the README's own code. All of it is on the machine, under addresses of the public internet."""

import http.client
import json
import re
import socket
import ssl
import struct
import threading
from typing import Any

from day_readme import README, Shell
from listening import PostServer
from machine import Machine
from node import Answer, ask
from place import until
from stand import WEBHOOK_SECRET

# Reached by nobody but this machine, which takes it for itself.
ADDRESS = "93.184.216.34"
MESH, SHOP = "integration-api.meshconnect.com", "shop.example.com"
PUBLIC, ADMIN = "pay.example.com", "admin.pay.example.com"
NAMES = {MESH: ADDRESS, SHOP: ADDRESS, PUBLIC: "127.0.0.1", ADMIN: "127.0.0.1"}
SHOP_PORT, MESH_PORT = 9000, 8083

# As the README's users have it, from whom they have it; here everybody trusts it.
CERTIFICATE = f"""
install -d /etc/ssl/subgate
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={PUBLIC} \
    -addext subjectAltName={",".join("DNS:" + name for name in NAMES)} \
    -keyout /etc/ssl/subgate/pay.example.com.key -out /etc/ssl/subgate/pay.example.com.pem 2>/dev/null
cp /etc/ssl/subgate/pay.example.com.pem /usr/local/share/ca-certificates/day.crt
update-ca-certificates >/dev/null 2>&1
"""

# Other people's machines: this one's nginx has their certificates too.
SITES = "".join(f"""
server {{
    listen 443 ssl http2;
    server_name {name};
    ssl_certificate /etc/ssl/subgate/pay.example.com.pem;
    ssl_certificate_key /etc/ssl/subgate/pay.example.com.key;
    location / {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Host $http_host;
        proxy_set_header Connection ""; }}
}}
""" for name, port in ((MESH, MESH_PORT), (SHOP, SHOP_PORT)))


def make_world(machine: Machine, shell: Shell) -> None:
    shell.run("systemctl start systemd-journald.socket systemd-journald")
    machine.inside(lambda: serve_names("127.0.0.1"))
    machine.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    shell.run(f"ip address add {ADDRESS}/32 dev lo\n{CERTIFICATE}")
    machine.write("/etc/nginx/conf.d/world.conf", SITES)
    shell.run("rm -f /etc/nginx/sites-enabled/*; systemctl start nginx")


def serve_names(address: str) -> None:
    """Answers DNS at port 53 of an address, until the process ends."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))

    def run() -> None:
        while True:
            asked, caller = server.recvfrom(4096)
            try:
                server.sendto(name_answer(asked), caller)
            except (OSError, IndexError, struct.error):
                continue

    threading.Thread(target=run, daemon=True).start()


def name_answer(asked: bytes) -> bytes:
    """Of a DNS query with one question: the name's address, or that there is none."""
    labels, at = [], 12
    while size := asked[at]:
        labels.append(asked[at + 1:at + 1 + size].decode("ascii", "replace").lower())
        at += size + 1
    question = asked[12:at + 5]
    kind = struct.unpack("!H", asked[at + 1:at + 3])[0]
    address = NAMES.get(".".join(labels))
    answers = [struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)] if address and kind == 1 else []
    status = 0 if address else 3
    return asked[:2] + struct.pack("!HHHHH", 0x8180 | status, 1, len(answers), 0, 0) + question + b"".join(answers)


class Shop:
    """The merchant's server. What it does not find signed, by the README's code and the secret of that path, it refuses
    and remembers. `status` is what it answers to the rest."""

    def __init__(self) -> None:
        self.status, self.secrets = 204, dict[str, str]()
        self.taken: dict[tuple[str, str], int] = {}
        self.seen: list[tuple[str, str]] = []
        self.forged: list[str] = []
        self.lock = threading.Lock()
        code = re.search(r"^```python\n(import base64, hmac, time\n.*?)^```$", README, re.MULTILINE | re.DOTALL)
        assert code, "the README has no Python that verifies"
        space: dict[str, Any] = {}
        exec(compile(code[1], "README.md", "exec"), space)
        self.is_from_subgate = space["is_from_subgate"]
        self.server = PostServer(lambda *webhook: (self.take(*webhook), b""), SHOP_PORT)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        secret = self.secrets.get(path)
        if secret is None:
            return 503
        with self.lock:
            if not self.is_from_subgate(headers, body, secret):
                self.forged.append(headers.get("webhook-id", "?"))
                return 400
            if self.status < 300:
                key = path, headers["webhook-id"]
                self.taken[key] = self.taken.get(key, 0) + 1
                told = json.loads(body)
                self.seen.append((told["type"], told["data"]["transactionId"]))
            return self.status

    def receptions(self) -> int:
        with self.lock:
            return sum(self.taken.values())


class Visitor:
    """Calls as somebody on the internet does: straight to the node first, through the proxy once that is there. To be
    used inside the machine's network."""

    def __init__(self) -> None:
        self.trust: ssl.SSLContext | None = None

    def goes_through_the_proxy(self, certificate: str) -> None:
        self.trust = ssl.create_default_context(cadata=certificate)

    def call(
        self, listener: str, method: str, path: str, body: Any = None, token: str = "", expect: int | None = 200,
        headers: dict[str, str] = {},
    ) -> Answer:
        """As `Node.call`. Raises OSError without an answer."""
        name = ADMIN if listener == "admin" else PUBLIC
        port = {"public": 8080, "admin": 8081, "ops": 8082}[listener]
        connection = http.client.HTTPConnection(name, timeout=15)
        plain = socket.create_connection(("127.0.0.1", 443 if self.trust else port), 15)
        connection.sock = self.trust.wrap_socket(plain, server_hostname=name) if self.trust else plain
        return ask(connection, method, path, body, token, headers).expected(expect, f"{method} {path}")


class Mesh:
    """`subgate sandbox` in place of Mesh, as the README says, with a private database of its own."""

    FOLDER = "/var/lib/mesh"

    def __init__(self, machine: Machine, shell: Shell) -> None:
        self.machine, self.shell = machine, shell
        self.start("")
        self.keys = json.loads(machine.run(f"cat {self.FOLDER}/sandbox.json"))

    def start(self, webhooks: str) -> None:
        """`webhooks` is what a PSP enters in Mesh's dashboard."""
        option = f"--webhook-url {webhooks}" if webhooks else ""
        options = f"--data-dir {self.FOLDER} --url https://{MESH} --webhook-secret {WEBHOOK_SECRET} {option}"
        self.shell.run(
            "systemctl stop mesh 2>/dev/null || true; systemctl reset-failed mesh 2>/dev/null || true\n"
            f"systemd-run --quiet --unit mesh subgate sandbox {options}")
        until(lambda: "200" in self.machine.try_run(
            f"curl -s -o /dev/null -w %{{http_code}} http://127.0.0.1:{MESH_PORT}/sandbox/v1/clock"), "Mesh's stand-in")
