"""Faults by chance, for as long as asked: `chaos.py PATH-OF-SUBGATE SECONDS [SEED]`.

Three nodes under load are killed, paused, stopped and started, and PostgreSQL is restarted, hangs or ends connections.
Then all is healed, and what was acknowledged must have arrived and be recorded. The same seed gives the same faults.
"""

import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Callable, Iterator

import place
from cluster import Cluster
from node import Node
from place import Place, run, until
from stand import Load, Stand

OPTIONS = ["--loops", "1", "--attempt-timeout", "1s", "--lease", "7s"]


class Chaos:
    def __init__(self, stand: Stand, nodes: list[Node], chance: random.Random) -> None:
        self.stand, self.nodes, self.chance = stand, nodes, chance
        self.serving = list(nodes)
        self.faults: dict[str, int] = {}

    def strike(self) -> None:
        """One fault, from its beginning to its end."""
        weights: dict[Callable[[], None], int] = {
            self.kill: 4, self.pause: 2, self.stop: 2, self.end_connections: 4, self.restart: 2, self.hang: 2}
        fault = self.chance.choices(list(weights), list(weights.values()))[0]
        self.faults[fault.__name__] = self.faults.get(fault.__name__, 0) + 1
        print(f"{fault.__name__}", end=" ", flush=True)
        fault()
        time.sleep(self.chance.uniform(0, 2))

    @contextlib.contextmanager
    def without_one(self) -> Iterator[Node]:
        """A node that the balancer finds out a moment after its fault."""
        node = self.chance.choice(self.nodes)
        yield node
        self.serving.remove(node)

    def kill(self) -> None:
        with self.without_one() as node:
            node.kill()
        time.sleep(self.chance.uniform(0, 1))
        self.serving.append(node.start())

    def stop(self) -> None:
        with self.without_one() as node:
            node.stop()
        self.serving.append(node.start())

    def pause(self) -> None:
        with self.without_one() as node:
            node.pause()
        time.sleep(self.chance.uniform(0, 15))
        node.resume()
        until(node.is_ready, "the node that was resumed ready", child=node.child)
        self.serving.append(node)

    def end_connections(self) -> None:
        for _ in range(self.chance.randint(1, 10)):
            self.stand.cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity"
                                   " where usename = 'subgate_app' and random() < 0.5")
            time.sleep(self.chance.uniform(0, 0.3))

    def restart(self) -> None:
        self.stand.cluster.stop(self.chance.choice(["immediate", "fast"]))
        time.sleep(self.chance.uniform(0, 8))
        self.stand.cluster.start()

    def hang(self) -> None:
        assert self.stand.cluster.server
        parent = self.stand.cluster.server.pid
        processes = [parent, *map(int, run(["ps", "-o", "pid=", "--ppid", parent]).split())]
        for which, rest in ((signal.SIGSTOP, self.chance.uniform(0, 20)), (signal.SIGCONT, 0)):
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, which)
            time.sleep(rest)


def main() -> int:
    place.binary, seconds = Path(sys.argv[1]).resolve(), float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    print(f"seed {seed}:", end=" ", flush=True)
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        nodes = [stand.node(name, *OPTIONS).start() for name in ("one", "two", "three")]
        stand.fill(nodes[0])
        chaos = Chaos(stand, nodes, random.Random(seed))
        end = time.monotonic() + seconds
        with Load(stand, lambda: list(chaos.serving), threads=6) as load:
            while time.monotonic() < end:
                chaos.strike()
            load.go_on(60)
        stand.settle(seconds=90)
        statuses = sorted(load.answers.items())
        print(f"\n{len(stand.acknowledged)} acknowledged, {stand.repeated()} sent twice, answers {statuses}")
        for node in nodes:
            node.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
