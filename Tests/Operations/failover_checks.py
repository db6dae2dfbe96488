"""A drill of two PostgreSQL clusters, one following the other: the first is lost under load, the second promoted."""

import contextlib
import os
import signal
import time

from cluster import APP, BINARIES, OWNER, Cluster
from place import Place, run, unprivileged, until
from stand import Load, Stand

FAILOVER_SECONDS = 10


def follow(place: Place, primary: Cluster) -> Cluster:
    """A copy of the primary that follows it."""
    standby = Cluster(place, "standby", place.folder / "standby" / "data")
    run([BINARIES / "pg_basebackup", "-D", standby.data, "-h", primary.home, "-U", OWNER, "-X", "stream", "-c", "fast",
         "--no-sync"], cwd="/", env={"PATH": os.environ["PATH"]}, **unprivileged())
    with (standby.data / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.write(f"primary_conninfo = 'host={primary.home} user={OWNER} application_name=standby'\n")
    (standby.data / "standby.signal").touch()
    return standby.start()


def both(*clusters: Cluster) -> str:
    hosts = ",".join(str(cluster.home) for cluster in clusters)
    ports = ",".join("5432" for _ in clusters)
    return f"host={hosts} port={ports} user={APP} dbname=postgres target_session_attrs=read-write"


def check_the_primary_may_be_lost_for_a_standby_under_load() -> None:
    with Place() as place:
        primary = Cluster(place).start()
        with Stand(place, primary) as stand:
            standby = follow(place, primary)
            # What is acknowledged is on both disks from now on.
            primary.sql("alter system set synchronous_standby_names = standby")
            primary.sql("select pg_reload_conf()")
            synchronous = "select count(*) from pg_stat_replication where sync_state = 'sync'"
            until(lambda: primary.sql(synchronous) == "1", "the standby followed")
            change_primary(stand, primary, standby)


def lose(cluster: Cluster) -> None:
    """Ends all of its processes at once, as when its machine is lost."""
    assert cluster.server
    parent = cluster.server.pid
    found = run(["ps", "-o", "pid=", "--ppid", parent]).split()
    cluster.server.send(signal.SIGSTOP)
    for process in [parent, *map(int, found)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    cluster.server.process.wait()


def change_primary(stand: Stand, primary: Cluster, standby: Cluster) -> None:
    stand.environment["SUBGATE_DATABASE_URL"] = both(primary, standby)
    nodes = [stand.node(name, "--loops", "1").start() for name in ("one", "two")]
    stand.fill(nodes[0])
    with Load(stand, lambda: nodes) as load:
        load.go_on(60)
        lose(primary)
        lost = time.monotonic()
        run([BINARIES / "pg_ctl", "-D", standby.data, "-w", "promote"], cwd="/", **unprivileged())
        stand.cluster = standby
        load.go_on(1)
        took = time.monotonic() - lost
        assert took < FAILOVER_SECONDS, f"the new primary was found {took:.1f} s after the old one was lost"
        for node in nodes:
            until(node.is_ready, f"{node.name} ready again", FAILOVER_SECONDS, node.child)
        load.go_on(60)
    stand.settle()
    assert load.answers.keys() <= {200, 503}, load.answers
    kept = int(standby.sql("select count(*) from subgate.event"))
    assert kept >= len(stand.acknowledged), f"{kept} of {len(stand.acknowledged)} acknowledged events are left"
    for node in nodes:
        node.stop()
