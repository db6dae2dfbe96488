"""Drills of a node by itself."""

from cluster import Cluster
from place import Place
from stand import Load, Stand


def check_a_killed_node_loses_nothing_that_it_acknowledged() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        node = stand.node().start()
        stand.fill(node)
        with Load(stand, lambda: [node]) as load:
            load.go_on(50)
            node.kill()
            node.start()
            load.go_on(50)
        stand.settle()
        node.stop()
