"""The command `oars`: make, fill and look at the raw tables and the marts."""

import csv
import gzip
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import uuid4

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from oars.connection import OarsError, Target, connect, read_target, reason
from oars.terminal import Terminal, clean, say

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from oars.load import Counts, Source
    from oars.simulate import Simulation

app = typer.Typer(
    name="oars",
    help="Open analytics for Open edX: from raw xAPI statements to course marts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ProjectDir = Annotated[
    Path | None,
    typer.Option(
        envvar="DBT_PROJECT_DIR",
        help="Folder of dbt_project.yml; by default this one or the nearest above.",
        file_okay=False,
    ),
]
ProfilesDir = Annotated[
    Path | None,
    typer.Option(
        envvar="DBT_PROFILES_DIR",
        help="Folder of profiles.yml; by default this one, then ~/.dbt.",
        file_okay=False,
    ),
]
TargetName = Annotated[
    str | None,
    typer.Option(
        "--target", "-t", envvar="DBT_TARGET", help="Target of the profile; its default if absent."
    ),
]

FILES_HELP = "Statements, one JSON object a line: .ndjson, .ndjson.gz, or - for standard input."
STATEMENTS_A_BATCH = 20_000


def main() -> None:
    """Run the command; an expected failure is one sentence and exit code 1."""
    from clickhouse_connect.driver.exceptions import Error

    try:
        app()
    except OarsError as error:
        sys.exit(clean(f"Error: {error}"))
    except Error as error:
        sys.exit(clean(f"Error: ClickHouse says: {reason(error)}"))
    except OSError as error:  # A full disk, say.
        sys.exit(clean(f"Error: {error}"))


@contextmanager
def open_target(
    project_dir: Path | None, profiles_dir: Path | None, name: str | None
) -> Iterator[tuple["Client", Target]]:
    """A client of the target, closed at the end so that the next process can open the folder."""
    target = read_target(project_dir, profiles_dir, name)
    client = connect(target)
    try:
        yield client, target
    finally:
        client.close()


@app.command()
def init(
    wanted: Annotated[
        list[str] | None,
        typer.Option(
            "--create",
            metavar="DATABASE.TABLE",
            help="Create this one also in a database that is there already; repeatable.",
        ),
    ] = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Create the raw databases and tables where they are missing.

    They are the ones an Open edX installation has, and two that the operator may fill: who is
    staff of which course, and programs. What exists is left as it is. On a server the databases of
    statements and of the LMS are taken for somebody else's where they are there: what they lack is
    listed, and created only if you name it. Other names: OARS_XAPI_DATABASE, OARS_XAPI_TABLE,
    OARS_EVENT_SINK_DATABASE, OARS_OPERATOR_DATABASE.

    \b
    Examples:
      oars init
      oars init --target server
      oars init --target server --create event_sink.course_blocks
    """
    from oars.raw_tables import create_missing

    with open_target(project_dir, profiles_dir, target) as (client, where):
        is_ours = where.credentials.type == "chdb"
        states = create_missing(client, where.cluster, is_ours, wanted or [])
    for table, state in states.items():
        say(f"{state:<14} {table}")
    if missing := [table for table, state in states.items() if state == "missing"]:
        say(f"To create one that is missing, empty: oars init --create {missing[0]}")


@app.command()
def load(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help=FILES_HELP)],
    rejects: Annotated[
        Path | None,
        typer.Option(
            help="Where to write lines that cannot be stored; NAME.rejects.ndjson if absent.",
            dir_okay=False,
        ),
    ] = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Load xAPI statements into the raw table, as the LRS would store them.

    A file has one statement a line, a JSON list, a response of a record store ({"statements":
    [...]}), or pretty-printed JSON; a statement may be wrapped in an object under `statement`.
    A statement whose id is there already is left out: loading a file twice changes nothing. A
    line that cannot be stored goes to the rejects file with its number and the reason.

    \b
    Examples:
      oars load statements.ndjson.gz
      oars load 2026-*.ndjson
      zcat 2026-*.gz | oars load - --rejects rejects.ndjson
    """
    if rejects and len(files) > 1:
        raise OarsError("--rejects needs exactly one FILE: each file has line numbers of its own.")
    from oars.raw_tables import raw_names, require_tables

    names = raw_names()
    failures = []
    with open_target(project_dir, profiles_dir, target) as (client, _):
        require_tables(client, [(names.xapi_database, names.xapi_table)])
        for name in files:
            try:
                _load_file(client, names.statements, name, rejects)
            except _Unreadable as error:
                failures.append(str(error))
                say(f"Error: {error}", err=True)
    if failures:
        raise typer.Exit(1)


class _Unreadable(OarsError):
    """A file that cannot be opened or read to its end; the other files are loaded all the same."""


def _load_file(client: "Client", table: str, name: str, rejects_path: Path | None) -> None:
    from oars.load import RejectsFile, Source, batch_bytes, default_rejects_path, load_lines
    from oars.read import WANTED, NotStatements

    with ExitStack() as stack:
        try:
            source = Source(name, stack)
        except OSError as error:
            raise _Unreadable(f"{name} cannot be read: {reason(error)}.") from error
        rejects = RejectsFile(rejects_path or default_rejects_path(source))
        stack.callback(rejects.close)
        start = perf_counter()
        groups = _watched_file(source, batch_bytes(client, table))
        try:
            counts = load_lines(client, table, groups, rejects.add)
        except NotStatements as error:
            raise _Unreadable(str(error)) from None
        seconds = perf_counter() - start
    _print_counts(name, counts, seconds)
    if counts.rejected:
        say(f"The rejected lines are in {rejects.path}.")
    if source.damage:
        raise _Unreadable(
            f"{name} is damaged ({source.damage}); what comes before the damage is loaded."
        )
    if counts.read and counts.rejected.total() == counts.read:
        raise _Unreadable(f"Nothing of {name} could be stored: {WANTED}")


def _watched_file(source: "Source", group_bytes: int) -> Iterator[list[bytes]]:
    """The groups of a file, with a bar of the bytes read."""
    with _progress() as progress:
        task = progress.add_task(source.name, total=source.size)
        for group in source.groups(group_bytes):
            progress.update(task, completed=source.bytes_read())
            yield group


def _progress() -> Progress:
    console = Terminal(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _print_counts(name: str, counts: "Counts", seconds: float) -> None:
    say(name)
    table = Table.grid(padding=(0, 4, 0, 0))
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_row("read", f"{counts.read:,}")
    table.add_row("stored", f"{counts.stored:,}")
    table.add_row("already there", f"{counts.already_there:,}")
    table.add_row("repeated in the file", f"{counts.repeated:,}")
    table.add_row("rejected", f"{counts.rejected.total():,}")
    for why, count in counts.rejected.most_common():
        table.add_row(f"  {why}", f"{count:,}")
    Terminal(highlight=False).print(table)
    say(f"{seconds:,.1f} s, {counts.read / seconds:,.0f} statements a second")


@app.command()
def simulate(
    statements: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many statements.")
    ] = 100_000,
    learners: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many learners; as many as it takes if absent."),
    ] = None,
    courses: Annotated[int, typer.Option(metavar="N", min=1, help="How many courses.")] = 4,
    days: Annotated[int, typer.Option(metavar="N", min=1, help="How many days.")] = 120,
    end: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="The last of the days."),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", help="The same seed gives the same statements.")
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write statements.ndjson.gz and a .csv.gz for each other table.",
            file_okay=False,
        ),
    ] = None,
    to_target: Annotated[
        bool, typer.Option("--load", help="Load straight into the target.")
    ] = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Make realistic statements and the event_sink rows that go with them.

    Learners enrol, watch, try problems, ask for hints, get grades, finish, drop out and come
    back, in the shape in which a live site sends it. Two members of staff and two programs come
    with them. The same options give the same bytes.

    \b
    Examples:
      oars simulate --load
      oars simulate --statements 1000000 --courses 12 --days 365 --load
      oars simulate --seed 7 --out sample
    """
    if (out is None) == (not to_target):
        raise OarsError("Say where to: --out FOLDER for files, or --load for the target.")
    from oars.simulate import Simulation, SimulationPlan

    last = {"end": end.date()} if end else {}
    try:
        plan = SimulationPlan(statements, learners, courses, days, seed, **last)
    except ValueError as error:
        raise OarsError(f"This cannot be simulated: {error}.") from error
    simulation = Simulation(plan)
    if out is not None:
        _simulate_to_folder(simulation, out)
        return
    with open_target(project_dir, profiles_dir, target) as (client, _):
        _simulate_to_target(simulation, client)


def _simulate_to_folder(simulation: "Simulation", folder: Path) -> None:
    from oars.raw_tables import table_columns

    start = perf_counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "statements.ndjson.gz"
        written = 0
        with _gzip_file(path) as file:
            for group in _watched(simulation):
                file.write(b"\n".join(group) + b"\n")
                written += len(group)
        _print_made(str(path), written, "statements", perf_counter() - start)
        tables = simulation.event_sink_rows() | simulation.operator_rows()
        for table, rows in tables.items():
            path = folder / f"{table}.csv.gz"
            with _gzip_file(path) as file, TextIOWrapper(file, "utf-8", newline="") as text:
                writer = csv.writer(text)
                writer.writerow(table_columns(table))
                writer.writerows(rows)
            _print_made(str(path), len(rows), "rows")
    except OSError as error:
        raise OarsError(f"{folder} cannot be written: {reason(error)}.") from error


@contextmanager
def _gzip_file(path: Path) -> Iterator[gzip.GzipFile]:
    """A compressed file without name and time, so that the same plan gives the same bytes."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 3, raw, mtime=0) as file:
        yield file


def _simulate_to_target(simulation: "Simulation", client: "Client") -> None:
    from oars.load import insert_event_sink, insert_operator, load_lines
    from oars.raw_tables import raw_names, require_tables

    names = raw_names()
    require_tables(client, [(database, table) for database, table, _ in names.tables()])
    start = perf_counter()
    counts = load_lines(client, names.statements, _watched(simulation), _no_reject)
    _print_counts("simulated statements", counts, perf_counter() - start)
    for table, rows in simulation.event_sink_rows().items():
        stored = insert_event_sink(client, names.event_sink_database, table, rows)
        _print_stored(f"{names.event_sink_database}.{table}", stored, len(rows))
    for table, rows in simulation.operator_rows().items():
        stored = insert_operator(client, names.operator_database, table, rows)
        _print_stored(f"{names.operator_database}.{table}", stored, len(rows))


def _print_stored(table: str, stored: int, count: int) -> None:
    there = f", {count - stored:,} already there" if stored < count else ""
    say(f"{table}: {stored:,} rows{there}")


def _no_reject(line_number: int, why: str, line: bytes) -> None:
    raise AssertionError(f"simulated statement {line_number} cannot be stored: {why}")


def _watched(simulation: "Simulation") -> Iterator[list[bytes]]:
    """The statements in batches, with a bar."""
    statements = simulation.statements()
    with _progress() as progress:
        task = progress.add_task("simulating", total=simulation.plan.statements)
        while group := list(islice(statements, STATEMENTS_A_BATCH)):
            progress.update(task, advance=len(group))
            yield group


def _print_made(path: str, count: int, what: str, seconds: float | None = None) -> None:
    rate = f", {count / seconds:,.0f} a second" if seconds else ""
    say(f"{path}: {count:,} {what}{rate}")


@app.command()
def report(
    course: Annotated[
        str | None, typer.Option(metavar="KEY", help="One course; all courses if absent.")
    ] = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Print a one-screen report from the marts.

    \b
    Examples:
      oars report
      oars report --course course-v1:edX+DemoX+2026
    """
    from oars.report import print_report

    with open_target(project_dir, profiles_dir, target) as (client, where):
        print_report(client, where.schema, course)


@app.command()
def status(
    is_json: Annotated[
        bool, typer.Option("--json", help="One JSON object, with more than what is printed.")
    ] = False,
    prometheus: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write metrics to a file that ends in .prom, for node_exporter's textfile "
            "collector, and print nothing.",
            dir_okay=False,
        ),
    ] = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Say how fresh the marts are, what waits in raw, and how the last runs went.

    The file of metrics takes the place of the one before in one step, and everybody may read it:
    the collector runs as another user, and no metric names anybody.

    \b
    Examples:
      oars status
      oars status --target server --json
      oars status --prometheus /var/lib/node_exporter/textfile/oars.prom
    """
    from oars.status import gather, print_status

    # Before anything else: the embedded engine changes the working folder.
    file = prometheus.absolute() if prometheus else None
    if file and file.suffix != ".prom":
        raise OarsError(f"{prometheus} would not be read: give a name that ends in .prom.")
    with open_target(project_dir, profiles_dir, target) as (client, where):
        found = gather(client, where.schema, where.credentials.type == "chdb")
    if file:
        from oars.files import write_whole
        from oars.metrics import text

        write_whole(file, text(found))
    if is_json:
        say(found.json())
    elif not file:
        print_status(found)


@app.command()
def doctor(
    is_json: Annotated[
        bool, typer.Option("--json", help="One JSON object with the list of findings.")
    ] = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Look whether the database, its tables and this user are as runs need them; change nothing.

    Each finding is a line with what to do. Exit codes: 0 all is well, 1 warnings only, 2 at least
    one problem, which makes a run fail or lose what it should have.

    \b
    Examples:
      oars doctor
      oars doctor --target server
      oars doctor --json
    """
    from oars.doctor import as_json, code, examine, lines

    findings = examine(project_dir, profiles_dir, target)
    say(as_json(findings) if is_json else "\n".join(lines(findings)))
    raise typer.Exit(code(findings))


@app.command()
def unlock(
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Remove the claim of a run that was killed, so that the next one need not wait for it.

    A claim ends by itself three minutes after its run has died. Remove none of a run that is alive:
    two at once can build on each other's half-built courses.

    \b
    Examples:
      oars unlock
      oars unlock --target server --yes
    """
    from oars.claim import live_claims, remove_claims
    from oars.raw_tables import table_exists

    with open_target(project_dir, profiles_dir, target) as (client, where):
        ops = f"{where.schema}_ops"
        claims = live_claims(client, ops) if table_exists(client, ops, "lease") else []
        if not claims:
            say("No run has claimed the database.")
            return
        for claim in claims:
            say(f"Run {claim['invocation_id']}, until {claim['expires_at']:%H:%M:%S} UTC")
        if not is_sure:
            typer.confirm("Are these runs dead?", abort=True)
        remove_claims(client, ops)
        say("The claim is removed.")


Variables = Annotated[
    str | None,
    typer.Option("--vars", metavar="YAML", help="Vars for dbt, as `dbt run --vars` has them."),
]


@app.command()
def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- OPTIONS]", help="Options of `dbt run`, after two dashes."),
    ] = None,
    variables: Variables = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Run once, as a schedule wants it: dbt, the freshness of the sources, a snapshot.

    The snapshot is for the embedded engine. The claim on the database is given back whatever
    happens. The last line is one JSON object. Exit codes: 0 done or nothing new, 75 another run is
    at work, 1 failed.

    \b
    Examples:
      oars run
      oars run --target server -- --full-refresh --select agg_courses
    """
    from oars.run import FAILED, Project, Stopped, stopped_by_a_signal
    from oars.run import run as run_once

    try:
        with stopped_by_a_signal():
            outcome = run_once(
                Project(project_dir, profiles_dir, target, variables), arguments or []
            )
    except Stopped as stopped:
        say(str(stopped))
        raise typer.Exit(FAILED) from None
    say(outcome.json())
    raise typer.Exit(outcome.code)


@app.command()
def watch(
    every: Annotated[
        str, typer.Option(metavar="TIME", help="How often to look: 10s, 5m, 1h.")
    ] = "10s",
    variables: Variables = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Run whenever something has arrived, in one process, until it is told to end.

    One cheap query looks whether there is anything new. A line of JSON is printed for each run. A
    run that fails is tried again, after a pause of up to five minutes. SIGTERM and Ctrl-C let the
    run at work end first; a second one interrupts it.

    \b
    Examples:
      oars watch
      oars watch --every 1m --target server
    """
    from oars.run import Project, Stopped, duration
    from oars.run import watch as watch_target

    pause = duration(every)
    try:
        for outcome in watch_target(Project(project_dir, profiles_dir, target, variables), pause):
            say(outcome.json())
    except Stopped as stopped:
        say(str(stopped))
        raise typer.Exit(1) from None


@app.command()
def publish(
    project_dir: ProjectDir = None, profiles_dir: ProfilesDir = None, target: TargetName = None
) -> None:
    """Copy the marts into a snapshot that dashboards read, beside the embedded data folder.

    One process at a time can have a data folder open: with a snapshot, runs and dashboards do not
    lock each other out. It has the marts and nothing else. The link chdb_published/current leads to
    the newest; the one before it stays for who still has it open. A server needs none.

    \b
    Examples:
      oars publish
      dbt run && oars publish
    """
    from oars.publish import publish as publish_marts

    start = perf_counter()
    made = publish_marts(read_target(project_dir, profiles_dir, target))
    say(
        f"{made.folder}: {made.relation_count:,} relations, {made.row_count:,} rows, "
        f"{made.byte_count / 1e6:,.1f} MB, {perf_counter() - start:,.1f} s"
    )
    if made.dropped_count:
        say(f"{made.dropped_count} older snapshots are gone: they held who must not be in them.")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False)],
    form: Annotated[
        Literal["parquet", "csv"], typer.Option("--format", help="Of the files.")
    ] = "parquet",
    marts: Annotated[
        list[str] | None,
        typer.Option(
            "--mart",
            metavar="NAME",
            help="This mart; repeatable. All marts without learners if absent.",
        ),
    ] = None,
    courses: Annotated[
        list[str] | None,
        typer.Option("--course", metavar="KEY", help="Rows of this course only; repeatable."),
    ] = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Write marts to files: NAME.parquet or NAME.csv, one a mart.

    Marts with a row for each learner, by pseudonym, are written only where --mart names them; names
    of people never. With --course, marts that are not of courses are left out. The rows are in the
    order of the mart's key. Times are UTC. In a CSV what is absent is nothing, an empty text is "".
    A file that is there is replaced. Files, and folders that are made, are for this user alone.

    \b
    Examples:
      oars export marts
      oars export marts --format csv --course course-v1:edX+DemoX+2026
      oars export marts --mart agg_courses --mart fct_enrollments --target server
    """
    from oars.export import export as export_marts
    from oars.grants import Site
    from oars.manifest import read_manifest
    from oars.raw_tables import raw_names

    where = read_target(project_dir, profiles_dir, target)
    manifest = read_manifest(where.project_dir, profiles_dir, target)
    site = Site(manifest, raw_names(), where.schema, where.cluster)
    for exported in export_marts(where, site, folder, form, marts or [], courses or []):
        say(str(exported))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False)],
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Write what no run can build again to a new folder.

    That is who was forgotten, the months that have left raw and are kept, and the operator's
    tables. Raw, xapi and event_sink, is the record store's and the LMS's to back up. The folder is
    for this user alone; it is there whole or not at all.

    \b
    Examples:
      oars backup backups/2026-06-30
      oars backup backups/2026-06-30 --target server
    """
    from oars.backup import backup as back_up
    from oars.backup import place_of
    from oars.rows import rows_said

    where = read_target(project_dir, profiles_dir, target)
    for table in back_up(where, folder).tables:
        say(f"{'.'.join(place_of(table.name, where.schema))}: {rows_said(table.row_count)}")


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False)],
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Read a backup into a database on which nothing has run yet; then `dbt build` makes the rest.

    Nothing is overwritten. A command that was interrupted is to be repeated before anything runs.
    Bookkeeping of another release is brought up to date first.

    \b
    Examples:
      oars restore backups/2026-06-30
      oars init && oars restore backups/2026-06-30 && dbt build --selector lean
    """
    from oars.restore import restore as restore_from
    from oars.rows import rows_said

    where = read_target(project_dir, profiles_dir, target)
    for table, row_count, was_there in restore_from(where, profiles_dir, target, folder):
        say(f"{table}: {rows_said(row_count)}{', already there' if was_there else ''}")
    say("Run `dbt build` now: it builds the marts.")


@app.command()
def forget(
    actors: Annotated[
        list[str] | None,
        typer.Option("--actor", metavar="ID", help="The actor_id, as marts have it."),
    ] = None,
    users: Annotated[
        list[int] | None, typer.Option("--user-id", metavar="N", help="Number of the LMS's user.")
    ] = None,
    addresses: Annotated[
        list[str] | None, typer.Option("--email", metavar="ADDRESS", help="The e-mail address.")
    ] = None,
    usernames: Annotated[
        list[str] | None, typer.Option("--username", metavar="NAME", help="The name in the LMS.")
    ] = None,
    home_pages: Annotated[
        list[str] | None,
        typer.Option(
            "--home-page",
            metavar="URL",
            help="Accounts of this home page are the LMS's users, by name.",
        ),
    ] = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Forget a learner: delete all rows from raw tables to marts, and never read them again.

    One of the four options names the learner; the tables of the LMS and the statements tell the
    rest, which is shown before anything is deleted. Only salted hashes are kept, by which
    statements that are sent again are known and not read. Ends with a `dbt run`, which takes the
    learner out of every count, and a look at all texts of all tables. There is no way back. A
    command that was interrupted is to be repeated.

    \b
    Examples:
      oars forget --actor 32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb
      oars forget --email learner@example.org
      oars forget --user-id 7 --yes
    """
    from oars import forget as forgetting
    from oars.identity import IS_ADDRESS, IS_PSEUDONYM, Person, Register
    from oars.raw_tables import raw_names

    asked = Person(
        users=set(users or []),
        usernames={name.strip() for name in usernames or []} - {""},
        addresses={address.strip() for address in addresses or []} - {""},
        pseudonyms={actor.strip().lower() for actor in actors or []} - {""},
    )
    if not asked.count():
        raise OarsError(
            "No learner is named: give --actor, as marts have it, --user-id, --email or --username."
        )
    if odd := [name for name in asked.addresses if not IS_ADDRESS.fullmatch(name)]:
        raise OarsError(f"{odd[0]} is no e-mail address: give it as name@host.")
    if odd := [name for name in asked.pseudonyms if not IS_PSEUDONYM.fullmatch(name)]:
        raise OarsError(f"{odd[0]} is no actor_id: that is a UUID, or 32 or 40 hexadecimal digits.")
    if min(asked.users, default=1) < 1:
        raise OarsError("The number of a user is 1 or more.")
    with open_target(project_dir, profiles_dir, target) as (client, where):
        # Queries hold names and addresses: no server shall keep them.
        client.set_client_setting("log_queries", "0")
        forgetting.require_rest(client, where.schema)
        say("Looking for all that the learner is known by")
        register = Register(client, raw_names(), where.schema, home_pages or [])
        person = register.completed(asked)
        interrupted, commands = forgetting.being_forgotten(client, where.schema)
        person.add(interrupted)
        for line in forgetting.description(person, register):
            say(line)
        if commands:
            say("Among these is whom a command that was interrupted was forgetting.")
        if not is_sure:
            typer.confirm("Delete all that is known of them, for good?", abort=True)
        was_forgotten = forgetting.was_forgotten(client, where.schema, person)
        deleted = 0
        commands.append(str(uuid4()))
        for table, rows in forgetting.forget(client, where.schema, person, commands[-1]):
            say(f"{table}: {rows:,} deleted")
            deleted += rows
    if not deleted and len(commands) == 1:
        say(
            "The learner was forgotten before, and no row of theirs has come since."
            if was_forgotten
            else "Nothing was known of this learner: is the name right?"
        )
    say("Building what the learner was counted in")
    _dbt_run(where.project_dir, profiles_dir, target)
    say("Looking at all texts of all tables")
    with open_target(project_dir, profiles_dir, target) as (client, where):
        client.set_client_setting("log_queries", "0")
        wrong = forgetting.rows_left(client, where.schema)
        stays = forgetting.left(client, where.schema, person)
        forgetting.has_ended(client, where.schema, commands)
        for line in forgetting.what_stays(stays, person, where):
            say(line)
    if wrong:
        raise OarsError(f"Rows are left in {', '.join(wrong)}: run `dbt build --full-refresh`.")


@app.command()
def assets(
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Language of the texts, as in superset/text.")
    ] = "en",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where to write; the project's superset/ if absent.",
            file_okay=False,
        ),
    ] = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Make Superset's assets from the dbt contract and superset/dashboards.

    Run it after an edit of a mart's columns, of a dashboard or of a text. The folders `assets` and
    `assets_pii` are replaced; superset/apply.py, or Superset itself, imports them.

    \b
    Examples:
      oars assets
      oars assets --language es --out spanish
    """
    from oars.assets import make_assets, read_marts, write_assets

    project = read_target(project_dir, profiles_dir, target).project_dir
    folder = out or project / "superset"
    marts = read_marts(project, profiles_dir, target)
    count = write_assets(folder, make_assets(project, marts, language))
    say(f"{count} files in {folder}/assets and {folder}/assets_pii")


@app.command()
def grants(
    is_applied: Annotated[
        bool, typer.Option("--apply", help="Send the statements, instead of printing them.")
    ] = False,
    organizations: Annotated[
        list[str] | None,
        typer.Option(
            "--organization",
            metavar="KEY",
            help="A role for analysts of this organization, who see its courses only; repeatable.",
        ),
    ] = None,
    networks: Annotated[
        list[str] | None,
        typer.Option(
            "--network",
            metavar="ADDRESS",
            help="From where the users may connect, like 10.0.0.0/8; as it was if absent; "
            "repeatable.",
        ),
    ] = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """Print who may do what on a server, as SQL; with --apply, say so to the server.

    Roles with their grants, limits and users, for dbt, the dashboards, an analyst and, where the
    var pii_enabled is true, who may read names. They follow from the models: run it again after a
    mart was added. The same again changes nothing; what a role was granted before and is not now
    is taken back. Printing needs no server.

    A user can log in once its password was in OARS_DBT_PASSWORD, OARS_DASHBOARDS_PASSWORD,
    OARS_ANALYST_PASSWORD or OARS_PII_READER_PASSWORD; it is sent as a salted hash. To apply, the
    user of the target has to be one who may manage access.

    \b
    Examples:
      oars grants --target server
      oars grants --target server --apply
      oars grants --target server --organization edX --network 10.0.0.0/8 --apply
    """
    from oars.grants import (
        Site,
        apply,
        parts,
        passwords_given,
        refuse_odd,
        without_password,
    )
    from oars.manifest import read_manifest
    from oars.raw_tables import raw_names

    refuse_odd(organizations or [], networks or [])
    where = read_target(project_dir, profiles_dir, target)
    if is_applied and where.credentials.type == "chdb":
        raise OarsError(
            "The embedded engine has no users: whoever can read its folder can read all of it. "
            "Name a server with --target."
        )
    manifest = read_manifest(where.project_dir, profiles_dir, target)
    site = Site(manifest, raw_names(), where.schema, where.cluster)
    passwords = passwords_given()
    script = parts(site, organizations or [], passwords, networks or [])
    if not is_applied:
        say("\n\n".join(map(str, script)))
        return
    with closing(connect(where)) as client:
        count = apply(client, script)
    say(f"{count} statements applied.")
    if missing := without_password(site, passwords):
        say(f"Users without {', '.join(missing)} are as they were; new ones cannot log in yet.")


@app.command()
def prune(
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    variables: Variables = None,
    project_dir: ProjectDir = None,
    profiles_dir: ProfilesDir = None,
    target: TargetName = None,
) -> None:
    """List what the project no longer has, and drop it.

    dbt drops nothing that was renamed, removed or turned off. Listed are tables and views in the
    target's databases, which no model, seed or source of the project is any more, also what
    somebody else made there. Run it where you run dbt, and with the same vars: a project that
    extends this one has relations that this one does not know. Bookkeeping is left as it is.

    \b
    Examples:
      oars prune
      oars prune --target server --yes
    """
    import yaml

    from oars.claim import live_claims
    from oars.grants import Site
    from oars.manifest import read_manifest
    from oars.prune import drop, no_longer_there
    from oars.raw_tables import raw_names, table_exists

    where = read_target(project_dir, profiles_dir, target)
    manifest = read_manifest(
        where.project_dir, profiles_dir, target, yaml.safe_load(variables or "{}")
    )
    site = Site(manifest, raw_names(), where.schema, where.cluster)
    with closing(connect(where)) as client:
        relations = no_longer_there(client, site)
        if not relations:
            say("The databases have nothing that the project does not have.")
            return
        for each in relations:
            size = "" if each["bytes"] is None else f", {each['bytes']:,} bytes"
            say(f"{each['kind']} {each['database']}.{each['name']}{size}")
        if not is_sure:
            typer.confirm("Drop them, for good?", abort=True)
        ops = f"{where.schema}_ops"
        if table_exists(client, ops, "lease") and live_claims(client, ops):
            raise OarsError("A run is at work on this database: wait until it has ended.")
        drop(client, site, relations)
        say(f"{len(relations)} dropped.")


def _dbt_run(project_dir: Path, profiles_dir: Path | None, target: str | None) -> None:
    from oars.invoke import invoke_dbt

    arguments = ["run", "--quiet", "--project-dir", str(project_dir)]
    arguments += ["--profiles-dir", str(profiles_dir)] if profiles_dir else []
    arguments += ["--target", target] if target else []
    if not invoke_dbt(arguments).success:
        raise OarsError("The run failed: see what dbt says above, mend it, and run `dbt run`.")
