"""Receivers that never answer, are dead, and clients that never end a request: what they cost those that are well."""

import http.client
import json
import socket
import subprocess
import sys
import time

from ledger import Ledger, percentile
from rows import Bench, warm_up
from service import uuid_of
from stage import fail, free_port, resident_megabytes

SUB_CLIENTS, ENDPOINTS = 200, 50
SLOW_CLIENTS = 10_000
# Of one sub-client: what each of its dead endpoints is owed.
DEAD_ENDPOINTS, DEAD_EVENTS = 50, 2_000

# Takes connections and keeps them.
HANG = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
kept = []
while True:
    kept.append(listener.accept()[0])
"""

# Begins requests and does not end them.
DAWDLE = """
import socket, sys, time
kept = []
for _ in range(int(sys.argv[2])):
    kept.append(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
    kept[-1].send(b"GET /v1/me HTTP/1.1\\r\\nHost: ")
print("begun", flush=True)
time.sleep(60)
"""


def hung(bench: Bench) -> dict[str, float]:
    """1 000 events a second to receivers that answer, alone and beside 10 000 endpoints that owe an answer each."""
    port = free_port()
    receiver = bench.stage.start([sys.executable, "-c", HANG, port])
    bench.service.start()
    bench.cluster.empty()
    endpoints = make_endpoints(bench, port)
    warm_up(bench)
    alone = latencies(bench)
    owe(bench, endpoints)
    # The first of them are in flight by now, and until they have timed out.
    time.sleep(1)
    beside = latencies(bench)
    resident = resident_beside_slow_clients(bench)
    bench.service.stop()
    bench.stage.stop(receiver)
    forget(bench)
    return compared(alone, beside) | {"resident": resident}


def compared(alone: list[float], beside: list[float]) -> dict[str, float]:
    found = {"alone_p99": percentile(alone, 0.99), "p99": percentile(beside, 0.99)}
    return found | {"ratio": found["p99"] / found["alone_p99"]}


def resident_beside_slow_clients(bench: Bench) -> float:
    """In megabytes, with so many requests begun besides; a head may take 10 s, and they are counted sooner."""
    command = [sys.executable, "-c", DAWDLE, str(bench.service.public), str(SLOW_CLIENTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as clients:
        if clients.stdout.readline() != "begun\n":
            fail("the slow clients could not begin")
        resident = resident_megabytes(bench.service.process)
        clients.kill()
    return resident


def dead(bench: Bench) -> dict[str, float]:
    """1 000 events a second to 20 sub-clients whose receivers answer, alone and beside one more whose endpoints are
    dead and owed 100 000 deliveries."""
    bench.service.start()
    bench.cluster.empty()
    # Nothing listens there.
    endpoints = make_endpoints(bench, free_port(), sub_clients=1, endpoints=DEAD_ENDPOINTS)
    warm_up(bench)
    alone = latencies(bench)
    owe(bench, endpoints, events=DEAD_EVENTS)
    beside = latencies(bench)
    bench.service.stop()
    forget(bench)
    return compared(alone, beside)


def forget(bench: Bench) -> None:
    bench.cluster.sql("""
        set search_path = subgate;
        truncate event, event_key, transfer, delivery, attempt, handover, lane;
        delete from endpoint_secret s using endpoint e
        where e.sub_client_id = s.sub_client_id and e.id = s.endpoint_id and e.url like '%/hang';
        delete from endpoint where url like '%/hang'""")


def latencies(bench: Bench) -> list[float]:
    # What is due for long was not written a moment ago: its pages are on disk, and known to the planner. After that
    # each session makes its plans anew, and each page is logged whole once: half a second is for that.
    bench.cluster.sql("vacuum analyze subgate.event, subgate.delivery, subgate.lane")
    bench.cluster.sql("checkpoint")
    deliver_at_pace(bench, 500)
    return deliver_at_pace(bench, max(1000, round(1000 * bench.seconds)))


def deliver_at_pace(bench: Bench, events: int) -> list[float]:
    """1 000 events a second; how long each took to each receiver, in milliseconds."""
    ledger = Ledger(bench.stage.memory, events)
    bench.load(ledger, events, 64, pace=1000)
    deadline = time.monotonic() + 30
    while ledger.delivered < 3 * events and time.monotonic() < deadline:
        time.sleep(0.01)
    received = ledger.delivery_milliseconds()
    lost = 3 * events - ledger.delivered
    bench.faults["acknowledged"] += events
    bench.faults["lost"] += lost
    ledger.close()
    return received


def make_endpoints(
    bench: Bench, port: int, sub_clients: int = SUB_CLIENTS, endpoints: int = ENDPOINTS
) -> list[str]:
    """Through the API, as merchants do; returns the sub-clients."""
    service, made = bench.service, []
    for index in range(sub_clients):
        client = service.make(service.admin, "/admin/v1/sub-clients", {
            "legalName": f"Hung {index}", "displayName": f"Hung {index}", "country": "DE"}, service.admin_key)
        path = f"/admin/v1/sub-clients/{client['id']}"
        service.make(service.admin, f"{path}/activate", None, service.admin_key, expect=200)
        keys = service.make(service.admin, f"{path}/credentials", {
            "environment": "sandbox", "access": "readWrite", "name": "bench"}, service.admin_key)
        connection = http.client.HTTPConnection("127.0.0.1", service.public, timeout=15)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = json.dumps({"url": f"http://127.0.0.1:{port}/hang", "eventTypes": ["*"]})
        for _ in range(endpoints):
            connection.request("POST", "/v1/webhook-endpoints", body, {
                "Authorization": f"Bearer {keys['clientSecret']}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 201, content
        connection.close()
        made.append(str(uuid_of(client["id"])))
    return made


def owe(bench: Bench, sub_clients: list[str], events: int = 1) -> None:
    """So many events for each of these sub-clients, owed to each of its endpoints."""
    names = ", ".join(f"'{name}'" for name in sub_clients)
    bench.cluster.sql(f"""
        set search_path = subgate;
        with made as (
            insert into event (sub_client_id, id, environment, type, received_at, payload)
            select id, (left(first_uuid(now())::text, 15) || right(gen_random_uuid()::text, 21))::uuid, 'sandbox',
                'transfer.pending', now(), '{{}}'
            from sub_client cross join generate_series(1, {events}) where id in ({names})
            returning sub_client_id, id
        ), owed as (
            insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts,
                failures, created_at, updated_at)
            select m.sub_client_id, delivery_uuid(m.id, e.id), m.id, e.id, 'sandbox', 'transfer.pending', 'pending', 0,
                0, now(), now()
            from made m join endpoint e on e.sub_client_id = m.sub_client_id
            returning sub_client_id, endpoint_id
        )
        insert into lane (sub_client_id, endpoint_id, ready_at)
        select distinct sub_client_id, endpoint_id, now() from owed
        on conflict (sub_client_id, endpoint_id) do update set ready_at = now(), is_closing = false""")
