"""The scheduled run: `dbt run`, the freshness of the sources, a snapshot; once, or repeatedly."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from time import monotonic
from types import FrameType
from typing import Any

from clickhouse_connect.driver.exceptions import Error

from oars.claim import end_claim
from oars.connection import OarsError, Target, connect, one_line, read_target, reason
from oars.invoke import invoke_dbt
from oars.raw_tables import raw_names, table_exists

DONE, FAILED, BUSY = 0, 1, 75
"""Exit codes. 75 is what sysexits.h calls a failure that passes: try again later."""

IS_BUSY = re.compile(r"Another run (is|was) at work on this database|is in use by another process")
"""How the claim (macros/engine/lease) and the embedded engine's adapter say it."""

LONGEST_PAUSE = timedelta(minutes=5)
EVERY_HOUR = timedelta(hours=1).total_seconds()

LOGGED = """
select length(months), course_count, appended_count, built
from {ops:Identifier}.run_log final
where invocation_id = {run:String}
"""

# Inserts raise the number of the last block; deletions the version of the data, or take rows.
# A merge changes neither.
ARRIVED = """
select toString(groupBitXor(cityHash64(*)))
from (
    select
        database,
        table,
        partition_id,
        max(max_block_number) as last_block,
        max(data_version) as last_version,
        sum(rows) as row_count
    from system.parts
    where active and (database, table) in {tables:Array(Tuple(String, String))}
    group by database, table, partition_id
)
"""

# What is no table of parts (a view, a Distributed table) cannot be looked at cheaply.
OTHERS = """
select count()
from system.tables
where (database, name) in {tables:Array(Tuple(String, String))} and engine not like '%MergeTree'
"""


@dataclass
class Outcome:
    """How a run went; what a job reads as JSON."""

    result: str
    """`done`, `nothing new`, `busy` or `failed`."""
    run: str = ""
    """The invocation of dbt: its row in oars_ops.run_log."""
    seconds: float = 0
    month_count: int = 0
    """Months of which statements were read."""
    course_count: int = 0
    """Courses with news."""
    appended_count: int = 0
    """Statements that base did not have."""
    built: list[str] = field(default_factory=list)
    """Relations that changed."""
    freshness: dict[str, str] = field(default_factory=dict)
    """Source -> `pass`, `warn` or `error`, as `dbt source freshness` says."""
    published: str | None = None
    """The snapshot; null on a server, which needs none."""
    error: str | None = None

    @property
    def code(self) -> int:
        """The exit code."""
        return {"busy": BUSY, "failed": FAILED}.get(self.result, DONE)

    def fail(self, why: str) -> None:
        """Note why nothing came of it; that another is at work is no failure."""
        self.error = why
        self.result = "busy" if IS_BUSY.search(why) else "failed"

    def json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), ensure_ascii=False)


UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def duration(text: str) -> timedelta:
    """A time like 10s, 5m or 1h; OarsError of any other text, and of less than a second."""
    found = re.fullmatch(r"([1-9]\d{0,5})([smh])", text.strip())
    if not found:
        raise OarsError(f"{text} is no time: give it as 10s, 5m or 1h.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


class Stopped(KeyboardInterrupt):
    """The job was told to end; dbt takes it as an interruption."""


class Project:
    """The dbt project and its target; read once, and again when a file has changed."""

    def __init__(
        self,
        project_dir: Path | None,
        profiles_dir: Path | None,
        target: str | None,
        variables: str | None = None,
    ) -> None:
        """OarsError where the profile cannot be used."""
        self.target: Target = read_target(project_dir, profiles_dir, target)
        self.profiles = profiles_dir
        self.target_name = target
        self.variables = variables
        self.claims: set[str] = set()
        """Runs whose claim could not be given back, for the server was away or its disk full."""
        self._manifest: Any = None
        self._digest = b""

    def manifest(self) -> Any:
        """What dbt read of the project."""
        digest = self._files()
        if digest != self._digest:
            done = invoke_dbt([*self._told("parse"), "--quiet"])
            if not done.success:
                said = one_line(str(done.exception)) if done.exception else "see its log"
                raise OarsError(f"dbt cannot read the project: {said}")
            self._manifest, self._digest = done.result, digest
        return self._manifest

    def invoke(self, *arguments: str) -> Any:
        """Run a command of dbt on it."""
        return invoke_dbt(self._told(*arguments), self.manifest())

    def _told(self, *arguments: str) -> list[str]:
        told = [*arguments, "--project-dir", str(self.target.project_dir)]
        told += ["--profiles-dir", str(self.profiles)] if self.profiles else []
        told += ["--target", self.target_name] if self.target_name else []
        return told + (["--vars", self.variables] if self.variables else [])

    def _files(self) -> bytes:
        """What tells whether a file was edited since."""
        root = self.target.project_dir
        digest = sha256()
        for folder in ("models", "macros", "seeds", "tests", "dbt_packages"):
            for path in sorted((root / folder).rglob("*.*")):
                with suppress(FileNotFoundError):
                    seen = path.stat()
                    digest.update(f"{path} {seen.st_mtime_ns} {seen.st_size}\n".encode())
        for path in sorted(root.glob("*.yml")):
            digest.update(path.read_bytes())
        return digest.digest()


def run(project: Project, arguments: list[str], with_freshness: bool = True) -> Outcome:
    """Run dbt, look at the sources, and publish where the engine is embedded.

    Whatever happens, the claim on the database is given back. Nothing is raised but Stopped.
    """
    start = monotonic()
    outcome = Outcome("failed")
    try:
        _run(project, arguments, outcome)
        if outcome.code == DONE and with_freshness:
            outcome.freshness = _freshness(project)
        if outcome.code == DONE and project.target.credentials.type == "chdb":
            outcome.published = _publish(project.target)
    except (OarsError, Error, OSError) as error:
        outcome.fail(error_said(error))
    except KeyboardInterrupt:
        outcome.fail("The run was stopped; the next does what is left.")
        outcome.seconds = round(monotonic() - start, 1)
        raise Stopped(outcome.json()) from None
    outcome.seconds = round(monotonic() - start, 1)
    return outcome


def error_said(error: Exception) -> str:
    """What a user is told of an error: a sentence of our own as it is."""
    return str(error) if isinstance(error, OarsError) else reason(error)


def _run(project: Project, arguments: list[str], outcome: Outcome) -> None:
    from click import Abort
    from dbt_common.invocation import get_invocation_id

    project.manifest()
    # Else it would wait for a run of its own that is no more.
    _give_back(project)
    try:
        done = project.invoke("run", *arguments)
    finally:
        outcome.run = get_invocation_id()
        project.claims.add(outcome.run)
        _give_back(project)
    if isinstance(done.exception, (Abort, KeyboardInterrupt)):
        raise Stopped
    if not done.success:
        outcome.fail(_why(done))
        return
    with closing(connect(project.target)) as client:
        ops = f"{project.target.schema}_ops"
        [row] = client.query(LOGGED, parameters={"ops": ops, "run": outcome.run}).result_rows
    outcome.month_count, outcome.course_count, outcome.appended_count, outcome.built = row
    outcome.result = "done" if outcome.month_count or outcome.built else "nothing new"


def _why(done: Any) -> str:
    """What dbt says of a run that failed, on one line."""
    if done.exception is not None:
        return _sentence(str(done.exception))
    messages = [
        f"{each.node.name}: {_sentence(each.message or '')}"
        for each in getattr(done.result, "results", [])
        if each.status in ("error", "fail")
    ]
    return messages[0] if messages else "dbt says no more: see its log."


def _sentence(message: str) -> str:
    return reason(Exception(one_line(message)))


def _give_back(project: Project) -> None:
    """End the claims of runs that are no more, which those that were interrupted leave."""
    target = project.target
    if target.credentials.type == "chdb" or not project.claims:
        return
    # A server that is away cannot be told; the claim then ends by itself, or before the next run.
    with suppress(OarsError, Error, OSError), closing(connect(target)) as client:
        for run_id in sorted(project.claims):
            end_claim(client, f"{target.schema}_ops", run_id)
            project.claims.discard(run_id)


def _freshness(project: Project) -> dict[str, str]:
    """How old the newest row of each source is, as dbt judges it; that it is old is no failure."""
    found = project.invoke("source", "freshness", "--quiet")
    if found.exception is not None:
        raise OarsError(f"The sources' freshness is unknown: {one_line(str(found.exception))}")
    return {
        each.node.name: str(each.status)
        for each in found.result.results
        if each.node.resource_type == "source"
    }


def _publish(target: Target) -> str:
    from oars.publish import publish

    return str(publish(target).folder)


def watch(project: Project, every: timedelta) -> Iterator[Outcome]:
    """Run whenever something has arrived, until the process is told to end; give each outcome.

    One cheap query looks. Once an hour a run is made whatever it says: statements of the future
    become the past. After a failure it waits, longer each time, up to five minutes.
    """
    end = Event()
    arrived, ran_at, pause = None, -EVERY_HOUR, every
    with _told_to_end(end):
        while not end.is_set():
            is_due = monotonic() - ran_at >= EVERY_HOUR
            outcome, signature = None, None
            try:
                signature = _arrived(project.target)
                if is_due or signature is None or signature != arrived:
                    outcome = run(project, ["--quiet", "--no-write-json"], with_freshness=is_due)
            except (OarsError, Error, OSError) as error:
                outcome = Outcome("failed")
                outcome.fail(error_said(error))
            if outcome is not None:
                if outcome.code == DONE:
                    # What came while it ran differs from what was seen before it.
                    arrived, ran_at = signature, monotonic()
                yield outcome
            is_failed = outcome is not None and outcome.code == FAILED
            pause = max(every, min(2 * pause, LONGEST_PAUSE)) if is_failed else every
            end.wait(pause.total_seconds())


def _arrived(target: Target) -> str | None:
    """What changes when something arrives in raw or leaves it; None where that cannot be told."""
    names = raw_names()
    tables = [(database, table) for database, table, _ in names.tables()]
    with closing(connect(target)) as client:
        parameters = {"tables": tables}
        if client.query(OTHERS, parameters=parameters).result_rows[0][0]:
            return None
        if not table_exists(client, names.xapi_database, names.xapi_table):
            return None
        return str(client.query(ARRIVED, parameters=parameters).result_rows[0][0])


@contextmanager
def stopped_by_a_signal() -> Iterator[None]:
    """SIGTERM, which a scheduler sends, ends a run as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _told_to_end(end: Event) -> Iterator[None]:
    """The first SIGTERM or Ctrl-C lets the run at work end; the second interrupts it."""

    def stop(number: int, frame: FrameType | None) -> None:
        if end.is_set():
            raise Stopped
        end.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
