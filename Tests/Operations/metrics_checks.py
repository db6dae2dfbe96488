"""What a node tells Prometheus, and what is made of it: alerts, the dashboard, the README's table."""

import functools
import json
import re
from datetime import datetime, timezone
from typing import Any, Iterator

import yaml
from prometheus_client.parser import text_string_to_metric_families

from cluster import Cluster
from place import ROOT, Place, until
from prometheus import FOLDER, Prometheus, promtool, read
from stand import Stand

# So many that the one refused webhook is no more than happens.
EVENTS = 15
# Alerts of slowness, which a machine that is busy with other tests may show for a moment.
SLOWNESS = {"SubgateLoopsLate", "SubgateDatabaseSlow", "SubgateWebhooksSlow", "SubgateDeliveriesSlow"}
# What only a node with TLS of its own has.
WITH_TLS = {"subgate_tls_certificate_not_after_seconds"}
# Ours, and what Prometheus expects of every process.
PREFIXES = ("subgate_", "process_")
# How a name ends says what is counted: a unit, or what there are so many of.
UNITS = ("_seconds", "_bytes", "_total", "_info", "_fds", "_units", "_ready")
# Gauges of things, which are their own unit.
THINGS = re.compile(r"subgate_(deliveries|endpoints|attempts|events|database|http|keys)_\w+")
# Identifiers of tenants and of what is theirs. A name of either in a label would be a series for each of them.
IDENTIFIER = re.compile(
    r"\b(sc|cred|we|ls|tr|evt|dlv|att|up|mem|key)_[0-9a-z]{26}\b|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-")


class Seen:
    """What a node that had something to do told, in its own text and by way of Prometheus."""

    def __init__(self) -> None:
        with Place() as place, Stand(place, Cluster(place).start()) as stand:
            node = stand.node().start()
            prometheus = Prometheus(place, [node.ports["ops"]])
            stand.fill(node, clients=1, endpoints=2)
            for _ in range(EVENTS):
                assert stand.post(node) == 200
            assert node.call("public", "POST", f"/inbound/mesh/{stand.upstream_id}", {}, expect=401).status == 401
            stand.settle()
            delivered = 'subgate_delivery_attempts_total{outcome="delivered"}'
            until(lambda: prometheus.value(delivered) == 2 * EVENTS, "Prometheus knows of all attempts")
            own = 'subgate_http_connections{listener="ops",state="open"}'
            until(lambda: prometheus.value(own), "Prometheus sees its own connection")
            self.text = node.metrics()
            self.values = {name: prometheus.value(name) for name in [
                'subgate_inbound_ack_seconds_count{outcome="stored"}',
                'subgate_inbound_ack_seconds_count{outcome="refused"}',
                'subgate_inbound_ack_seconds_count{outcome="failed"}',
                "subgate_delivery_attempt_seconds_count", "subgate_delivery_lag_seconds_count",
                'sum(subgate_database_connections{state="up"})', "subgate_node_ready", "up",
                'sum(subgate_http_requests_total{route="POST /inbound/mesh/{upstreamId}"})',
                "sum(subgate_database_batch_units_count) > 0", "sum(subgate_loop_lag_seconds_count) > 0"]}
            self.slowest = prometheus.value(
                'histogram_quantile(1, sum by (le) (subgate_inbound_ack_seconds_bucket{outcome="stored"}))')
            self.version = prometheus.query("subgate_build_info")[0][0]["version"]
            known = datetime.now(timezone.utc)
            self.rules = until(lambda: evaluated(prometheus.rules(), known), "all rules evaluated")
            node.stop()


def evaluated(rules: list[dict[str, Any]], since: datetime) -> list[dict[str, Any]]:
    """The rules, once all of them looked at what was scraped by then."""
    return rules if all(datetime.fromisoformat(rule["lastEvaluation"]) > since for rule in rules) else []


@functools.cache
def seen() -> Seen:
    return Seen()


@functools.cache
def families() -> dict[str, Any]:
    """By the name that the TYPE line has."""
    found = text_string_to_metric_families(seen().text)
    return {one.name + ("_total" if one.type == "counter" else ""): one for one in found}


def samples() -> set[str]:
    return {sample.name for family in families().values() for sample in family.samples}


def check_a_real_prometheus_counts_what_happened() -> None:
    loops = seen().values.pop('sum(subgate_database_connections{state="up"})')
    assert loops and loops >= 4, "each loop has connections"
    assert all(seen().values.pop(name) for name in [
        "sum(subgate_database_batch_units_count) > 0", "sum(subgate_loop_lag_seconds_count) > 0"])
    assert seen().values == {
        'subgate_inbound_ack_seconds_count{outcome="stored"}': EVENTS,
        'subgate_inbound_ack_seconds_count{outcome="refused"}': 1,
        'subgate_inbound_ack_seconds_count{outcome="failed"}': 0,
        "subgate_delivery_attempt_seconds_count": 2 * EVENTS, "subgate_delivery_lag_seconds_count": 2 * EVENTS,
        "subgate_node_ready": 1, "up": 1,
        'sum(subgate_http_requests_total{route="POST /inbound/mesh/{upstreamId}"})': EVENTS + 1,
    }, seen().values
    assert seen().slowest is not None and 0 < seen().slowest <= 5, seen().slowest
    assert re.fullmatch(r"[0-9]+\.[0-9]+.*", seen().version)


def check_the_text_is_what_promtool_wants() -> None:
    assert promtool("check", "metrics", text=seen().text).strip() == ""


def check_every_metric_says_what_it_is_and_in_which_unit() -> None:
    for name, family in families().items():
        assert name.startswith(PREFIXES), f"{name} is not named after us"
        assert len(family.documentation) > 10 and family.documentation.endswith("."), f"{name} has no help"
        assert name.endswith(UNITS) or THINGS.fullmatch(name), f"{name} does not say its unit"
        assert name.endswith("_total") == (family.type == "counter"), f"{name} is a {family.type}"
        if family.type == "histogram":
            assert name.endswith(("_seconds", "_units")), f"{name} does not say its unit"
    series = [(one.name, *sorted(one.labels.items())) for family in families().values() for one in family.samples]
    assert len(series) == len(set(series)), "a series stands twice"
    assert len(series) < 10_000, f"{len(series)} series"


def check_no_label_names_a_tenant_or_anything_of_theirs() -> None:
    for line in seen().text.splitlines():
        assert not IDENTIFIER.search(line), line
        assert "drill" not in line.casefold(), line
    assert IDENTIFIER.search('x{endpoint="we_01m7z87kp6fwpsbv36ygchsnxt"}')


def check_the_readme_has_a_line_for_every_metric_and_no_other() -> None:
    section = read(ROOT / "README.md").partition("\n## Operations: watch it\n")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `((?:subgate|process)_\w+)` \| (\w+) \|", section, re.MULTILINE)
    assert len(told) == len(dict(told)), "a metric has two lines"
    scraped = {(name, family.type) for name, family in families().items()}
    assert set(told) == scraped, f"not both in the README and in a scrape: {sorted(set(told) ^ scraped)}"


# Alerts


def alerts() -> dict[str, Any]:
    groups = yaml.safe_load(read(FOLDER / "rules.yml"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def check_every_alert_fires_for_its_fault_and_only_then() -> None:
    promtool("check", "rules", FOLDER / "rules.yml")
    files = sorted(FOLDER.glob("rules_test*.yml"))
    promtool("test", "rules", *files)
    cases = [case for file in files for test in yaml.safe_load(read(file))["tests"] for case in test["alert_rule_test"]]
    for name in alerts():
        fires = [bool(case["exp_alerts"]) for case in cases if case["alertname"] == name]
        assert sorted(fires) == [False, True], f"{name} is tested with {fires}"
    assert {rule["name"]: rule.get("lastError", "") for rule in seen().rules} == {name: "" for name in alerts()}


def check_no_alert_fires_at_a_node_that_is_well() -> None:
    active = {rule["name"] for rule in seen().rules if rule["alerts"]}
    assert not active - SLOWNESS, f"firing or pending: {active}"


def check_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    text = read(FOLDER / "README.md")
    headings = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    assert headings == list(alerts()), "the runbook has not the same alerts in the same order"
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("page", "ticket"), name
        assert rule["annotations"]["summary"], name
        assert rule["annotations"]["runbook"] == f"deploy/prometheus/README.md#{name.lower()}", name
        steps = text.partition(f"\n### {name}\n")[2].partition("\n### ")[0].strip()
        assert len(steps) > 80, f"the runbook says too little of {name}"


# Metrics that are named elsewhere


def named(text: str) -> set[str]:
    return set(re.findall(r"\b(?:subgate|process)_[a-z_]+\b", text))


def check_all_that_the_alerts_name_is_scraped() -> None:
    expressions = " ".join(rule["expr"] for rule in alerts().values())
    assert len(named(expressions)) > 20
    assert named(expressions) - samples() == WITH_TLS
    labels = {(name, value) for family in families().values() for one in family.samples
              for name, value in one.labels.items()}
    for name, value in re.findall(r'\b(\w+)="([^"]+)"', expressions):
        assert (name, value) in labels or (name, value) == ("job", "subgate"), f"nothing has {name}={value!r}"


# The dashboard


def dashboard() -> Any:
    return json.loads(read(ROOT / "deploy" / "grafana" / "subgate.json"))


def panels() -> Iterator[dict[str, Any]]:
    for panel in dashboard()["panels"]:
        if panel["type"] != "row":
            yield panel


def expressions() -> list[str]:
    """As Grafana sends them, with all of its variables filled in."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [one.replace("$__rate_interval", "5m").replace("$instance", ".*") for one in found]


def check_every_panel_asks_what_prometheus_understands() -> None:
    rules = [{"record": f"panel:{index}", "expr": text} for index, text in enumerate(expressions())]
    assert len(rules) >= 20 and not any("$" in rule["expr"] for rule in rules)
    with Place() as place:
        file = place.folder / "panels.yml"
        file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
        promtool("check", "rules", file)
    assert named(" ".join(expressions())) - samples() == set()


def check_every_panel_can_be_read() -> None:
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(numbers) == len(set(numbers)), "an id stands twice"
    places = [cell for panel in dashboard()["panels"] for cell in cells(panel["gridPos"])]
    assert len(places) == len(set(places)), "panels overlap"
    for panel in panels():
        assert panel["title"] and panel["description"], panel["id"]
        assert panel["fieldConfig"]["defaults"]["unit"], f"{panel['title']} has no unit"
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        for target in panel["targets"]:
            assert "$instance" in target["expr"], f"{panel['title']} does not heed the chosen node"


def cells(grid: dict[str, int]) -> Iterator[tuple[int, int]]:
    assert grid["x"] + grid["w"] <= 24
    return ((x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"]))
