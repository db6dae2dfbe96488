"""The container file, the compose file and the manifests of Kubernetes: by their schemas, and against the program."""

import os
import re
import sys
from pathlib import Path
from typing import Any, Iterator

import kubernetes_validate
import yaml

import place
from cluster import APP, BINARIES, OWNER, Cluster
from place import ROOT, Place, run, until
from stand import Stand

CONTAINER, KUBERNETES = ROOT / "deploy/container", ROOT / "deploy/kubernetes"
CONTAINERFILE = (CONTAINER / "Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
RESOURCES: list[dict[str, Any]] = [
    found for file in sorted(KUBERNETES.glob("*.yaml")) for found in yaml.safe_load_all(file.read_text())]
# Kinds that are not Kubernetes' own.
STRANGERS = {"Kustomization", "ServiceMonitor"}


def check_the_files_for_containers_keep_their_schemas() -> None:
    tools = Path(sys.executable).parent
    run([tools / "hadolint", CONTAINER / "Containerfile"])
    run([tools / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", CONTAINER / "compose.yaml"])
    for found in RESOURCES:
        if found["kind"] not in STRANGERS:
            kubernetes_validate.validate(found, kubernetes_validate.latest_version(), strict=True)


# The image


def packages(stage: str) -> set[str]:
    """What a stage of the container file installs."""
    found = re.search(r"apt-get install --yes --no-install-recommends \\\n((?:.*\\\n)*?) *&& rm", stage)
    assert found, "nothing is installed"
    return set(found[1].replace("\\", " ").split())


def with_dependencies(names: set[str]) -> set[str]:
    """Packages and all that these need, as this machine has them."""
    told = run(["dpkg-query", "--show", "--showformat", "${Package}\t${Pre-Depends}, ${Depends}\n"])
    needs = {name: set(re.findall(r"(?:^|[,|]) *([a-z0-9][a-z0-9.+-]+)", rest))
             for name, _, rest in (line.partition("\t") for line in told.splitlines())}
    every: set[str] = set()
    wanted = set(names)
    while wanted:
        every |= wanted
        wanted = set().union(*(needs.get(name, set()) for name in wanted)) - every
    return every


def check_the_image_has_the_libraries_that_the_program_needs() -> None:
    build, runtime = re.split(r"^FROM ", CONTAINERFILE, flags=re.MULTILINE)[1:]
    manifest = (ROOT / "Package.swift").read_text()
    declared = set(re.findall(r'(?:system\("\w+", "[\w-]+",|debianPackage:) "([\w-]+)"\)', manifest))
    assert declared and declared <= packages(build), declared - packages(build)
    installed = packages(runtime)
    # Swift's own libraries are in the program there; they need the compiler's, of C and C++.
    needed = re.findall(r"NEEDED.*\[(.*)\]", run(["readelf", "-d", place.binary])) + ["libstdc++.so.6", "libgcc_s.so.1"]
    libraries = [name for name in needed if not name.startswith(("libswift", "libdispatch", "libBlocks"))]
    known = {line.split()[0]: line.split()[-1] for line in run(["/sbin/ldconfig", "-p"]).splitlines()[1:]}
    owners = packages_of({name: known[name] for name in libraries})
    reachable = with_dependencies(installed)
    assert set(owners.values()) <= reachable, {name for name, one in owners.items() if one not in reachable}
    # And nothing that it does not need.
    assert installed - {"ca-certificates"} <= set(owners.values()), installed - set(owners.values())


def check_memory_is_the_faster_allocators() -> None:
    needed = re.findall(r"NEEDED.*\[(.*)\]", run(["readelf", "-d", place.binary]))
    order = [next(place for place, name in enumerate(needed) if name.startswith(library))
             for library in ("libmimalloc.", "libc.")]
    assert order == sorted(order), f"libc's malloc is found first: {needed}"


def packages_of(files: dict[str, str]) -> dict[str, str]:
    """The package of each file, which it may know by its old place, without /usr."""
    places = {path: name for name, file in files.items()
              for path in (os.path.realpath(file), os.path.realpath(file).removeprefix("/usr"))}
    told = run(["dpkg-query", "--search", *places], expect=None)
    found = [line.rpartition(": ") for line in told.splitlines() if line.rpartition(": ")[2] in places]
    owners = {places[path]: package.partition(":")[0] for package, _, path in found}
    assert owners.keys() == files.keys(), f"of no package: {files.keys() - owners.keys()}"
    return owners


def check_the_image_starts_as_nobody_and_writes_nothing() -> None:
    runtime = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 65532:65532$", runtime, re.MULTILINE)
    for word in ("VOLUME", "ADD", "sudo", "chmod"):
        assert word not in runtime
    assert '\nENTRYPOINT ["/usr/local/bin/subgate"]\n' in runtime and '\nCMD ["serve"]\n' in runtime


# Settings


def variables(environment: Any) -> dict[str, str]:
    """Of a container of Kubernetes; what comes from a secret or a field is left out."""
    return {one["name"]: one["value"] for one in environment if "value" in one}


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for found in RESOURCES:
        if found["kind"] in ("Deployment", "Job"):
            yield found["metadata"]["name"], found["spec"]["template"]["spec"]


def check_a_node_takes_what_is_set_and_tells_health_where_it_is_asked() -> None:
    with Place() as here, Stand(here, Cluster(here).start()) as stand:
        settings_are_taken(here, stand)
        health_is_told(stand)


def settings_are_taken(here: Place, stand: Stand) -> None:
    image = dict(re.findall(r"\b(SUBGATE_\w+)=(\S+)", CONTAINERFILE))
    nodes = {name: one for name, one in COMPOSE["services"].items() if one["image"] == "subgate"}
    settings = [("image", "serve", image, set(image))]
    for name, one in nodes.items():
        given = {**image, **one["environment"]}
        settings.append((name, one["command"][0], given, set(one["environment"])))
    for name, pod in pods():
        container = pod["containers"][0]
        given = variables(container["env"])
        settings.append((name, container["args"][0], given, {one["name"] for one in container["env"]}))
    assert [command for _, command, *_ in settings].count("migrate") == 2, settings
    for name, command, given, names in settings:
        known = set(re.findall(r"Variable: (SUBGATE_\w+)", run([place.binary, command, "--help"])))
        assert names <= known, f"{name}: {names - known}"
        files = {key: write(here, key, stand.environment[key.removesuffix("_FILE")])
                 for key in given if key.endswith("_FILE")}
        told = run([place.binary, "check"], env={**given, **stand.environment, **files})
        assert "ok    configuration" in told, f"{name}: {told}"


def write(here: Place, name: str, text: str) -> str:
    file = here.folder / name
    file.write_text(text)
    return str(file)


def health_is_told(stand: Stand) -> None:
    """By a node, each at its place; and by none, when it is not there."""
    assert re.search(r'^COPY deploy/container/ready /usr/local/bin/ready$', CONTAINERFILE, re.MULTILINE)
    assert re.search(r'^HEALTHCHECK .* CMD \["ready"\]$', CONTAINERFILE, re.MULTILINE)
    assert COMPOSE["services"]["node-1"]["healthcheck"]["test"] == ["CMD", "ready"]
    container = dict(pods())["subgate"]["containers"][0]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    listens = {name: int(variables(container["env"])[f"SUBGATE_{name.upper()}_LISTEN"].partition(":")[2])
               for name in ports}
    assert ports == listens, f"{ports} are not {listens}"
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    node = stand.node().start()
    for name, probe in probes.items():
        node.call(probe["port"], "GET", probe["path"])
    assert probes["liveness"]["path"] != probes["readiness"]["path"]
    moved = {"SUBGATE_OPS_LISTEN": f"0.0.0.0:{node.ports['ops']}"}
    run([CONTAINER / "ready"], env=moved)
    scaled_by = [one["pods"]["metric"]["name"] for one in resource("HorizontalPodAutoscaler")["spec"]["metrics"]
                 if one["type"] == "Pods"]
    monitored = [one["path"] for one in resource("ServiceMonitor")["spec"]["endpoints"]]
    text = "".join(node.call("ops", "GET", path).body.decode() for path in monitored)
    assert scaled_by and all(re.search(rf"^{name} ", text, re.MULTILINE) for name in scaled_by), scaled_by
    node.stop()
    run([CONTAINER / "ready"], env=moved, expect=1)


# Kubernetes


def resource(kind: str, name: str = "") -> dict[str, Any]:
    found = [one for one in RESOURCES if one["kind"] == kind and name in ("", one["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def check_pods_may_do_nothing_that_they_need_not() -> None:
    assert len({pod["containers"][0]["image"] for _, pod in pods()}) == 1
    for name, pod in pods():
        assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False, name
        secured = pod["securityContext"]
        assert secured["runAsNonRoot"] is True and secured["runAsUser"] == secured["runAsGroup"] == 65532, name
        assert secured["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert len(pod["containers"]) == 1 and "initContainers" not in pod, name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
            assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"], name
            for one in container["env"]:
                secret = "DATABASE_URL" in one["name"] or one["name"] in ("SUBGATE_MASTER_KEYS", "SUBGATE_PEPPER")
                assert not secret or "secretKeyRef" in one["valueFrom"], f"{name}: {one['name']}"


def check_resources_name_each_other_rightly() -> None:
    labels = resource("Deployment")["spec"]["template"]["metadata"]["labels"]
    pod = dict(pods())["subgate"]
    ports = {one["name"] for one in pod["containers"][0]["ports"]}
    selectors = [resource("Deployment")["spec"]["selector"]["matchLabels"],
                 resource("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                 resource("NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
    services = [one for one in RESOURCES if one["kind"] == "Service"]
    selectors += [one["spec"]["selector"] for one in services]
    assert all(selector.items() <= labels.items() for selector in selectors), selectors
    named = {port["targetPort"] for one in services for port in one["spec"]["ports"]}
    named |= {port["port"] for rule in resource("NetworkPolicy")["spec"]["ingress"] for port in rule["ports"]}
    assert named == ports, named
    assert resource("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == "subgate"
    monitored = resource("ServiceMonitor")["spec"]["selector"]["matchLabels"]
    assert [one["metadata"]["name"] for one in services if monitored.items() <= one["metadata"]["labels"].items()] == [
        "subgate-ops"]
    secrets = {one["metadata"]["name"]: set(one["stringData"]) for one in RESOURCES if one["kind"] == "Secret"}
    used: dict[str, set[str]] = {}
    for _, one in pods():
        for variable in one["containers"][0]["env"]:
            if found := variable.get("valueFrom", {}).get("secretKeyRef"):
                used.setdefault(found["name"], set()).add(found["key"])
        for volume in one.get("volumes", []):
            for item in volume["secret"]["items"]:
                used.setdefault(volume["secret"]["secretName"], set()).add(item["key"])
    assert used == secrets, f"{used} are not {secrets}"
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    apart = {"kustomization.yaml", "secrets.example.yaml", "migrate.yaml", "monitor.yaml"}
    assert {*listed, *apart} == {file.name for file in KUBERNETES.iterdir()}


# Compose


def check_compose_puts_the_nodes_where_nginx_looks() -> None:
    services = COMPOSE["services"]
    site = (ROOT / "deploy/nginx/subgate.conf").read_text()
    addresses = {services[name]["networks"]["inside"]["ipv4_address"] for name in ("node-1", "node-2")}
    assert addresses == set(re.findall(r"server ([\d.]+):8080 ", site)), addresses
    proxy = services["nginx"]["networks"]["inside"]["ipv4_address"]
    for name in ("node-1", "node-2"):
        assert services[name]["environment"]["SUBGATE_TRUSTED_PROXIES"] == proxy
        assert services[name]["read_only"] is True and services[name]["cap_drop"] == ["ALL"]
    fixed = [one["networks"]["inside"]["ipv4_address"] for one in services.values()]
    assert len(set(fixed)) == len(fixed), f"an address is of two services: {fixed}"
    assert [one for one in services if "ports" in services[one]] == ["nginx"]
    for one in services.values():
        for volume in one.get("volumes", []):
            source = volume.partition(":")[0]
            assert not source.startswith(".") or "secrets" in source or (CONTAINER / source).exists(), source


def check_compose_finds_secrets_that_work() -> None:
    """A node's settings hold with what `make-secrets` made, on a database whose roles were made as compose has it."""
    with Place() as here:
        cluster, secrets = Cluster(here).start(), here.folder / "secrets"
        run([CONTAINER / "make-secrets", secrets])
        made = {str(file.relative_to(secrets)): file.read_text() for file in secrets.rglob("*") if file.is_file()}
        run([CONTAINER / "make-secrets", secrets])
        assert all((secrets / name).read_text() == text for name, text in made.items()), "it made some again"
        assert {one["file"].removeprefix("secrets/") for one in COMPOSE["secrets"].values()} <= made.keys()
        site = (ROOT / "deploy/nginx/subgate.conf").read_text()
        assert {f"tls/{name}" for name in re.findall(r"/etc/ssl/subgate/(.*);", site)} <= made.keys()
        role = (CONTAINER / "make-role.sh").read_text().replace("/run/secrets", str(secrets))
        run(["sh", "-c", role], env={
            "PATH": f"{BINARIES}:/usr/bin:/bin", "PGHOST": str(cluster.home), "POSTGRES_USER": OWNER,
            "POSTGRES_DB": "postgres"})
        (cluster.data / "pg_hba.conf").write_text(f"local all {APP} scram-sha-256\nlocal all all trust\n")
        cluster.sql("select pg_reload_conf()")
        there = f"@/postgres?host={str(cluster.home).replace('/', '%2F')}"

        def setting(file: str) -> dict[str, str]:
            name, _, url = made[file].strip().partition("=")
            assert name == "SUBGATE_DATABASE_URL" and url.endswith("@postgres/subgate")
            return {name: url.replace("@postgres/subgate", there)}

        run([place.binary, "migrate"], env=setting("migrate.env"))
        keys = {f"SUBGATE_{name.upper().replace('-', '_')}_FILE": str(secrets / name)
                for name in ("master-keys", "pepper")}
        password = made["app-password"].strip()
        wrong = {name: url.replace(password, password[::-1]) for name, url in setting("node.env").items()}
        until(lambda: "password authentication failed" in run(
            [place.binary, "check"], env={**keys, **wrong}, expect=None), "a refusal of a wrong password")
        run([place.binary, "check"], env={**keys, **setting("node.env")})
