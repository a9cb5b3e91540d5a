"""How the scheduled runs go: the last ones, how fresh the marts are, and what waits in raw."""

from datetime import datetime
from typing import Any

from clickhouse_connect.driver.client import Client
from rich.table import Table
from rich.text import Text

from oars.claim import IS_ALIVE
from oars.connection import OarsError
from oars.forget import being_forgotten
from oars.freshness import freshness, histories, history_of_courses, uncounted
from oars.raw_tables import raw_names, table_exists
from oars.terminal import Terminal

WIDTH = 100
MOST_COURSES = 10

LAST_RUNS = f"""
select
    started_at,
    dateDiff('second', started_at, ended_at) as seconds,
    command,
    target,
    result,
    length(months) as month_count,
    course_count,
    appended_count,
    collision_count,
    result = 'running' and not (
        {{is_embedded:Bool}} = false
        and invocation_id in (
            select invocation_id from {{ops:Identifier}}.lease final where {IS_ALIVE}
        )
    ) as is_killed
from {{ops:Identifier}}.run_log final
order by started_at desc
limit 10
"""

BASE = """
select maxOrNull(loaded_at) as loaded_at, count() as statement_count
from {staging:Identifier}.base_xapi__statements
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


def print_status(client: Client, schema: str, is_embedded: bool) -> None:
    """Print the last runs, the freshness and what waits; OarsError before the first run."""
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
    console = Terminal(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    if table_exists(client, f"{schema}_staging", "base_xapi__statements"):
        [base] = client.query(BASE, parameters=parameters).named_results()
        [waiting] = client.query(WAITING, parameters=parameters).named_results()
        if fresh := freshness(client, schema):
            console.print(f"newest statement      {_time(fresh.newest_at)}")
            console.print(
                f"now                   {_time(fresh.now_at)}, as of {_time(fresh.as_of)}"
            )
            last = f", the last {_time(fresh.last_at)}" if fresh.ahead_count else ""
            console.print(f"ahead of now          {fresh.ahead_count:,}{last}")
        console.print(f"last read into base   {_time(base['loaded_at'])}")
        console.print(f"statements in base    {base['statement_count']:,}")
        console.print(f"waiting in raw        {waiting['statement_count']:,}")
        if table_exists(client, schema, "agg_statement_quality_daily"):
            for line in uncounted(client, schema):
                console.print(f"not as it seems       {line}")
    else:
        console.print("No statement has been read yet.")
    if being_forgotten(client, schema)[1]:
        console.print("An `oars forget` was interrupted: repeat it.")
    console.print()
    console.print(_runs(client.query(LAST_RUNS, parameters=parameters).named_results()))
    if all(table_exists(client, schema, mart) for mart in ("agg_courses", "fct_enrollments")):
        _print_histories(console, client, schema)


def _print_histories(console: Terminal, client: Client, schema: str) -> None:
    """Say of which courses events do not know all learners."""
    lines = history_of_courses(histories(client, schema), MOST_COURSES)
    if lines:
        console.print("\nEnrolled learners", style="bold")
    for line in lines:
        # A course is named by its author.
        console.print(Text(line), no_wrap=True, overflow="ellipsis")


def _runs(rows: Any) -> Table:
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
            "killed" if row["is_killed"] else row["result"],
            *(
                f"{row[count]:,}"
                for count in ("month_count", "course_count", "appended_count", "collision_count")
            ),
        )
    return table


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "none"
