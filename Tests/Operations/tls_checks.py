"""Drills of TLS without a proxy: what a scanner finds, certificates changed while running, and files that are wrong."""

import contextlib
import json
import re
import signal
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import place
from cluster import Cluster
from node import Node
from place import Place, run, until
from stand import Stand

GAUGE = "subgate_tls_certificate_not_after_seconds"
# What a certificate earns that nobody issued: no chain, and no list of those revoked.
OF_THE_CERTIFICATE = ("cert_chain_of_trust", "cert_revocation")
# It works for a dozen seconds, and on a busy machine for many more.
SCAN_LIMIT_SECONDS = 200


class Pair:
    """A certificate with its key, in two files that are written over by the next."""

    def __init__(self, where: Place) -> None:
        self.certificate, self.key = where.folder / "chain.pem", where.folder / "key.pem"

    def make(self, name: str, days: int = 90) -> "Pair":
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", self.key, "-out", self.certificate, "-days", days, "-subj", f"/CN={name}",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "extendedKeyUsage=serverAuth"])
        self.key.chmod(0o600)
        return self

    def options(self, prefix: str = "") -> list[str]:
        return [f"--{prefix}tls-certificate", str(self.certificate), f"--{prefix}tls-key", str(self.key)]


class SecureNode:
    """A node whose public listener speaks TLS. It is ready when the ops listener, in the clear, says so."""

    def __init__(self, where: Place, *options: str) -> None:
        self.pair = Pair(where).make("first")
        self.stand = Stand(where, Cluster(where).start())
        self.node: Node = self.stand.node("node", *self.pair.options(), *options).start()
        self.port = self.node.ports["public"]

    def __enter__(self) -> "SecureNode":
        return self

    def __exit__(self, *_: object) -> None:
        self.stand.__exit__()

    def connect(self) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
        # A peer that cuts without close_notify is an error of the read.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=place.LIMIT_SECONDS)
        return context.wrap_socket(plain, suppress_ragged_eofs=False)

    def reload(self, line: str) -> None:
        """SIGHUP, until one more such line is in the log."""
        before = self.node.process.read_log().count(line)
        self.node.process.send(signal.SIGHUP)
        until(lambda: self.node.process.read_log().count(line) > before, line, child=self.node.process)

    def gauge(self) -> int:
        found = re.search(rf'^{GAUGE}{{listener="public"}} (\d+)$', self.node.metrics(), re.MULTILINE)
        assert found, "the gauge is missing"
        return int(found[1])


def check_handshakes_are_counted_by_how_they_ended() -> None:
    with Place() as where, SecureNode(where) as secure:
        seen = dict.fromkeys(
            ["done", "notTLS", "noneInCommon", "certificateRefused", "broken", "abandoned", "timeout"], 0)

        def ended(outcome: str) -> None:
            seen[outcome] += 1
            until(lambda: handshakes(secure.node) == seen, f"{outcome} counted", child=secure.node.child)

        assert handshakes(secure.node) == seen
        secure.connect().close()
        ended("done")
        with begin(secure) as plain:
            plain.sendall(b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert plain.recv(65536).startswith(b"HTTP/1.1 400 ")
        ended("notTLS")
        with begin(secure) as plain:
            refused(plain, ssl.create_default_context())
        ended("certificateRefused")
        old = ssl.create_default_context()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.set_ciphers("AES128-SHA:@SECLEVEL=0")
        with begin(secure) as plain:
            refused(plain, old)
        ended("noneInCommon")
        begin(secure).close()
        ended("abandoned")
        with begin(secure) as plain:
            # The record's length is right, and its only message is none that begins a handshake.
            plain.sendall(bytes([0x16, 3, 1, 0, 4, 0x14, 0, 0, 0]))
            plain.recv(65536)
        ended("broken")


def begin(secure: SecureNode) -> socket.socket:
    return socket.create_connection(("127.0.0.1", secure.port), timeout=place.LIMIT_SECONDS)


def refused(plain: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")
        raise AssertionError("a handshake that should have failed")


def handshakes(node: Node) -> dict[str, int]:
    found = re.findall(
        r'^subgate_tls_handshakes_total{listener="public",outcome="(\w+)"} (\d+)$', node.metrics(), re.MULTILINE)
    return {outcome: int(count) for outcome, count in found}


def certificate_name(connection: ssl.SSLSocket) -> str:
    encoded = connection.getpeercert(binary_form=True)
    assert encoded
    told = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=encoded, stdout=subprocess.PIPE, check=True)
    return told.stdout.decode().strip().rpartition("= ")[2].rpartition("=")[2]


def get(connection: ssl.SSLSocket) -> bytes:
    """One answer, whole, to a request on a connection that stays open."""
    connection.sendall(b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\n\r\n")
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536) or b"the end\r\n\r\n"
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert head.startswith(b"HTTP/1.1 401 ") and length, got[:200]
    while len(body) < int(length[1]):
        body += connection.recv(65536)
    return body


def check_a_certificate_changes_while_a_hundred_connections_are_open() -> None:
    with Place() as where, SecureNode(where) as secure:
        open_ones = [secure.connect() for _ in range(100)]
        for connection in open_ones:
            assert connection.selected_alpn_protocol() == "http/1.1"
            get(connection)
        first_end = secure.gauge()
        failures: list[str] = []
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                try:
                    with secure.connect() as connection:
                        get(connection)
                except (OSError, AssertionError) as problem:
                    failures.append(repr(problem))
                    return

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        secure.pair.make("second", days=30)
        secure.reload("certificate read again")
        with secure.connect() as new:
            assert certificate_name(new) == "second"
        assert secure.gauge() < first_end - 50 * 86_400
        assert certificate_name(open_ones[0]) == "first"
        for connection in open_ones:
            get(connection)
        over.set()
        asking.join()
        assert not failures, failures
        for connection in open_ones:
            connection.close()
        secure.node.stop()


def check_a_bad_certificate_is_refused_at_reload_and_at_the_start() -> None:
    with Place() as where, SecureNode(where) as secure:
        pair, end = secure.pair, secure.gauge()
        good = (pair.certificate.read_bytes(), pair.key.read_bytes())
        other = Pair(where).make("other")
        others = (other.certificate.read_bytes(), other.key.read_bytes())
        weak = run(["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "/dev/stdout", "-subj",
                    "/CN=weak"])
        locked = run(["openssl", "ec", "-aes128", "-passout", "pass:secret", "-in", pair.key]).encode()
        expired_certificate = expired(where)
        cases: list[tuple[bytes, bytes, str]] = [
            (good[0], others[1], "the private key is not the certificate's"),
            (b"", good[1], "the file holds no certificate"),
            (good[0], b"", "the file holds no private key"),
            (good[0][:300], good[1], "is not a certificate in PEM"),
            (good[0] + others[0], good[1], "was not issued by certificate 2"),
            (weak.encode(), weak.encode(), "key too small"),
            (good[0], locked, "the private key is encrypted"),
            (*expired_certificate, "has expired"),
        ]
        for certificate, key, reason in cases:
            pair.certificate.write_bytes(certificate)
            pair.key.write_bytes(key)
            secure.reload("certificate kept")
            assert reason in secure.node.process.read_log().splitlines()[-1], secure.node.process.read_log()[-500:]
            with secure.connect() as connection:
                assert certificate_name(connection) == "first"
                get(connection)
            started = run([place.binary, "serve", *pair.options(), "--public-listen", "127.0.0.1:0"], expect=1,
                          env=secure.stand.environment)
            assert reason in started and "PRIVATE" not in started and started.count("\n") == 1, started
            checked = run([place.binary, "check", *pair.options()], expect=1, env=secure.stand.environment)
            assert reason in checked, checked
        assert secure.gauge() == end
        pair.key.unlink()
        secure.reload("cannot be read")
        pair.certificate.write_bytes(others[0])
        pair.key.write_bytes(others[1])
        pair.key.chmod(0o644)
        secure.reload("every user of the machine can read the private key")
        with secure.connect() as connection:
            assert certificate_name(connection) == "other"
        half = run([place.binary, "serve", "--tls-key", pair.key], expect=2, env=secure.stand.environment)
        assert "belong together" in half, half
        secure.node.stop()


def expired(where: Place) -> tuple[bytes, bytes]:
    """A certificate that ended yesterday: `x509` takes days that have passed, and `req` does not."""
    key, request = where.folder / "expired.key", where.folder / "expired.csr"
    run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
         "-out", request, "-subj", "/CN=expired"])
    made = run(["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", "-1"])
    return made[made.index("-----BEGIN"):].encode(), key.read_bytes()


def scan(where: Place, port: int) -> list[dict[str, Any]]:
    """Protocols, suites, forward secrecy, the server's defaults and known attacks, as testssl.sh sees them."""
    report: Path = where.folder / "testssl.json"
    scanner = ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--nodns", "none"]
    subprocess.run(
        [*scanner, "--jsonfile", report, "-p", "-s", "-f", "-S", "-U", f"localhost:{port}"], check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=SCAN_LIMIT_SECONDS)
    findings: list[dict[str, Any]] = json.loads(report.read_text())
    return findings


def check_a_scanner_finds_nothing() -> None:
    with Place() as where, SecureNode(where) as secure:
        findings = scan(where, secure.port)
        by_id = {finding["id"]: finding["finding"] for finding in findings}
        assert len(findings) > 60, f"only {len(findings)} findings"
        for name, offered in {"SSLv2": False, "SSLv3": False, "TLS1": False, "TLS1_1": False, "TLS1_2": True,
                              "TLS1_3": True}.items():
            assert by_id[name].startswith("offered") == offered, f"{name}: {by_id[name]}"
        # The scanner's own troubles, such as an old engine that it lacks, are warnings.
        bad = [finding for finding in findings if finding["severity"] not in ("OK", "INFO", "LOW", "DEBUG", "WARN")
               and finding["id"] not in OF_THE_CERTIFICATE]
        assert not bad, bad
        secure.node.stop()
