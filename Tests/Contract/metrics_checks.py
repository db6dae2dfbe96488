"""What Prometheus thinks of the metrics: the judge is its own `promtool`, where the machine has one."""

import shutil
import subprocess

from prometheus_client.parser import text_string_to_metric_families

from service import Caller

nobody = Caller()


def check_the_metrics_are_well_formed() -> None:
    text = nobody("getMetrics", 200).body
    families = list(text_string_to_metric_families(text.decode()))
    assert len({family.name for family in families}) == len(families), "a family stands twice"
    assert all(family.documentation for family in families), "a family without help"
    strangers = [one.name for one in families if not one.name.startswith(("subgate_", "process_"))]
    assert not strangers, f"names that are not ours: {strangers}"
    series = [(sample.name, tuple(sorted(sample.labels.items()))) for one in families for sample in one.samples]
    assert len(set(series)) == len(series), "a series stands twice"
    promtool = shutil.which("promtool")
    if promtool:
        ran = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=20)
        assert ran.returncode == 0, ran.stderr.decode()
