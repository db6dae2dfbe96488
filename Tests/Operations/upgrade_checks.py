"""Drills of `subgate migrate`: killed, at once, under load; of a build on the database of a newer one; and of a build
and the next one side by side."""

import random
import subprocess

import place
import successor
from cluster import Cluster
from place import Place, run, until
from stand import Load, Stand
from versions import Upgrade

LATER = """
    alter table subgate.sub_client add column later text, add column also int not null default 7;
    create table subgate.later (id uuid primary key);
    insert into public.subgate_migration (number, name, is_breaking) values (9999, '9999_later', {breaking})"""


def migrate(url: str, *words: str, expect: int = 0) -> str:
    return run([place.binary, "migrate", *words], expect, env={"PATH": "/usr/bin:/bin", "SUBGATE_DATABASE_URL": url})


def check_a_killed_migration_is_run_again_and_several_take_turns() -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    with Place() as where:
        cluster = Cluster(where).start()
        cluster.sql("create database killed")
        cluster.sql("create database raced")
        killed, raced = cluster.url(database="killed"), cluster.url(database="raced")
        planned = [line for line in migrate(killed, "--plan").splitlines() if not line.startswith(" ")]
        environment = {"PATH": "/usr/bin:/bin", "SUBGATE_DATABASE_URL": killed}
        kills = 0
        while True:
            child = where.start([place.binary, "migrate"], env=environment)
            try:
                # Longer from try to try: a slow machine gets through one migration at some time.
                assert child.process.wait(chance.uniform(0, 0.1 + kills / 20)) == 0, child.read_log()
                break
            except subprocess.TimeoutExpired:
                child.kill()
                kills += 1
            assert kills < 200, f"no end with seed {seed}"
        applied = cluster.sql("select name from public.subgate_migration order by number", "killed").splitlines()
        assert applied == [line.split(":")[0] for line in planned], f"seed {seed}: {applied}"
        racers = [where.start([place.binary, "migrate"], env=environment | {"SUBGATE_DATABASE_URL": raced})
                  for _ in range(3)]
        assert [racer.process.wait(place.LIMIT_SECONDS) for racer in racers] == [0, 0, 0]
        ran = sorted(racer.read_log().count("ran ") for racer in racers)
        assert ran == [0, 0, len(planned)], ran
        tables = "select count(*) from information_schema.columns where table_schema in ('subgate', 'sandbox')"
        assert cluster.sql(tables, "killed") == cluster.sql(tables, "raced")


def check_a_build_serves_on_the_database_of_a_newer_one() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        cluster, old, other = stand.cluster, stand.node("old").start(), stand.node("other").start()
        stand.fill(old)
        with Load(stand, lambda: [old, other]) as load:
            load.go_on(20)
            # What a newer build's `migrate` would do, while these serve.
            cluster.sql(LATER.format(breaking="false"))
            load.go_on(50)
            # The way back: the older binary starts again on the newer schema, and its `migrate` finds nothing to do.
            assert migrate(cluster.url()) == "the database is up to date\n"
            old.stop()
            old.start()
            load.go_on(50)
        assert set(load.answers) <= {200, 0}, load.answers
        stand.settle()
        old.stop()
        cluster.sql("update public.subgate_migration set is_breaking = true where number = 9999")
        late = stand.node("late").begin()
        until(lambda: not late.process.runs, "the end of a build that cannot work with it")
        told = late.process.read_log()
        assert late.process.process.returncode == 1 and told.count("\n") == 1 and "9999_later" in told, told
        assert "9999_later" in migrate(cluster.url(), expect=1)
        # Those that run go on.
        assert stand.post(other) == 200
        other.stop()


class ToTheNext(Upgrade):
    """To a build of this very source with one more migration: what each of the two wrote can be told apart."""

    def settle(self) -> None:
        super().settle()
        builds = self.stand.cluster.sql("select build, count(*) > 100 from subgate.event group by build order by build")
        assert builds == "1|t\n2|t", builds


def check_a_build_and_the_next_one_serve_side_by_side_and_the_way_back() -> None:
    ToTheNext(successor.make(place.binary), count=40).run()
