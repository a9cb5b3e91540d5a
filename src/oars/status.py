"""How the scheduled runs go: the last ones, how fresh the marts are, and what waits in raw.

The figures are gathered once; they are printed, or given as JSON or as metrics.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client
from rich.table import Table
from rich.text import Text

from oars.claim import IS_ALIVE
from oars.connection import OarsError
from oars.forget import being_forgotten
from oars.freshness import (
    Freshness,
    Uncounted,
    freshness,
    histories,
    history_of_courses,
    uncounted,
)
from oars.raw_tables import raw_names, table_exists
from oars.terminal import Terminal

WIDTH = 100
MOST_COURSES = 10

# A run that has nothing to do claims nothing: on a server one is not called killed at once.
IS_KILLED = f"""(
    result = 'running'
    and (
        {{is_embedded:Bool}}
        or (
            started_at < now64(6) - interval 3 minute
            and invocation_id not in (
                select invocation_id from {{ops:Identifier}}.lease final where {IS_ALIVE}
            )
        )
    )
)"""

LAST_RUNS = f"""
select
    started_at,
    dateDiff('second', started_at, ended_at) as seconds,
    command,
    target,
    if({IS_KILLED}, 'killed', result) as result,
    length(months) as month_count,
    course_count,
    appended_count,
    collision_count
from {{ops:Identifier}}.run_log final
order by started_at desc
limit 10
"""

LOG = f"""
with

runs as (

    select
        started_at,
        ended_at,
        collision_count,
        result = 'success' as has_succeeded,
        if({IS_KILLED}, 'killed', result) as outcome
    from {{ops:Identifier}}.run_log final

)

select
    now64(6, 'UTC') as looked_at,
    countIf(outcome = 'success') as success_count,
    countIf(outcome = 'error') as error_count,
    countIf(outcome = 'busy') as busy_count,
    countIf(outcome = 'killed') as killed_count,
    sum(collision_count) as collision_count,
    maxOrNullIf(ended_at, has_succeeded) as last_success_at,
    argMaxIf(
        dateDiff('millisecond', started_at, ended_at) / 1000, ended_at, has_succeeded
    ) as last_success_seconds
from runs
"""

# What is not understood is a share of what came lately: in all of history a bad day is lost.
BASE = """
select
    maxOrNull(loaded_at) as loaded_at,
    count() as statement_count,
    countIf(is_recent) as recent_count,
    countIf(is_recent and event_family = 'malformed') as recent_malformed_count,
    countIf(is_recent and event_family = 'unclassified') as recent_unclassified_count
from (
    select
        loaded_at,
        event_family,
        loaded_at > now64(6) - interval 7 day as is_recent
    from {staging:Identifier}.base_xapi__statements
)
"""

# Of raw, where nothing was judged yet: what claims to be of the future says nothing.
NEWEST = """
select maxOrNull(toTimeZone(emission_time, 'UTC'))
from {xapi:Identifier}.{statements:Identifier}
where emission_time <= now64(6)
"""

# Only months whose ids do not add up to those of base are looked at statement by statement.
WAITING = """
with

raw_months as (

    select
        toYYYYMM(toTimeZone(emission_time, 'UTC')) as month, sum(cityHash64(event_id)) as ids
    from {xapi:Identifier}.{statements:Identifier}
    group by month

),

base_months as (

    select toYYYYMM(emission_time) as month, sum(cityHash64(event_id)) as ids
    from {staging:Identifier}.base_xapi__statements
    group by month

),

changed_months as (

    select raw_months.month as month
    from raw_months
    left join base_months on raw_months.month = base_months.month
    where raw_months.ids != base_months.ids

)

select uniqExact(event_id) as statement_count
from {xapi:Identifier}.{statements:Identifier}
where
    toYYYYMM(toTimeZone(emission_time, 'UTC')) in (select month from changed_months)
    and event_id not in (select event_id from {staging:Identifier}.base_xapi__statements)
"""


@dataclass(frozen=True)
class Log:
    """All runs of the log."""

    looked_at: datetime
    success_count: int
    error_count: int
    busy_count: int
    killed_count: int
    collision_count: int
    """Ids with different bodies, as often as runs have come upon them."""
    last_success_at: datetime | None
    last_success_seconds: float | None


@dataclass(frozen=True)
class Base:
    """The statements that were read."""

    loaded_at: datetime | None
    statement_count: int
    recent_count: int
    """Read within the last seven days; the two that follow are of these."""
    recent_malformed_count: int
    recent_unclassified_count: int


@dataclass(frozen=True)
class Status:
    """The figures; None is what is not known yet."""

    log: Log
    runs: list[dict[str, Any]]
    """The last ten."""
    base: Base | None
    freshness: Freshness | None
    raw_newest_at: datetime | None
    """Of the newest statement of raw that is not of the future."""
    waiting_count: int | None
    uncounted: Uncounted | None
    is_forgetting: bool
    """Whether an `oars forget` is at work or was interrupted."""
    histories: list[dict[str, Any]]
    """Courses of which events do not know all learners."""

    def json(self) -> str:
        """One object on one line; times as ISO 8601 in UTC."""
        return json.dumps(asdict(self), default=_iso, ensure_ascii=False)


def gather(client: Client, schema: str, is_embedded: bool) -> Status:
    """Look at the log, base, raw and marts; OarsError before the first run."""
    if not table_exists(client, f"{schema}_ops", "run_log"):
        raise OarsError("Nothing has run on this database yet: run `dbt build`.")
    names = raw_names()
    parameters = {
        "ops": f"{schema}_ops",
        "staging": f"{schema}_staging",
        "xapi": names.xapi_database,
        "statements": names.xapi_table,
        "is_embedded": is_embedded,
    }

    def rows(query: str) -> list[dict[str, Any]]:
        return list(client.query(query, parameters=parameters).named_results())

    has_base = table_exists(client, f"{schema}_staging", "base_xapi__statements")
    has_raw = table_exists(client, names.xapi_database, names.xapi_table)
    has_quality = table_exists(client, schema, "agg_statement_quality_daily")
    has_courses = all(table_exists(client, schema, m) for m in ("agg_courses", "fct_enrollments"))
    [log] = rows(LOG)
    if log["last_success_at"] is None:
        log["last_success_seconds"] = None
    newest = client.query(NEWEST, parameters=parameters).result_rows[0][0] if has_raw else None
    return Status(
        log=Log(**log),
        runs=rows(LAST_RUNS),
        base=Base(**rows(BASE)[0]) if has_base else None,
        freshness=freshness(client, schema),
        raw_newest_at=newest,
        waiting_count=rows(WAITING)[0]["statement_count"] if has_base and has_raw else None,
        uncounted=uncounted(client, schema) if has_base and has_quality else None,
        is_forgetting=bool(being_forgotten(client, schema)[1]),
        histories=histories(client, schema) if has_courses else [],
    )


def print_status(status: Status) -> None:
    """Print the last runs, the freshness and what waits."""
    console = Terminal(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    if base := status.base:
        if fresh := status.freshness:
            console.print(f"newest statement      {_time(fresh.newest_at)}")
            console.print(
                f"now                   {_time(fresh.now_at)}, as of {_time(fresh.as_of)}"
            )
            last = f", the last {_time(fresh.last_at)}" if fresh.ahead_count else ""
            console.print(f"ahead of now          {fresh.ahead_count:,}{last}")
        console.print(f"last read into base   {_time(base.loaded_at)}")
        console.print(f"statements in base    {base.statement_count:,}")
        if status.waiting_count is not None:
            console.print(f"waiting in raw        {status.waiting_count:,}")
        for line in status.uncounted.lines() if status.uncounted else []:
            console.print(f"not as it seems       {line}")
    else:
        console.print("No statement has been read yet.")
    if status.is_forgetting:
        console.print("An `oars forget` was interrupted: repeat it.")
    console.print()
    console.print(_runs(status.runs))
    lines = history_of_courses(status.histories, MOST_COURSES)
    if lines:
        console.print("\nEnrolled learners", style="bold")
    for line in lines:
        # A course is named by its author.
        console.print(Text(line), no_wrap=True, overflow="ellipsis")


def _runs(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("run (UTC)", "seconds", "command", "target", "result"):
        table.add_column(heading, no_wrap=True)
    for heading in ("months", "courses", "appended", "id collisions"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            _time(row["started_at"]).removesuffix(" UTC"),
            "-" if row["seconds"] is None else f"{row['seconds']:,}",
            row["command"],
            row["target"],
            row["result"],
            *(
                f"{row[count]:,}"
                for count in ("month_count", "course_count", "appended_count", "collision_count")
            ),
        )
    return table


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "none"


def in_utc(moment: datetime) -> datetime:
    """A time that the client gave: one without a zone is UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return in_utc(value).isoformat().replace("+00:00", "Z")
    raise TypeError(f"no JSON of {value!r}")
