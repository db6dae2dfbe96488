"""Endpoints whose rows were changed behind Subgate's back, and what became of what was sent to them."""

import subprocess
import time
from typing import Any, Iterable, NamedTuple

from journey_checks import Merchant, new_merchant
from service import service

# Fewer than a sub-client may have.
PER_MERCHANT = 45
ATTEMPT_LIMIT_SECONDS = 40


class Attempt(NamedTuple):
    status: int | None
    error: str | None
    body: str
    timings: dict[str, Any]
    milliseconds: int

    def __str__(self) -> str:
        return f"{self.status} {self.error}"


class Endpoint:
    """One endpoint of one merchant."""

    def __init__(self, merchant: Merchant, url: str) -> None:
        self.merchant, self.url = merchant, url
        body = {"url": "https://control.example.com/", "eventTypes": ["*"], "description": "egress"}
        self.id: str = merchant.call("createWebhookEndpoint", 201, body=body).json["id"]
        self.deliveries: list[str] = []
        self.events: set[str] = set()

    def send(self) -> str:
        """Sends a test event, and gives the delivery's id."""
        made = self.merchant.call("testWebhookEndpoint", 202, self.id).json
        self.deliveries.append(made["id"])
        self.events.add(made["eventId"])
        return made["id"]

    def attempts(self, delivery: str | None = None) -> list[Attempt]:
        """What was tried for a delivery, or for the first one, so far."""
        log = self.merchant.call("getDelivery", 200, delivery or self.deliveries[0]).json["attemptLog"]
        return [
            Attempt(one["statusCode"], one["errorCode"], one["responseBody"], one["timings"] or {}, one["durationMs"])
            for one in log
        ]

    def first_attempt(self, delivery: str | None = None) -> Attempt:
        deadline = time.monotonic() + ATTEMPT_LIMIT_SECONDS
        while time.monotonic() < deadline:
            if found := self.attempts(delivery):
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"nothing was tried for {self.url!r}")


def endpoints(urls: Iterable[str]) -> list[Endpoint]:
    """Endpoints with these URLs in their rows, whatever they are."""
    merchant, made = None, []
    for number, url in enumerate(urls):
        if number % PER_MERCHANT == 0:
            merchant = new_merchant(f"Egress {time.monotonic_ns()}")
        assert merchant is not None
        made.append(Endpoint(merchant, url))
    _set_urls({one.id: one.url for one in made})
    return made


def _set_urls(urls: dict[str, str]) -> None:
    """Writes into the table what registration would refuse."""
    rows = ",".join(f"({_uuid(key)}, {_quoted(url)})" for key, url in urls.items())
    sql = f"update subgate.endpoint e set url = n.url from (values {rows}) n(id, url) where e.id = n.id"
    command = ["psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", service().facts["postgresUrl"]]
    done = subprocess.run(command, input=sql.encode(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def _uuid(identifier: str) -> str:
    """The UUID in an id such as `we_…`, as SQL."""
    number = 0
    for letter in identifier.split("_")[1]:
        number = number * 32 + _ALPHABET.index(letter)
    return f"'{number:032x}'::uuid"
