"""Walks through Link, its paylinks and the demo shop in headless Chromium, at a phone's and a desk's width.

`run.py PATH-OF-SUBGATE [PART-OF-A-NAME]` starts `subgate dev` and runs every `check_…` of the check modules at both
widths, side by side; those of `ALONE`, which change what the others need, after them. The last line is
`N passed, N failed`. Screenshots of every screen go to .build/screenshots.
"""

import shutil
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Callable

import merchant
import service
import connect_checks
import console_checks
import judge_checks
import link
import origin_checks
import outcome_checks
import paylink_checks
import shop_checks
import style_checks
import time_checks
import transfer_checks
import wallet_checks
from host import Host
from stage import Stage
from webdriver import Browser, Driver

SIZES = {"phone": (375, 812), "desk": (1280, 800)}
TOGETHER: list[ModuleType] = [
    transfer_checks, connect_checks, wallet_checks, outcome_checks, style_checks, origin_checks, paylink_checks,
    shop_checks, console_checks,
]
# Judges are the same at every width.
ONCE: list[ModuleType] = [judge_checks]
# They set the clock or faults for everybody.
ALONE: list[ModuleType] = [time_checks]

Check = Callable[[Stage], None]


class Results:
    """What was found so far. Both widths write to it."""

    def __init__(self) -> None:
        self.passed = 0
        self.failures: list[str] = []
        self.lock = threading.Lock()

    def run(self, name: str, check: Check, stage: Stage) -> None:
        sentence = f"{name.removeprefix('check_').replace('_', ' ')} ({stage.width})"
        start, told = time.monotonic(), ""
        try:
            check(stage)
        except AssertionError as problem:
            told = f"FAILED  {sentence}: {str(problem) or traceback.format_exc()}"
        except Exception:
            told = f"FAILED  {sentence}:\n{traceback.format_exc()}"
        if told:
            leave_picture(stage, name)
        with self.lock:
            if told:
                self.failures.append(told)
            else:
                self.passed += 1
            print(told or f"ok      {sentence} in {time.monotonic() - start:.1f} s", flush=True)


def leave_picture(stage: Stage, name: str) -> None:
    try:
        stage.browser.enter(None)
        stage.browser.screenshot(link.SHOTS / f"failed-{name.removeprefix('check_')}-{stage.width}.png")
        stage.browser.open("about:blank")
    except Exception:  # The browser itself may be what failed.
        traceback.print_exc()


def checks(modules: list[ModuleType], part: str) -> list[tuple[str, Check]]:
    return [
        (name, check)
        for module in modules
        for name, check in vars(module).items()
        if name.startswith("check_") and part in name
    ]


def main() -> int:
    service.binary, part = Path(sys.argv[1]).resolve(), "".join(sys.argv[2:3])
    if not part:
        shutil.rmtree(link.SHOTS, ignore_errors=True)
    service.service()
    results, driver = Results(), Driver()
    stages: list[Stage] = []
    try:
        for name, (width, height) in SIZES.items():
            browser = Browser(driver, width, height)
            stages.append(Stage(browser, Host(), merchant.Merchant(f"The {name} shop")))

        def play(stage: Stage) -> None:
            once = ONCE if stage is stages[-1] else []
            for name, check in checks(TOGETHER + once, part):
                results.run(name, check, stage)

        with ThreadPoolExecutor(len(stages)) as pool:
            list(pool.map(play, stages))
        for stage in stages:
            for name, check in checks(ALONE, part):
                results.run(name, check, stage)
    finally:
        for stage in stages:
            stage.browser.close()
        driver.stop()
    for told in results.failures:
        print(told)
    print(f"{results.passed} passed, {len(results.failures)} failed")
    return 0 if results.passed and not results.failures else 1


if __name__ == "__main__":
    sys.exit(main())
