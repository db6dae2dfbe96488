"""The stages of the day, each with what was seen of it."""

import json
import re
import uuid
from typing import Any

import place
from day_installation import CERTIFICATE, Day
from day_readme import block, changed
from day_watch import Watch
from day_world import MESH_PORT, SHOP, Mesh
from place import until
from stand import digits

INSTALL, CURL = "Operations: install", "Five minutes with curl"


def put_build(day: Day, build: Any) -> str:
    """The block's own command with a build that is there. Swift's libraries are beside this one, perhaps in a home."""
    program = day.machine.place.folder / "subgate"
    program.unlink(missing_ok=True)
    program.symlink_to(build)
    day.machine.run(f"ldd {build} | awk '$3 ~ \"^/(home|root)/\" {{print $3}}' | xargs -r cp -u -t /usr/local/lib")
    day.machine.run("ldconfig")
    return str(program)


def install(day: Day) -> str:
    commands = block(INSTALL, "systemctl enable --now subgate")
    build, rest = commands.split("\n", 1)
    assert build.startswith("swift build "), build
    told = day.run(changed(rest, {".build/release/subgate": put_build(day, place.binary)}))
    day.key = told.splitlines()[-1]
    assert re.fullmatch(r"sk_admin_[0-9A-Za-z]{49}", day.key), told[-500:]
    assert day.is_ready() and day.property("NRestarts") == "0"
    return f"{day.run('subgate --version')} as a service, {day.property('User')}; its first owner's key"


def first_merchant(day: Day) -> str:
    day.mesh = Mesh(day.machine, day.shell)
    keys = day.mesh.keys
    helpers = block(CURL, "field() {")
    day.run(re.sub(r"^(DEV=|PUBLIC=|KEY=).*\n?", "", helpers, flags=re.MULTILINE))
    day.run(changed(block(INSTALL, "KEY=sk_admin_…"), {"sk_admin_…": day.key}))
    day.run(f"SANDBOX=http://127.0.0.1:{MESH_PORT}")
    day.run(block(CURL, "SC=$("))
    register = changed(block(CURL, '"name":"Mesh"'), {
        f'"{name}":{mark}': f'"{name}":{mark.replace("…", keys[own])}' for name, mark, own in (
            ("clientId", '"…"', "clientId"), ("clientSecret", '"…"', "clientSecret"),
            ("webhookSecrets", '["…"]', "webhookSecret"))} | {'"production"': '"sandbox"'})
    upstream = json.loads(day.run(register))
    day.ledger.upstream_id = upstream["id"]
    day.inbound = upstream["inboundUrl"]
    # The world does not reach it yet: as long as there is no proxy, Mesh is told the node's own address.
    day.mesh.start(day.inbound.replace("https://pay.example.com", "http://127.0.0.1:8080"))
    endpoint = "tenant() {" + block(CURL, "tenant() {").partition("tenant() {")[2]
    made = json.loads(day.run(changed(endpoint, {"http://localhost:9000/webhooks": f"https://{SHOP}/webhooks"})))
    day.shop.secrets["/webhooks"] = made["secret"]
    taken = pay(day)
    day.ledger.clients = [{"reference": reference(day), "paths": ["/webhooks"]}]
    day.start_load()
    day.go_on()
    return f"a link token, {taken} webhooks of its transfer at https://{SHOP}, signed"


def pay(day: Day) -> int:
    """A payment from link token to signed webhooks; how many came."""
    before = day.shop.receptions()
    day.run(block(CURL, "TOKEN=$("))
    told = day.run(block(CURL, "link-tokens/complete").partition("\n" + "tenant ")[0])
    identifiers = day.ledger.identifiers
    shown = 'tenant "$PUBLIC/v1/transfers"'
    until(lambda: '"status":"succeeded"' in day.run(shown), f"a transfer that succeeded ({told})")
    until(lambda: not day.shop.forged and day.shop.receptions() >= before + 2, "its webhooks")
    assert identifiers() and not day.shop.forged, day.shop.forged
    return day.shop.receptions() - before


def reference(day: Day) -> str:
    """What Mesh knows the first link session by."""
    row = day.ledger.cluster.sql("select sub_client_id, id from subgate.link_session order by created_at limit 1")
    return "sg1_" + "".join(digits(uuid.UUID(part)) for part in row.split("|"))


def proxy(day: Day) -> str:
    commands = block(INSTALL, "cp deploy/nginx/subgate.conf").splitlines()[0]
    copy, test = commands.split(" && ", 1)
    day.run(copy)
    # What the file's first lines tell to change, for one node on this machine, whose admins are here too.
    day.run("""
        sed -i -e '/server 10.0.0.12:/d' -e 's/10\\.0\\.0\\.11:/127.0.0.1:/' -e 's/192\\.0\\.2\\.0\\/24/127.0.0.0\\/8/' \\
            /etc/nginx/conf.d/subgate.conf""")
    day.run(test)
    day.visitor.goes_through_the_proxy(day.machine.run(f"cat {CERTIFICATE}"))
    day.run("PUBLIC=https://pay.example.com ADMIN=https://admin.pay.example.com")
    day.mesh.start(day.inbound)
    taken = pay(day)
    day.go_on()
    hidden = day.run("curl -s -o /dev/null -w '%{http_code}' $PUBLIC/metrics")
    assert hidden == "404", hidden
    answer = day.inside(lambda: day.visitor.call("admin", "GET", "/admin/v1/upstreams", token=day.key))
    assert answer.status == 200
    return f"https://pay.example.com and https://admin.pay.example.com; {taken} webhooks came through {day.inbound[:31]}…"


def watch(day: Day) -> str:
    day.prometheus = Watch(day)
    value = until(lambda: day.prometheus.value('up{job="subgate"}') == "1", "a scrape")
    assert value
    rules = day.prometheus.rules()
    return f"Prometheus scrapes the node, {len(rules)} rules are loaded, firing: {day.prometheus.firing() or 'none'}"


def kill_things(day: Day) -> str:
    told = []
    before = day.property("MainPID")
    day.machine.run(f"kill -KILL {before}")
    until(lambda: day.property("MainPID") not in ("0", before), "a new process")
    told.append(f"killed, ready again in {day.until_ready():.1f} s")
    day.go_on()
    count = day.ledger.cluster.sql(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'subgate_app'")
    day.go_on()
    told.append(f"{count} connections ended")
    day.run('systemctl stop "postgresql@$VERSION-subgate"')
    until(lambda: day.readiness()["status"] == "unavailable", "a node that says that it is not ready")
    until(lambda: "SubgateNotReady" in day.prometheus.firing(), "the alert SubgateNotReady", seconds=60)
    day.run('systemctl start "postgresql@$VERSION-subgate"')
    told.append(f"PostgreSQL away until SubgateNotReady fired, ready {day.until_ready():.1f} s after it was back")
    until(lambda: "SubgateNotReady" not in day.prometheus.firing(), "the end of the alert", seconds=60)
    told.append("the alert resolved")
    day.go_on()
    return "; ".join(told)


def upgrade(day: Day) -> str:
    old = day.run("subgate --version; sha256sum /usr/local/bin/subgate | cut -c1-8").split()
    day.run(f"install -m 755 {put_build(day, day.later)} /usr/local/bin/subgate")
    plan, migrate = block("Operations: upgrade it", "migrate --plan").splitlines()
    planned, done = day.run(plan), day.run(migrate)
    day.run("systemctl restart subgate")
    seconds = day.until_ready()
    day.go_on()
    new = day.run("subgate --version; sha256sum /usr/local/bin/subgate | cut -c1-8").split()
    return (f"{' '.join(old)} to {' '.join(new)}: plan: {planned.splitlines()[-1]!r}, migrate: {done.splitlines()[-1]!r}, "
            f"ready in {seconds:.1f} s")


def rotate(day: Day) -> str:
    return "-"


def back_up(day: Day) -> str:
    return "-"


def restore(day: Day) -> str:
    return "-"


def check_and_stop(day: Day) -> str:
    day.load.__exit__()
    day.settle()
    told = day.run('subgate check --database-url "$APP_URL" $KEY_FILES')
    day.run("systemctl stop subgate")
    assert day.property("Result") == "success"
    ledger, load = day.ledger, day.load
    day.summary = (
        f"{len(ledger.acknowledged)} acknowledged, {len(day.shop.taken)} delivered, lost {len(ledger.missing())}, "
        f"{ledger.repeated()} sent twice, longest gap between acknowledgements {load.longest_gap():.1f} s, "
        f"answers {dict(sorted(load.answers.items()))}")
    return told.replace("\n", ", ")
