"""A site of its own for a test: a data folder and a profile; each command is a process."""

import atexit
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
STARTER = Path(__file__).with_name("starter.py")
MODULES = {"oars": "oars", "dbt": "dbt.cli.main"}
# The folder of this session for what dbt has read of a project.
PARSED = "TESTS_PARSED_PROJECTS"
# Of a site's environment what no model, macro or source can tell: where the data are.
WHERE_DATA_ARE = ("OARS_CHDB_PATH", "OARS_CLICKHOUSE_PORT")
OF_THE_USER = ("OARS_", "DBT_")
FOLDERS_OF_DBT = ("models", "macros", "seeds", "tests")
# Commands of oars for which dbt reads the project.
ASK_DBT = ("export", "restore")
WITHOUT_TESTS = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
FAMILIES = ["enrollment", "navigation", "video", "problem", "grading", "completion", "forum"]
FAMILIES += ["exam", "other"]
# Kind of statement -> the one staging view that it is in.
VIEWS = {family: f"stg_xapi__{family}_events" for family in FAMILIES} | {
    kind: f"stg_xapi__{kind}_statements" for kind in ("unclassified", "malformed")
}

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
    for name in FOLDERS_OF_DBT:
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "dbt_project.yml", folder)
    return folder


def parsed_with(arguments: tuple[str, ...]) -> list[str]:
    """Those of the arguments of a run of dbt by which it reads the project."""
    return [
        each
        for option, value in pairwise(arguments)
        if option in ("--vars", "--target")
        for each in (option, value)
    ]


@cache
def starter() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, STARTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    # Without requests it ends.
    atexit.register(process.communicate)
    return process


def ask_starter(request: dict[str, Any]) -> int:
    """Have starter.py run a command; give its exit code."""
    process = starter()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


@dataclass
class Run:
    """What a command said."""

    code: int
    out: str
    err: str


class Site:
    """A project with a data folder of its own."""

    def __init__(self, folder: Path, project: Path = PROJECT, is_plain: bool = False) -> None:
        """A plain site starts its commands as a user does, any other with starter.py."""
        self.folder = folder
        self.is_plain = is_plain
        self.data = folder / "chdb"
        shutil.copy(PROJECT / "profiles.yml.example", folder / "profiles.yml")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(OF_THE_USER)}
        self.env |= {
            "OARS_CHDB_PATH": str(self.data),
            "DBT_PROJECT_DIR": str(project),
            "DBT_PROFILES_DIR": str(folder),
        }

    def oars(self, *arguments: str | Path, stdin: bytes = b"") -> Run:
        """Run `oars` in the site's folder; what it asks dbt for, dbt has read already."""
        told = [str(each) for each in arguments]
        if told[0] not in ASK_DBT:
            return self.start("oars", *told, stdin=stdin)
        of_target = parsed_with(tuple(told))
        manifest = self.manifest_of(("build", *of_target))
        return self.start("oars", *told, stdin=stdin, manifest=manifest, parsed_with=of_target)

    def dbt(self, *arguments: str) -> Run:
        """Run dbt on the project with the site's profile; what it compiles goes to the site."""
        return self.start(
            *("dbt", "--no-use-colors", *arguments),
            env=self.dbt_env(),
            manifest=self.manifest_of(arguments),
            parsed_with=parsed_with(arguments),
        )

    def start(self, command: str, *arguments: str, stdin: bytes = b"", **request: Any) -> Run:
        """Run a command to its end, in a process that starter.py makes or as a user does."""
        env = request.pop("env", self.env)
        if self.is_plain and command in MODULES:
            done = subprocess.run(
                [sys.executable, "-m", MODULES[command], *arguments],
                input=stdin,
                capture_output=True,
                cwd=self.folder,
                env=env,
            )
            return Run(done.returncode, done.stdout.decode(), done.stderr.decode())
        with (
            tempfile.NamedTemporaryFile() as into,
            tempfile.NamedTemporaryFile() as out,
            tempfile.NamedTemporaryFile() as err,
        ):
            into.write(stdin)
            into.flush()
            request |= {"command": command, "arguments": arguments, "env": env}
            request |= {"folder": str(self.folder), "files": [into.name, out.name, err.name]}
            code = ask_starter({"manifest": None} | request)
            return Run(code, out.read().decode(), err.read().decode())

    def manifest_of(self, arguments: tuple[str, ...]) -> str | None:
        """The file for what dbt reads of the project, named by all that it reads and goes by."""
        if PARSED not in os.environ or arguments[0] not in ("build", "run", "test"):
            return None
        project = Path(self.env["DBT_PROJECT_DIR"])
        told = {k: v for k, v in self.env.items() if k.startswith(OF_THE_USER)}
        told = {k: v for k, v in told.items() if k not in (*WHERE_DATA_ARE, "DBT_PROFILES_DIR")}
        digest = hashlib.sha256(repr((sorted(told.items()), parsed_with(arguments))).encode())
        digest.update((self.folder / "profiles.yml").read_bytes())
        files = [file for folder in FOLDERS_OF_DBT for file in (project / folder).rglob("*.*")]
        for file in sorted([*project.glob("*.yml"), *files]):
            if file.is_file() and file.suffix != ".pyc":
                digest.update(repr((str(file), file.read_bytes())).encode())
        return str(Path(os.environ[PARSED]) / digest.hexdigest())

    def dbt_until(self, point: str, *arguments: str) -> subprocess.Popen[str]:
        """Start dbt; give its process as soon as it says that it does a thing."""
        told = ["--no-use-colors", "--log-level", "debug", *arguments]
        request = {"command": "dbt", "arguments": told, "manifest": self.manifest_of(arguments)}
        run = subprocess.Popen(
            [sys.executable, STARTER, json.dumps(request)],
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
        done = self.start("query", str(self.data), *statements)
        assert done.code == 0, done.err
        return [json.loads(line) for line in done.out.split("\n") if line]


def counts(run: Run) -> list[tuple[str, str]]:
    """The lines of a load's summary that say how many."""
    found = re.findall(r"^ *(\w[\w ]*\w) {2,}([\d,]+) *$", run.out, re.MULTILINE)
    return [(what, number) for what, number in found]
