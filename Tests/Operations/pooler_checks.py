"""Drills of PgBouncer between the nodes and PostgreSQL: its session mode works, the others are refused at the start."""

import contextlib
import shutil
import socket

from cluster import APP, Cluster
import place as places
from place import Place, free_port, run, unprivileged, until
from stand import Load, Stand

ONE_LOOP = ["--loops", "1"]
# What else works in sessions of its own.
COMMANDS = ["migrate", "migrate --plan", "keys status", "release --plan", "hold", "check"]


class Pooler:
    def __init__(self, place: Place, cluster: Cluster, mode: str) -> None:
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
        assert program, "there is no pgbouncer on this machine"
        self.port, home = free_port(), place.folder_for_others(f"pgbouncer-{mode}")
        (home / "users").write_text(f'"{APP}" ""\n', encoding="utf-8")
        settings = home / "pgbouncer.ini"
        settings.write_text(f"""
[databases]
postgres = host={cluster.home} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {home}/users
pool_mode = {mode}
default_pool_size = 40
max_client_conn = 100
server_idle_timeout = 60
""", encoding="utf-8")
        self.child = place.start([program, settings], cwd="/", **unprivileged())
        until(self.accepts, "the start of PgBouncer", child=self.child)

    def accepts(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def url(self) -> str:
        return f"postgresql://{APP}@127.0.0.1:{self.port}/postgres"


def check_pgbouncer_works_in_session_mode_and_is_refused_in_others() -> None:
    with Place() as place, Stand(place, Cluster(place).start()) as stand:
        for mode in ("transaction", "statement"):
            pooler = Pooler(place, stand.cluster, mode)
            told = refusal(stand, pooler)
            assert len(told) == 1 and "use its session mode" in told[0], told
            for command in COMMANDS:
                environment = stand.environment | {"SUBGATE_DATABASE_URL": pooler.url}
                told = run([places.binary, *command.split()], expect=1, env=environment).strip().splitlines()
                assert [line for line in told if "use its session mode" in line], f"{command}: {told}"
                assert len(told) == 1 or command == "check", f"{command}: {told}"
        pooler = Pooler(place, stand.cluster, "session")
        stand.environment["SUBGATE_DATABASE_URL"] = pooler.url
        nodes = [stand.node(name, *ONE_LOOP).start() for name in ("one", "two")]
        stand.fill(nodes[0])
        with Load(stand, lambda: nodes) as load:
            load.go_on(30)
            # The pooler gives a dead node's sessions back, and with them the lock that says it lives.
            nodes[1].kill()
            nodes[1].start()
            load.go_on(30)
        stand.settle()
        for node in nodes:
            node.stop()


def refusal(stand: Stand, pooler: Pooler) -> list[str]:
    """What a node says that ends at its start."""
    node = stand.node("refused", *ONE_LOOP)
    node.environment = stand.environment | {"SUBGATE_DATABASE_URL": pooler.url}
    process = node.begin().process
    until(lambda: not process.runs, "the end of a node that is refused")
    assert process.process.returncode == 1, process.read_log()
    return process.read_log().strip().splitlines()
