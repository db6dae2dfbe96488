"""Drills: runs every `check_…` function of the `…_checks.py` modules beside it against a built Subgate.

`run.py PATH-OF-SUBGATE [PART-OF-A-NAME]`. Modules run side by side, as their drills wait more than they work; each
drill has a database of its own. The last line is `N passed, N failed`.
"""

import importlib
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import place

# Two cores are busy with three drills; with more of them each waits for the others.
SIDE_BY_SIDE = 3


class Results:
    def __init__(self) -> None:
        self.passed = 0
        self.failures: list[str] = []
        self.lock = threading.Lock()

    def run(self, module: ModuleType, part: str) -> None:
        for name, check in list(vars(module).items()):
            if not name.startswith("check_") or part not in f"{module.__name__}.{name}":
                continue
            sentence, start = name.removeprefix("check_").replace("_", " "), time.monotonic()
            told = ""
            try:
                check()
            except AssertionError as problem:
                told = f"FAILED  {sentence}: {problem}\n{traceback.format_exc()}"
            except Exception:
                told = f"FAILED  {sentence}:\n{traceback.format_exc()}"
            with self.lock:
                if told:
                    self.failures.append(told)
                else:
                    self.passed += 1
                print(told or f"ok      {sentence} in {time.monotonic() - start:.1f} s", flush=True)


def main() -> int:
    place.binary, part = Path(sys.argv[1]).resolve(), "".join(sys.argv[2:3])
    here = Path(__file__).parent
    modules = [importlib.import_module(file.stem) for file in sorted(here.glob("*_checks.py"))]
    results = Results()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for running in [pool.submit(results.run, module, part) for module in modules]:
            running.result()
    for told in results.failures:
        print(told)
    print(f"{results.passed} passed, {len(results.failures)} failed")
    return 0 if results.passed and not results.failures else 1


if __name__ == "__main__":
    sys.exit(main())
