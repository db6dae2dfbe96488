"""One `subgate serve`, started as in production."""

import http.client
import json
import signal
from collections.abc import Iterator
from typing import Any, NamedTuple

import place
from place import Child, Place, free_port, until


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def expected(self, status: int | None, asked: str) -> "Answer":
        """Fails unless it has that status; None is any."""
        assert status is None or self.status == status, f"{asked} answered {self.status}: {self.body[:500]!r}"
        return self


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any, token: str, headers: dict[str, str],
) -> Answer:
    """One request, with which the connection ends. `body` is bytes, an iterator of chunks, or is sent as JSON. Raises
    OSError without an answer."""
    sent = {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    is_raw = body is None or isinstance(body, bytes | Iterator)
    try:
        connection.request(method, path, body if is_raw else json.dumps(body).encode(), sent)
        found = connection.getresponse()
        return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
    except http.client.HTTPException as problem:
        raise ConnectionError(f"no whole answer: {problem!r}") from problem
    finally:
        connection.close()


class Node:
    """Its ports stay the same from start to start. `environment` holds the database and the keys; `binary` may be
    another."""

    def __init__(self, where: Place, environment: dict[str, str], name: str = "node", *options: str) -> None:
        self.place, self.environment, self.name, self.options = where, environment, name, options
        self.ports = {"public": free_port(), "admin": free_port(), "ops": free_port()}
        self.binary = place.binary
        self.child: Child | None = None

    def begin(self) -> "Node":
        """Starts it, and does not wait."""
        listen = [word for which, port in self.ports.items() for word in (f"--{which}-listen", f"127.0.0.1:{port}")]
        self.child = self.place.start(
            [self.binary, "serve", *listen, "--node-name", self.name, "--allow-private-targets", *self.options],
            env=self.environment)
        return self

    def start(self) -> "Node":
        self.begin()
        until(self.is_ready, f"the start of {self.name}", child=self.child)
        return self

    @property
    def process(self) -> Child:
        assert self.child, f"{self.name} was never started"
        return self.child

    def kill(self) -> None:
        self.process.kill()

    def pause(self) -> None:
        self.process.send(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send(signal.SIGCONT)

    def stop(self) -> None:
        status = self.process.stop()
        assert status == 0, f"{self.name} ended with {status}:\n{self.process.read_log()[-2000:]}"

    def is_ready(self) -> bool:
        try:
            return self.call("ops", "GET", "/readyz", expect=None).status == 200
        except OSError:
            return False

    def metrics(self) -> str:
        return self.call("ops", "GET", "/metrics").body.decode()

    def call(
        self, listener: str, method: str, path: str, body: Any = None, token: str = "", expect: int | None = 200,
        seconds: float = 15, headers: dict[str, str] = {},
    ) -> Answer:
        """One request on a connection of its own; as `ask`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[listener], timeout=seconds)
        return ask(connection, method, path, body, token, headers).expected(expect, f"{method} {path}")
