"""The units of deploy/systemd: what they allow, and a node that runs under them, installed by the README's words."""

import re
import shutil
import threading
from pathlib import Path
from typing import Any

import place
from machine import Machine
from node import Node
from place import ROOT, Place, run, until
from stand import NOWHERE, Load, Receiver, Stand

UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
# Of 10, by systemd's own count; without any restriction it is 9.6.
EXPOSURE_LIMIT = 1.5
PORTS = {"public": 8080, "admin": 8081, "ops": 8082}


def check_the_units_allow_little() -> None:
    assert len(UNITS) == 2, UNITS
    for unit in UNITS:
        told = run(["systemd-analyze", "security", "--offline=yes", "--no-pager", unit])
        found = re.search(rf"Overall exposure level for {unit.name}: ([0-9.]+)", told)
        assert found and float(found[1]) <= EXPOSURE_LIMIT, told[-2000:]


def check_systemd_understands_all_of_the_units() -> None:
    with Place() as here:
        # It wants to see the program.
        program = here.folder / "subgate"
        shutil.copy(place.binary, program)
        for unit in UNITS:
            text = unit.read_text()
            assert "=/usr/local/bin/subgate " in text
            (here.folder / unit.name).write_text(text.replace("/usr/local/bin/subgate", str(program)))
        told = run(["systemd-analyze", "verify", "--man=no", *(here.folder / unit.name for unit in UNITS)])
        assert not told, told


def check_the_units_set_what_the_program_takes() -> None:
    for command, names in (("serve", ["subgate.service", "subgate.env"]),
                           ("migrate", ["subgate-migrate.service", "migrate.env"])):
        known = set(re.findall(r"Variable: (SUBGATE_\w+)", run([place.binary, command, "--help"])))
        text = "".join((ROOT / "deploy/systemd" / name).read_text() for name in names)
        used = set(re.findall(r"\b(SUBGATE_\w+)=", text))
        assert used and used <= known, used - known
        assert re.findall(r"^ExecStart=/usr/local/bin/subgate (.*)$", text, re.MULTILINE) == [command]


def readme_commands() -> str:
    """The block of the README that installs the service."""
    section = (ROOT / "README.md").read_text().partition("\n## Operations: install\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", section, re.MULTILINE)
    found = [block for block in blocks if "systemctl enable --now subgate" in block]
    assert len(found) == 1, f"{len(found)} blocks of the README enable the service"
    return re.sub(r"^    ", "", found[0], flags=re.MULTILINE).strip()


class Installed:
    """What the README made on a machine, as a `Cluster` and a `Stand` see it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def sql(self, statements: str) -> str:
        quoted = statements.replace("'", "'\\''")
        return self.machine.run(
            f"runuser -u postgres -- psql -p 5433 -X -q -A -t -v ON_ERROR_STOP=1 -d subgate -c '{quoted}'").strip()


class ServiceNode(Node):
    """The node that systemd runs."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.name, self.ports = machine, "node-1", PORTS

    def property(self, name: str) -> str:
        return self.machine.run(f"systemctl show --value --property {name} subgate").strip()


class ServiceStand(Stand):
    def __init__(self, machine: Machine, admin_key: str) -> None:
        self.place, self.cluster, self.admin_key = machine.place, Installed(machine), admin_key
        self.receiver = Receiver()
        self.acknowledged: dict[str, list[str]] = {}
        self.lock, self.clients = threading.Lock(), list[dict[str, Any]]()
        self.upstream = NOWHERE


# Harsher than as installed: what is outside the list of system calls ends the service, and so does not pass unseen.
DRILL = """[Service]
SystemCallErrorNumber=kill
Environment=SUBGATE_ALLOW_PRIVATE_TARGETS=true SUBGATE_RECONCILE_INTERVAL=0
"""


def install(machine: Machine) -> str:
    """Does what the README says, but for the build. The first owner's key."""
    commands = readme_commands()
    build, put, rest = commands.split("\n", 2)
    assert build == "swift build --configuration release --static-swift-stdlib --product subgate", build
    program = machine.place.folder / "subgate"
    program.symlink_to(place.binary)
    machine.run(put.replace(".build/release/subgate", str(program)))
    # The build that is at hand has Swift's libraries beside it, which may be in a home: the service sees none.
    machine.run(f"ldd {place.binary} | awk '$3 ~ \"^/(home|root)/\" {{print $3}}' | xargs -r cp -t /usr/local/lib")
    machine.run("ldconfig")
    machine.write("/etc/systemd/system/subgate.service.d/drill.conf", DRILL)
    key = machine.run(rest).strip().splitlines()[-1]
    assert re.fullmatch(r"sk_admin_[0-9A-Za-z]{49}", key), key
    return key


def check_the_service_installs_as_the_readme_says_and_works_under_its_restrictions() -> None:
    with Place() as here, Machine(here) as machine:
        key = install(machine)
        node = ServiceNode(machine)
        machine.inside(lambda: deliver(ServiceStand(machine, key), node))
        restricted(machine, node)
        restarts(machine, node)
        probe(machine)


def deliver(stand: Stand, node: ServiceNode) -> None:
    with stand:
        stand.fill(node)
        with Load(stand, lambda: [node]) as load:
            load.go_on(100)
        stand.settle()


def restricted(machine: Machine, node: ServiceNode) -> None:
    """The kernel's own word on the process."""
    process = node.property("MainPID")
    status = dict(re.findall(r"^(\w+):\s+(.*)$", machine.run(f"cat /proc/{process}/status"), re.MULTILINE))
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", status
    assert {int(status[which], 16) for which in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}, status
    assert int(status["Uid"].split()[0]) >= 61184, "it is a user that exists only while it runs"
    environment = machine.run(f"tr '\\0' '\\n' </proc/{process}/environ")
    for file in ("master-keys", "pepper", "pgpass"):
        secret = machine.run(f"cat /etc/subgate/{file}").strip().rpartition(":")[2]
        assert secret and secret not in environment, f"{file} is in the environment"
    assert node.property("NRestarts") == "0"


def probe(machine: Machine) -> None:
    """Puts a program in the service's place that tries what it never does; and lets it try as anyone, to compare."""
    unit = (ROOT / "deploy/systemd/subgate.service").read_text()
    # Not from the checkout, which may be in a home.
    machine.write("/usr/local/lib/probe.pl", (Path(__file__).parent / "machine" / "probe.pl").read_text())
    program = "/usr/bin/perl /usr/local/lib/probe.pl"
    for old, new in (("/usr/local/bin/subgate serve", program), ("Type=exec", "Type=oneshot"),
                     ("Restart=always", "Restart=no\nStandardOutput=file:/run/probe")):
        assert unit.count(old) == 1, old
        unit = unit.replace(old, new)
    machine.write("/etc/systemd/system/probe.service", unit)
    # As the metadata of a cloud, which answers only its neighbours.
    machine.run("ip address add 169.254.169.254/32 dev lo; systemctl daemon-reload; systemctl start probe")
    restricted_one = dict(line.split() for line in machine.run("cat /run/probe").splitlines())
    anyone = dict(line.split() for line in machine.run(f"cd / && runuser -u nobody {program}").splitlines())
    assert [name for name, word in restricted_one.items() if word == "allowed"] == ["world"], restricted_one
    assert [name for name, word in anyone.items() if word == "refused"] == ["secrets", "write"], anyone


def restarts(machine: Machine, node: ServiceNode) -> None:
    before = node.property("MainPID")
    machine.run(f"kill -KILL {before}")
    until(lambda: node.property("MainPID") not in ("0", before), "a new process")
    until(lambda: machine.inside(node.is_ready), "a node that is ready again")
    machine.run("systemctl stop subgate")
    assert node.property("Result") == "success", node.property("Result")
