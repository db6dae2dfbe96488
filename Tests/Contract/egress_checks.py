"""Checks of what Subgate sends, and to whom, in a network namespace where every address of the world is a trap."""

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import service

LIMIT_SECONDS = 240


@functools.cache
def report() -> dict[str, list[str]]:
    """What `egress/inside.py` found, by check; a failure to run it is remembered and fails every check."""
    inside = Path(__file__).with_name("egress") / "inside.py"
    namespace = ["unshare", "--net", "--mount", "--propagation", "private"]
    made = subprocess.run([*namespace, "true"], capture_output=True, text=True)
    if made.returncode != 0:
        return {"": [f"no network namespace can be made, which needs root: {made.stderr.strip()}"]}
    command = [*namespace, sys.executable, inside, str(service.binary)]
    with tempfile.TemporaryFile("w+") as errors:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True)
        try:
            output, _ = running.communicate(timeout=LIMIT_SECONDS)
            ending = f"it ended with {running.returncode}"
        except subprocess.TimeoutExpired:
            ending, output = f"it did not end within {LIMIT_SECONDS} s", ""
            # Subgate stops its database when it is told to end.
            os.killpg(running.pid, signal.SIGTERM)
            time.sleep(service.STOP_LIMIT_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        errors.seek(0)
        told = errors.read()[-3000:]
    lines = output.strip().splitlines()
    if running.returncode != 0 or not lines:
        return {"": [f"{ending}: {told}"]}
    return json.loads(lines[-1])


def _check(name: str) -> None:
    found = report()
    assert name in found, "; ".join(found.get("", ["it was not run"]))
    assert not found[name], "; ".join(found[name][:12])


def check_public_addresses_are_connected_to() -> None:
    _check("public_addresses_are_connected_to")


def check_no_name_leads_to_a_forbidden_address() -> None:
    _check("no_name_leads_to_a_forbidden_address")


def check_no_url_in_a_row_leads_anywhere_else() -> None:
    _check("no_url_in_a_row_leads_anywhere_else")


def check_registration_refuses_the_same_urls() -> None:
    _check("registration_refuses_the_same_urls")


def check_one_bad_answer_spoils_a_name() -> None:
    _check("one_bad_answer_spoils_a_name")


def check_a_name_that_moves_is_judged_again() -> None:
    _check("a_name_that_moves_is_judged_again")


def check_no_two_endpoints_share_a_connection() -> None:
    _check("no_two_endpoints_share_a_connection")


def check_only_the_name_server_is_asked() -> None:
    _check("only_the_name_server_is_asked")


def check_names_without_an_answer_have_one_reason() -> None:
    _check("names_without_an_answer_have_one_reason")


def check_hostile_receivers_have_one_reason_each() -> None:
    _check("hostile_receivers_have_one_reason_each")


def check_the_operator_is_told_why_and_nobody_else() -> None:
    _check("the_operator_is_told_why_and_nobody_else")


def check_the_capture_saw_everything() -> None:
    _check("the_capture_saw_everything")
