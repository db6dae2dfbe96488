"""Drills of three nodes on one PostgreSQL: killed, paused beyond their leases and resumed, and added, under load."""

import uuid
from pathlib import Path

from cluster import Cluster
from held import Hold, held, node_id, repeated
from node import Node
from place import Place, Threads, run, until
from stand import Load, Stand, uuid_of

# The shortest there may be: a drill waits for the end of a lease.
SHORT = ["--loops", "1", "--attempt-timeout", "1s", "--lease", "7s"]

# The session that is a node's life; no other may take its place.
END_SESSION = """
    select pg_terminate_backend(l.pid) from pg_locks l
    join subgate.node n on l.locktype = 'advisory' and (l.classid::bigint << 32 | l.objid::bigint) = n.lock_key
    where n.id = '{node}'"""


class Balancer:
    """The nodes that are sent to. One that is paused is found out by its health, and left out."""

    def __init__(self, *nodes: Node) -> None:
        self.serving = list(nodes)

    def nodes(self) -> list[Node]:
        return list(self.serving)


def receive_all_but(stand: Stand, spared: set[tuple[str, str]], what: str) -> None:
    """Waits for all that is acknowledged by now."""
    wanted = stand.owed() - spared
    until(lambda: wanted <= stand.receiver.taken.keys(), what)


def check_nodes_may_die_hang_and_join_under_load() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand, Hold(stand) as hold:
        one, two, three = (stand.node(name, *SHORT) for name in ("one", "two", "three"))
        one.start()
        stand.fill(one)
        two.start()
        balancer = Balancer(one, two)
        ambiguous: set[tuple[str, str]] = set()
        with Load(stand, balancer.nodes, threads=6) as load:
            load.go_on(60)
            balancer.serving.append(three.start())
            load.go_on(60)
            hung = node_id(stand, one)
            fenced = hang_with_requests_out(stand, one, balancer, hold)
            ambiguous |= held(stand, hung)
            assert {event for _, event in ambiguous} >= fenced, "the node held what was in flight"
            ambiguous |= kill(stand, two, balancer)
            load.go_on(60)
            balancer.serving.append(two.start())
            load.go_on(60)
            receive_all_but(stand, set(), "what the nodes had held, sent by the others")
            until(lambda: attempts(stand, fenced) == "2", "both of the other's attempts recorded")
            hold.over.set()
            one.resume()
            until(one.is_ready, "the node that was resumed ready", child=one.child)
            balancer.serving.append(one)
            # Its failed attempts are kept as history, and change nothing about what another has delivered.
            until(lambda: attempts(stand, fenced) == "4", "the late attempts kept")
            load.go_on(60)
        stand.settle()
        assert outcome(stand, fenced) == "delivered|2|2", outcome(stand, fenced)
        more = repeated(stand) - ambiguous
        assert not more, f"{len(more)} were sent twice of which no lost node was sending any: {sorted(more)[:5]}"
        assert stand.cluster.sql("select count(*) from subgate.handover") == "0"
        for node in (one, two, three):
            node.stop()


def hang_with_requests_out(stand: Stand, node: Node, balancer: Balancer, hold: Hold) -> set[str]:
    """Pauses a node while two of its requests are at the receiver; the event they are for."""
    event = str(uuid.uuid4())
    hold.events.add(event)
    assert stand.post(node, stand.clients[0], event) == 200
    hold.until_hanging(2)
    node.pause()
    balancer.serving.remove(node)
    return {event}


def kill(stand: Stand, node: Node, balancer: Balancer) -> set[tuple[str, str]]:
    """Kills a node, and says what it held: stopped first, so that it holds nothing else when it is dead."""
    identifier = node_id(stand, node)
    node.pause()
    balancer.serving.remove(node)
    lost = held(stand, identifier)
    node.kill()
    return lost


def attempts(stand: Stand, events: set[str]) -> str:
    return stand.cluster.sql(f"""
        select count(*) from subgate.attempt a join subgate.delivery d on d.sub_client_id = a.sub_client_id
            and d.id = a.delivery_id join subgate.event e on e.sub_client_id = d.sub_client_id and e.id = d.event_id
        where e.upstream_event_id in ({listed(events)})""")


def outcome(stand: Stand, events: set[str]) -> str:
    """Status, attempts, and how many deliveries have both."""
    return stand.cluster.sql(f"""
        select d.status, d.attempts, count(*) from subgate.delivery d join subgate.event e
            on e.sub_client_id = d.sub_client_id and e.id = d.event_id
        where e.upstream_event_id in ({listed(events)}) group by 1, 2""")


def listed(events: set[str]) -> str:
    return ", ".join(f"'{event}'" for event in events)


def is_dead(stand: Stand, identifier: str) -> bool:
    """By what the other nodes think."""
    found = stand.cluster.sql(f"select dead_since is not null from subgate.node where id = '{identifier}'")
    return found != "f"


def check_what_a_killed_node_commits_last_is_sent_at_once() -> None:
    """The server goes on with what a node had sent when it died. Nobody hears of that commit: the upstream asks again,
    and another node says that it has the event."""
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        one, two = (stand.node(name, "--loops", "1") for name in ("one", "two"))
        one.start()
        stand.fill(one, clients=1, endpoints=1)
        two.start()
        client, event, identifier = stand.clients[0], str(uuid.uuid4()), node_id(stand, one)
        # The same event, not committed: the node's commit waits for how that ends.
        same = f"""insert into subgate.event_key (sub_client_id, upstream_id, upstream_event_id, event_id, received_at)
            values ('{uuid_of(client["id"])}', '{uuid_of(stand.upstream_id)}', '{event}', '{event}', now())"""
        waits = "select count(*) from pg_locks where locktype = 'transactionid' and not granted"

        def post() -> None:
            stand.post(one, client, event)

        with stand.cluster.transaction(same), Threads(post):
            until(lambda: stand.cluster.sql(waits) == "1", "the commit under way")
            one.kill()
            until(lambda: is_dead(stand, identifier), "the node found dead")
        stored = f"select count(*) from subgate.event where upstream_event_id = '{event}'"
        until(lambda: stand.cluster.sql(stored) == "1", "the dead node's commit")
        assert event not in stand.acknowledged and stand.post(two, client, event) == 200
        stand.settle(20)
        two.stop()


def check_a_node_taken_for_dead_leaves_what_waits_to_the_others() -> None:
    """Its own session ends and cannot come back for a while: it is well, and the others cannot know."""
    with Place() as place, Stand(place, Cluster(place).start()) as stand, Hold(stand) as hold:
        one, two = (stand.node(name, *SHORT) for name in ("one", "two"))
        one.start()
        stand.fill(one, clients=1, endpoints=1)
        two.start()
        with Load(stand, lambda: [one], threads=2) as load:
            load.go_on(20)
            hold.events.add(event := str(uuid.uuid4()))
            assert stand.post(one, stand.clients[0], event) == 200
            hold.until_hanging(1)
            identifier = node_id(stand, one)
            stand.cluster.sql("alter role subgate_app connection limit 1")
            stand.cluster.sql(END_SESSION.format(node=identifier))
            until(lambda: is_dead(stand, identifier), "the node taken for dead")
            stand.cluster.sql("alter role subgate_app connection limit -1")
            until(lambda: not is_dead(stand, identifier), "the node known again")
            load.go_on(20)
            hold.over.set()
        stand.settle()
        assert "took this one for dead" in one.process.read_log()
        one.stop()
        two.stop()


def check_a_node_whose_clock_is_ahead_takes_nothing_from_others() -> None:
    """Its machine is 62 s ahead; by that clock, a lease of 60 s has just ended when it begins."""
    with Place() as place, Stand(place, Cluster(place).start()) as stand, Hold(stand) as hold:
        one, two = (stand.node(name, "--loops", "1") for name in ("one", "two"))
        ahead = place.folder / "ahead.so"
        run(["gcc", "-shared", "-fPIC", "-o", ahead, Path(__file__).with_name("ahead.c")])
        two.environment = stand.environment | {"LD_PRELOAD": str(ahead)}
        one.start()
        stand.fill(one, clients=1, endpoints=1)
        two.start()
        with Load(stand, lambda: [one, two]) as load:
            load.go_on(20)
            hold.events.add(event := str(uuid.uuid4()))
            assert stand.post(one, stand.clients[0], event) == 200
            hold.until_hanging(1)
            # It has a row of its own now, for others to see.
            until(lambda: held_as_row(stand, event), "the delivery in flight as a row")
            load.go_on(100)
            assert not repeated(stand), "what one node was sending was sent by the other"
            hold.over.set()
        stand.settle()
        assert "clock is off" in two.process.read_log() and "clock is off" not in one.process.read_log()
        one.stop()
        two.stop()


def held_as_row(stand: Stand, event: str) -> bool:
    return stand.cluster.sql(f"""
        select count(*) from subgate.delivery d join subgate.event e on e.sub_client_id = d.sub_client_id
            and e.id = d.event_id where e.upstream_event_id = '{event}' and d.status = 'delivering'""") == "1"
