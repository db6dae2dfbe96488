"""What a node holds at a moment, and what was received more than once: only what it held may have been."""

import threading
from typing import Any
from urllib.parse import urlsplit

from node import Node
from place import until
from stand import LIMIT_SECONDS, Stand

# A node's deliveries, as rows that it has leased and in handovers.
HELD = """
    set search_path = subgate;
    with held as (
        select d.sub_client_id, d.event_id, d.endpoint_id from delivery d
        where d.lease_owner = '{node}' and d.status = 'delivering'
        union
        select x.* from handover h, unnest(h.sub_client_ids, h.event_ids, h.endpoint_ids) as x
        where h.node_id = '{node}')
    select p.url, e.upstream_event_id
    from held h
    join event e on e.sub_client_id = h.sub_client_id and e.id = h.event_id
    join endpoint p on p.sub_client_id = h.sub_client_id and p.id = h.endpoint_id"""


def node_id(stand: Stand, node: Node) -> str:
    """The identifier of the latest node of that name."""
    return stand.cluster.sql(f"select id from subgate.node where name = '{node.name}' order by id desc limit 1")


def held(stand: Stand, identifier: str) -> set[tuple[str, str]]:
    """The paths and events that the node holds: in flight, waiting in its memory, or not recorded yet."""
    rows = stand.cluster.sql(HELD.format(node=identifier)).splitlines()
    return {(urlsplit(url).path, event) for url, event in (row.split("|") for row in rows)}


def repeated(stand: Stand) -> set[tuple[str, str]]:
    with stand.receiver.changed:
        return {key for key, count in stand.receiver.taken.items() if count > 1}


class Hold:
    """Lets the first request for each of some events hang at the receiver, without an answer, until it is let go."""

    def __init__(self, stand: Stand) -> None:
        self.events: set[str] = set()
        self.hanging: set[tuple[str, str]] = set()
        self.over = threading.Event()
        self.receiver, self.take = stand.receiver, stand.receiver.take
        setattr(stand.receiver, "take", self.take_and_hang)

    def __enter__(self) -> "Hold":
        return self

    def __exit__(self, *_: Any) -> None:
        self.over.set()

    def take_and_hang(self, path: str, event: str) -> None:
        self.take(path, event)
        with self.receiver.changed:
            hangs = event in self.events and (path, event) not in self.hanging
            if hangs:
                self.hanging.add((path, event))
        if hangs:
            self.over.wait(LIMIT_SECONDS)
            raise ConnectionError("let go without an answer")

    def until_hanging(self, count: int) -> None:
        until(lambda: len(self.hanging) >= count, f"{count} requests at the receiver")
