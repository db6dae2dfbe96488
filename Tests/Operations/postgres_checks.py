"""Drills of PostgreSQL under two nodes: restarted, its connections ended, out of connections, its disk full."""

import re
import time
import uuid

from cluster import Cluster
from held import Hold
from node import Node
from place import Place, until
from small_disk import SmallDisk, apart
from stand import Load, Stand

ONE_LOOP = ["--loops", "1"]
# What an upstream may be told: stored, not now, or nothing by a node that is away.
ALLOWED_ANSWERS = {200, 503}
RECOVERY_SECONDS = 10
# A node has ten seconds, and systemd kills it after fifteen.
STOP_SECONDS = 14


def recover(load: Load, nodes: list[Node], since: float) -> float:
    """Waits until events are acknowledged again, and all nodes are ready; seconds from `since` to the first."""
    load.go_on(1)
    took = time.monotonic() - since
    assert took < RECOVERY_SECONDS, f"the first event was acknowledged {took:.1f} s after PostgreSQL was back"
    for node in nodes:
        until(node.is_ready, f"{node.name} ready again", RECOVERY_SECONDS, node.child)
    load.go_on(30)
    return took


def refused(load: Load) -> None:
    """Waits until an event is answered 503, and nothing else than that or an acknowledgement ever was."""
    with load.stand.lock:
        before = load.answers.get(503, 0)
    until(lambda: load.answers.get(503, 0) > before, "an event refused with 503")


def ended_well(stand: Stand, load: Load, nodes: list[Node]) -> None:
    stand.settle()
    assert load.answers.keys() <= ALLOWED_ANSWERS, load.answers
    assert stand.repeated() == 0, f"{stand.repeated()} were sent twice, and no node was lost"
    for node in nodes:
        assert "took over" not in node.process.read_log(), "a node that lived was taken for dead"
        node.stop()


def check_postgresql_may_restart_run_short_of_connections_and_end_them() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        nodes = [stand.node(name, *ONE_LOOP).start() for name in ("one", "two")]
        stand.fill(nodes[0])
        with Load(stand, lambda: nodes) as load:
            load.go_on(30)
            stand.cluster.stop("immediate")
            refused(load)
            until(lambda: not any(node.is_ready() for node in nodes), "no node ready without a database")
            assert all(node.call("ops", "GET", "/livez").status == 200 for node in nodes)
            run_short(stand, nodes)
            stand.cluster.restart()
            recover(load, nodes, time.monotonic())
            for _ in range(3):
                stand.cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity"
                                  " where usename = 'subgate_app'")
                recover(load, nodes, time.monotonic())
        ended_well(stand, load, nodes)


def run_short(stand: Stand, nodes: list[Node]) -> None:
    """PostgreSQL comes back with fewer connections than a node needs, those for superusers left out."""
    usual = stand.cluster.settings.get("max_connections", "100")
    stand.cluster.settings["max_connections"] = "8"
    stand.cluster.start()
    for node in nodes:
        told = "connection slots are reserved|too many clients"
        until(lambda: re.search(told, node.process.read_log()), "a node that says why", child=node.child)
    late = stand.node("late", *ONE_LOOP).begin()
    until(lambda: not late.process.runs, "the end of a node that cannot have its connections")
    lines = late.process.read_log().strip().splitlines()
    known = "this node makes 10: raise max_connections|connection slots are reserved|too many clients"
    assert late.process.process.returncode == 1 and len(lines) == 1 and re.search(known, lines[0]), lines
    stand.cluster.settings["max_connections"] = usual


def check_a_full_disk_loses_nothing_and_is_recovered_from() -> None:
    apart(fill_the_disk)


def fill_the_disk() -> None:
    with Place() as place, SmallDisk(place, megabytes=96) as disk:
        cluster = Cluster(place, data=disk.cluster(), max_wal_size="32MB", min_wal_size="32MB")
        with Stand(place, cluster.start()) as stand:
            server = cluster.server
            assert server
            nodes = [stand.node(name, *ONE_LOOP).start() for name in ("one", "two")]
            stand.fill(nodes[0])
            with Load(stand, lambda: nodes) as load:
                load.go_on(30)
                disk.fill()
                refused(load)
                disk.free()
                # If it could not write its log, it crashed, and could not recover either.
                until(lambda: cluster.is_ready() or not server.runs, "PostgreSQL back, or ended")
                if not server.runs:
                    cluster.start()
                recover(load, nodes, time.monotonic())
            ended_well(stand, load, nodes)


def check_a_node_that_can_record_nothing_ends_in_its_time() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        node = stand.node("node", *ONE_LOOP).start()
        stand.fill(node, clients=1, endpoints=1)
        with Hold(stand) as hold:
            hold.events = {(event := str(uuid.uuid4()))}
            assert stand.post(node, identifier=event) == 200
            hold.until_hanging(1)
            stand.cluster.stop("immediate")
        # Its attempt has ended, and nobody will take what became of it.
        start = time.monotonic()
        node.stop()
        assert time.monotonic() - start < STOP_SECONDS, "a database that is away keeps a node from ending"
        assert "what could not be recorded at the end was left" in node.process.read_log()
