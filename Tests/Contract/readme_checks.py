"""README.md's code for merchants, taken from there and run: over webhooks that Subgate sent, and over changed ones."""

import base64
import functools
import hashlib
import hmac
import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import WebhookVerificationError

from contract import ROOT
from journey_checks import new_merchant, play
from receiver import Receiver, Webhook

SNIPPETS = Path(__file__).resolve().parent / "snippets"
# A cold Go or Swift compiler on a busy machine.
BUILD_LIMIT_SECONDS = 300
RUN_LIMIT_SECONDS = 60

README = (ROOT / "README.md").read_text(encoding="utf-8")


class Case(NamedTuple):
    name: str
    headers: dict[str, str]
    body: bytes
    key: str
    expected: bool


Judge = Callable[[list[Case]], list[bool]]
Sign = Callable[[str, str, bytes], str]


def snippet(language: str, name: str) -> str:
    """The one block of code in a language that defines a function."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    found = [one for one in blocks if re.search(rf"\b{name} ?\(", one)]
    assert len(found) == 1, f"{len(found)} blocks of {language} define {name}"
    return found[0]


# Cases


class Delivery(NamedTuple):
    webhook: Webhook
    secret: str
    public_key: str


def deliveries() -> list[Delivery]:
    """What was sent a moment ago: what is five minutes old is refused, and compilers may take that long."""
    if not kept or time.time() - float(kept[0].webhook.headers["webhook-timestamp"]) > 60:
        kept[:] = new_deliveries()
    return list(kept)


kept: list[Delivery] = []


def new_deliveries() -> list[Delivery]:
    """A webhook of each payload format, signed in both ways; not all of its bytes are ASCII."""
    merchant, receiver, endpoints = new_merchant("Snippets"), Receiver(), {}
    for form in ("mesh", "standard"):
        body = {"url": f"{receiver.url}/{form}", "payloadFormat": form, "signatures": ["v1", "v1a"]}
        body["eventTypes"] = ["transfer.succeeded"]
        endpoints["/" + form] = merchant.call("createWebhookEndpoint", 201, body=body).json
    play(merchant, "Bestellung ü€")
    taken = receiver.wait(lambda all: {one.path for one in all} == {"/mesh", "/standard"}, "both formats")
    assert all(not one.body.isascii() for one in taken)
    return [Delivery(one, endpoints[one.path]["secret"], endpoints[one.path]["publicKey"]) for one in taken]


def by_secret(secret: str) -> Sign:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return lambda event, sent_at, body: "v1," + base64.b64encode(
        hmac.digest(key, f"{event}.{sent_at}.".encode() + body, "sha256")
    ).decode()


def by_pair(pair: Ed25519PrivateKey) -> Sign:
    return lambda event, sent_at, body: "v1a," + base64.b64encode(
        pair.sign(f"{event}.{sent_at}.".encode() + body)
    ).decode()


def cases(webhook: Webhook, key: str, other: str, sign: Sign) -> list[Case]:
    """`sign` is by `key`; `other` is one that it is not. What comes first is as Subgate sent it."""
    event, sent_at, body = webhook.id, webhook.headers["webhook-timestamp"], webhook.body
    given = {**webhook.headers, "webhook-signature": sign(event, sent_at, body)}
    mine = given["webhook-signature"]
    scheme, code = mine.split(",")
    stranger = scheme + "," + base64.b64encode(hashlib.sha512(body).digest()[: len(base64.b64decode(code))]).decode()
    now = int(time.time())

    def resigned(when: int) -> dict[str, str]:
        return {**given, "webhook-timestamp": str(when), "webhook-signature": sign(event, str(when), body)}

    def signed(text: str) -> dict[str, str]:
        return {**given, "webhook-signature": text}

    found = [
        Case("as it came", given, body, key, True),
        Case("the second of two", signed(f"{stranger} {mine}"), body, key, True),
        Case("the first of two", signed(f"{mine} {stranger}"), body, key, True),
        Case("beside schemes to come", signed(f"v9,AAAA v2,{code} {mine}"), body, key, True),
        Case("four minutes old", resigned(now - 240), body, key, True),
        Case("of a clock four minutes ahead", resigned(now + 240), body, key, True),
        Case("six minutes old", resigned(now - 360), body, key, False),
        Case("of a clock six minutes ahead", resigned(now + 360), body, key, False),
        Case("a byte more", given, body + b" ", key, False),
        Case("a byte changed", given, body.replace(b"ucceeded", b"ucceedex", 1), key, False),
        Case("no body", given, b"", key, False),
        Case("another event", {**given, "webhook-id": event[:-1] + "0"}, body, key, event.endswith("0")),
        Case("another second", {**given, "webhook-timestamp": str(int(sent_at) + 1)}, body, key, False),
        Case("another key", given, body, other, False),
        Case("a stranger's signature", signed(stranger), body, key, False),
        Case("another scheme", signed("v2," + code), body, key, False),
        Case("no scheme", signed(code), body, key, False),
        Case("cut short", signed(mine[:-8]), body, key, False),
        Case("made longer", signed(f"{scheme},AAAA{code}"), body, key, False),
    ]
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        without = {one: value for one, value in given.items() if one != name}
        found.append(Case(f"without {name}", without, body, key, False))
    for text in ("", "x", "1e9", "-1", "0x10", f"{sent_at}.5", sent_at + "0" * 20):
        found.append(Case(f"sent at {text!r}", {**given, "webhook-timestamp": text}, body, key, False))
    for text in ("", scheme + ",", ",", f"{scheme},*", f"{scheme},{'A' * 43}=", f" {scheme} "):
        found.append(Case(f"signed {text!r}", signed(text), body, key, False))
    return found


def hold(judge: Judge, all_cases: list[Case]) -> None:
    said = judge(all_cases)
    assert len(said) == len(all_cases)
    wrong = [one.name for one, verdict in zip(all_cases, said) if verdict is not one.expected]
    assert not wrong, f"judged wrongly: {wrong}"
    assert any(one.expected for one in all_cases) and not all(one.expected for one in all_cases)


def hold_by_secret(judge: Judge, is_left_out: Callable[[Case], bool] = lambda _: False) -> None:
    """Over each real webhook; and what Subgate itself signed is the first case, byte for byte."""
    taken = deliveries()
    for (webhook, secret, _), (_, other, _) in zip(taken, taken[::-1]):
        found = cases(webhook, secret, other, by_secret(secret))
        sent = Case("by Subgate", webhook.headers, webhook.body, secret, True)
        assert found[0].headers["webhook-signature"] in webhook.headers["webhook-signature"].split(" ")
        hold(judge, [sent] + [one for one in found if not is_left_out(one)])


def hold_by_pair(judge: Judge) -> None:
    """Over what Subgate signed, and over the same bytes signed by a pair of ours, which can sign what it would not."""
    taken = deliveries()
    for (webhook, _, public_key), (_, _, stranger) in zip(taken, taken[::-1]):
        sent = [
            Case("by Subgate", webhook.headers, webhook.body, public_key, True),
            Case("by another endpoint", webhook.headers, webhook.body, stranger, False),
            Case("by Subgate, a byte more", webhook.headers, webhook.body + b" ", public_key, False),
        ]
        hold(judge, sent)
        pair, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        names = ["whpk_" + base64.b64encode(one.public_key().public_bytes_raw()).decode() for one in (pair, other)]
        hold(judge, cases(webhook, *names, by_pair(pair)))


# Runners


def run(command: list[Any], all_cases: list[Case]) -> list[bool]:
    """A program that takes cases as JSON and gives its verdicts."""
    given = [
        {"headers": one.headers, "body": base64.b64encode(one.body).decode(), "key": one.key} for one in all_cases
    ]
    done = subprocess.run(
        command, input=json.dumps(given).encode(), capture_output=True, timeout=RUN_LIMIT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


@functools.cache
def folder() -> Path:
    made = tempfile.TemporaryDirectory(prefix="subgate-snippets-")
    folders.append(made)
    return Path(made.name)


# They are removed when the checks end.
folders: list[Any] = []


def build(command: list[Any], where: Path, **environment: str) -> None:
    """A compiler that is missing, or refuses the code, fails the check."""
    done = subprocess.run(
        command, cwd=where, env={**os.environ, **environment}, capture_output=True, timeout=BUILD_LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-3000:]


def in_python(name: str) -> Judge:
    space: dict[str, Any] = {}
    exec(compile(snippet("python", name), "README.md", "exec"), space)
    return lambda all_cases: [space[name](one.headers, one.body, one.key) for one in all_cases]


def in_node(name: str) -> Judge:
    module = folder() / f"{name}.mjs"
    module.write_text(snippet("js", name), encoding="utf-8")
    return lambda all_cases: run(["node", SNIPPETS / "main.mjs", module, name], all_cases)


@functools.cache
def go_program() -> Path:
    place = folder() / "go"
    place.mkdir()
    (place / "go.mod").write_text("module snippet\n\ngo 1.19\n", encoding="utf-8")
    (place / "main.go").write_bytes((SNIPPETS / "main.go").read_bytes())
    (place / "verify.go").write_text("package main\n\n" + snippet("go", "IsFromSubgate"), encoding="utf-8")
    offline = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOCACHE": str(place / "cache")}
    build(["gofmt", "-l", "-d", "verify.go"], place)
    build(["go", "vet", "."], place, **offline)
    build(["go", "build", "-o", "snippet", "."], place, **offline)
    return place / "snippet"


@functools.cache
def swift_program() -> Path:
    place = folder() / "swift"
    place.mkdir()
    (place / "verify.swift").write_text(snippet("swift", "isFromSubgate"), encoding="utf-8")
    library = ["-parse-as-library", "-static", "-emit-library", "-emit-module", "-module-name", "Crypto"]
    build(["swiftc", *library, "-o", "libCrypto.a", SNIPPETS / "Crypto.swift"], place)
    program = ["-warnings-as-errors", "-I.", "-L.", "-lCrypto", "-o", "snippet"]
    build(["swiftc", *program, SNIPPETS / "main.swift", "verify.swift"], place)
    return place / "snippet"


def in_shell(all_cases: list[Case]) -> list[bool]:
    file = folder() / "verify.sh"
    file.write_text(snippet("sh", "is_from_subgate"), encoding="utf-8")
    said = []
    for one in all_cases:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        given = [one.headers.get(name, "") for name in names] + [one.key]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", '. "$0"; if is_from_subgate "$@"; then echo yes; else echo no; fi', file]
            + given, input=one.body, capture_output=True, timeout=RUN_LIMIT_SECONDS, check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        said.append(done.stdout == b"yes\n")
    return said


# Checks


def check_the_readme_verifies_in_python_with_the_library() -> None:
    space: dict[str, Any] = {}
    exec(compile(snippet("python", "event_from_subgate"), "README.md", "exec"), space)

    def judge(one: Case) -> bool:
        try:
            return space["event_from_subgate"](one.headers, one.body, one.key) == json.loads(one.body)
        except (WebhookVerificationError, ValueError):
            return False

    # The library reads fractions of a second, and goes on with the whole ones, which were signed.
    hold_by_secret(lambda all_cases: [judge(one) for one in all_cases], lambda one: one.name.endswith(".5'"))


def check_the_readme_verifies_in_python_by_itself() -> None:
    hold_by_secret(in_python("is_from_subgate"))


def check_the_readme_verifies_in_node() -> None:
    hold_by_secret(in_node("isFromSubgate"))


def check_the_readme_verifies_in_go() -> None:
    program = go_program()
    hold_by_secret(lambda all_cases: run([program], all_cases))


def check_the_readme_verifies_in_swift() -> None:
    program = swift_program()
    hold_by_secret(lambda all_cases: run([program], all_cases))


def check_the_readme_verifies_in_the_shell() -> None:
    hold_by_secret(in_shell)


def check_the_readme_verifies_by_public_key_in_python() -> None:
    hold_by_pair(in_python("is_signed_by"))


def check_the_readme_verifies_by_public_key_in_node() -> None:
    hold_by_pair(in_node("isSignedBy"))


def check_the_readme_verifies_the_signature_of_mesh() -> None:
    for webhook, secret, _ in deliveries():
        other = secret[:-2] + ("A=" if secret[-2] != "A" else "B=")
        without = {name: value for name, value in webhook.headers.items() if name != "x-mesh-signature-256"}
        found = [
            Case("as it came", webhook.headers, webhook.body, secret, True),
            Case("a byte more", webhook.headers, webhook.body + b"\n", secret, False),
            Case("another secret", webhook.headers, webhook.body, other, False),
            Case("without it", without, webhook.body, secret, False),
            Case("empty", {**without, "x-mesh-signature-256": ""}, webhook.body, secret, False),
        ]
        hold(in_python("is_from_subgate_as_mesh"), found)
