"""The README as somebody reads it who is new: its blocks of shell by section, run one after the other in one shell."""

import re
import subprocess
import threading

from machine import Machine
from place import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
# A block builds nothing, and waits for one service at most.
BLOCK_LIMIT_SECONDS = 120
INDENTED = re.compile(r"(?:^(?: {4}.*)?\n)+", re.MULTILINE)
FENCED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(title: str, text: str = README) -> str:
    found = text.partition(f"\n## {title}\n")
    assert found[1], f"no section '{title}'"
    return found[2].partition("\n## ")[0]


def block(title: str, part: str, text: str = README) -> str:
    """The one block of a section that has this part in it."""
    where = section(title, text)
    indented = [re.sub(r"^ {4}", "", found, flags=re.MULTILINE) for found in INDENTED.findall(where)]
    found = [one.strip() for one in indented + FENCED.findall(where) if part in one]
    assert len(found) == 1, f"{len(found)} blocks of '{title}' have '{part}'"
    return found[0]


def changed(text: str, changes: dict[str, str]) -> str:
    """What a reader has to fill in: each old text must stand there."""
    for old, new in changes.items():
        assert old in text, f"'{old}' does not stand in:\n{text}"
        text = text.replace(old, new)
    return text


class Shell:
    """A root's shell on the machine, in the checkout, from the first block to the last: variables, functions and its
    umask stay. Use it in a `with`."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.process = subprocess.Popen(
            machine.command("exec bash --norc"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.blocks = 0
        self.run("set -euo pipefail")

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def run(self, script: str) -> str:
        """What the block prints. The first command that fails ends the shell, and the day."""
        self.blocks += 1
        file, end = f"/run/day/{self.blocks}.sh", f"-- end of {self.blocks} --"
        self.machine.write(file, script + "\n")
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f". {file} </dev/null; echo; echo '{end}'\n")
        lines: list[str] = []
        late = threading.Timer(BLOCK_LIMIT_SECONDS, self.process.kill)
        late.start()
        for line in self.process.stdout:
            if line == f"{end}\n":
                late.cancel()
                return "".join(lines).strip()
            lines.append(line)
        late.cancel()
        raise AssertionError(f"a block failed:\n{script}\n-- it printed:\n{''.join(lines)[-4000:]}")
