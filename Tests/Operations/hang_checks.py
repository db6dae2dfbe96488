"""A drill of a PostgreSQL that is there and says nothing: stopped in the middle of its work, then deaf to newcomers."""

import contextlib
import os
import signal
import time
from typing import Any, Iterator

from cluster import Cluster
from node import Node
from place import Place, run, until
from stand import Load, Stand

ACKNOWLEDGE_SECONDS = 1.0
# What a busy machine adds to a limit before it counts as broken.
SLACK_SECONDS = 2.0
RECOVERY_SECONDS = 5


def backends(cluster: Cluster) -> list[int]:
    assert cluster.server
    return [int(process) for process in run(["ps", "-o", "pid=", "--ppid", cluster.server.pid]).split()]


@contextlib.contextmanager
def stopped(*processes: int) -> Iterator[None]:
    """They do nothing and their sockets stay: what is sent to them is taken by the system, and never answered."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def database_part(node: Node) -> Any:
    """What a node that is not ready says of its database; nothing of one that is."""
    answer = node.call("ops", "GET", "/readyz", expect=None)
    parts = {part["name"]: part for part in answer.json["parts"]}
    return answer.status == 503 and not parts["database"]["ready"] and parts["database"]


def refused_in_time(stand: Stand, node: Node) -> None:
    """Until nobody answers, webhooks are answered 503 within their limit, and liveness and metrics as ever."""
    since = time.monotonic()
    answered = stand.post(node)
    took = time.monotonic() - since
    assert answered == 503, f"a webhook was answered {answered} after {took:.1f} s by a database that hangs"
    assert took < ACKNOWLEDGE_SECONDS + SLACK_SECONDS, f"it took {took:.1f} s to refuse a webhook"
    since = time.monotonic()
    assert node.call("ops", "GET", "/livez").json == {"status": "ok"} and node.metrics()
    assert time.monotonic() - since < SLACK_SECONDS, "liveness and metrics wait for the database"


def recovered(load: Load, node: Node) -> None:
    since = time.monotonic()
    until(node.is_ready, "the node ready again", child=node.child)
    load.go_on(10)
    took = time.monotonic() - since
    assert took < RECOVERY_SECONDS, f"it took {took:.1f} s to recover"


def check_a_postgresql_that_hangs_is_told_of_and_recovered_from() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        node = stand.node("node", "--loops", "1")
        node.options = (*node.options, "--acknowledge-within", str(int(ACKNOWLEDGE_SECONDS * 1_000)))
        stand.fill(node.start())
        cluster = stand.cluster
        assert cluster.server
        with Load(stand, lambda: [node]) as load:
            load.go_on(10)
            with stopped(cluster.server.pid, *backends(cluster)):
                refused_in_time(stand, node)
                part = until(lambda: database_part(node), "a node that is not ready while PostgreSQL hangs")
                assert "answer" in part["reason"], part
                refused_in_time(stand, node)
            recovered(load, node)
            # Its sessions are lost, and nobody is there to take new ones, though the system does.
            sessions = cluster.sql("select pid from pg_stat_activity where usename = 'subgate_app'").split()
            with stopped(cluster.server.pid):
                for process in sessions:
                    os.kill(int(process), signal.SIGTERM)
                part = until(lambda: database_part(node), "a node that is not ready while PostgreSQL takes nobody")
                assert part["reason"], part
                refused_in_time(stand, node)
            recovered(load, node)
        stand.settle()
        assert load.answers.keys() <= {200, 503}, load.answers
        assert stand.repeated() == 0, f"{stand.repeated()} were sent twice"
        node.stop()
