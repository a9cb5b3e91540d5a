"""What the report and the status say alike.

How far the data go, what of a course is unknown, what was sent and does not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from oars.raw_tables import table_exists
from oars.terminal import on_one_line

CLOCK = """
select as_of, now_at from {ops:Identifier}.clock order by written_at desc limit 1
"""

# The malformed may claim any time.
STATEMENTS = """
select
    maxOrNull(if(emission_time <= {now:DateTime64(6, 'UTC')}, emission_time, null)) as newest_at,
    countIf(emission_time > {now:DateTime64(6, 'UTC')}) as ahead_count,
    maxOrNull(emission_time) as last_at
from {staging:Identifier}.base_xapi__statements
where event_family != 'malformed'
"""

# Enrolled learners by what tells of them, beside the LMS's own count, where events miss some.
HISTORY = """
with

learners as (
    select
        course_key,
        countIf(is_enrolled and enrollment_source = 'events') as known_count,
        countIf(is_enrolled) as enrolled_count,
        countIf(enrollment_source = 'activity') as presumed_count
    from {schema:Identifier}.fct_enrollments
    where {course:String} = '' or course_key = {course:String}
    group by course_key
)

select
    courses.course_key as course_key,
    courses.course_name as course_name,
    learners.known_count as known_count,
    learners.presumed_count as presumed_count,
    coalesce(courses.lms_enrolled_count, learners.enrolled_count) as total_count
from {schema:Identifier}.agg_courses as courses
left join learners on courses.course_key = learners.course_key
where
    ({course:String} = '' or courses.course_key = {course:String})
    and (presumed_count > 0 or known_count < total_count)
order by total_count - least(known_count, total_count) desc, course_key asc
"""

UNCOUNTED = """
select
    sumIf(statement_count, rejection_reason = 'voided') as voided_count,
    sumIf(statement_count, rejection_reason = 'twin') as twin_count,
    sumIf(statement_count, rejection_reason = 'excluded') as excluded_count
from {schema:Identifier}.agg_statement_quality_daily
"""

# What has an id and no usage key: see the macro is_usage_key.
FOREIGN = """
select uniqExact(block_id) as foreign_object_count, count() as foreign_statement_count
from {staging:Identifier}.base_xapi__statements
where
    notEmpty(block_id)
    and not match(assumeNotNull(block_id), '^(?:(?:ccx-|lib-)?block-v1:|i4x://|lb:)')
"""

MUCH = 0.9
"""Of a course of which events know less than this share, history begins in the middle."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Freshness:
    """How far the statements go."""

    as_of: datetime
    now_at: datetime
    newest_at: datetime | None
    """Of the newest statement that is not after "now"."""
    ahead_count: int
    """Statements after "now", which count in no mart of learners yet."""
    last_at: datetime | None


def freshness(client: Client, schema: str) -> Freshness | None:
    """Look at the clock of the last run and at base; None before the first run."""
    ops, staging = f"{schema}_ops", f"{schema}_staging"
    if not table_exists(client, ops, "clock"):
        return None
    if not table_exists(client, staging, "base_xapi__statements"):
        return None
    clocks = client.query(CLOCK, parameters={"ops": ops}).result_rows
    if not clocks:
        return None
    [(as_of, now_at)] = clocks
    # As text, for a client may send a time without its fraction.
    now = f"{now_at:%Y-%m-%d %H:%M:%S.%f}"
    [row] = client.query(STATEMENTS, parameters={"staging": staging, "now": now}).result_rows
    return Freshness(as_of, now_at, *row)


@dataclass(frozen=True)
class Uncounted:
    """What was understood and counts nowhere else, and what is of other tools."""

    voided_count: int
    twin_count: int
    excluded_count: int
    foreign_object_count: int | None = None
    foreign_statement_count: int | None = None
    """None where there is no base to tell."""

    def lines(self) -> list[str]:
        """A line each."""
        lines = [
            f"{self.voided_count:,} taken back · {self.twin_count:,} sent under another id too"
            f" · {self.excluded_count:,} of excluded actors"
        ]
        if self.foreign_object_count is not None:
            lines.append(
                f"objects of other tools: {self.foreign_object_count:,}, in"
                f" {self.foreign_statement_count:,} statements"
            )
        return lines


def uncounted(client: Client, schema: str) -> Uncounted:
    """Look at the mart of quality and, where it is there, at base."""
    [row] = client.query(UNCOUNTED, parameters={"schema": schema}).named_results()
    if not table_exists(client, f"{schema}_staging", "base_xapi__statements"):
        return Uncounted(**row)
    staging = {"staging": f"{schema}_staging"}
    [foreign] = client.query(FOREIGN, parameters=staging).named_results()
    return Uncounted(**row, **foreign)


def histories(client: Client, schema: str, course: str = "") -> list[Row]:
    """The courses of which events do not tell all enrolled learners, those most wanting first."""
    parameters = {"schema": schema, "course": course}
    rows = client.query(HISTORY, parameters=parameters).named_results()
    return [{name: on_one_line(value) for name, value in row.items()} for row in rows]


def history_lines(row: Row) -> list[str]:
    """How many of the enrolled learners of a course events know, and what that means."""
    line = f"events know {row['known_count']:,} of {row['total_count']:,} enrolled learners"
    if row["known_count"] < MUCH * row["total_count"]:
        line += ": history begins in the middle of this course"
    lines = [line]
    if presumed := row["presumed_count"]:
        lines.append(f"{presumed:,} {'is' if presumed == 1 else 'are'} known from activity alone")
    return lines


def history_of_courses(rows: Sequence[Row], most: int) -> list[str]:
    """The first courses, what is to be said of each below it, and how many more there are."""
    lines = []
    for row in rows[:most]:
        lines.append(row["course_name"] or row["course_key"])
        lines += ["  " + line for line in history_lines(row)]
    if len(rows) > most:
        lines.append(f"and {len(rows) - most:,} more courses of which events do not know all")
    return lines
