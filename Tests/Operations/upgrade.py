"""An upgrade between two real builds under load, and back: `upgrade.py OLD [NEW] [--no-return] [--kill] [--count N]`.

OLD and NEW are each a git revision, which is built for it in .build/revisions, or the path of a built `subgate`; NEW
without a word is HEAD. `--no-return` is for a version N that does not start on a newer schema: those before migration
0021 do not. It prints what each phase accepted and delivered; `versions.py` says what must hold.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import place
from place import ROOT
from versions import Upgrade


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def built(name: str) -> Path:
    """A revision's release build, made once; or what is there already."""
    if Path(name).is_file():
        return Path(name).resolve()
    revision = git("rev-parse", "--verify", f"{name}^{{commit}}").decode().strip()[:12]
    folder = ROOT / ".build" / "revisions" / revision
    sources, scratch = folder / "sources", folder / "build"
    if not sources.exists():
        # Not a worktree: it needs no more than the files, and leaves nothing behind in the repository.
        unpacked = folder / "unpacked"
        unpacked.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-x", "-C", unpacked], input=git("archive", revision), check=True)
        unpacked.rename(sources)
    release = ["swift", "build", "--configuration", "release", "--scratch-path", scratch, "--product", "subgate"]
    print(f"building {name} ({revision})", flush=True)
    subprocess.run(release, cwd=sources, check=True, stdout=sys.stderr)
    found = subprocess.run([*release, "--show-bin-path"], cwd=sources, check=True, stdout=subprocess.PIPE, text=True)
    return Path(found.stdout.strip()) / "subgate"


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("old")
    words.add_argument("new", nargs="?", default="HEAD")
    words.add_argument("--no-return", action="store_true")
    words.add_argument("--kill", action="store_true", help="kill the nodes that leave")
    words.add_argument("--count", type=int, default=300, help="webhooks in each phase")
    asked = words.parse_args()
    new, place.binary = built(asked.new), built(asked.old)
    upgrade = Upgrade(new, asked.count, not asked.no_return, asked.kill)
    try:
        upgrade.run()
    finally:
        print("\n".join(upgrade.told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
