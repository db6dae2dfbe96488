"""A day on call, on one installation, by the README alone: `day.py PATH-OF-SUBGATE [PATH-OF-A-LATER-BUILD]`, as root.

A machine of its own (systemd, network, files) gets the service by the README's blocks of shell, which are taken from
there and run in one shell; what a block leaves to its reader is filled in here, and fails where the text is no longer
there. From the first merchant on, signed webhooks are posted until the end, and each that was answered 200 must have
arrived at the merchant's shop, with a signature that the README's code verifies, and be recorded as delivered.

It takes some minutes, so it is no part of `deploy/test`. A line tells what was seen of each stage.
"""

import sys
import time
from pathlib import Path

import day_stages
import place
from day_installation import Day
from machine import Machine
from place import Place

STAGES = [
    day_stages.install, day_stages.first_merchant, day_stages.proxy, day_stages.watch, day_stages.kill_things,
    day_stages.upgrade, day_stages.rotate, day_stages.back_up, day_stages.restore, day_stages.check_and_stop,
]


def main() -> int:
    builds = [Path(word).resolve() for word in sys.argv[1:3]]
    place.binary = builds[0]
    start = time.monotonic()
    with Place() as here, Machine(here) as machine, Day(machine, builds[-1]) as day:
        for stage in STAGES:
            begin = time.monotonic()
            told = stage(day)
            name, seconds = stage.__name__.replace("_", " "), time.monotonic() - begin
            print(f"{name:<15} {seconds:5.1f} s{day.longest_gap(begin)}: {told}", flush=True)
    print(f"{day.summary}; {time.monotonic() - start:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
