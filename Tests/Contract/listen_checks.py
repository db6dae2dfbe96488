"""`subgate listen` as a merchant's developer runs it: what it posts verifies with the library of Standard Webhooks."""

import os
import re
import signal
import subprocess
import time
from typing import Any, NamedTuple

from standardwebhooks import Webhook as StandardWebhook

import contract
import service
from journey_checks import Merchant, new_credential, new_merchant, play
from receiver import Receiver

LIMIT_SECONDS = 20


class Listener:
    """A running `subgate listen` and the lines it said."""

    def __init__(self, merchant: Merchant, receiver: Receiver, *options: str) -> None:
        assert service.binary is not None
        # A key that may only read is enough.
        key = new_credential(merchant.id, "read")[1]["clientSecret"]
        url = service.service().facts["publicUrl"]
        command = [service.binary, "listen", "--url", url, "--forward", receiver.url + "/hook", *options]
        self.process = subprocess.Popen(
            command, env={**os.environ, "SUBGATE_API_KEY": key}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines = [self.line(), self.line()]
        self.secret = self.lines[1].removeprefix("Signing secret: ")
        assert key not in "\n".join(self.lines)

    def line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended with {self.process.wait(LIMIT_SECONDS)}"
        return line.rstrip("\n")

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(LIMIT_SECONDS)
        finally:
            assert self.process.stdout is not None
            self.process.stdout.close()


def check_a_listener_posts_what_verifies_and_says_so() -> None:
    merchant, receiver = new_merchant("Listener"), Receiver()
    for form, schema in (("mesh", "MeshWebhook"), ("standard", "StandardWebhook")):
        before = len(receiver.taken)
        listener = Listener(merchant, receiver, "--payload-format", form)
        try:
            play(merchant, f"listen-{form}")
            taken = receiver.wait(lambda all: len(all) >= before + 2, "both events")[before:]
            for webhook in taken:
                StandardWebhook(listener.secret).verify(webhook.body, webhook.headers)
                assert not contract.complaints(webhook.json, f"/components/schemas/{schema}"), webhook.body
            said = [listener.line() for _ in taken]
            pattern = r"^\d\d:\d\d:\d\dZ (transfer\.\w+) (evt_\w{26}) -> 204 \(\d+ ms\)$"
            shown = [re.search(pattern, line) for line in said]
            assert all(shown), said
            assert [one[2] for one in shown if one] == [webhook.id for webhook in taken]
            events = merchant.call("listEvents", 200).json["data"]
            assert {(one["type"], one["id"]) for one in events} >= {(one[1], one[2]) for one in shown if one}
        finally:
            assert listener.end() == 0


def check_the_stream_gives_what_webhooks_carry() -> None:
    merchant, receiver = new_merchant("Stream"), Receiver()
    body = {"url": receiver.url + "/hook", "payloadFormat": "standard"}
    merchant.call("createWebhookEndpoint", 201, body=body)
    begin = merchant.call("streamEvents", 200).json
    assert begin["data"] == []
    play(merchant, "stream-1")
    taken = {one.id: one.body for one in receiver.wait(lambda all: len(all) >= 2, "both webhooks")}
    page = merchant.call("streamEvents", 200, after=begin["nextCursor"], wait=5, payloadFormat="standard").json
    while len(page["data"]) < 2:
        more = merchant.call(
            "streamEvents", 200, after=page["nextCursor"], wait=5, payloadFormat="standard"
        ).json
        page = {"data": page["data"] + more["data"], "nextCursor": more["nextCursor"]}
    assert {one["id"]: one["body"].encode() for one in page["data"]} == taken
    started = time.monotonic()
    assert merchant.call("streamEvents", 200, after=page["nextCursor"], wait=1).json["data"] == []
    assert 0.9 < time.monotonic() - started < 10
    assert merchant.call("streamEvents", 200, after=begin["nextCursor"], types="transfer.failed").json["data"] == []
    refused = merchant.call("streamEvents", 400, after="x", wait=31, types="transfer").json
    assert [one["field"] for one in refused["errors"]] == ["after", "types", "wait"]


def check_a_listener_without_a_key_that_works_ends_at_once() -> None:
    assert service.binary is not None
    command: list[Any] = [service.binary, "listen", "--forward", "http://localhost:3000"]
    url = service.service().facts["publicUrl"]

    class Refusal(NamedTuple):
        key: str
        status: int
        words: str

    for one in (
        Refusal("sk_sandbox_x", 2, "is no client secret"),
        Refusal(service.service().facts["adminKey"], 2, "is an admin's"),
        Refusal("", 2, "is required"),
    ):
        done = subprocess.run(
            command + ["--url", url], env={**os.environ, "SUBGATE_API_KEY": one.key}, capture_output=True, text=True,
            timeout=LIMIT_SECONDS, check=False,
        )
        assert done.returncode == one.status and one.words in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1 and (not one.key or one.key not in done.stderr)
