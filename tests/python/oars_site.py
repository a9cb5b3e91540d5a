"""A site of its own for a test: a data folder and a profile; each command is a process."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
OF_THE_USER = ("OARS_", "DBT_")
WITHOUT_TESTS = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
FAMILIES = ["enrollment", "navigation", "video", "problem", "grading", "completion", "forum"]
FAMILIES += ["exam", "other"]
# Kind of statement -> the one staging view that it is in.
VIEWS = {family: f"stg_xapi__{family}_events" for family in FAMILIES} | {
    kind: f"stg_xapi__{kind}_statements" for kind in ("unclassified", "malformed")
}

QUERY = """
import sys, clickhouse_connect
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
for statement in sys.argv[2:-1]:
    client.command(statement)
sys.stdout.buffer.write(client.raw_query(sys.argv[-1], fmt="JSONEachRow"))
"""

HOLD = """
import sys, clickhouse_connect
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


def insert_statement(file: Path, statements: Iterable[tuple[object, object, bytes]]) -> str:
    """Write (id, time, body) to a file; give the SQL that inserts them into raw as they are.

    Also what the record store would refuse: the bodies are bytes.
    """
    with file.open("w") as lines:
        lines.writelines(f"{id_}\t{time}\t{body.hex()}\n" for id_, time, body in statements)
    return (
        "insert into xapi.xapi_events_all select event_id, emission_time, unhex(event) from "
        f"file('{file}', TSV, "
        "'event_id UUID, emission_time DateTime64(6, \\'UTC\\'), event String')"
    )


def copy_of_project(folder: Path) -> Path:
    """Copy the dbt project into a folder, to be edited."""
    for name in ("models", "macros", "seeds", "tests"):
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "dbt_project.yml", folder)
    return folder


@dataclass
class Run:
    """What a command said."""

    code: int
    out: str
    err: str


class Site:
    """A project with a data folder of its own."""

    def __init__(self, folder: Path, project: Path = PROJECT) -> None:
        self.folder = folder
        self.data = folder / "chdb"
        shutil.copy(PROJECT / "profiles.yml.example", folder / "profiles.yml")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(OF_THE_USER)}
        self.env |= {
            "OARS_CHDB_PATH": str(self.data),
            "DBT_PROJECT_DIR": str(project),
            "DBT_PROFILES_DIR": str(folder),
        }

    def oars(self, *arguments: str | Path, stdin: bytes = b"") -> Run:
        """Run `oars` in the site's folder."""
        done = subprocess.run(
            [sys.executable, "-m", "oars", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=self.folder,
            env=self.env,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    def dbt(self, *arguments: str) -> Run:
        """Run dbt on the project with the site's profile; what it compiles goes to the site."""
        done = subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", *arguments],
            capture_output=True,
            cwd=self.folder,
            env=self.dbt_env(),
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    def dbt_until(self, point: str, *arguments: str) -> subprocess.Popen[str]:
        """Start dbt; give its process as soon as it says that it does a thing."""
        run = subprocess.Popen(
            [
                *(sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "--log-level", "debug"),
                *arguments,
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.dbt_env(),
        )
        assert run.stdout is not None
        for line in run.stdout:
            if point in " ".join(line.split()):
                return run
        run.wait()
        raise AssertionError(f"dbt never came to: {point}")

    def dbt_env(self) -> dict[str, str]:
        """The environment of a dbt that writes nothing into the project, and little elsewhere."""
        return self.env | {
            "DBT_WRITE_JSON": "false",
            "DBT_LOG_LEVEL_FILE": "none",
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }

    @contextmanager
    def held(self) -> Iterator[None]:
        """Another process has the data folder open."""
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(self.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert holder.stdout is not None
        holder.stdout.readline()
        try:
            yield
        finally:
            holder.communicate()

    def execute(self, *statements: str) -> None:
        """Run statements that give no rows."""
        self.query(*statements, "select 1")

    def insert(self, statements: Iterable[tuple[object, object, bytes]]) -> None:
        """Insert (id, time, body) of statements into raw as they are."""
        self.execute(insert_statement(self.folder / "statements.tsv", statements))

    def query(self, *statements: str) -> list[dict[str, Any]]:
        """Run statements; give the rows of the last."""
        done = subprocess.run(
            [sys.executable, "-c", QUERY, str(self.data), *statements],
            capture_output=True,
            check=True,
            env=self.env,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]


def counts(run: Run) -> list[tuple[str, str]]:
    """The lines of a load's summary that say how many."""
    found = re.findall(r"^ *(\w[\w ]*\w) {2,}([\d,]+) *$", run.out, re.MULTILINE)
    return [(what, number) for what, number in found]
