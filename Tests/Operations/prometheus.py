"""Prometheus itself: its `promtool` as a judge, and the server that scrapes a node and answers queries."""

import http.client
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from place import ROOT, Place, free_port, until

FOLDER = ROOT / "deploy" / "prometheus"

# Each case of the rules' tests has a database of its own: 3 s in all, ten times that on a machine that is busy.
TEST_LIMIT_SECONDS = 120

CONFIGURATION = """\
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["%s"]
scrape_configs:
  - job_name: subgate
    static_configs: [{ targets: [%s] }]
"""


def program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"there is no {name} on this machine: `deploy/packages test` brings it"
    return found


def promtool(*arguments: Any, text: str = "") -> str:
    """Runs it over files, or over `text`; what it says. Fails where it complains, and where it only warns."""
    done = subprocess.run(
        [program("promtool"), *map(str, arguments)], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=TEST_LIMIT_SECONDS, check=False)
    assert done.returncode == 0, f"promtool {arguments}: {done.stdout[-3000:]}"
    return done.stdout


class Prometheus:
    """Scrapes ops listeners each second and evaluates our rules."""

    def __init__(self, place: Place, ports: list[int]) -> None:
        self.port = free_port()
        folder = place.folder / "prometheus"
        folder.mkdir()
        configuration = folder / "prometheus.yml"
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
        configuration.write_text(CONFIGURATION % (FOLDER / "rules.yml", targets), encoding="utf-8")
        promtool("check", "config", configuration)
        self.child = place.start([
            program("prometheus"), f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"])
        until(self.is_ready, "the start of Prometheus", child=self.child)

    def get(self, path: str, **query: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request("GET", path + ("?" + urlencode(query) if query else ""))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, f"Prometheus answered {answer.status} to {path} {query}: {body[:500]!r}"
        return json.loads(body)["data"]

    def is_ready(self) -> bool:
        try:
            return self.get("/api/v1/targets") is not None
        except (OSError, AssertionError, http.client.HTTPException):
            return False

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Each series that answers it, with its value now."""
        found = self.get("/api/v1/query", query=expression)
        return [(one["metric"], float(one["value"][1])) for one in found["result"]]

    def value(self, expression: str) -> float | None:
        """The one value, None where there is none."""
        found = self.query(expression)
        assert len(found) <= 1, f"{expression} has {len(found)} series"
        return found[0][1] if found else None

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self.get("/api/v1/rules")["groups"] for rule in group["rules"]]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
