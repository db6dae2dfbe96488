"""Receivers on every address of the world, at ports 443 and 8443: good ones, and bad ones of each kind."""

import gzip
import socket
import ssl
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable, NamedTuple

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DRIP_SECONDS = 10


class Seen(NamedTuple):
    """One request, as it came."""

    name: str
    peer: str
    connection: int
    id: str
    at: float


class Connection:
    """A connection on which the receiver's behaviour plays. It ends when the behaviour does."""

    def __init__(self, stream: socket.socket, name: str, address: str, number: int, world: "Receivers") -> None:
        self.stream, self.name, self.address, self.number, self.world = stream, name, address, number, world
        # Bytes sent, and bytes of the last request that have not been read.
        self.sent = self.left = 0

    def head(self) -> bytes | None:
        """Reads to the end of one request's head and notes the request; None at the connection's end."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.stream.recv(1 if len(data) > 16_000 else 65_536)
            if not more:
                return None
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        self.left = int(fields.get(b"content-length", b"0")) - len(rest)
        message = fields.get(b"webhook-id", b"").decode()
        self.world.note(Seen(self.name, self.address, self.number, message, time.monotonic()))
        return head

    def request(self) -> bool:
        """Reads one request whole."""
        if self.head() is None:
            return False
        while self.left > 0:
            more = self.stream.recv(65_536)
            if not more:
                return False
            self.left -= len(more)
        return True

    def send(self, data: bytes) -> None:
        self.stream.sendall(data)
        self.sent += len(data)

    def wait_for_end(self) -> None:
        while self.stream.recv(65_536):
            pass

    def reset(self) -> None:
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Behaviour = Callable[[Connection], None]


def good(one: Connection) -> None:
    while one.request():
        one.send(GOOD)


def answers(data: bytes) -> Behaviour:
    """Takes a request, sends these bytes, and ends the connection."""

    def play(one: Connection) -> None:
        if one.request():
            one.send(data)

    return play


def repeats(head: bytes, data: bytes, most: int = 1 << 30) -> Behaviour:
    """Takes a request, sends a head, and then the same bytes over and over."""

    def play(one: Connection) -> None:
        if one.request():
            one.send(head)
            while one.sent < most:
                one.send(data)

    return play


def hangs(one: Connection) -> None:
    one.request()
    one.wait_for_end()


def drips(one: Connection) -> None:
    one.request()
    for byte in b"HTTP/1.1 200 OK\r\n":
        one.send(bytes([byte]))
        time.sleep(DRIP_SECONDS)


def resets_before_the_answer(one: Connection) -> None:
    one.request()
    one.reset()


def resets_after_the_head(one: Connection) -> None:
    one.request()
    one.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    time.sleep(0.3)
    one.reset()


def answers_early(one: Connection) -> None:
    """Says 200 to a head whose body it does not read."""
    if one.head() is not None:
        one.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def closes_what_is_kept(one: Connection) -> None:
    """Answers one request, and ends the connection on which another comes, as one does that was about to close it."""
    if one.request():
        one.send(GOOD)
        one.request()


def poisons(one: Connection) -> None:
    """Sends a second answer that nobody asked for."""
    while one.request():
        one.send(GOOD + b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")


_OK = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(b"\0" * (64 << 20))

# What each does by the first label of its name; others are good.
BEHAVIOURS: dict[str, Behaviour] = {
    "hangs": hangs,
    "drips": drips,
    "resets": resets_before_the_answer,
    "resets-after-head": resets_after_the_head,
    "gigabyte": repeats(_OK + b"Content-Length: 1073741824\r\n\r\n", b"x" * 65_536),
    "endless-chunks": repeats(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"y" * 1024 + b"\r\n"),
    "header-lines": answers(_OK + b"".join(b"X-%d: y\r\n" % number for number in range(100_000)) + b"\r\n"),
    "bomb": answers(_OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
    "early": answers_early,
    "poisons": poisons,
    "closes": closes_what_is_kept,
    "http10": answers(b"HTTP/1.0 200 OK\r\n\r\nold"),
    "http09": answers(b"just text, no status\r\n"),
    "short": answers(_OK + b"Content-Length: 50\r\n\r\nshort"),
    "long": answers(_OK + b"Content-Length: 2\r\n\r\nlonger than it says"),
    "two-lengths": answers(_OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
    "length-and-chunks": answers(_OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "chunks-in-http10": answers(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "bad-chunks": answers(_OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"),
    "redirects": answers(b"HTTP/1.1 307 Moved\r\nLocation: https://10.0.0.5/\r\nContent-Length: 0\r\n\r\n"),
}

# What happens before TLS is up, by the first label.
HANGING_HANDSHAKE, PLAIN_HTTP = "tls-hangs", "tls-plain"


class Receivers:
    """The listeners. One certificate is good for every name; those of `tls-…` names are bad in the way they say."""

    def __init__(self, certificates: "Certificates", ports: tuple[int, ...] = (443, 8443)) -> None:
        self.seen: list[Seen] = []
        self.most_sent: dict[str, int] = {}
        self._lock, self._count, self._contexts = threading.Lock(), 0, certificates.contexts
        for port in ports:
            listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def note(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)

    def seen_by(self, name: str) -> list[Seen]:
        with self._lock:
            return [one for one in self.seen if one.name.split(".")[0] == name]

    def _accept(self, listener: socket.socket) -> None:
        while True:
            stream, _ = listener.accept()
            self._count += 1
            threading.Thread(target=self._serve, args=(stream, self._count), daemon=True).start()

    def _serve(self, stream: socket.socket, number: int) -> None:
        address = stream.getsockname()[0].removeprefix("::ffff:")
        name = _server_name(stream)
        label = name.split(".")[0]
        one = Connection(stream, name, address, number, self)
        try:
            if label == HANGING_HANDSHAKE:
                return one.wait_for_end()
            if label == PLAIN_HTTP:
                return stream.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            one.stream = self._contexts.get(label, self._contexts["good"]).wrap_socket(stream, server_side=True)
            BEHAVIOURS.get(label, good)(one)
        except (OSError, ssl.SSLError):
            pass
        finally:
            with self._lock:
                self.most_sent[label] = max(self.most_sent.get(label, 0), one.sent)
            one.stream.close()



class Certificates:
    """An authority of this test, and what its receivers show, by the first label of their names."""

    NAMES = "subjectAltName=DNS:*.example.com"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority = self._file("authority.crt")
        self._openssl("req", "-x509", *self._new_key("authority"), "-out", self.authority, "-subj", "/CN=Authority")
        good = self._context(self._signed("good"))
        old = self._context("good")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.contexts = {
            "good": good,
            "tls-old": old,
            "tls-wrong-name": self._context(self._signed("wrong", names="subjectAltName=DNS:other.example.org")),
            "tls-expired": self._context(self._signed("expired", days=-1)),
            "tls-self-signed": self._context(self._self_signed("self")),
        }

    def _file(self, name: str) -> str:
        return str(self._folder / name)

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def _new_key(self, name: str) -> list[str]:
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        return [*kind, "-keyout", self._file(f"{name}.key")]

    def _signed(self, name: str, names: str = NAMES, days: int = 2) -> str:
        self._openssl("req", *self._new_key(name), "-out", self._file(f"{name}.csr"), "-subj", f"/CN={name}")
        Path(self._file(f"{name}.ext")).write_text(names, encoding="ascii")
        request = ["-in", self._file(f"{name}.csr"), "-out", self._file(f"{name}.crt")]
        authority = ["-CA", self.authority, "-CAkey", self._file("authority.key"), "-set_serial", str(len(name))]
        extensions = ["-extfile", self._file(f"{name}.ext"), "-days", str(days)]
        self._openssl("x509", "-req", *request, *authority, *extensions)
        return name

    def _self_signed(self, name: str) -> str:
        shown = ["-out", self._file(f"{name}.crt"), "-subj", "/CN=self", "-addext", self.NAMES]
        self._openssl("req", "-x509", *self._new_key(name), *shown)
        return name

    def _context(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._file(f"{name}.crt"), self._file(f"{name}.key"))
        return context


def _server_name(stream: socket.socket) -> str:
    """The name a TLS client asks for, read without taking it from the stream; empty if there is none."""
    stream.settimeout(20)
    try:
        hello = stream.recv(16_384, socket.MSG_PEEK)
        # Record and handshake heads, version and random; then three lists, each with its length in front.
        place = 5 + 4 + 34
        place += 1 + hello[place]
        place += 2 + int.from_bytes(hello[place : place + 2], "big")
        place += 1 + hello[place] + 2
        while place < len(hello):
            kind, length = struct.unpack(">HH", hello[place : place + 4])
            if kind == 0:
                return hello[place + 9 : place + 4 + length].decode("ascii", "replace").lower()
            place += 4 + length
    except (OSError, IndexError, struct.error):
        pass
    return ""
