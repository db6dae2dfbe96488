"""Drills of master keys and peppers that change while nodes run."""

import os
import re
import signal
import subprocess
from pathlib import Path

import place
from cluster import Cluster
from node import Node
from place import Place, run, until
from stand import Load, Stand


def new_key(name: str) -> str:
    return run([place.binary, "keys", "new", name]).strip()


class Keys:
    """One machine's two files of keys, in a folder of their own."""

    def __init__(self, stand: Stand, name: str) -> None:
        self.folder = stand.place.folder / name
        self.folder.mkdir()
        self.stand = stand
        self.write(master=[stand.environment["SUBGATE_MASTER_KEYS"].strip()],
                   pepper=[stand.environment["SUBGATE_PEPPER"].strip()])

    def write(self, **lines: list[str]) -> None:
        """Replaces a file by a rename, as whoever manages secrets does."""
        for name, keys in lines.items():
            made = self.folder / f"{name}.new"
            made.write_text("".join(f"{key}\n" for key in keys), encoding="ascii")
            os.replace(made, self.folder / name)

    @property
    def environment(self) -> dict[str, str]:
        rest = {name: value for name, value in self.stand.environment.items()
                if name not in ("SUBGATE_MASTER_KEYS", "SUBGATE_PEPPER")}
        return rest | {"SUBGATE_MASTER_KEYS_FILE": str(self.folder / "master"),
                       "SUBGATE_PEPPER_FILE": str(self.folder / "pepper")}

    def node(self, name: str) -> Node:
        return Node(self.stand.place, self.environment, name, "--reconcile-interval", "0")

    def command(self, *words: str, expect: int = 0) -> str:
        return run([place.binary, "keys", *words], expect, env=self.environment)

    def line(self, beginning: str) -> str:
        """One line of what `keys status` prints."""
        lines = [line for line in self.command("status").splitlines() if line.startswith(beginning)]
        assert len(lines) == 1, f"{beginning}: {lines}"
        return lines[0]

    def users(self, key: str) -> int:
        """How many data keys or secrets need a key, such as `master k1`."""
        return int(self.line(f"{key}:").split(": ")[1].split()[1])

    def refusal(self) -> str:
        """What a node says that refuses to start with these keys; nothing of it is ever reached."""
        node = self.node("refused").begin()
        while node.process.runs:
            assert not node.is_ready(), "a node serves with keys that are no good"
            try:
                node.process.process.wait(0.02)
            except subprocess.TimeoutExpired:
                pass
        told = node.process.read_log()
        assert node.process.process.returncode == 1 and told.count("\n") == 1, told
        return told


def metric(node: Node, name: str) -> dict[str, int]:
    """A metric's values, by kind of key."""
    found = re.findall(rf'^{name}{{kind="(\w+)"}} (\d+)$', node.metrics(), re.MULTILINE)
    return {kind: int(value) for kind, value in found}


def check_metrics_tell_whether_a_rotation_is_finished() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        keys = Keys(stand, "machine")
        node = keys.node("node").start()
        stand.fill(node)

        def tells(in_use: int, old_users: int) -> None:
            # Counted at the start, and then seldom.
            node.stop()
            node.start()
            wanted = [{"master": in_use, "pepper": 1}, {"master": old_users, "pepper": 0}]
            names = ["subgate_keys_in_use", "subgate_keys_old_users"]
            until(lambda: [metric(node, name) for name in names] == wanted, f"{wanted} told", child=node.child)
            ages = metric(node, "subgate_key_age_seconds")
            assert ages.keys() == {"master", "pepper"} and max(ages.values()) < 600, ages

        tells(in_use=1, old_users=0)
        users = keys.users("master drill")
        assert users > 0
        keys.write(master=[new_key("next"), stand.environment["SUBGATE_MASTER_KEYS"].strip()])
        tells(in_use=2, old_users=users)
        keys.command("rotate")
        tells(in_use=1, old_users=0)
        node.stop()


def kill_midway(keys: Keys) -> None:
    """Begins a rotation and kills it when it has done some of it."""
    rotation = keys.stand.place.start(
        [place.binary, "keys", "rotate", "--chunk", "1", "--pause-ms", "60000"], env=keys.environment)
    until(lambda: "1 data keys wrapped" in rotation.read_log(), "the first data key wrapped", child=rotation)
    rotation.kill()


def check_master_keys_change_under_load_while_the_rotation_is_killed() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        one, two = Keys(stand, "one"), Keys(stand, "two")
        old, new = stand.environment["SUBGATE_MASTER_KEYS"].strip(), new_key("next")
        first, second = one.node("first").start(), two.node("second").start()
        stand.fill(first, clients=6, endpoints=1)
        with Load(stand, lambda: [first, second]) as load:
            load.go_on(20)
            # Only one machine has it: its node loads the key, and does not use it before the other can read.
            one.write(master=[new, old])
            first.process.send(signal.SIGHUP)
            until(lambda: "master:next" in one.line("node first:"), "the new key loaded")
            assert one.line("node first:").endswith("uses master:drill pepper:drill")
            # The other finds the change by itself.
            two.write(master=[new, old])
            for name in ("first", "second"):
                until(lambda: "uses master:next" in one.line(f"node {name}:"), f"the new key used by {name}")
            made = stand.make_client(second, 6, 1)
            assert one.users("master next") == 1
            kill_midway(one)
            assert one.users("master next") == 2 and one.users("master drill") > 0
            one.write(master=[new])
            told = one.refusal()
            assert "there are data keys under master key 'drill', which --master-keys-file lacks" in told, told
            # The running one is offered the same, and goes on with what it has.
            first.process.send(signal.SIGHUP)
            until(lambda: "not taken over" in first.process.read_log(), "the change refused")
            one.write(master=[new, old])
            beside = where.start([place.binary, "keys", "rotate", "--chunk", "2"], env=two.environment)
            assert one.command("rotate").endswith("every data key is wrapped under next\n")
            assert beside.process.wait(20) == 0, beside.read_log()
            until(lambda: one.line("master drill:").endswith("not needed"), "the old key not needed")
            for keys, node in ((one, first), (two, second)):
                keys.write(master=[new])
                node.process.send(signal.SIGHUP)
            until(lambda: "0 nodes have it" in one.line("master drill:"), "the old key gone")
            first.stop()
            first.start()
            second.kill()
            second.start()
            stand.clients.append(made)
            load.go_on(50)
        # What nodes that were away could not answer is 0; a 503 asks for another try; nothing else was answered.
        assert set(load.answers) <= {200, 0, 503}, load.answers
        stand.settle()
        for keys, body in ((one, new.split(":")[1]), (two, old.split(":")[1])):
            told = "".join(file.read_text(errors="replace") for file in Path(where.folder).glob("*.log"))
            assert body not in told, "a key stands in a log"
        impostor = new_key("next")
        one.write(master=[impostor])
        told = one.refusal()
        assert "master key 'next' of --master-keys-file is not the key that this database knows by that id" in told
        assert impostor.split(":")[1] not in told and first.is_ready()
        first.stop()
        second.stop()


def check_peppers_change_while_secrets_are_used() -> None:
    with Place() as where, Stand(where, Cluster(where).start()) as stand:
        keys = Keys(stand, "keys")
        old, new = stand.environment["SUBGATE_PEPPER"].strip(), new_key("next")
        node = keys.node("node").start()
        stand.fill(node, clients=3, endpoints=1)

        def ask(client: int, expect: int = 200) -> None:
            node.call("public", "GET", "/v1/me", token=stand.clients[client]["clientSecret"], expect=expect)

        keys.write(pepper=[new, old])
        node.process.send(signal.SIGHUP)
        until(lambda: "uses master:drill pepper:next" in keys.line("node node:"), "the new pepper used")
        assert keys.users("pepper drill") == 4 and keys.users("pepper next") == 0
        ask(0)
        stand.admin(node, "GET", "/upstreams")
        until(lambda: keys.users("pepper next") == 2, "what was used digested under the new pepper")
        ask(1)
        until(lambda: keys.users("pepper next") == 3, "what was used digested under the new pepper")
        # When a pepper was last used is written as the node stops.
        node.stop()
        assert keys.users("pepper drill") == 1
        used = [keys.line(f"pepper {name}:").split(", last used ")[1][:24] for name in ("drill", "next")]
        assert used[0] < used[1], used
        keys.write(pepper=[new])
        told = keys.refusal()
        assert "there are secrets under pepper 'drill', which --pepper-file lacks" in told, told
        keys.write(pepper=[new, old])
        assert "current one" in keys.command("revoke", "--pepper-id", "next", expect=1)
        assert keys.command("revoke", "--pepper-id", "drill").startswith("revoked 1 secrets")
        keys.write(pepper=[new])
        node.start()
        ask(0)
        ask(1)
        ask(2, expect=401)
        stand.admin(node, "GET", "/upstreams")
        assert stand.admin(node, "GET", "/audit/verify").json["valid"]
        node.stop()
        keys.write(pepper=[new_key("next")])
        assert "pepper 'next' of --pepper-file is not the key" in keys.refusal()
