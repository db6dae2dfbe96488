"""The table that is printed, and the file that is kept."""

import os
import platform
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import intake
from cluster import SETTINGS
from peer import ENGINES
from stage import ROOT

Rounds = list[dict[str, float]]
VERDICTS = {True: "met", False: "MISSED", None: ""}


@dataclass
class Line:
    """One line of the table: ours, what it is held against, and whether the bar is met."""

    what: str
    value: str
    reference: str
    ratio: str
    bar: str
    is_met: bool | None
    # How many times as good as its bar it is, where it has one that is not 0.
    score: float | None = None


def line(what: str, value: str, reference: str, ratio: str, *, measured: float, at_least: float = 0,
         at_most: float = 0, form: str = ",.0f") -> Line:
    """One that has a bar."""
    if at_least:
        return Line(what, value, reference, ratio, f"≥ {at_least:{form}}", measured >= at_least, measured / at_least)
    return Line(what, value, reference, ratio, f"≤ {at_most:{form}}", measured <= at_most,
                at_most / measured if measured > 0 else None)


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
            found += [
                line(what, spread(rounds, "rate"), f"nginx {spread(rounds, 'nginx_rate')}",
                     spread(rounds, "ratio", ".2f"), measured=median(rounds, "ratio"), at_least=0.8, form=".2f"),
                Line("  CPU µs per request", spread(rounds, "cpu_us", ".1f"),
                     f"nginx {spread(rounds, 'nginx_cpu_us', '.1f')}", "", "", None)]
    if rounds := results.get("inbound"):
        found += [
            line("Inbound events/s, fanned out to 3", spread(rounds, "rate"),
                 f"pgbench {spread(rounds, 'pgbench_rate')}", spread(rounds, "ratio", ".2f"),
                 measured=median(rounds, "ratio"), at_least=2, form=".2f"),
            cpu_line(rounds, "event", ("subgate", "postgres", "sender", "machine"), "pgbench_machine_us", "pgbench"),
            own(rounds, "  answer at half that rate, p99.9 ms", "half_rate_p999", ".1f", at_most=20)]
    found += delivery_lines(results)
    if rounds := results.get("latency"):
        found += [
            own(rounds, "Event to receiver at 1,000/s, p50 ms", "p50", ".2f", at_most=3),
            own(rounds, "  p99 ms", "p99", ".2f", at_most=15),
            Line("  answer to the event, p99 ms", spread(rounds, "ack_p99", ".2f"), "", "", "", None)]
    if rounds := results.get("link_tokens"):
        found += [
            line("Link token, p50 ms added", spread(rounds, "added_p50", ".2f"),
                 f"direct {spread(rounds, 'direct_p50', '.2f')}", "", measured=median(rounds, "added_p50"), at_most=1),
            line("  link tokens/s", spread(rounds, "rate"), f"direct {spread(rounds, 'direct_rate')}", "",
                 measured=median(rounds, "rate"), at_least=8000)]
    if rounds := results.get("authentication"):
        found.append(line("Authentication from memory, CPU µs", spread(rounds, "added_us", ".1f"),
                          f"/v1/me {spread(rounds, 'me_us', '.1f')} less /livez {spread(rounds, 'livez_us', '.1f')}",
                          "", measured=median(rounds, "added_us"), at_most=5))
    if rounds := results.get("policy"):
        found.append(line("Policy of 1,000 addresses, CPU µs", spread(rounds, "added_us", ".1f"),
                          f"token {spread(rounds, 'judged_us', '.0f')} less {spread(rounds, 'free_us', '.0f')}",
                          "", measured=median(rounds, "added_us"), at_most=20))
    if rounds := results.get("listing"):
        found.append(
            line("Page of 1,000,000 sub-clients, last, ms", spread(rounds, "last", ".2f"),
                 f"first {spread(rounds, 'first', '.2f')}, middle {spread(rounds, 'middle', '.2f')}",
                 spread(rounds, "ratio", ".2f"), measured=median(rounds, "ratio"), at_most=1.2, form=".2f"))
    for name, what in (("dead", "p99 ms beside 100,000 due to dead endpoints"),
                       ("hung", "p99 ms beside 10,000 that hang")):
        if rounds := results.get(name):
            found.append(line(what, spread(rounds, "p99", ".2f"), f"alone {spread(rounds, 'alone_p99', '.2f')}",
                              spread(rounds, "ratio", ".2f"), measured=median(rounds, "ratio"), at_most=1.2,
                              form=".2f"))
    if rounds := results.get("memory"):
        found.append(own(rounds, "Resident memory idle, MB", "idle", ".1f", at_most=40))
    if rounds := results.get("hung"):
        found.append(own(rounds, "  and 10,000 slow clients: resident, MB", "resident", ".0f", at_most=256))
    if faults["acknowledged"]:
        wrong = sum(count for name, count in faults.items() if name != "acknowledged")
        said = ", ".join(f"{count} {name}" for name, count in faults.items() if name != "acknowledged")
        found.append(Line(f"Of {3 * faults['acknowledged']:,} deliveries", said, "", "", "0", wrong == 0))
    return found


def own(rounds: Rounds, what: str, name: str, form: str, *, at_most: float) -> Line:
    """Held against a bar alone."""
    return line(what, spread(rounds, name, form), "", "", measured=median(rounds, name), at_most=at_most)


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
            line(what, spread(rounds, "rate"), "", "", measured=rate, at_least=15000),
            cpu_line(rounds, "delivery", ("subgate", "postgres", "receiver", "sender", "machine"))]
        if ranked:
            best = peers[ranked[0]]
            times = rate / median(best, "rate")
            what = f"  × the best of {len(peers)} queues"
            theirs = f"{ENGINES[ranked[0]].name} {spread(best, 'rate')}"
            if len(peers) == len(ENGINES):
                found.append(line(what, spread(rounds, "rate"), theirs, f"{times:.2f}", measured=times, at_least=5,
                                  form=".2f"))
            else:
                found.append(Line(what, spread(rounds, "rate"), theirs, f"{times:.2f}", "", None))
        if whole := results.get(intake.ROW):
            times = rate / median(whole, "rate")
            found.append(Line(f"  × {intake.QUEUE} with its intake", spread(rounds, "rate"),
                              f"{intake.QUEUE} {spread(whole, 'rate')}", f"{times:.2f}", "", None))
    for name in ranked:
        queue, rounds = ENGINES[name].name, peers[name]
        found += [
            Line(f"Deliveries/s of {queue}", "", spread(rounds, "rate"), "", "", None),
            Line("  CPU µs per delivery", "", shares(rounds, ("sender", "postgres", "machine")), "", "", None)]
    if rounds := results.get(intake.ROW):
        used = shares(rounds, ("intake", "worker", "postgres", "machine"))
        found += [
            Line(f"Deliveries/s of {intake.QUEUE} with its intake", "", spread(rounds, "rate"), "", "", None),
            Line("  CPU µs per delivery", "", used, "", "", None)]
    return found


def cpu_line(rounds: Rounds, unit: str, names: tuple[str, ...], other: str = "", other_name: str = "") -> Line:
    reference = f"{other_name}: machine {median(rounds, other):.0f}" if other else ""
    return Line(f"  CPU µs per {unit}", shares(rounds, names), reference, "", "", None)


def shares(rounds: Rounds, names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {median(rounds, f'{name}_us'):.0f}" for name in names)


def table(found: list[Line]) -> str:
    rows = [["", "Subgate", "against", "ratio", "bar", ""]]
    for one in found:
        rows.append([one.what, one.value, one.reference, one.ratio, one.bar, VERDICTS[one.is_met]])
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def markdown(found: list[Line]) -> str:
    """The table as a page shows it."""
    rows = [["What", "Subgate", "Against", "Ratio", "Bar", ""], ["---"] * 6]
    for one in found:
        what = f"… {one.what.strip()}" if one.what.startswith(" ") else one.what
        rows.append([what, one.value, one.reference, one.ratio, one.bar, VERDICTS[one.is_met]])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def surroundings() -> dict[str, object]:
    """What the numbers depend on."""
    model = next((said.partition(":")[2].strip() for said in Path("/proc/cpuinfo").read_text().splitlines()
                  if said.startswith("model name")), "")
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


def whole(where: dict, results: dict[str, Rounds], faults: dict[str, int], found: list[Line]) -> dict[str, object]:
    return {"surroundings": where, "rounds": results, "faults": faults, "table": [asdict(one) for one in found]}
