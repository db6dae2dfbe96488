"""Drills of backup and restore, with the commands of the README."""

import time

import place as places
from cluster import APP, BINARIES, Cluster
from node import Node
from place import Place, run, unprivileged, until
from stand import Load, Stand

# Several of a node's looks for due deliveries, which come every half second: what has not been sent by then is held.
WATCHED_SECONDS = 1.5
# Failures are tried again every second or two, for longer than a drill takes.
PATIENT = ("--retry-schedule", ",".join(["40"] * 20), "--retry-time-divisor", "20")


class Backups:
    """What a cluster is backed up to: a base backup, and the WAL since."""

    def __init__(self, where: Place) -> None:
        self.place = where
        self.wal = where.folder_for_others("wal")
        self.base = where.folder_for_others("base") / "data"

    def cluster(self) -> Cluster:
        """One that archives its WAL."""
        archive = f"test ! -f {self.wal}/%f && cp %p {self.wal}/%f"
        return Cluster(self.place, archive_mode="on", archive_command=archive).start()

    def take(self, cluster: Cluster, *options: str) -> None:
        run([BINARIES / "pg_basebackup", "-d", cluster.url(), "-D", self.base, "-c", "fast", "--no-sync", *options],
            cwd="/", **unprivileged())

    def finish(self, cluster: Cluster) -> None:
        """Waits until all that was written is in the archive."""
        last = cluster.sql("select pg_walfile_name(pg_switch_wal())")
        until((self.wal / last).exists, "the last WAL in the archive")

    def restore(self, until_when: str) -> Cluster:
        """Another cluster, as it was then."""
        home = self.place.folder_for_others("restored")
        data = home / "data"
        run(["cp", "-a", self.base, data], cwd="/", **unprivileged())
        run(["touch", data / "recovery.signal"], cwd="/", **unprivileged())
        settings = {
            "restore_command": f"cp {self.wal}/%f %p", "recovery_target_time": until_when,
            "recovery_target_action": "promote"}
        cluster = Cluster(self.place, "restored-socket", data, **settings).start()
        until(lambda: cluster.sql("select pg_is_in_recovery()") == "f", "the end of the recovery")
        return cluster


def moved(stand: Stand, cluster: Cluster) -> None:
    """From now on the stand's database is that one."""
    stand.cluster = cluster
    stand.environment["SUBGATE_DATABASE_URL"] = cluster.url(APP)


def hold_of(node: Node) -> str:
    """Why its deliveries are on hold, or nothing, as its health and its metrics say alike."""
    def told() -> tuple[str] | None:
        readiness = node.call("ops", "GET", "/readyz", expect=None).json
        part = next(part for part in readiness["parts"] if part["name"] == "deliveries")
        # It takes webhooks and serves, once all its loops have found the database.
        if readiness["status"] != "ready":
            return None
        is_gauged = "\nsubgate_deliveries_on_hold 1\n" in node.metrics()
        return (part["reason"] or "",) if part["ready"] is not is_gauged else None

    return until(told, "health and metrics that say the same of the hold")[0]


def is_quiet(stand: Stand, receptions: int) -> None:
    """Watches that nothing is sent."""
    deadline = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < deadline:
        assert sum(stand.receiver.taken.values()) == receptions, "something was sent while deliveries are on hold"
        time.sleep(0.05)


def subgate(stand: Stand, *words: str) -> str:
    return run([places.binary, *words], env=stand.environment)


def all_of(stand: Stand) -> int:
    return int(stand.cluster.sql("select count(*) from subgate.delivery"))


def count(stand: Stand, status: str) -> int:
    return int(stand.cluster.sql(f"select count(*) from subgate.delivery where status = '{status}'"))


def owe(stand: Stand, node: Node, events: int) -> str:
    """Accepts events that no endpoint takes; the database's time when all of them stand there as owed."""
    for _ in range(events):
        assert stand.post(node) == 200
    until(lambda: count(stand, "delivered") + 2 * events <= len(stand.owed()) == all_of(stand), "rows of what is owed")
    return stand.cluster.sql(
        "select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")


def restored(where: Place, stand: Stand, backups: Backups) -> tuple[Node, str]:
    """Runs a node whose database is backed up, restores it to a moment when three events were owed to two endpoints
    each, all of which they took soon after, and starts a node on it. Returns that node, and a time between the first
    of those events and the others."""
    node = stand.node("node", *PATIENT).start()
    stand.fill(node)
    backups.take(stand.cluster)
    with Load(stand, lambda: [node]) as load:
        load.go_on(20)
    stand.settle()
    stand.receiver.status = 503
    middle, moment = owe(stand, node, 1), owe(stand, node, 2)
    stand.receiver.status = 204
    with Load(stand, lambda: [node]) as load:
        load.go_on(20)
    stand.settle()
    backups.finish(stand.cluster)
    node.stop()
    stand.cluster.stop()
    moved(stand, backups.restore(moment.replace("Z", "+00")))
    return stand.node("restored", *PATIENT).start(), middle


def check_a_database_restored_to_a_moment_sends_nothing_until_it_is_released() -> None:
    with Place() as place:
        backups = Backups(place)
        with Stand(place, backups.cluster()) as stand:
            node, middle = restored(place, stand, backups)
            before = dict(stand.receiver.taken)
            assert "recovered to a chosen point" in hold_of(node), hold_of(node)
            assert stand.post(node) == 200, "a held node takes webhooks"
            is_quiet(stand, sum(before.values()))
            node.kill()
            node.start()
            assert hold_of(node), "a hold outlives the node"
            plan = subgate(stand, "release", "--plan")
            assert "owed: 8, " in plan and "since it is on hold: 2, of which 0" in plan, plan
            checked = subgate(stand, "check")
            assert "ok    audit chain" in checked and "note  deliveries are on hold" in checked, checked
            is_quiet(stand, sum(before.values()))

            assert "released; discarded 2" in subgate(stand, "release", "--discard-before", middle)
            until(lambda: not hold_of(node), "the node to see the release")
            until(lambda: count(stand, "delivered") + 2 == all_of(stand), "all deliveries recorded")
            assert count(stand, "cancelled") == 2 and not stand.missing()
            # Two events of before, under the ids they had, and the new one; to two endpoints each.
            again = [key for key, number in stand.receiver.taken.items() if number > before.get(key, 0)]
            assert len(again) == 6 and sum(stand.receiver.taken.values()) == sum(before.values()) + 6, again
            actions = [entry["action"] for entry in stand.admin(node, "GET", "/audit?limit=2").json["data"]]
            assert actions == ["deliveries.released", "deliveries.held"], actions
            assert "not on hold" in subgate(stand, "release")
            node.stop()


def check_a_standby_that_takes_over_and_a_restart_are_not_held() -> None:
    with Place() as place:
        backups = Backups(place)
        with Stand(place, backups.cluster()) as stand:
            first = stand.cluster
            backups.take(first, "-R", "-X", "stream")
            second = Cluster(place, "standby", backups.base, hot_standby="on").start()
            both = ",".join(str(home).replace("/", "%2F") for home in (first.home, second.home))
            stand.environment["SUBGATE_DATABASE_URL"] = (
                f"postgresql://{APP}@/postgres?host={both}&target_session_attrs=read-write")
            node = stand.node().start()
            stand.fill(node)
            with Load(stand, lambda: [node]) as load:
                load.go_on(20)
                first.restart()
                load.go_on(20)
                lag = "select count(*) from pg_stat_replication where replay_lsn = pg_current_wal_lsn()"
                until(lambda: first.sql("select count(*) from pg_stat_replication") == "1", "the standby follows")
            stand.settle()
            until(lambda: first.sql(lag) == "1", "the standby has all")
            first.stop("immediate")
            second.sql("select pg_promote()")
            stand.cluster = second
            until(lambda: stand.post(node) == 200, "an event accepted after the failover")
            stand.settle()
            assert not hold_of(node)
            # Nodes that start then know of nothing before.
            node.kill()
            node.start()
            assert stand.post(node) == 200
            stand.settle()
            assert not hold_of(node)
            node.stop()
