"""Runs every `check_…` function of the check modules and ends with the line `N passed, N failed`.

`run.py` checks openapi.yaml by itself; `run.py PATH-OF-SUBGATE` also starts `subgate dev` and checks that it keeps it.
"""

import sys
import traceback
from pathlib import Path
from types import ModuleType

import end_checks
import fuzz_checks
import journey_checks
import mesh_checks
import metrics_checks
import service
import spec_checks


def modules() -> list[ModuleType]:
    if len(sys.argv) < 2:
        return [spec_checks]
    service.binary = Path(sys.argv[1]).resolve()
    return [spec_checks, journey_checks, mesh_checks, metrics_checks, fuzz_checks, end_checks]


def main() -> int:
    passed, failed = 0, 0
    for module in modules():
        for name, check in vars(module).items():
            if not name.startswith("check_"):
                continue
            sentence = name.removeprefix("check_").replace("_", " ")
            try:
                check()
            except AssertionError as problem:
                failed += 1
                print(f"FAILED  {sentence}: {str(problem) or traceback.format_exc()}")
            except Exception:
                failed += 1
                print(f"FAILED  {sentence}:\n{traceback.format_exc()}")
            else:
                passed += 1
                print(f"ok      {sentence}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
