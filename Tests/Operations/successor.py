"""A next version of the build at hand, for drills of upgrades: `successor.py PATH-OF-SUBGATE`.

It has one more migration, of each kind that an upgrade brings, and a statement of the traffic that uses it. Only the
module SQL holds either, so that module alone is compiled again, by the commands of the build, and linked with the
objects of all others: a second program in seconds. It lands beside the first, as `subgate-next`.
"""

import fcntl
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from place import ROOT

NAME = "successor"
MIGRATION = f"""-- What a next version adds.

set local search_path = subgate;

-- A column of the table that takes all the traffic, one of a table that people change, a table with its index.
alter table event add column build smallint not null default 1;
alter table sub_client add column remark text constraint sub_client_remark_length check (char_length(remark) < 100);
create table {NAME} (
    sub_client_id uuid not null,
    id uuid not null,
    primary key (sub_client_id, id)
);
create index {NAME}_id on {NAME} (id);
alter table {NAME} enable row level security;
alter table {NAME} force row level security;
create policy app on {NAME} for all to subgate_app using (
    sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
    or (select current_setting('subgate.platform', true)) = 'on');
grant select, insert, update, delete on {NAME} to subgate_app;

-- A function that both versions call.
create or replace function holder_grace() returns interval language sql immutable as $$ select interval '31 seconds' $$;
"""

# The accepting statements write the new column.
STORED = re.compile(r"(insert into event \()(.*?\)\s+select )", re.DOTALL)
LIMIT_SECONDS = 300


class Commands:
    """What SwiftPM's manifest of a scratch folder says it ran."""

    def __init__(self, binary: Path) -> None:
        # `binary` is SCRATCH/TRIPLE/CONFIGURATION/subgate, however many links lead there.
        self.folder = binary.resolve().parent
        manifest = self.folder.parents[1] / f"{self.folder.name}.yaml"
        assert manifest.exists(), f"{binary} is not where `swift build` made it: there is no {manifest}"
        self.text = manifest.read_text(encoding="utf-8")

    def arguments(self, target: str, kind: str) -> list[str]:
        """Of the command that compiles a module or links a program; without what SwiftPM wants it to print."""
        key = rf'^  "C\.{target}-[^"\n]*\.{kind}":\n'
        found = re.search(key + r"(?:    .*\n)*?    args: (\[.*\])$", self.text, re.MULTILINE)
        assert found, f"the build has no command for {target}"
        return [word for word in json.loads(found[1]) if word != "-parseable-output"]


def write_sources(folder: Path) -> None:
    """A copy of db/ with the migration and the changed statements."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "db", folder)
    last = max(int(file.name[:4]) for file in (folder / "migrations").glob("*.sql"))
    (folder / "migrations" / f"{last + 1:04}_{NAME}.sql").write_text(MIGRATION, encoding="utf-8")
    events = folder / "queries" / "event.sql"
    changed, count = STORED.subn(r"\1build, \g<2>2, ", events.read_text(encoding="utf-8"))
    assert count > 0, "no statement of event.sql stores events"
    events.write_text(changed, encoding="utf-8")


def run(arguments: list[str]) -> None:
    done = subprocess.run(
        arguments, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=LIMIT_SECONDS)
    assert done.returncode == 0, f"{arguments[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}"


def make(binary: Path) -> Path:
    """The next version of a build of this checkout; made unless it is there and newer."""
    commands = Commands(binary)
    made, work = commands.folder / "subgate-next", commands.folder / "next"
    work.mkdir(exist_ok=True)
    with (work / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists() and made.stat().st_mtime > max(binary.stat().st_mtime, Path(__file__).stat().st_mtime):
            return made
        build(commands, work, made)
    return made


def build(commands: Commands, work: Path, made: Path) -> None:
    write_sources(work / "db")
    generated, old = work / "Statements.swift", str(commands.folder / "SQL.build")
    run([str(commands.folder / "embed-files-tool"), "sql", str(generated), str(work / "db")])

    def moved(text: str) -> str:
        """The same with what is read and written for this module in the folder of ours."""
        text = re.sub(r"[^\"\s]*/Statements\.swift(?!\.)", str(generated), text)
        text = text.replace(str(commands.folder / "Modules/SQL.swiftmodule"), str(work / "SQL.swiftmodule"))
        return text.replace(old, str(work / "SQL.build"))

    shutil.rmtree(work / "SQL.build", ignore_errors=True)
    (work / "SQL.build" / "include").mkdir(parents=True)
    for name in ("output-file-map.json", "sources"):
        (work / "SQL.build" / name).write_text(moved((Path(old) / name).read_text(encoding="utf-8")), encoding="utf-8")
    run([moved(word) for word in commands.arguments("SQL", "module")])

    objects, linked = work / "Objects.LinkFileList", commands.folder / "subgate.product" / "Objects.LinkFileList"
    objects.write_text(moved(linked.read_text(encoding="utf-8")), encoding="utf-8")
    fresh = work / "subgate"
    link = [word.replace(str(linked), str(objects)) for word in commands.arguments("subgate", "exe")]
    link[link.index("-o") + 1] = str(fresh)
    run(link)
    # In one step, because the name says that it is whole.
    fresh.replace(made)


if __name__ == "__main__":
    print(make(Path(sys.argv[1]).resolve()))
