"""Requests made up from openapi.yaml, good and bad: none may cause a server error or an answer the contract lacks."""

import os
import subprocess
import sys
from pathlib import Path

import contract
from service import send, service

# Enough for every operation's corner cases on two slow cores; more only repeats them.
EXAMPLES_PER_OPERATION = 15


def _fuzz(
    tag: str, base: str, *, seconds: int = 20, without: tuple[str, ...] = (), but: str = "", **headers: str
) -> None:
    command = [Path(sys.executable).with_name("schemathesis")]
    command += ["--config-file", Path(__file__).with_name("schemathesis.toml"), "run", contract.FILE]
    command += ["--url", service().facts[base], "--include-tag", tag, "--phases", "examples,coverage,fuzzing,stateful"]
    # Every check is on by itself. `--checks all` would also turn on again what schemathesis.toml turns off.
    command += ["--max-examples", str(EXAMPLES_PER_OPERATION)]
    if but:
        command += ["--exclude-checks", but]
    for operation in without:
        command += ["--exclude-operation-id", operation]
    command += ["--max-time", str(seconds), "--seed", "1", "--generation-database", "none", "--no-color"]
    for name, value in headers.items():
        command += ["--header", f"{name.replace('_', '-')}: {value}"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("media_types.py"))}
    ran = subprocess.run(
        command,
        cwd=service().folder.name,
        env=environment,
        capture_output=True,
        text=True,
        timeout=5 * seconds,
    )
    assert ran.returncode == 0, f"{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}"


def check_made_up_link_tokens_are_answered_by_contract() -> None:
    # Before the admin's: those find the upstream by its id in answers, and change its address.
    client = service().facts["subClient"]
    keys = {"X_Client_Id": client["clientId"], "X_Client_Secret": client["clientSecret"]}
    # Mesh's own server takes an empty parameter of a query as absent, and so do we.
    _fuzz("mesh", "publicUrl", seconds=30, but="negative_data_rejection", **keys)


def check_made_up_admin_requests_are_answered_by_contract() -> None:
    # The key that is used would be exchanged for another that nobody notes.
    used = ("rotateOwnAdminKey", "rotateAdminKey", "revokeAdminKey")
    _fuzz("admin", "adminUrl", seconds=70, without=used, Authorization=f"Bearer {service().facts['adminKey']}")


def check_made_up_tenant_requests_are_answered_by_contract() -> None:
    _fuzz("tenant", "publicUrl", seconds=30, Authorization=f"Bearer {service().facts['subClient']['clientSecret']}")


def check_made_up_events_are_answered_by_contract() -> None:
    _fuzz("inbound", "publicUrl")


def check_made_up_readers_are_answered_by_contract() -> None:
    _fuzz("hosted", "publicUrl")


def check_made_up_sandbox_requests_are_answered_by_contract() -> None:
    try:
        _fuzz("sandbox", "sandboxUrl")
    finally:
        # It made up faults and times too, and the checks that follow want neither.
        headers = {"Content-Type": "application/json"}
        assert send(service().facts["sandboxUrl"], "POST", "/sandbox/v1/reset", headers, b"{}").status == 204
