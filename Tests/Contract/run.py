"""Runs every `check_…` function of the check modules, tells again at the end what failed, and how many did.

The last line is `N passed, N failed`.

`run.py` checks openapi.yaml by itself; `run.py PATH-OF-SUBGATE` also starts `subgate dev` and checks that it keeps it.
"""

import sys
import traceback
from pathlib import Path
from types import ModuleType

import egress_checks
import end_checks
import fuzz_checks
import journey_checks
import listen_checks
import mesh_checks
import metrics_checks
import readme_checks
import service
import signature_checks
import spec_checks


def modules() -> list[ModuleType]:
    if len(sys.argv) < 2:
        return [spec_checks]
    service.binary = Path(sys.argv[1]).resolve()
    journeys = [journey_checks, signature_checks, readme_checks, listen_checks, mesh_checks, metrics_checks]
    return [spec_checks, *journeys, fuzz_checks, egress_checks, end_checks]


def main() -> int:
    passed, failures = 0, []
    for module in modules():
        for name, check in list(vars(module).items()):
            if not name.startswith("check_"):
                continue
            sentence = name.removeprefix("check_").replace("_", " ")
            try:
                check()
            except AssertionError as problem:
                failures.append(f"FAILED  {sentence}: {str(problem) or traceback.format_exc()}")
                print(failures[-1], flush=True)
            except Exception:
                failures.append(f"FAILED  {sentence}:\n{traceback.format_exc()}")
                print(failures[-1], flush=True)
            else:
                passed += 1
                print(f"ok      {sentence}", flush=True)
    for told in failures:
        print(shortened(told))
    print(f"{passed} passed, {len(failures)} failed")
    return 0 if passed and not failures else 1


def shortened(told: str, lines: int = 20) -> str:
    """The first line, and the last lines of a long text: of a traceback the part that says what was raised."""
    first, *rest = told.splitlines()
    return "\n".join([first, *(["…"] if len(rest) > lines else []), *rest[-lines:]])


if __name__ == "__main__":
    sys.exit(main())
