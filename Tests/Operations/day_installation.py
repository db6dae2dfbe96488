"""The installation that lives through the day: its shell, its load and its ledger."""

import contextlib
import json
import threading
import time
import uuid
from pathlib import Path
from typing import Any, Callable

from day_readme import Shell
from day_world import Shop, Visitor, make_world
from machine import Machine
from place import until
from stand import Load, Stand, digits
from systemd_checks import Installed

CERTIFICATE = "/etc/ssl/subgate/pay.example.com.pem"
# What a merchant of some size gets; the day is about its events, not about its load.
EVENTS_PER_SECOND = 20


class Ledger(Stand):
    """What Mesh was answered 200, and what the shop took: by Mesh's EventId there and by `webhook-id` here."""

    def __init__(self, machine: Machine, shop: Shop) -> None:
        self.place, self.cluster, self.shop, self.receiver = machine.place, Installed(machine), shop, shop
        self.acknowledged: dict[str, list[str]] = {}
        self.lock, self.clients = threading.Lock(), list[dict[str, Any]]()

    def identifiers(self) -> dict[str, str]:
        """Of each event in the database: Mesh's EventId, and the `webhook-id` that its deliveries have."""
        rows = self.cluster.sql("select upstream_event_id, id from subgate.event where upstream_event_id is not null")
        pairs = (row.split("|") for row in rows.splitlines())
        return {upstream: f"evt_{digits(uuid.UUID(own))}" for upstream, own in pairs}

    def missing(self) -> set[tuple[str, str]]:
        known = self.identifiers()
        with self.lock:
            owed = {(path, known.get(event, event)) for event, paths in self.acknowledged.items() for path in paths}
        return owed - self.shop.taken.keys()

    def open_ones(self) -> int:
        return int(self.cluster.sql("select count(*) from subgate.delivery where status <> 'delivered'"))


class DayLoad(Load):
    """Posts at a steady pace, and remembers when it was answered 200."""

    def __init__(self, ledger: Ledger, visitor: Visitor) -> None:
        super().__init__(ledger, lambda: [visitor], threads=2)
        self.times: list[float] = []

    def run(self, index: int) -> None:
        while not self.over.is_set():
            status = self.stand.post(self.nodes()[0], self.stand.clients[0])
            with self.stand.lock:
                self.answers[status] = self.answers.get(status, 0) + 1
                if status == 200:
                    self.times.append(time.monotonic())
            self.over.wait(len(self.threads) / EVENTS_PER_SECOND)

    def longest_gap(self, since: float = 0) -> float:
        """Between two acknowledgements, seconds; from `since` on, until now or the end."""
        with self.stand.lock:
            times = [moment for moment in self.times if moment >= since]
        return max((after - before for before, after in zip(times, times[1:])), default=0)


class Day:
    """Use it in a `with`."""

    def __init__(self, machine: Machine, later: Path) -> None:
        self.machine, self.later = machine, later
        self.shell, self.visitor = Shell(machine), Visitor()
        self.open = contextlib.ExitStack()
        self.summary, self.builds = "", 0

    def __enter__(self) -> "Day":
        self.open.enter_context(self.shell)
        make_world(self.machine, self.shell)
        self.shop = self.inside(Shop)
        self.ledger = Ledger(self.machine, self.shop)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if hasattr(self, "load"):
            self.load.over.set()
        if kind:
            for unit in ("subgate", "mesh", "nginx"):
                print(self.machine.try_run(f"journalctl --no-pager -o cat -u {unit} | tail -6"))
        self.open.close()

    def inside(self, work: Callable[[], Any]) -> Any:
        return self.machine.inside(work)

    def run(self, script: str) -> str:
        return self.shell.run(script)

    def start_load(self) -> None:
        self.load = DayLoad(self.ledger, self.visitor)
        self.inside(self.load.__enter__)

    def longest_gap(self, since: float) -> str:
        """Of this stage, if there is a load."""
        return f", longest gap {self.load.longest_gap(since):.1f} s" if hasattr(self, "load") else ""

    def go_on(self, count: int = 20) -> None:
        self.load.go_on(count)

    def is_ready(self) -> bool:
        return self.readiness()["status"] == "ready"

    def readiness(self) -> Any:
        try:
            return json.loads(self.machine.try_run("curl -s http://127.0.0.1:8082/readyz"))
        except ValueError:
            return {"status": "away", "parts": []}

    def until_ready(self) -> float:
        """How long that took, seconds."""
        start = time.monotonic()
        until(self.is_ready, "a node that is ready", seconds=60)
        return time.monotonic() - start

    def build(self) -> str:
        version, digest = self.run("subgate --version; sha256sum /usr/local/bin/subgate | cut -c1-8").splitlines()
        return f"{version} ({digest})"

    def value(self, name: str) -> str:
        return self.run(f'echo "${name}"')

    def property(self, name: str) -> str:
        return self.machine.run(f"systemctl show --value --property {name} subgate").strip()

    def settle(self) -> None:
        """Waits until all that was acknowledged was received, and is recorded."""
        until(lambda: not self.ledger.missing(), "all that was acknowledged received", seconds=90)
        until(lambda: self.ledger.open_ones() == 0, "all deliveries recorded", seconds=90)
