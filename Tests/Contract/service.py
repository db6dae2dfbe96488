"""A whole Subgate, started for these checks by `subgate dev`, and calls to it that are judged by openapi.yaml."""

import atexit
import functools
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import contract

# A cold start makes a PostgreSQL cluster first; a stop finishes what is in flight within ten seconds.
START_LIMIT_SECONDS = 120
STOP_LIMIT_SECONDS = 15
CALL_LIMIT_SECONDS = 15
# The longest a webhook may take on a busy machine before a check gives up on it.
WEBHOOK_LIMIT_SECONDS = 20

binary: Path | None = None
# All checks come from one address, many with one key, and thousands with a wrong one. On a busy machine a commit takes
# longer than an upstream waits.
UNLIMITED = [
    "--rate-limit-per-address", "0", "--rate-limit-per-key", "0", "--rate-limit-per-sub-client", "0",
    "--rate-limit-wrong-keys", "0", "--acknowledge-within", "10000"]
# Further options of `subgate dev`.
options: list[str] = []


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Service:
    """The running process and what its dev.json says."""

    def __init__(self, program: Path) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="subgate-contract-")
        self.data = Path(self.folder.name, "data")
        command = [program, "dev", "--data-dir", self.data, "--port", str(_free_ports(5)), *UNLIMITED, *options]
        self.log = open(Path(self.folder.name, "log"), "w+b")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        atexit.register(self.stop)
        self.facts: dict[str, Any] = self._wait()

    def _wait(self) -> dict[str, Any]:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                return json.loads((self.data / "dev.json").read_text(encoding="utf-8"))
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.1)
        raise RuntimeError(f"subgate dev did not get ready:\n{self.read_log()[-2000:]}")

    def read_log(self) -> str:
        """Everything it wrote so far."""
        self.log.flush()
        return Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


@functools.cache
def _started() -> Service | RuntimeError:
    """A start that failed is remembered, so that not every check waits for it."""
    assert binary is not None
    try:
        return Service(binary)
    except RuntimeError as problem:
        return problem


def service() -> Service:
    found = _started()
    if isinstance(found, RuntimeError):
        raise found
    return found


def _free_ports(count: int) -> int:
    """The first of several free ports in a row, below the range the kernel hands out itself."""
    for first in range(20_000 + os.getpid() % 1_000 * 10, 32_000, count):
        holders = [socket.socket() for _ in range(count)]
        try:
            for offset, holder in enumerate(holders):
                holder.bind(("127.0.0.1", first + offset))
            return first
        except OSError:
            continue
        finally:
            for holder in holders:
                holder.close()
    raise RuntimeError("no free ports")


_BASES = {"admin": "adminUrl", "ops": "opsUrl", "sandbox": "sandboxUrl"}


def send(base: str, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
    place = urlsplit(base)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=CALL_LIMIT_SECONDS)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


class Caller:
    """Someone with headers to authenticate with. A call names an operation of openapi.yaml and states its status."""

    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def __call__(
        self, operation: str, status: int, /, *path: str, body: Any = None, headers: dict[str, str] = {}, **query: Any
    ) -> Answer:
        found = next(one for one in contract.operations() if one.body["operationId"] == operation)
        steps = iter(path)
        target = re.sub(r"\{\w+\}", lambda _: quote(next(steps), safe=""), found.path)
        if query:
            target += "?" + urlencode(query)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {**self.headers, **({"Content-Type": "application/json"} if body is not None else {}), **headers}
        base = service().facts[_BASES.get(found.tag, "publicUrl")]
        answer = send(base, found.method.upper(), target, sent, data)
        assert answer.status == status, f"{found}: {answer.status} and not {status}: {answer.body[:300]!r}"
        judge(found, answer)
        return answer


def judge(operation: contract.Operation, answer: Answer) -> None:
    """Fails unless the answer is one the contract describes, without a property it does not name."""
    key = str(answer.status) if str(answer.status) in operation.responses else "default"
    assert key in operation.responses, f"{operation}: status {answer.status} is not in the contract"
    response = operation.responses[key]
    for name, header in response.get("headers", {}).items():
        header = contract.resolve(header)
        value = answer.headers.get(name.lower())
        assert value is not None or not header.get("required"), f"{operation} {key}: no header {name}"
        if value is not None:
            pattern = header["schema"].get("pattern", "")
            assert re.search(pattern, value), f"{operation} {key}: header {name} is {value!r}"
    kinds = response.get("content", {})
    if not kinds:
        assert answer.body == b"", f"{operation} {key}: a body where none belongs"
        return
    kind = answer.headers["content-type"].split(";")[0]
    assert kind in kinds, f"{operation} {key}: {kind}"
    if kind == "application/json" or kind.endswith("+json"):
        wrong = contract.strict_complaints(answer.json, kinds[kind]["schema"])
        assert not wrong, f"{operation} {key}: {'; '.join(wrong)}"
