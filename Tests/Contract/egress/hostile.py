"""What receivers may do to a sender, and that each comes to one reason, little memory, and nothing for the others."""

import threading
import time
from pathlib import Path
from typing import Callable

import service
from egress.endpoints import Endpoint, endpoints
from egress.world import World

# A status line is the answer, whatever befalls the stream after it: what was received was received.
WANTED = {
    "hangs": "None timeout",
    "drips": "None timeout",
    "resets": "None connectionReset",
    "resets-after-head": "200 None",
    "gigabyte": "200 None",
    "endless-chunks": "200 None",
    "header-lines": "None badResponse",
    "bomb": "200 None",
    "early": "200 None",
    "poisons": "200 None",
    "closes": "200 None",
    "http10": "200 None",
    "http09": "None badResponse",
    "short": "200 None",
    "long": "200 None",
    "two-lengths": "None badResponse",
    "length-and-chunks": "None badResponse",
    "chunks-in-http10": "None badResponse",
    "bad-chunks": "200 None",
    "redirects": "307 httpStatus",
    "tls-hangs": "None connectTimeout",
    "tls-plain": "None tlsFailed",
    "tls-old": "None tlsFailed",
    "tls-expired": "None tlsExpired",
    "tls-wrong-name": "None tlsWrongName",
    "tls-self-signed": "None tlsUntrusted",
}
ATTEMPT_SECONDS = 15
CONNECT_SECONDS = 5
# What goes into the buffers of both ends before the sender learns that nobody reads on.
MOST_TAKEN_BYTES = 16 << 20
MOST_MEMORY_KIB = 96 << 10
# On a busy machine, in a debug build.
HEALTHY_SECONDS = 3


class Hostility:
    """An event to each of the hostile receivers, and a healthy one beside them until it is asked what came of it."""

    def __init__(self, world: World, public: Callable[..., str]) -> None:
        self._world, self._memory = world, _most_memory()
        names = [public(label, f"93.184.217.{number + 1}") for number, label in enumerate(WANTED)]
        self._rows = dict(zip(WANTED, endpoints(f"https://{name}/hook" for name in names)))
        self._healthy = Healthy(world, endpoints([f"https://{public('healthy', '93.184.217.200')}/"])[0])
        for row in self._rows.values():
            row.send()

    def complaints(self) -> list[str]:
        complaints: list[str] = []
        for label, row in self._rows.items():
            attempt = row.first_attempt()
            if str(attempt) != WANTED[label]:
                complaints.append(f"{label}: {attempt} and not {WANTED[label]}")
            limit = CONNECT_SECONDS if label == "tls-hangs" else ATTEMPT_SECONDS
            if attempt.milliseconds > (limit + 2) * 1000:
                complaints.append(f"{label}: took {attempt.milliseconds} ms")
            if len(attempt.body) > 1024:
                complaints.append(f"{label}: {len(attempt.body)} characters of the answer are kept")
        complaints += self._healthy.stop()
        complaints += _later_deliveries(self._world, self._rows)
        if not self._rows["bomb"].first_attempt().body.startswith("\x1f"):
            complaints.append("bomb: its body was not left as it came")
        for label in ["gigabyte", "endless-chunks", "header-lines", "bomb"]:
            if (sent := self._world.receivers.most_sent[label]) > MOST_TAKEN_BYTES:
                complaints.append(f"{label}: {sent} bytes were taken")
        if (grown := _most_memory() - self._memory) > MOST_MEMORY_KIB:
            complaints.append(f"memory grew by {grown} KiB")
        return complaints


def _later_deliveries(world: World, rows: dict[str, Endpoint]) -> list[str]:
    """A connection that was kept and turned out dead costs no attempt; one with strange bytes on it is not used."""
    complaints: list[str] = []
    for label in ["closes", "poisons"]:
        for _ in range(3):
            delivery = rows[label].send()
            rows[label].first_attempt(delivery)
            if (found := [str(one) for one in rows[label].attempts(delivery)]) != ["200 None"]:
                complaints.append(f"{label}: a later delivery came to {found}")
        seen = world.receivers.seen_by(label)
        for message in {one.id for one in seen}:
            connections = [one.connection for one in seen if one.id == message]
            if len(connections) > (2 if label == "closes" else 1):
                complaints.append(f"{label}: sent {len(connections)} times")
            if len(set(connections)) != len(connections):
                complaints.append(f"{label}: sent twice over one connection")
    poisoned = [one.connection for one in world.receivers.seen_by("poisons")]
    if len(set(poisoned)) != len(poisoned):
        complaints.append("poisons: its connection was used again")
    if len(world.receivers.seen_by("closes")) == 4:
        complaints.append("closes: no connection was ever reused, so this proves nothing")
    return complaints


class Healthy:
    """An endpoint beside the hostile ones, which gets an event four times a second and answers at once."""

    def __init__(self, world: World, endpoint: Endpoint) -> None:
        self._world, self._endpoint, self._sent = world, endpoint, dict[str, float]()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        while not self._end.wait(0.25):
            start = time.monotonic()
            self._sent[self._endpoint.send()] = start

    def stop(self) -> list[str]:
        self._end.set()
        self._thread.join()
        time.sleep(HEALTHY_SECONDS)
        arrivals = [one.at for one in self._world.receivers.seen_by("healthy")]
        if len(arrivals) != len(self._sent) or not arrivals:
            return [f"of {len(self._sent)} events {len(arrivals)} came to the healthy one"]
        slowest = max(arrival - start for start, arrival in zip(sorted(self._sent.values()), sorted(arrivals)))
        return [f"the healthy one waited {slowest:.1f} s"] if slowest > HEALTHY_SECONDS else []


def _most_memory() -> int:
    """The most Subgate ever held, in KiB."""
    status = Path(f"/proc/{service.service().process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
