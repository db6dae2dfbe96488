"""The image of deploy/container by itself: that it is built, what is in it, and how it runs where least is allowed."""

import json
import os
import re
import time
from typing import Any

import place
from day_readme import block
from images_bases import DEBIAN, Bases, toolchain
from images_yard import Yard, health
from place import ROOT, until

CONTAINER = ROOT / "deploy" / "container"
IMAGE = "localhost/subgate"
# As compose.yaml and deployment.yaml have it.
LEAST = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--user", "65532:65532"]
LARGEST_IMAGE = 300 << 20
PASSWORD = "drill"


def build(yard: Yard, published: str) -> str:
    """By the README's command, from stand-ins of the bases; with a built program, all but the compiler's run."""
    bases = Bases(yard)
    bases.debian()
    command = next(line for line in block("Operations: install", "podman build").splitlines() if "podman build" in line)
    words = command.split()[1:]
    assert words[-2:] == [published, "."], command
    named = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", (CONTAINER / "Containerfile").read_text(), re.MULTILINE))
    assert named["RUN_IMAGE"] == DEBIAN, named
    if place.binary:
        built = yard.folder / "built" / "usr" / "local" / "bin"
        built.mkdir(parents=True)
        (built / "subgate").write_bytes(place.binary.read_bytes())
        (built / "subgate").chmod(0o755)
        how = ["--build-context", f"build={yard.folder / 'built'}"]
    else:
        bases.swift(named["BUILD_IMAGE"])
        how = ["--volume", f"{toolchain()}:{toolchain()}:ro"]
    begin = time.monotonic()
    yard.podman("build", "--isolation", "chroot", *how, *words[1:], network="")
    yard.podman("tag", published, IMAGE)
    size = int(yard.podman("image", "inspect", "--format", "{{.Size}}", IMAGE))
    base = int(yard.podman("image", "inspect", "--format", "{{.Size}}", DEBIAN))
    assert size - base < LARGEST_IMAGE, size
    return (f"{'the last stage' if place.binary else 'both stages'} in {time.monotonic() - begin:.0f} s; "
            f"{size / 1e6:.0f} MB, of which {(size - base) / 1e6:.0f} MB are not Debian's base")


def contents(yard: Yard) -> str:
    """Of the image, without a network and with no more than it is allowed in production."""
    image = json.loads(yard.podman("image", "inspect", IMAGE))[0]["Config"]
    assert image["User"] == "65532:65532" and set(image["ExposedPorts"]) == {f"{p}/tcp" for p in (8080, 8081, 8082)}
    assert image["Entrypoint"] == ["/usr/local/bin/subgate"] and image["Cmd"] == ["serve"], image
    assert image.get("StopSignal", "") in ("", "SIGTERM", "15") and not image.get("Volumes"), image
    assert image["Labels"]["org.opencontainers.image.title"] == "Subgate", image
    once = ["run", "--rm", "--network", "none", *LEAST]

    def shell(script: str) -> str:
        return yard.podman(*once, "--entrypoint", "bash", IMAGE, "-c", script)

    libraries = shell("ldd /usr/local/bin/subgate")
    assert "not found" not in libraries and "libswift" not in libraries, libraries
    assert shell("ls /source /var/lib/apt/lists/*_* 2>/dev/null | wc -l") == "0"
    tools = shell("for name in swift clang gcc make git curl wget python3 strip; do command -v $name || true; done")
    assert tools == "", tools
    commands = re.findall(r"^  ([a-z]+) {2,}", yard.podman(*once, IMAGE, "--help"), re.MULTILINE)
    assert {"serve", "migrate", "keys", "check", "release"} <= set(commands), commands
    for command in commands:
        assert yard.podman(*once, IMAGE, command, *([] if command == "version" else ["--help"])), command
    assert yard.podman(*once, IMAGE, "version") == f"subgate {image['Labels']['org.opencontainers.image.version']}"
    for kind in ("first", "second"):
        assert re.fullmatch(rf"{kind}:\S{{44}}", yard.podman(*once, IMAGE, "keys", "new", kind))
    # Without settings it says what it lacks, at once.
    nothing = yard.run("podman", *once, IMAGE, expect=2, stderr_too=True)
    assert "SUBGATE_DATABASE_URL" in nothing or "--database-url" in nothing, nothing
    return f"{len(libraries.splitlines())} libraries, all found; {len(commands)} commands; no compiler, no Swift"


class Alone:
    """A node of the image, and its PostgreSQL, by `podman run` on the yard's loopback."""

    def __init__(self, yard: Yard, postgres: str) -> None:
        self.yard = yard
        self.secrets = yard.folder / "alone"
        self.secrets.mkdir()
        yard.podman(
            "run", "--detach", "--name", "database", "--network", "host", "--env", "POSTGRES_USER=subgate_owner",
            "--env", "POSTGRES_DB=subgate", "--env", "POSTGRES_PASSWORD_FILE=/password", "--volume",
            f"{self.write('password', PASSWORD, 0o444)}:/password:ro", postgres,
            "postgres", "-c", "listen_addresses=127.0.0.1")
        ready = ["exec", "database", "pg_isready", "--quiet", "--host=127.0.0.1", "--dbname=subgate"]
        until(lambda: yard.podman(*ready, "--username=subgate_owner", expect=None) == "" and self.has_role(),
              "a database")
        keys = [yard.podman("run", "--rm", *LEAST, IMAGE, "keys", "new", "1") for _ in range(2)]
        self.files = {name: self.write(name, key, 0o400) for name, key in zip(("master-keys", "pepper"), keys)}

    def has_role(self) -> bool:
        """Makes it too."""
        script = "psql -qAt -U subgate_owner subgate -c \"create role subgate_app login password 'drill'\""
        return "CREATE ROLE" in self.yard.podman("exec", "database", "sh", "-c", f"{script} && echo CREATE ROLE",
                                                 expect=None)

    def write(self, name: str, text: str, mode: int) -> Any:
        file = self.secrets / name
        file.write_text(text + "\n")
        file.chmod(mode)
        os.chown(file, 65532, 65532)
        return file

    def options(self, role: str) -> list[Any]:
        mounted = [word for name, file in self.files.items() for word in ("--volume", f"{file}:/keys/{name}:ro")]
        return ["--network", "host", *LEAST, *mounted, "--env",
                f"SUBGATE_DATABASE_URL=postgresql://{role}:{PASSWORD}@127.0.0.1/subgate",
                "--env", "SUBGATE_MASTER_KEYS_FILE=/keys/master-keys", "--env", "SUBGATE_PEPPER_FILE=/keys/pepper"]


def alone(yard: Yard, postgres: str) -> str:
    """A node with all its rights taken, from nothing to ready, and to its end."""
    here = Alone(yard, postgres)
    yard.podman("run", "--rm", *here.options("subgate_owner"), IMAGE, "migrate")
    key = yard.podman("run", "--rm", *here.options("subgate_app"), IMAGE, "keys", "bootstrap")
    assert key.startswith("sk_admin_"), "no key"
    yard.podman("run", "--rm", *here.options("subgate_app"), IMAGE, "check")
    begin = time.monotonic()
    checked = ["--health-cmd", '["ready"]', "--health-interval", "disable"]
    yard.podman("run", "--detach", "--name", "alone", *checked, *here.options("subgate_app"), IMAGE)

    def ask(path: str) -> str:
        written = "%{http_code}"
        return yard.run("curl", "-s", "-o", "/dev/null", "-w", written, f"http://127.0.0.1:{path}", expect=None)

    until(lambda: ask("8082/readyz") == "200", "a node that is ready")
    ready = time.monotonic() - begin
    assert ask("8080/v1/me") == "401" and ask("8081/admin/v1/upstreams") == "401" and ask("8082/metrics") == "200"
    assert health(yard, "alone") == "healthy"
    status = yard.podman("exec", "alone", "bash", "-c", "cat /proc/1/status")
    for line in ("Uid:\t65532\t65532\t65532\t65532", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
                 "NoNewPrivs:\t1", "Seccomp:\t2"):
        assert line in status, f"{line} is not in {status}"
    # What the engine made is for what is mounted there.
    written = [line for line in yard.podman("diff", "alone").splitlines() if line[2:6] not in ("/etc", "/key", "/run")]
    assert not written, written
    memory = int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024
    # Kubernetes' preStop has it run in there.
    yard.podman("exec", "alone", "sleep", "0")
    yard.podman("kill", "--signal", "HUP", "alone")
    assert ask("8082/readyz") == "200"
    # Away and back, while it runs: it is not ready, is no less alive, and the check of the image says so.
    yard.podman("stop", "database")
    until(lambda: ask("8082/readyz") == "503", "a node that knows its database is away")
    assert ask("8082/livez") == "200"
    yard.podman("healthcheck", "run", "alone", expect=1)
    yard.podman("start", "database")
    until(lambda: ask("8082/readyz") == "200", "a node that is back")
    begin = time.monotonic()
    yard.podman("stop", "--time", "15", "alone")
    ended = time.monotonic() - begin
    exited = yard.podman("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", "alone")
    assert exited == "0 false" and ended < 10, f"{exited} after {ended:.1f} s"
    lines = [json.loads(line) for line in yard.podman("logs", "alone", stderr_too=True).splitlines()]
    assert lines and not any(here_secret in json.dumps(lines) for here_secret in (PASSWORD + "@", key))
    yard.podman("rm", "--force", "--volumes", "alone", "database")
    return (f"ready {ready:.1f} s after podman run, ended by podman stop in {ended:.1f} s with 0; {memory:.0f} MB, "
            "no capability, nothing written")
