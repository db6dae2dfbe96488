"""Prometheus on the day's machine, by the configuration that deploy/prometheus/README.md tells."""

import json
import re
from typing import Any
from urllib.parse import quote

from place import until
from prometheus import FOLDER, program

# So that a day is not an hour: scrapes each second in place of every 15, and for the two alerts that it waits for a
# few seconds in place of minutes. All else is as in the files.
OFTEN = "global: { scrape_interval: 1s, evaluation_interval: 1s }\n"
SOONER = {"SubgateNotReady": "3s", "SubgateDeliveriesOnHold": "3s"}


class Watch:
    PORT = 9090

    def __init__(self, day: Any) -> None:
        self.machine = day.machine
        told = re.search(r"\n\n((?:    .*\n)+)", (FOLDER / "README.md").read_text().partition("Scrape every")[2])
        assert told and '"node-1:8082", "node-2:8082"' in told[1], "the README has no configuration"
        configuration = re.sub("^    ", "", told[1], flags=re.MULTILINE)
        configuration = OFTEN + configuration.replace('"node-1:8082", "node-2:8082"', '"127.0.0.1:8082"')
        rules = (FOLDER / "rules.yml").read_text()
        for name, wait in SOONER.items():
            rules, count = re.subn(rf"(alert: {name}\n.*\n +for: )\w+", rf"\g<1>{wait}", rules)
            assert count == 1, name
        day.machine.write("/etc/prometheus/rules.yml", rules)
        day.machine.write("/etc/prometheus/prometheus.yml", configuration)
        promtools = program("promtool")
        day.run(f"{promtools} check config /etc/prometheus/prometheus.yml")
        day.run(f"systemd-run --quiet --unit prometheus {program('prometheus')} "
                "--config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/var/lib/prometheus-day "
                f"--web.listen-address=127.0.0.1:{self.PORT}")
        until(lambda: self.get("query?query=1"), "Prometheus")

    def get(self, path: str) -> Any:
        try:
            return json.loads(self.machine.try_run(f"curl -s 'http://127.0.0.1:{self.PORT}/api/v1/{path}'"))["data"]
        except (ValueError, KeyError):
            return None

    def value(self, expression: str) -> str:
        """The one value, or nothing."""
        found = (self.get(f"query?query={quote(expression)}") or {"result": []})["result"]
        return found[0]["value"][1] if found else ""

    def rules(self) -> list[Any]:
        return [rule for group in (self.get("rules") or {"groups": []})["groups"] for rule in group["rules"]]

    def firing(self) -> list[str]:
        return [rule["name"] for rule in self.rules() if rule["state"] == "firing"]
