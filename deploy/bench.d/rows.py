"""What is measured, one function per row of the table. Each measures one round and returns its numbers by name."""

import base64
import json
import resource
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pgbench
from cluster import Cluster
from ledger import FAN_OUT, Ledger, percentile
from nginx import Nginx, wrk
from service import WEBHOOK_SECRET, Service
from stage import CPU, Stage, fail, free_port, resident_megabytes, run

SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass
class Bench:
    stage: Stage
    cluster: Cluster
    service: Service
    upstream: Nginx
    sink: subprocess.Popen
    load_program: Path
    payload: bytes
    # The Python of each queue that is measured, by the queue's name.
    peers: dict[str, Path]
    seconds: float
    events: int
    # Over all rounds that delivered: events acknowledged, and what went wrong with their deliveries.
    faults: dict[str, int] = field(default_factory=lambda: dict.fromkeys(
        ("acknowledged", "refused", "lost", "repeated", "misrouted", "unrecorded"), 0))

    def load(self, ledger: Ledger, events: int, connections: int, *, pace: float = 0, window: int = 0,
             seconds: float = 0, port: int = 0) -> dict:
        """To us, or to the peer that listens on `port` and takes what we take."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        printed = run([
            self.load_program, port or self.service.public, self.service.inbound_path, WEBHOOK_SECRET,
            self.service.session_file, ledger.folder, ledger.run, events, connections, round(pace), window,
            max(1, round(seconds)) if seconds else 0])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = json.loads(printed)
        done["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if done["refused"]:
            fail(f"{done['refused']} of {done['sent']} webhooks were refused")
        return done


# HTTP without the database

def http(bench: Bench, path: str, is_authenticated: bool) -> dict[str, float]:
    """One loop on one core against one worker of nginx that answers as many bytes; wrk has the other core."""
    service, token = bench.service, ""
    if is_authenticated:
        token = bench.service.clients[0]["clientSecret"]
    port = service.public if is_authenticated else service.ops
    header = f"Authorization: Bearer {token}" if token else ""
    service.start("--loops", 1, core=SERVER_CORE)
    body = service.call(port, "GET", path, token=token)[1].decode()
    ours = on_one_core(f"http://127.0.0.1:{port}{path}", header, bench.seconds, service.process, "")
    service.stop()
    name = f"nginx-{path.replace('/', '-')}-{time.monotonic_ns()}"
    nginx = Nginx(bench.stage, free_port(), name, {path: body}, core=SERVER_CORE)
    theirs = on_one_core(f"http://127.0.0.1:{nginx.port}{path}", header, bench.seconds, nginx.process, "nginx_")
    bench.stage.stop(nginx.process)
    return ours | theirs | {"ratio": ours["rate"] / theirs["nginx_rate"]}


def on_one_core(url: str, header: str, seconds: float, server: subprocess.Popen, prefix: str) -> dict[str, float]:
    wrk(url, 1, 64, header=header, core=CLIENT_CORE)
    cpu = CPU(server=server)
    found = wrk(url, seconds, 64, header=header, core=CLIENT_CORE)
    return {f"{prefix}rate": found["rate"], f"{prefix}p99": found["p99"],
            f"{prefix}cpu_us": cpu.used()["server"] / found["requests"] * 1e6}


def http_livez(bench: Bench) -> dict[str, float]:
    return http(bench, "/livez", is_authenticated=False)


def http_me(bench: Bench) -> dict[str, float]:
    return http(bench, "/v1/me", is_authenticated=True)


# Inbound events

def inbound(bench: Bench) -> dict[str, float]:
    """Events stored, routed and fanned out, by our service and by pgbench: the same statement on the same rows. Ours
    also reads HTTP and checks signatures; neither delivers."""
    service, cluster = bench.service, bench.cluster
    service.start(*accept_only(service))
    cluster.empty()
    events = round(bench.seconds * 60_000)
    ledger = Ledger(bench.stage.memory, events)
    cpu = CPU(subgate=service.process, postgres=cluster.process)
    done = bench.load(ledger, events, 256, seconds=bench.seconds)
    used = cpu.used() | {"sender": done["cpu"]}
    check_stored(cluster, done["sent"])
    acknowledged = ledger.acknowledgement_milliseconds()
    ledger.close()
    found = {"rate": done["sent"] / done["seconds"], "p50": percentile(acknowledged, 0.5),
             "p99": percentile(acknowledged, 0.99)}
    found |= {f"{name}_us": seconds / done["sent"] * 1e6 for name, seconds in used.items()}

    pace = found["rate"] / 2
    ledger = Ledger(bench.stage.memory, events)
    bench.load(ledger, events, 256, pace=pace, seconds=bench.seconds)
    acknowledged = ledger.acknowledgement_milliseconds()
    ledger.close()
    service.stop()
    found |= {"half_rate_p50": percentile(acknowledged, 0.5), "half_rate_p999": percentile(acknowledged, 0.999)}

    cluster.empty()
    cpu = CPU(postgres=cluster.process)
    script = bench.stage.folder / "accept.sql"
    pgbench.write_script(service, bench.payload, script)
    scripts_per_second = cluster.pgbench(script, clients=16, seconds=bench.seconds)
    stored = int(cluster.sql("select count(*) from subgate.event"))
    check_stored(cluster, stored)
    found |= {"pgbench_rate": 2 * scripts_per_second, "pgbench_machine_us": cpu.used()["machine"] / stored * 1e6}
    return found | {"ratio": found["rate"] / found["pgbench_rate"]}


def accept_only(service: Service) -> list[str]:
    """Without that option it delivers as well meanwhile, and is the slower for it."""
    return ["--accept-only"] if service.has_option("accept-only") else []


def check_stored(cluster: Cluster, events: int) -> None:
    """The work was done in full: an event, its share of a transfer, and three deliveries."""
    counts = cluster.sql("set search_path = subgate; select (select count(*) from event), "
                         "(select count(*) from delivery), (select count(*) from quarantine)")
    if counts != f"{events}|{FAN_OUT * events}|0":
        fail(f"{events} events were accepted, but events, deliveries, quarantine are {counts}")


# Deliveries

def deliveries(bench: Bench) -> dict[str, float]:
    """Everything together, in a steady state: at most 1 000 events are on their way. The clock stops when the receiver
    has every delivery and every attempt is recorded. With 64 connections a tenth of the cores is idle."""
    return deliver(bench, connections=256, window=1000)


def burst(bench: Bench) -> dict[str, float]:
    """The same as fast as events are accepted: most deliveries wait in memory or in the database first."""
    return deliver(bench, connections=512, window=0)


def deliver(bench: Bench, connections: int, window: int) -> dict[str, float]:
    service, cluster = bench.service, bench.cluster
    service.start()
    cluster.empty()
    warm_up(bench)
    ledger = Ledger(bench.stage.memory, bench.events)
    cpu = CPU(subgate=service.process, postgres=cluster.process, receiver=bench.sink)
    done = bench.load(ledger, bench.events, connections, window=window)
    until_delivered(bench, ledger)
    finished = time.monotonic_ns()
    used = cpu.used() | {"sender": done["cpu"]}
    took = (max(finished, ledger.last_received()) - done["firstSent"]) / 1e9
    owed = FAN_OUT * bench.events
    account(bench, ledger, bench.events)
    ledger.close()
    service.stop()
    return {"rate": owed / took, "events_rate": bench.events / took} | {
        f"{name}_us": seconds / owed * 1e6 for name, seconds in used.items()}


def warm_up(bench: Bench) -> None:
    """Connections are open and plans are made before a measurement."""
    ledger = Ledger(bench.stage.memory, 500)
    bench.load(ledger, 500, 64, window=200)
    until_delivered(bench, ledger)
    account(bench, ledger, 500)
    ledger.close()


# In a node's memory, on the clock, or in a lane.
IS_OPEN = """select exists (select from subgate.handover)
    or exists (select from subgate.delivery where due_at is not null)
    or exists (select from subgate.delivery where due_at is null and status in ('pending', 'retrying', 'held'))"""


def until_delivered(bench: Bench, ledger: Ledger) -> None:
    owed, end, last = FAN_OUT * ledger.word(0), time.monotonic() + 30, 0
    while True:
        delivered = ledger.delivered
        if delivered >= owed and bench.cluster.sql(IS_OPEN) == "f":
            return
        if delivered > last:
            last, end = delivered, time.monotonic() + 30
        if time.monotonic() > end:
            return
        time.sleep(0.005)


def account(bench: Bench, ledger: Ledger, events: int) -> None:
    """Adds to the faults; the row that counts them says them."""
    faults = bench.faults
    faults["acknowledged"] += events
    faults["lost"] += FAN_OUT * events - ledger.delivered
    faults["repeated"] += ledger.repeated
    faults["misrouted"] += ledger.misrouted
    recorded = bench.cluster.sql("select count(*) from subgate.delivery d where status = 'delivered' and attempts = 1 "
                                 "and (select count(*) from subgate.attempt a where a.sub_client_id = d.sub_client_id "
                                 "and a.delivery_id = d.id and a.status_code = 200) = 1")
    faults["unrecorded"] += FAN_OUT * events - int(recorded)
    bench.cluster.sql("set search_path = subgate; truncate event, event_key, transfer, delivery, attempt, "
                      "handover, lane")


def latency(bench: Bench) -> dict[str, float]:
    """1 000 events a second, counted from when each was to be sent to when the receiver has it."""
    bench.service.start()
    bench.cluster.empty()
    warm_up(bench)
    events = max(1000, round(1000 * bench.seconds))
    ledger = Ledger(bench.stage.memory, events)
    bench.load(ledger, events, 64, pace=1000)
    until_delivered(bench, ledger)
    received, acknowledged = ledger.delivery_milliseconds(), ledger.acknowledgement_milliseconds()
    account(bench, ledger, events)
    ledger.close()
    bench.service.stop()
    return {"p50": percentile(received, 0.5), "p99": percentile(received, 0.99), "p999": percentile(received, 0.999),
            "ack_p50": percentile(acknowledged, 0.5), "ack_p99": percentile(acknowledged, 0.99)}


# Link tokens and memory

def link_tokens(bench: Bench) -> dict[str, float]:
    """Through us and directly, from an upstream that answers at once."""
    keys = bench.stage.folder / "keys"
    keys.write_text("".join(f"{client['clientId']} {client['clientSecret']}\n" for client in bench.service.clients))
    bench.service.start()
    found = {}
    for name, port in (("direct", bench.upstream.port), ("", bench.service.public)):
        url, prefix = f"http://127.0.0.1:{port}/api/v1/linktoken", f"{name}_" if name else ""
        wrk(url, 1, 16, link_keys=keys)
        one = wrk(url, bench.seconds, 1, link_keys=keys)
        many = wrk(url, bench.seconds, 64, link_keys=keys)
        found |= {f"{prefix}p50": one["p50"], f"{prefix}p99": one["p99"], f"{prefix}rate": many["rate"]}
    bench.service.stop()
    forget_link_tokens(bench)
    return found | {"added_p50": found["p50"] - found["direct_p50"]}


# What a key and a policy cost

def authentication(bench: Bench) -> dict[str, float]:
    """What a request costs for being authenticated from memory: GET /v1/me beside GET /livez, on one core. The answer
    of /v1/me is longer and read from more, so this is more than authentication alone."""
    service = bench.service
    service.start("--loops", 1, core=SERVER_CORE)
    header = f"Authorization: Bearer {service.clients[0]['clientSecret']}"
    me = on_one_core(f"http://127.0.0.1:{service.public}/v1/me", header, bench.seconds, service.process, "")
    livez = on_one_core(f"http://127.0.0.1:{service.ops}/livez", "", bench.seconds, service.process, "")
    service.stop()
    return {"me_us": me["cpu_us"], "livez_us": livez["cpu_us"], "added_us": me["cpu_us"] - livez["cpu_us"]}


def policy(bench: Bench) -> dict[str, float]:
    """What judging costs: link tokens under a policy whose book has 1 000 addresses, beside link tokens without one."""
    keys = bench.stage.folder / "keys"
    keys.write_text("".join(f"{client['clientId']} {client['clientSecret']}\n" for client in bench.service.clients))
    service = bench.service
    found = {}
    for name, rules in (("free", {}), ("judged", BOOK)):
        service.start("--loops", 1)
        for client in service.clients:
            service.call(service.admin, "PUT", f"/admin/v1/sub-clients/{client['id']}/compliance",
                         {"kyb": {"status": "unverified"}, "rules": rules}, service.admin_key)
        url = f"http://127.0.0.1:{service.public}/api/v1/linktoken"
        wrk(url, 1, 64, link_keys=keys)
        cpu = CPU(server=service.process)
        tokens = wrk(url, bench.seconds, 64, link_keys=keys)
        found[f"{name}_us"] = cpu.used()["server"] / tokens["requests"] * 1e6
        service.stop()
    forget_link_tokens(bench)
    return found | {"added_us": found["judged_us"] - found["free_us"]}


NETWORK = "e3c7fdd8-b1fc-4e51-85ae-bb276e075611"
BOOK = {
    "transferTypes": ["payment"], "perTransfer": {"maxFiat": "100.00"},
    "assets": [{"networkId": NETWORK, "symbols": ["USDC"]}],
    "destinations": [{"networkId": NETWORK, "address": f"0x{number:040x}"} for number in range(999)]
    + [{"networkId": NETWORK, "address": "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}],
}


def forget_link_tokens(bench: Bench) -> None:
    bench.cluster.sql("delete from subgate.link_session where user_id = 'user-7' and transaction_id = 'order-1001'")


# Lists

LISTED = 1_000_000
PAGES = 200


def listing(bench: Bench) -> dict[str, float]:
    """A page of 100 of a million sub-clients: the first, one in the middle, the last. By keyset, so none counts the
    rows before it."""
    service, cluster = bench.service, bench.cluster
    # Older than all others, one a second; without the triggers, which would make a million registrations.
    cluster.sql(f"""
        set search_path = subgate; set session_replication_role = replica;
        insert into sub_client (id, legal_name, display_name, country, metadata, status, created_at, updated_at)
        select (lpad(to_hex(n * 1000), 12, '0') || '70008000000000000000')::uuid, 'Listed ' || n, 'Listed ' || n,
            'DE', '{{}}', 'onboarding', to_timestamp(n), to_timestamp(n)
        from generate_series(1, {LISTED}) n;
        analyze sub_client""")
    service.start()
    found = {}
    for name, number in (("first", None), ("middle", LISTED // 2), ("last", 101)):
        cursor = f"&cursor={cursor_after(number)}" if number else ""
        path = f"/admin/v1/sub-clients?limit=100{cursor}"
        times = []
        for _ in range(PAGES):
            started = time.perf_counter()
            _, body = service.call(service.admin, "GET", path, token=service.admin_key)
            times.append((time.perf_counter() - started) * 1e3)
        if len(json.loads(body)["data"]) != 100:
            fail(f"the {name} page is not full")
        found[name] = percentile(sorted(times), 0.5)
    service.stop()
    cluster.sql("set search_path = subgate; set session_replication_role = replica; "
                "delete from sub_client where legal_name like 'Listed %'; analyze sub_client")
    return found | {"ratio": found["last"] / found["first"]}


def cursor_after(number: int) -> str:
    """The opaque cursor of the list, after the sub-client that was made as `number`."""
    last = uuid.UUID(f"{number * 1000:012x}70008000000000000000")
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def memory(bench: Bench) -> dict[str, float]:
    bench.service.start()
    time.sleep(2)
    idle = resident_megabytes(bench.service.process)
    bench.service.stop()
    return {"idle": idle}
