"""The compose file, by the README's own commands: from secrets to delivered webhooks, a node killed, down and up."""

import re
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import place
from day_readme import block, changed
from day_world import ADDRESS, ADMIN
from images_bases import CACHE, toolchain
from images_outside import Caller, Merchant, Outside
from images_yard import Yard, health
from place import until

PINS = ["podman-compose==1.6.0", "PyYAML==6.0.3", "python-dotenv==1.2.4"]
FILE = "deploy/container/compose.yaml"
SERVICES = ("postgres", "node-1", "node-2", "nginx")

# What is not as in production: who is on this internet has a certificate of its own, and no process can be allowed more
# than the drill is.
OVERRIDE = """services:
  node-1: &node
    volumes: ["{authority}:/etc/ssl/certs/ca-certificates.crt:ro"]
    ulimits: &limits {{nofile: {files}, nproc: {processes}}}
  node-2: *node
  migrate:
    ulimits: *limits
"""

# podman before 4.6 cannot wait for health, without which podman-compose starts all at once; nor can it start what
# requires a container that has ended, such as the migration. The order is kept by podman-compose either way.
PODMAN = """#!/bin/bash
case "$*" in
    --version*) echo "podman version 4.6.0" ;;
    "wait --condition=healthy "*)
        for name in "${@:3}"; do
            for ((i = 0; i < 300; i++)); do podman healthcheck run "$name" >/dev/null && break; sleep 0.1; done
        done ;;
    *)
        for word; do
            shift
            [[ $word == --requires=* ]] || set -- "$@" "$word"
        done
        exec podman "$@" ;;
esac
"""


def compose_program() -> Path:
    """PyPI's, as Debian's does not wait for what a service depends on, and its podman has no `compose`."""
    folder = CACHE / "compose"
    if not (folder / "bin" / "podman-compose").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *PINS]
        subprocess.run(pip, check=True)
    return folder / "bin" / "podman-compose"


class Composed:
    def __init__(self, yard: Yard, outside: Outside) -> None:
        self.yard, self.outside = yard, outside
        override = yard.folder / "override.yaml"
        files, processes = yard.run("bash", "-c", "ulimit -H -n; ulimit -H -u").split()
        override.write_text(OVERRIDE.format(
            authority=outside.authority, files=min(65536, int(files)), processes=processes))
        self.podman = yard.folder / "podman"
        self.podman.write_text(PODMAN)
        self.podman.chmod(0o755)
        words = f"--isolation chroot --volume {toolchain()}:{toolchain()}:ro"
        self.command = f"{compose_program()} --podman-path {self.podman} --podman-build-args '{words}' --file {FILE}"
        self.changes = {f"podman compose --file {FILE}": f"{self.command} --file {override}"}
        self.whole = self.changes[f"podman compose --file {FILE}"]

    def script(self, text: str, **options: Any) -> str:
        return self.yard.run("bash", "-euo", "pipefail", "-c", text, **options)

    def container(self, service: str) -> str:
        return f"subgate_{service}_1"

    def is_up(self) -> bool:
        running = self.yard.podman("ps", "--format", "{{.Names}}").split()
        return {self.container(name) for name in SERVICES} <= set(running) and all(
            health(self.yard, self.container(name)) == "healthy" for name in SERVICES[:3])


def compose(yard: Yard, outside: Outside) -> str:
    here = Composed(yard, outside)
    secrets, up, bootstrap, curl = block("Operations: install", "make-secrets").splitlines()
    if place.binary:
        up = changed(up, {" --build": ""})
    here.script(secrets)
    begin = time.monotonic()
    here.script(changed(up, here.changes))
    until(here.is_up, "all services up and healthy", seconds=90)
    came = time.monotonic() - begin
    key = re.findall(r"sk_admin_[0-9A-Za-z]{49}", here.script(changed(bootstrap, here.changes)))
    assert len(key) == 1, "bootstrap printed no key"
    assert '"type"' in (told := here.script(curl)) and "401" in told, told
    return f"up in {came:.0f} s, {journey(here, key[0])}"


def journey(here: Composed, key: str) -> str:
    yard = here.yard
    caller = Caller(here.outside, here.script("cat deploy/container/secrets/tls/pay.example.com.pem"))
    # The admin listener is the office's alone, the ops listener nobody's.
    caller.call("GET", "/admin/v1/upstreams", name=ADMIN, source=ADDRESS, expect=403)
    caller.call("GET", "/metrics", expect=404)
    merchant = Merchant(caller, key)
    merchant.link_token()
    sent = [merchant.pay()]
    until(lambda: len(here.outside.shop.taken) >= 1, "the first webhook at the shop")
    # A node dies: nginx goes to the other one, and the engine brings it back.
    yard.run("kill", "-KILL", yard.podman("inspect", "--format", "{{.State.Pid}}", here.container("node-1")))
    gone = time.monotonic()
    for _ in range(20):
        sent.append(merchant.pay())
    merchant.link_token()
    until(here.is_up, "the killed node back and healthy", seconds=60)
    back = time.monotonic() - gone
    until(lambda: len(here.outside.shop.taken) >= len(sent), "all webhooks at the shop")
    # Down, and up with what was there.
    begin = time.monotonic()
    here.script(f"{here.whole} down")
    down = time.monotonic() - begin
    assert yard.podman("ps", "--all", "--quiet") == "", "containers are left"
    here.script(f"{here.whole} up --detach")
    until(here.is_up, "all services up again", seconds=90)
    sent.append(merchant.pay())
    merchant.link_token()
    until(lambda: len(here.outside.shop.taken) >= len(sent), "the webhook after the restart")
    assert not here.outside.shop.forged, here.outside.shop.forged

    def listed() -> int:
        return len(caller.call("GET", "/v1/deliveries?limit=100", headers=merchant.headers).json["data"])

    # A node that dies may have sent one whose answer it could not record: that came twice, and is one delivery.
    until(lambda: listed() == len(set(sent)), "each webhook listed, once")
    here.script(f"{here.whole} down --volumes")
    assert yard.podman("volume", "ls", "--quiet") == "", "a volume is left"
    return (f"{here.outside.tokens} link tokens, {len(sent)} webhooks signed and delivered; node-1 killed and back in "
            f"{back:.0f} s; down in {down:.0f} s and up with all data")
