"""The manifests of Kubernetes, as far as `podman kube play` goes: no cluster is here. It plays the deployment and the
secrets as they are, and the migration's pod, as it knows no jobs; the drill asks the probes, and runs what is run
before a pod stops. What only a cluster does (services, policies, disruption, scaling) is held by schemas alone."""

import base64
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import yaml
from images_stages import PASSWORD
from images_yard import Yard
from place import ROOT, run, until

KUBERNETES = ROOT / "deploy" / "kubernetes"


def manifest(name: str) -> Any:
    return yaml.safe_load((KUBERNETES / name).read_text())


class Played:
    """A network with a PostgreSQL, whose roles are there."""

    def __init__(self, yard: Yard, image: str, postgres: str) -> None:
        self.yard, self.folder = yard, yard.folder / "kubernetes"
        self.folder.mkdir()
        password = self.folder / "password"
        password.write_text(PASSWORD)
        role = self.folder / "role.sh"
        role.write_text(f"psql -U subgate_owner subgate <<<\"create role subgate_app login password '{PASSWORD}'\"\n")
        yard.podman("network", "create", "cluster")
        mounts = [f"{password}:/password:ro", f"{role}:/docker-entrypoint-initdb.d/role.sh:ro"]
        yard.podman(
            "run", "--detach", "--name", "database", "--network", "cluster", "--env", "POSTGRES_USER=subgate_owner",
            "--env", "POSTGRES_DB=subgate", "--env", "POSTGRES_PASSWORD_FILE=/password",
            *(word for mount in mounts for word in ("--volume", mount)), postgres)
        ready = "pg_isready -q -h 127.0.0.1 -U subgate_owner -d subgate && echo ready"
        until(lambda: yard.podman("exec", "database", "sh", "-c", ready, expect=None) == "ready", "a database")
        self.keys = {name: yard.podman("run", "--rm", "--network", "none", image, "keys", "new", "1")
                     for name in ("master-keys", "pepper")}

    def play(self, name: str, *resources: Any) -> None:
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump_all(resources))
        self.yard.podman("kube", "play", "--network", "cluster", file)

    def secret(self, name: str, **data: str) -> None:
        """As podman keeps what variables come from."""
        encoded = {key.replace("_", "-"): base64.b64encode(text.encode()).decode() for key, text in data.items()}
        file = self.folder / name
        file.write_text(json.dumps(encoded))
        self.yard.podman("secret", "create", name, file)

    def deployment(self) -> Any:
        """As it is, but for the volume of a secret, on which podman 4.3 breaks: a folder with what a cluster would put
        there, of the same owner and mode; and the liveness probe, which it asks by a curl that is not in the image."""
        whole = manifest("deployment.yaml")
        spec = whole["spec"]["template"]["spec"]
        keys = self.folder / "keys"
        keys.mkdir()
        for item in spec["volumes"][0]["secret"]["items"]:
            file = keys / item["path"]
            file.write_text(self.keys[item["key"]] + "\n")
            os.chown(file, 0, spec["securityContext"]["fsGroup"])
            file.chmod(spec["volumes"][0]["secret"]["defaultMode"])
        spec["volumes"] = [{"name": "keys", "hostPath": {"path": str(keys), "type": "Directory"}}]
        del spec["containers"][0]["livenessProbe"]
        return whole

    def url(self, role: str) -> str:
        return f"postgresql://{role}:{PASSWORD}@database/subgate"


def kubernetes(yard: Yard, image: str, postgres: str) -> str:
    here = Played(yard, image, postgres)
    here.secret("subgate-node", database_url=here.url("subgate_app"))
    here.secret("subgate-owner", database_url=here.url("subgate_owner"))
    job = manifest("migrate.yaml")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == image
    here.play("migrate", {"apiVersion": "v1", "kind": "Pod", "metadata": job["metadata"],
                          "spec": job["spec"]["template"]["spec"]})
    migration = "subgate-migrate-migrate"
    assert yard.podman("wait", migration) == "0", yard.podman("logs", migration, stderr_too=True)
    begin = time.monotonic()
    here.play("deployment", here.deployment())
    told = node(here, begin)
    for name in ("migrate", "deployment"):
        yard.podman("kube", "down", here.folder / f"{name}.yaml")
    yard.podman("rm", "--force", "--volumes", "database")
    return f"{told}; {kustomize()}"


def node(here: Played, begin: float) -> str:
    """The deployment's pod: its probes at the places that they name, its rights, and its end as a cluster ends it."""
    yard, spec = here.yard, manifest("deployment.yaml")["spec"]["template"]["spec"]
    container = spec["containers"][0]
    name = next(one for one in yard.podman("ps", "--format", "{{.Names}}").split() if one.endswith("-subgate"))
    pod = name.removesuffix("-subgate")
    infra = yard.podman("pod", "inspect", "--format", "{{.InfraContainerID}}", pod)
    networks = json.loads(yard.podman("inspect", "--format", "{{json .NetworkSettings.Networks}}", infra))
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}

    def probe(kind: str) -> str:
        asked = container[f"{kind}Probe"]["httpGet"]
        url = f"http://{networks['cluster']['IPAddress']}:{ports[asked['port']]}{asked['path']}"
        return yard.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url, expect=None)

    started = container["startupProbe"]
    allowed = started["periodSeconds"] * started["failureThreshold"]
    until(lambda: probe("startup") == "200", "the startup probe", seconds=allowed)
    ready = time.monotonic() - begin
    assert probe("liveness") == probe("readiness") == "200"
    for line in ("Uid:\t65532\t65532\t65532\t65532", "Gid:\t65532\t65532\t65532\t65532", "NoNewPrivs:\t1",
                 "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"):
        status = yard.podman("exec", name, "cat", "/proc/self/status")
        assert line in status, f"{line} is not in {status}"
    told = yard.podman("inspect", "--format", "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}}", name)
    assert told == f"true {1 << 30}" and container["resources"]["limits"]["memory"] == "1Gi", told
    named = yard.podman("exec", name, "printenv", "SUBGATE_NODE_NAME")
    assert named == pod, f"{named} is the name of {pod}"
    key = yard.podman("exec", name, "subgate", "keys", "bootstrap")
    assert key.startswith("sk_admin_"), "no key"
    yard.podman("stop", "database")
    until(lambda: probe("readiness") == "503", "a pod that is not ready without its database")
    assert probe("liveness") == "200"
    yard.podman("start", "database")
    until(lambda: probe("readiness") == "200", "a pod that is ready again")
    begin = time.monotonic()
    yard.podman("exec", name, *container["lifecycle"]["preStop"]["exec"]["command"])
    assert probe("readiness") == "200", "it goes before it is told to"
    yard.podman("stop", "--time", spec["terminationGracePeriodSeconds"], name)
    ended, exited = time.monotonic() - begin, yard.podman("inspect", "--format", "{{.State.ExitCode}}", name)
    assert exited == "0" and ended < spec["terminationGracePeriodSeconds"], f"{exited} after {ended:.1f} s"
    return f"migrated; the startup probe answers after {ready:.1f} s; ended in {ended:.1f} s, preStop with it"


def kustomize() -> str:
    """What `kubectl apply --kustomize` would send."""
    if not shutil.which("kubectl"):
        return "no kubectl is here to build the kustomization"
    kinds = [one["kind"] for one in yaml.safe_load_all(run(["kubectl", "kustomize", KUBERNETES]))]
    assert sorted(kinds) == sorted([
        "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", *["Service"] * 3]), kinds
    return f"kustomize makes {len(kinds)} resources"
