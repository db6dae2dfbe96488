"""The table that is printed, and the file that is kept."""

import json
import os
import platform
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from cluster import SETTINGS
from peer import ENGINES
from stage import ROOT

Rounds = list[dict[str, float]]


@dataclass
class Line:
    """One line of the table: ours, what it is held against, and whether the bar is met."""

    what: str
    value: str
    reference: str
    ratio: str
    bar: str
    is_met: bool | None


def median(rounds: Rounds, name: str) -> float:
    return statistics.median(numbers[name] for numbers in rounds)


def spread(rounds: Rounds, name: str, form: str = ",.0f") -> str:
    values = [numbers[name] for numbers in rounds]
    middle = f"{statistics.median(values):{form}}"
    return middle if len(values) == 1 else f"{middle} ({min(values):{form}}–{max(values):{form}})"


def lines(results: dict[str, Rounds], faults: dict[str, int]) -> list[Line]:
    found: list[Line] = []
    for name, what in (("http_livez", "GET /livez/s, one core"), ("http_me", "GET /v1/me/s, one core")):
        if rounds := results.get(name):
            ratio = median(rounds, "ratio")
            found += [
                Line(what, spread(rounds, "rate"), f"nginx {spread(rounds, 'nginx_rate')}",
                     spread(rounds, "ratio", ".2f"), "≥ 0.80", ratio >= 0.8),
                Line("  CPU µs per request", spread(rounds, "cpu_us", ".1f"),
                     f"nginx {spread(rounds, 'nginx_cpu_us', '.1f')}", "", "", None)]
    if rounds := results.get("inbound"):
        found += [
            Line("Inbound events/s, fanned out to 3", spread(rounds, "rate"),
                 f"pgbench {spread(rounds, 'pgbench_rate')}", spread(rounds, "ratio", ".2f"), "≥ 2.00",
                 median(rounds, "ratio") >= 2),
            cpu_line(rounds, "event", ("subgate", "postgres", "sender", "machine"), "pgbench_machine_us", "pgbench"),
            Line("  answer at half that rate, p99.9 ms", spread(rounds, "half_rate_p999", ".1f"), "", "", "≤ 20",
                 median(rounds, "half_rate_p999") <= 20)]
    found += delivery_lines(results)
    if rounds := results.get("latency"):
        found += [
            Line("Event to receiver at 1,000/s, p50 ms", spread(rounds, "p50", ".2f"), "", "", "≤ 3",
                 median(rounds, "p50") <= 3),
            Line("  p99 ms", spread(rounds, "p99", ".2f"), "", "", "≤ 15", median(rounds, "p99") <= 15),
            Line("  answer to the event, p99 ms", spread(rounds, "ack_p99", ".2f"), "", "", "", None)]
    if rounds := results.get("link_tokens"):
        found += [
            Line("Link token, p50 ms added", spread(rounds, "added_p50", ".2f"),
                 f"direct {spread(rounds, 'direct_p50', '.2f')}", "", "≤ 1", median(rounds, "added_p50") <= 1),
            Line("  link tokens/s", spread(rounds, "rate"), f"direct {spread(rounds, 'direct_rate')}", "", "≥ 8,000",
                 median(rounds, "rate") >= 8000)]
    if rounds := results.get("authentication"):
        found.append(Line("Authentication from memory, CPU µs", spread(rounds, "added_us", ".1f"),
                          f"/v1/me {spread(rounds, 'me_us', '.1f')} less /livez {spread(rounds, 'livez_us', '.1f')}",
                          "", "≤ 5", median(rounds, "added_us") <= 5))
    if rounds := results.get("policy"):
        found.append(Line("Policy of 1,000 addresses, CPU µs", spread(rounds, "added_us", ".1f"),
                          f"token {spread(rounds, 'judged_us', '.0f')} less {spread(rounds, 'free_us', '.0f')}",
                          "", "≤ 20", median(rounds, "added_us") <= 20))
    if rounds := results.get("listing"):
        found.append(
            Line("Page of 1,000,000 sub-clients, last, ms", spread(rounds, "last", ".2f"),
                 f"first {spread(rounds, 'first', '.2f')}, middle {spread(rounds, 'middle', '.2f')}",
                 spread(rounds, "ratio", ".2f"), "≤ 1.20", median(rounds, "ratio") <= 1.2))
    if rounds := results.get("memory"):
        found.append(Line("Resident memory idle, MB", spread(rounds, "idle", ".1f"), "", "", "≤ 40",
                          median(rounds, "idle") <= 40))
    if rounds := results.get("hung"):
        found += [
            Line("p99 ms beside 10,000 that hang", spread(rounds, "p99", ".2f"),
                 f"alone {spread(rounds, 'alone_p99', '.2f')}", spread(rounds, "ratio", ".2f"), "≤ 1.20",
                 median(rounds, "ratio") <= 1.2),
            Line("  resident memory, MB", spread(rounds, "resident", ".0f"), "", "", "≤ 256",
                 median(rounds, "resident") <= 256)]
    if faults["acknowledged"]:
        wrong = sum(count for name, count in faults.items() if name != "acknowledged")
        said = ", ".join(f"{count} {name}" for name, count in faults.items() if name != "acknowledged")
        found.append(Line(f"Of {3 * faults['acknowledged']:,} deliveries", said, "", "", "0", wrong == 0))
    return found


def delivery_lines(results: dict[str, Rounds]) -> list[Line]:
    """Ours beside the best of the queues that were measured; whether we are far enough ahead of the best is only said
    if all of them were. Then the queues, the best one first."""
    peers = {name: rounds for name in ENGINES if (rounds := results.get(name))}
    ranked = sorted(peers, key=lambda name: median(peers[name], "rate"), reverse=True)
    found: list[Line] = []
    for name, what in (("deliveries", "Deliveries/s, steady"), ("burst", "Deliveries/s, in a burst")):
        if not (rounds := results.get(name)):
            continue
        rate = median(rounds, "rate")
        found += [
            Line(what, spread(rounds, "rate"), "", "", "≥ 15,000", rate >= 15000),
            cpu_line(rounds, "delivery", ("subgate", "postgres", "receiver", "sender", "machine"))]
        if ranked:
            best = peers[ranked[0]]
            times = rate / median(best, "rate")
            found.append(Line(
                f"  × the best of {len(peers)} queues", spread(rounds, "rate"),
                f"{ENGINES[ranked[0]].name} {spread(best, 'rate')}", f"{times:.2f}", "≥ 5.00",
                times >= 5 if len(peers) == len(ENGINES) else None))
    for name in ranked:
        queue, rounds = ENGINES[name].name, peers[name]
        found += [
            Line(f"Deliveries/s of {queue}", "", spread(rounds, "rate"), "", "", None),
            Line("  CPU µs per delivery", "", shares(rounds, ("sender", "postgres", "machine")), "", "", None)]
    return found


def cpu_line(rounds: Rounds, unit: str, names: tuple[str, ...], other: str = "", other_name: str = "") -> Line:
    reference = f"{other_name}: machine {median(rounds, other):.0f}" if other else ""
    return Line(f"  CPU µs per {unit}", shares(rounds, names), reference, "", "", None)


def shares(rounds: Rounds, names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {median(rounds, f'{name}_us'):.0f}" for name in names)


def table(found: list[Line]) -> str:
    rows = [["", "Subgate", "against", "ratio", "bar", ""]]
    for line in found:
        verdict = {True: "met", False: "MISSED", None: ""}[line.is_met]
        rows.append([line.what, line.value, line.reference, line.ratio, line.bar, verdict])
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def surroundings() -> dict[str, object]:
    """What the numbers depend on."""
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "")
    said = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {
        "commit": said.stdout.strip(), "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "processor": model,
        "cores": os.cpu_count(), "kernel": platform.release(), "loadBefore": os.getloadavg()[0],
        "fsyncMicroseconds": round(fsync_seconds() * 1e6), "postgresql": SETTINGS,
    }


def fsync_seconds() -> float:
    """What one durable write of 8 KiB costs on the disk that the database is on."""
    path = Path("/var/tmp") / f"subgate-bench-fsync-{os.getpid()}"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(8192))
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - started)
    path.unlink()
    return statistics.median(times)


def save(path: Path, where: dict, results: dict[str, Rounds], faults: dict[str, int], found: list[Line]) -> None:
    path.parent.mkdir(exist_ok=True)
    kept = {"surroundings": where, "rounds": results, "faults": faults, "table": [asdict(line) for line in found]}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
