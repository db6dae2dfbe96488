"""The stages of the day, each with what was seen of it."""

import json
import re
import shutil
import uuid
from typing import Any

import place
from day_installation import CERTIFICATE, Day
from day_readme import block, changed
from day_watch import Watch
from day_world import MESH_PORT, SHOP, Mesh
from place import until
from stand import digits

INSTALL, CURL, BACKUP = "Operations: install", "Five minutes with curl", "Operations: back up and restore"

ANSWERS = "curl --silent --output /dev/null --write-out '%%{http_code}' %s"

# A deadlock with what it locks may end it.
MISTAKE = """until psql "$OWNER_URL" --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 2>/dev/null <<'SQL'
begin; drop schema subgate cascade; select clock_timestamp(); commit;
SQL
do sleep 1; done"""


def put_build(day: Day, build: Any) -> str:
    """Where the machine finds a build; what that needs of Swift may be in a home, and is copied to where all see it."""
    day.builds += 1
    program = day.machine.place.folder / f"build-{day.builds}" / "subgate"
    program.parent.mkdir()
    shutil.copy(build, program)
    day.machine.run(f"ldd {program} | awk '$3 ~ \"^/(home|root)/\" {{print $3}}' | xargs -r cp -u -t /usr/local/lib")
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
    pay(day)
    day.ledger.clients = [{"reference": reference(day), "paths": ["/webhooks"]}]
    day.start_load()
    day.go_on()
    return f"a link token, a payment, its webhooks at https://{SHOP}, signed"


def pay(day: Day) -> None:
    """A payment from link token to signed webhook, which names the merchant's own order."""
    paid = "transfer.succeeded", "order-1001"
    before = day.shop.seen.count(paid)
    day.run(block(CURL, "TOKEN=$("))
    told = day.run(block(CURL, "link-tokens/complete").partition("\ntenant ")[0])
    until(lambda: day.shop.seen.count(paid) > before, f"the webhook of a payment ({told})")


def reference(day: Day) -> str:
    """What Mesh knows the first link session by."""
    row = day.ledger.cluster.sql("select sub_client_id, id from subgate.link_session order by created_at limit 1")
    return "sg1_" + "".join(digits(uuid.UUID(part)) for part in row.split("|"))


def proxy(day: Day) -> str:
    copy, test = block(INSTALL, "cp deploy/nginx/subgate.conf").splitlines()[:2]
    # What the file's first lines tell to change, for one node on this machine, whose admins are here too.
    edit = "sed -i -e '/server 10.0.0.12:/d' -e s/10.0.0.11:/127.0.0.1:/ -e s,192.0.2.0/24,127.0.0.0/8,"
    day.run(changed(copy, {"&& editor": f"&& {edit}"}))
    day.run(test)
    # A reload goes on behind the command.
    until(lambda: day.machine.try_run(ANSWERS % "https://pay.example.com/v1/me") == "401", "nginx with its new file")
    day.visitor.goes_through_the_proxy(day.machine.run(f"cat {CERTIFICATE}"))
    day.run("PUBLIC=https://pay.example.com ADMIN=https://admin.pay.example.com")
    day.mesh.start(day.inbound)
    pay(day)
    day.go_on()
    assert day.machine.run(ANSWERS % "https://pay.example.com/metrics") == "404"
    answer = day.inside(lambda: day.visitor.call("admin", "GET", "/admin/v1/upstreams", token=day.key))
    assert answer.status == 200
    return "a second payment through https://pay.example.com, admins at https://admin.pay.example.com, no metrics"


def watch(day: Day) -> str:
    day.prometheus = Watch(day)
    until(lambda: day.prometheus.value('up{job="subgate"}') == "1", "a scrape")
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
    old = day.build()
    put, *rest = block("Operations: upgrade it", "migrate --plan").splitlines()
    day.run(changed(put, {".build/release/subgate": put_build(day, day.later)}))
    plan, migrate, restart = rest
    told = day.run(plan)
    day.run(migrate)
    planned = sum(not line.startswith(" ") for line in told.splitlines())
    day.run(restart)
    seconds = day.until_ready()
    day.go_on()
    what = "is up to date" if "up to date" in told else f"got {planned} migrations"
    return f"from {old} to {day.build()}, the database {what}, ready again in {seconds:.1f} s"


def rotate(day: Day) -> str:
    title, told = "Operations: rotate keys", []
    new, restart, status, rotation, _ = block(title, "keys rotate").splitlines()
    day.run(f"{new}\n{restart}")
    day.until_ready()
    until(lambda: "uses master:2" in day.run(status), "the new master key used")
    told.append(day.run(rotation).splitlines()[-1])
    until(lambda: re.search("^master 1: .*not needed", day.run(status), re.MULTILINE), "the old key not needed")
    day.go_on()
    day.run(f"sed --in-place /^1:/d /etc/subgate/master-keys; {restart}")
    day.until_ready()
    new, restart, status, revocation = block(title, "keys revoke").splitlines()
    day.run(f"{new}\n{restart}")
    day.until_ready()
    # Both secrets there are move when they are used.
    use = """tenant "$PUBLIC/v1/me" --fail --output /dev/null
             admin "$ADMIN/admin/v1/upstreams" --fail --output /dev/null"""
    day.run(use)
    until(lambda: "pepper 1: digests 0 " in day.run(status), "secrets under the new pepper")
    told.append(day.run(revocation))
    day.run(f"sed --in-place /^1:/d /etc/subgate/pepper; {restart}")
    day.until_ready()
    day.run(use)
    day.go_on()
    return "; ".join(told)


def back_up(day: Day) -> str:
    once, nightly = block(BACKUP, "pg_basebackup").split("\n\n")
    day.run(once)
    day.until_ready()
    day.go_on()
    day.run(nightly)
    day.go_on()
    return f"{day.run('du -sh $BASE | cut -f1')} in {day.value('BASE')}, verified"


def restore(day: Day) -> str:
    day.shop.status = 503
    day.go_on()
    # Somebody is on the wrong server. What is locked takes nothing more, so the moment has all that was acknowledged.
    moment = day.run(MISTAKE).splitlines()[-1]
    day.shop.status = 204
    commands = changed(block(BACKUP, "recovery.signal"), {"2026-03-01 11:59:00+00": moment})
    recover, check, serve = commands.partition("subgate check ")
    check, start, plan, release = (check + serve).splitlines()
    day.run(recover)
    checked = day.run(check)
    assert "ok    audit chain" in checked, checked
    before = day.shop.receptions()
    day.run(start)
    seconds = day.until_ready()
    day.go_on()
    until(lambda: "SubgateDeliveriesOnHold" in day.prometheus.firing(), "the alert SubgateDeliveriesOnHold")
    reason = next(part["reason"] for part in day.readiness()["parts"] if part["name"] == "deliveries")
    assert reason and day.shop.receptions() == before, "something was sent while deliveries are on hold"
    owed = day.run(plan)
    day.run(release)
    until(lambda: day.shop.receptions() > before, "deliveries after the release")
    until(lambda: "SubgateDeliveriesOnHold" not in day.prometheus.firing(), "the end of the alert")
    day.go_on()
    return (f"to {moment} after a dropped schema, ready in {seconds:.1f} s, nothing sent ({reason}), "
            f"alert SubgateDeliveriesOnHold fired; {owed.splitlines()[0]}; released, the alert resolved")


def check_and_stop(day: Day) -> str:
    day.load.__exit__()
    day.settle()
    told = day.run('subgate check --database-url "$APP_URL" $KEY_FILES')
    day.run("systemctl stop subgate")
    assert day.property("Result") == "success"
    ledger, load, taken = day.ledger, day.load, day.shop.taken
    recorded = int(ledger.cluster.sql("select count(*) from subgate.delivery where status = 'delivered'"))
    assert recorded == len(taken), f"{recorded} deliveries are recorded as delivered, {len(taken)} were received"
    assert not day.shop.forged, f"the README's code refuses {day.shop.forged}"
    day.summary = (
        f"{len(ledger.acknowledged)} acknowledged, {recorded} delivered and verified, lost {len(ledger.missing())}, "
        f"{ledger.repeated()} sent twice, longest gap between acknowledgements {load.longest_gap():.1f} s, "
        f"answers {dict(sorted(load.answers.items()))}")
    return told.replace("\n", ", ")
