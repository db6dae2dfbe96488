"""Asks a node as fast as it answers, through any number of connections; counts its answers and what they cost it."""

import base64
import hashlib
import hmac
import json
import os
import resource
import subprocess
import time
import uuid
from pathlib import Path
from typing import NamedTuple

from node import Node
from place import Place
from stand import WEBHOOK_SECRET, Stand

WRK = """
local ffi = require("ffi")
ffi.cdef("struct moment { long seconds, nanoseconds; }; int clock_gettime(int, struct moment *);")
local requests, turn, threads, moment = {}, 0, {}, ffi.new("struct moment")
local function now()
    ffi.C.clock_gettime(1, moment)
    return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end
function setup(thread) table.insert(threads, thread) end
function init(arguments)
    statuses, unsaid, settled = {}, 0, tonumber(arguments[2])
    counted = now() + settled
    for line in io.open(arguments[1]):lines() do
        requests[#requests + 1] = line:gsub("\\\\r", "\\r"):gsub("\\\\n", "\\n")
    end
end
function request()
    turn = turn % #requests + 1
    return requests[turn]
end
function response(status, headers)
    if settled == 0 or now() >= counted then statuses[status] = (statuses[status] or 0) + 1 end
    if (status == 503 or status == 429) and not headers["Retry-After"] then unsaid = unsaid + 1 end
end
function done(summary, latency)
    local parts, errors = {}, summary.errors
    for status, count in pairs(threads[1]:get("statuses")) do
        parts[#parts + 1] = string.format('"%d":%d', status, count)
    end
    io.write(string.format('\\n{"statuses":{%s},"unsaid":%d,"seconds":%.3f,"p50":%.1f,"most":%.1f,"lost":%d}\\n',
        table.concat(parts, ","), threads[1]:get("unsaid"), summary.duration / 1e6 - threads[1]:get("settled"),
        latency:percentile(50) / 1e3, latency.max / 1e3, errors.connect + errors.read + errors.write + errors.timeout))
end
"""


def processor_seconds(pid: int) -> float:
    """What a process has used so far, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Round(NamedTuple):
    """What came of a round: answers by status, refusals without Retry-After, connections and answers that were lost,
    and the milliseconds that answers of all kinds took, as the asker saw them."""
    statuses: dict[int, int]
    unsaid: int
    lost: int
    seconds: float
    median: float
    most: float
    # Seconds that the node used.
    processor: float

    @property
    def served(self) -> int:
        return self.statuses.get(200, 0)

    @property
    def refused(self) -> int:
        return self.statuses.get(503, 0) + self.statuses.get(429, 0)

    @property
    def rate(self) -> float:
        return self.served / self.seconds

    @property
    def bought(self) -> float:
        """Served by a CPU second of the node."""
        return max(1, self.served) / max(self.processor, 0.01)

    def with_more(self, other: "Round") -> "Round":
        return self._replace(
            statuses={status: self.statuses.get(status, 0) + other.statuses.get(status, 0)
                      for status in self.statuses | other.statuses},
            seconds=self.seconds + other.seconds, processor=self.processor + other.processor)

    def refusing(self, peak: "Round") -> float:
        """How much of a core refusals took: what was used beyond what the served would have cost at the peak."""
        return max(0.0, self.processor - self.served / peak.bought) / self.seconds


class Asker:
    def __init__(self, where: Place, node: Node) -> None:
        self.place, self.node = where, node
        self.script = where.folder / "asking.lua"
        self.script.write_text(WRK)
        self.files = 0
        self.scheme = "http"
        # A descriptor for each connection.
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def file(self, requests: list[bytes]) -> Path:
        """Requests that are sent in turn, by each round from the first on."""
        self.files += 1
        made = self.place.folder / f"requests-{self.files}"
        made.write_bytes(b"".join(r.replace(b"\r", b"\\r").replace(b"\n", b"\\n") + b"\n" for r in requests))
        return made

    def ask(self, requests: Path, connections: int, seconds: int, settling: int = 0) -> Round:
        """`settling` seconds go by before answers are counted, but for their times: until all have connected."""
        before = processor_seconds(self.node.process.pid)
        wrk = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{settling + seconds}s", "--timeout", "10s", "-s", self.script,
             f"{self.scheme}://127.0.0.1:{self.node.ports['public']}", "--", requests, str(settling)],
            stdout=subprocess.PIPE, text=True)
        if settling:
            time.sleep(settling)
            before = processor_seconds(self.node.process.pid)
        out, _ = wrk.communicate(timeout=settling + seconds + 60)
        assert wrk.returncode == 0, f"wrk ended with {wrk.returncode}: {out}"
        found = json.loads(out.splitlines()[-1])
        statuses = {int(status): count for status, count in found["statuses"].items()}
        used = processor_seconds(self.node.process.pid) - before
        return Round(statuses, found["unsaid"], found["lost"], found["seconds"], found["p50"], found["most"], used)


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    fields = {"Host": "subgate"} | headers | ({"Content-Length": str(len(body))} if body else {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def reads(stand: Stand, **more: str) -> list[bytes]:
    return [request("GET", "/v1/deliveries?limit=1", {"Authorization": f"Bearer {c['clientSecret']}"} | more)
            for c in stand.clients]


def own(stand: Stand, **more: str) -> list[bytes]:
    """What is answered without the database."""
    return [request("GET", "/v1/me", {"Authorization": f"Bearer {c['clientSecret']}"} | more) for c in stand.clients]


def link_tokens(stand: Stand, **more: str) -> list[bytes]:
    body = json.dumps({"userId": "user-7", "transferOptions": {
        "transactionId": "order-1001", "transferType": "payment", "amountInFiat": 25.5, "toAddresses": [{
            "networkId": "e3c7fdd8-b1fc-4e51-85ae-bb276e075611", "symbol": "USDC",
            "address": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}]}}).encode()
    return [request("POST", "/api/v1/linktoken", {
        "Content-Type": "application/json", "X-Client-Id": c["clientId"], "X-Client-Secret": c["clientSecret"]} | more,
        body)
        for c in stand.clients]


def webhooks(stand: Stand, count: int, **more: str) -> list[bytes]:
    made = []
    for index in range(count):
        body = stand.event(stand.clients[index % len(stand.clients)], str(uuid.uuid4()))
        signature = base64.b64encode(hmac.digest(WEBHOOK_SECRET.encode(), body, hashlib.sha256)).decode()
        made.append(request("POST", f"/inbound/mesh/{stand.upstream_id}", {
            "Content-Type": "application/json", "X-Mesh-Signature-256": signature} | more, body))
    return made
