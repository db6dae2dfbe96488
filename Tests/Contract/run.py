"""Runs every `check_…` function of the check modules and ends with the line `N passed, N failed`."""

import sys
import traceback

import spec_checks

MODULES = [spec_checks]


def main() -> int:
    passed, failed = 0, 0
    for module in MODULES:
        for name, check in vars(module).items():
            if not name.startswith("check_"):
                continue
            sentence = name.removeprefix("check_").replace("_", " ")
            try:
                check()
            except AssertionError as problem:
                failed += 1
                print(f"FAILED  {sentence}: {problem}")
            except Exception:
                failed += 1
                print(f"FAILED  {sentence}:")
                traceback.print_exc(file=sys.stdout)
            else:
                passed += 1
                print(f"ok      {sentence}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
