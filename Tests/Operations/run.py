"""Drills: runs every `check_…` function of the `…_checks.py` modules beside it against a built Subgate.

`run.py PATH-OF-SUBGATE [PART-OF-A-NAME]`. Modules run side by side, as their drills wait more than they work; each
drill has a database of its own. One that fails is run once more, by itself. The last line is `N passed, N failed`.
"""

import importlib
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import place

# Two cores are busy with three drills; with more of them each waits for the others.
SIDE_BY_SIDE = 3


@dataclass
class Drill:
    sentence: str
    check: Callable[[], None]
    # Why it failed; empty if it passed.
    told: str = ""

    def run(self) -> None:
        start, self.told = time.monotonic(), ""
        try:
            self.check()
        except AssertionError as problem:
            self.told = f"FAILED  {self.sentence}: {problem}\n{traceback.format_exc()}"
        except Exception:
            self.told = f"FAILED  {self.sentence}:\n{traceback.format_exc()}"
        print(self.told or f"ok      {self.sentence} in {time.monotonic() - start:.1f} s", flush=True)


def drills(module: ModuleType, part: str) -> list[Drill]:
    return [
        Drill(name.removeprefix("check_").replace("_", " "), check) for name, check in vars(module).items()
        if name.startswith("check_") and part in f"{module.__name__}.{name}"]


def run_all(several: list[Drill]) -> None:
    for one in several:
        one.run()


def main() -> int:
    place.binary, part = Path(sys.argv[1]).resolve(), "".join(sys.argv[2:3])
    here = Path(__file__).parent
    modules = [importlib.import_module(file.stem) for file in sorted(here.glob("*_checks.py"))]
    found = [drills(module, part) for module in modules]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for running in [pool.submit(run_all, several) for several in found]:
            running.result()
    # What drills expect of time they expect of a machine that is not busy with others: one that failed beside them is
    # run once more by itself, and said to have been.
    every = [one for several in found for one in several]
    again = [one for one in every if one.told]
    if again:
        print(f"once more, alone: {', '.join(one.sentence for one in again)}", flush=True)
    run_all(again)
    failures = [one.told for one in every if one.told]
    for told in failures:
        print(told)
    print(f"{len(every) - len(failures)} passed, {len(failures)} failed")
    return 0 if every and not failures else 1


if __name__ == "__main__":
    sys.exit(main())
