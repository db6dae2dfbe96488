"""The proxies of deploy/, by their very files, in front of two nodes; and a caller who comes through them over TLS."""

import http.client
import socket
import ssl
from pathlib import Path
from typing import Any

from node import Answer, Node, ask
from place import ROOT, Child, Place, free_port, run, until

PUBLIC, ADMIN = "pay.example.com", "admin.pay.example.com"
# Where callers come from: the file's network of admins stands for the first.
ADMINS, OUTSIDE = "127.0.0.7", "127.0.0.8"


class Proxy:
    """`changes` are the only ones made to the file; each text must stand in it."""

    def __init__(self, place: Place, nodes: list[Node]) -> None:
        self.place, self.nodes, self.port = place, nodes, free_port()
        self.folder = place.folder / type(self).__name__
        self.folder.mkdir()
        self.certificate, self.key = self.folder / "certificate.pem", self.folder / "key.pem"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", f"/CN={PUBLIC}", "-addext", f"subjectAltName=DNS:{PUBLIC},DNS:{ADMIN}",
             "-keyout", self.key, "-out", self.certificate])
        self.trust = ssl.create_default_context(cafile=str(self.certificate))

    def write(self, file: str, changes: dict[str, str]) -> Path:
        text = (ROOT / "deploy" / file).read_text()
        for old, new in changes.items():
            assert old in text, f"{file} has no '{old}'"
            text = text.replace(old, new)
        written = self.folder / Path(file).name
        written.write_text(text)
        return written

    def addresses(self) -> dict[str, str]:
        """The nodes in place of the file's."""
        return {
            f"10.0.0.{number}:{port}": f"127.0.0.1:{node.ports[which]}"
            for number, node in zip((11, 12), self.nodes)
            for which, port in (("public", 8080), ("admin", 8081))}

    def begin(self, arguments: list[Any]) -> Child:
        child = self.place.start(arguments)
        until(self.listens, f"the start of {arguments[0]}", child=child)
        return child

    def listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True
        except OSError:
            return False

    def connect(self, name: str, source: str) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), 15, (source, 0))
        return self.trust.wrap_socket(plain, server_hostname=name)


class Nginx(Proxy):
    def start(self) -> Child:
        site = self.write("nginx/subgate.conf", self.addresses() | {
            "listen 443 ": f"listen 127.0.0.1:{self.port} ", "listen [::]:443 ": f"listen 127.0.0.2:{self.port} ",
            "/etc/ssl/subgate/pay.example.com.pem": str(self.certificate),
            "/etc/ssl/subgate/pay.example.com.key": str(self.key), "192.0.2.0/24": f"{ADMINS}/32"})
        # What Debian's nginx.conf has around it, its TLS too; in one process, so that nothing of it is left.
        paths = "".join(f"{kind}_temp_path {self.folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        whole = self.folder / "nginx.conf"
        whole.write_text(
            f"daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log stderr;\nevents {{}}\n"
            f"http {{\naccess_log off;\nssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;\nssl_prefer_server_ciphers on;\n"
            f"{paths}include {site};\n}}\n")
        told = run(["nginx", "-t", "-q", "-c", whole, "-e", "stderr"])
        assert not told, told
        return self.begin(["nginx", "-c", whole, "-e", "stderr"])


class HAProxy(Proxy):
    def start(self) -> Child:
        folder = self.folder / "certificates"
        folder.mkdir()
        (folder / "pay.example.com.pem").write_text(self.certificate.read_text() + self.key.read_text())
        # A node's ops listener is not at the same port on every node of this machine.
        checks = {f"10.0.0.{number}:8080 check port 8082":
                  f"10.0.0.{number}:8080 check port {node.ports['ops']}"
                  for number, node in zip((11, 12), self.nodes)}
        file = self.write("haproxy/haproxy.cfg", checks | self.addresses() | {
            "bind :::443 v4v6 ": f"bind 127.0.0.1:{self.port} ", "/etc/haproxy/certs/": str(folder),
            "192.0.2.0/24": f"{ADMINS}/32", "maxconn 20000": "maxconn 2000"})
        told = run(["haproxy", "-c", "-q", "-f", file])
        assert not told, told
        return self.begin(["haproxy", "-db", "-f", file])


class Caller:
    """Calls as a `Node` is called, but through a proxy, from an address of this machine."""

    def __init__(self, proxy: Proxy, source: str = OUTSIDE) -> None:
        self.proxy, self.source = proxy, source
        # What the proxy answered itself where a node should have: its status each.
        self.failures: list[int] = []

    def call(
        self, listener: str, method: str, path: str, body: Any = None, token: str = "", expect: int | None = 200,
        headers: dict[str, str] = {}, host: str = "",
    ) -> Answer:
        """`host` is what the request names, where that is not the name of its TLS."""
        name = ADMIN if listener == "admin" else PUBLIC
        connection = http.client.HTTPConnection(name)
        connection.sock = self.proxy.connect(name, self.source)
        answer = ask(connection, method, path, body, token, {"Host": host or name, **headers})
        if answer.status >= 500 and "x-request-id" not in answer.headers:
            self.failures.append(answer.status)
        return answer.expected(expect, f"{method} {path}")
