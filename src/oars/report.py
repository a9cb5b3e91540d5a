"""The one-screen report: what the marts say, without a browser."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from clickhouse_connect.driver.client import Client
from rich.table import Table
from rich.text import Text

from oars.connection import OarsError
from oars.freshness import freshness, histories, history_lines, history_of_courses, uncounted
from oars.raw_tables import table_exists
from oars.terminal import Terminal, on_one_line

WIDTH = 100
MARTS = (
    "dim_courses",
    "agg_courses",
    "fct_enrollments",
    "agg_enrollments_daily",
    "agg_problem_difficulty",
    "agg_video_events_daily",
    "agg_video_engagement",
    "agg_content_attention",
    "fct_learner_course_status",
    "agg_course_activity_daily",
    "agg_event_types",
    "agg_statement_quality_daily",
)
WEEKS = 12
BAR_WIDTH = 18

# In every query {course} is the key of a course, or '' for all of them.
ONE_OR_ALL = "({course:String} = '' or course_key = {course:String})"

# A block of a course whose structure is unknown shows the end of its key.
BLOCK = "coalesce(block_name, splitByChar('@', block_id)[-1])"

COURSES = f"""
with

enrollments as (
    select course_key, uniqExact(actor_id) as ever_enrolled, countIf(is_enrolled) as enrolled
    from fct_enrollments
    where {ONE_OR_ALL}
    group by course_key
),

activity as (
    select
        course_key,
        sum(event_count) as statements,
        argMax(active_learner_7d_count, date) as active_7d,
        argMax(active_learner_30d_count, date) as active_30d,
        sum(time_spent_seconds) / 3600 as hours
    from agg_course_activity_daily
    where {ONE_OR_ALL}
    group by course_key
)

select
    courses.course_key as course_key,
    courses.course_name as course_name,
    courses.section_count as section_count,
    courses.subsection_count as subsection_count,
    courses.unit_count as unit_count,
    courses.problem_count as problem_count,
    courses.video_count as video_count,
    courses.is_structure_known as is_structure_known,
    enrollments.ever_enrolled as ever_enrolled,
    enrollments.enrolled as enrolled,
    activity.statements as statements,
    activity.active_7d as active_7d,
    activity.active_30d as active_30d,
    activity.hours as hours
from dim_courses as courses
left join enrollments on courses.course_key = enrollments.course_key
left join activity on courses.course_key = activity.course_key
where {ONE_OR_ALL.replace("course_key", "courses.course_key")}
order by active_30d desc, enrolled desc, course_key asc
"""

LEARNERS = f"select uniqExact(actor_id) from fct_enrollments where {ONE_OR_ALL}"

# The malformed ones may claim any time.
INSTANCE = """
select
    sum(statement_count) as statements,
    left(toString(maxIf(last_seen_at, event_family != 'malformed'), 'UTC'), 16) as newest,
    sumIf(statement_count, event_family = 'unclassified') as unclassified,
    sumIf(statement_count, event_family = 'malformed') as malformed
from agg_event_types
"""

NEWEST_DAY = f"""
select toString(max(date)) from agg_course_activity_daily where event_count > 0 and {ONE_OR_ALL}
"""

WEEKLY_ACTIVATIONS = f"""
with

weeks as (
    select toMonday(date) as week, sum(activation_count) as activations
    from agg_enrollments_daily
    where {ONE_OR_ALL}
    group by week
)

select toString(week), activations
from weeks
where week <= (select max(week) from weeks where activations > 0)
order by week desc
limit {WEEKS}
"""

HARDEST_PROBLEMS = f"""
select
    course_key,
    {BLOCK} as problem,
    learner_count,
    avg_attempt_count,
    first_attempt_correct_ratio
from agg_problem_difficulty
where {ONE_OR_ALL} and learner_count >= 5 and first_attempt_correct_ratio is not null
order by first_attempt_correct_ratio asc, learner_count desc, block_id asc
limit 10
"""

MOST_PLAYED_VIDEOS = f"""
select any({BLOCK}) as video, sum(event_count) as plays
from agg_video_events_daily
where {ONE_OR_ALL} and event_type = 'video_played'
group by course_key, block_id
order by plays desc, block_id asc
limit {WEEKS}
"""

ABANDONED_VIDEOS = f"""
select {BLOCK} as video, viewer_count, avg_watched_ratio
from agg_video_engagement
where {ONE_OR_ALL} and viewer_count >= 5 and avg_watched_ratio is not null
order by avg_watched_ratio asc, viewer_count desc, block_id asc
limit 3
"""

NEEDS_WORK = f"""
select {BLOCK} as block, block_type, attention_score, arrayStringConcat(reasons, '; ') as why
from agg_content_attention
where {ONE_OR_ALL}
order by attention_score desc, block_id asc
limit 5
"""

AT_RISK = f"""
select
    countIf(risk_level = 'high') as high,
    countIf(risk_level = 'watch') as watch,
    countIf(risk_level = 'gone') as gone
from fct_learner_course_status
where {ONE_OR_ALL}
"""

UNKNOWN_VERBS = """
select verb_id, object_type, sum(statement_count) as statements
from agg_event_types
where event_family = 'unclassified'
group by verb_id, object_type
order by statements desc, verb_id asc, object_type asc
limit 3
"""

REJECTION_REASONS = """
select
    rejection_reason,
    sum(statement_count) as statements,
    toString(max(date)) as last_date
from agg_statement_quality_daily
where rejection_reason not in ('', 'voided', 'twin', 'excluded')
group by rejection_reason
order by statements desc, rejection_reason asc
limit 4
"""

Row = dict[str, Any]


def print_report(client: Client, schema: str, course: str | None) -> None:
    """Print the report of one course, or of all."""
    _require_marts(client, schema)
    client.database = schema
    courses = _rows(client, COURSES, course)
    if course and not courses:
        keys = [row["course_key"] for row in _rows(client, COURSES, None)]
        raise OarsError(unknown_course(course, keys))
    console = Terminal(highlight=False)
    if not console.is_terminal or console.width > WIDTH:
        console.width = WIDTH
    if course:
        _print_course(console, client, schema, courses[0])
    else:
        _print_instance(console, client, schema, courses)
    console.print(_side_by_side(_weeks(client, course), _videos(client, course)))
    console.print()
    console.print(_problems(client, course))
    if course:
        _print_needs_work(console, client, course)
    else:
        _print_not_understood(console, client)


def _require_marts(client: Client, schema: str) -> None:
    missing = [mart for mart in MARTS if not table_exists(client, schema, mart)]
    if missing:
        raise OarsError(
            f"There is no {schema}.{missing[0]}: run `dbt build` to make the marts "
            "that the report reads."
        )


def _rows(client: Client, query: str, course: str | None) -> list[Row]:
    rows = client.query(query, parameters={"course": course or ""}).named_results()
    return [{name: on_one_line(value) for name, value in row.items()} for row in rows]


def unknown_course(course: str, keys: list[str]) -> str:
    """That no course has this key, and which have one like it."""
    if not keys:
        return "There is no course in the marts: load statements, then run `dbt build`."
    close = get_close_matches(course, keys, n=3, cutoff=0.8)
    if close:
        return f"No course has the key {course}; close to it: {', '.join(close)}."
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return f"No course has the key {course}; there are {', '.join(keys[:5])}{more}."


def _print_course(console: Terminal, client: Client, schema: str, course: Row) -> None:
    [[newest]] = client.query(NEWEST_DAY, {"course": course["course_key"]}).result_rows
    name = course["course_name"] or course["course_key"]
    _print_line(console, name, style="bold")
    _print_line(console, course["course_key"])
    _print_line(
        console,
        f"{_plural(course['enrolled'], 'learner')} enrolled, "
        f"{course['ever_enrolled']:,} ever · {_plural(course['statements'], 'statement')}"
        f" · newest on {newest}",
    )
    _print_line(
        console,
        f"Active learners: {course['active_7d']:,} in 7 days, {course['active_30d']:,} in 30 days"
        f" · time spent: {course['hours']:,.0f} hours",
    )
    _print_line(console, _risk(client, course["course_key"]))
    _print_line(console, "Structure: " + _structure(course))
    for history in histories(client, schema, course["course_key"]):
        for line in history_lines(history):
            _print_line(console, line[0].upper() + line[1:])
    console.print()


def _structure(course: Row) -> str:
    if not course["is_structure_known"]:
        return "not known, the course has not been published since the event sink is on"
    parts = ("section", "subsection", "unit", "problem", "video")
    return " · ".join(_plural(course[f"{part}_count"], part) for part in parts)


def _print_instance(console: Terminal, client: Client, schema: str, courses: Sequence[Row]) -> None:
    [[learners]] = client.query(LEARNERS, {"course": ""}).result_rows
    [instance] = _rows(client, INSTANCE, None)
    fresh = freshness(client, schema)
    newest = f"{fresh.newest_at:%Y-%m-%d %H:%M}" if fresh and fresh.newest_at else ""
    _print_line(console, "All courses", style="bold")
    _print_line(
        console,
        f"{_plural(len(courses), 'course')} · {_plural(learners, 'learner')} ever enrolled"
        f" · {_plural(instance['statements'], 'statement')}"
        + (f" · newest {newest or instance['newest']} UTC" if instance["statements"] else ""),
    )
    if fresh and fresh.ahead_count:
        _print_line(
            console,
            f"Now is {fresh.now_at:%Y-%m-%d %H:%M} UTC: {_plural(fresh.ahead_count, 'statement')}"
            f" ahead of it, the last {fresh.last_at:%Y-%m-%d %H:%M} UTC",
        )
    _print_line(console, _risk(client, None))
    console.print()
    shown = courses[:8]
    table = _table(
        "Courses" if len(shown) == len(courses) else f"The {len(shown)} most active courses"
    )
    table.add_column("course", ratio=1, no_wrap=True, overflow="ellipsis")
    for heading in ("enrolled", "active 7 d", "30 d", "hours", "units", "problems", "videos"):
        table.add_column(heading, justify="right")
    for course in shown:
        known = course["is_structure_known"]
        table.add_row(
            Text(course["course_name"] or course["course_key"]),
            *(f"{course[name]:,.0f}" for name in ("enrolled", "active_7d", "active_30d", "hours")),
            *(
                f"{course[name]:,}" if known else "?"
                for name in ("unit_count", "problem_count", "video_count")
            ),
        )
    console.print(table)
    for line in history_of_courses(histories(client, schema), 2):
        _print_line(console, line)
    console.print()


def _weeks(client: Client, course: str | None) -> Table:
    table = _table("Enrolments by week")
    table.add_column("week of", no_wrap=True)
    table.add_column("", no_wrap=True, width=BAR_WIDTH)
    table.add_column("", justify="right")
    weeks = client.query(WEEKLY_ACTIVATIONS, {"course": course or ""}).result_rows
    most = max((activations for _, activations in weeks), default=0)
    for week, activations in reversed(weeks):
        table.add_row(week, _bar(activations, most), f"{activations:,}")
    return table


def _bar(value: int, most: int) -> str:
    """A bar; what is not nothing shows."""
    length = round(BAR_WIDTH * value / most) if most else 0
    return "█" * max(length, 1 if value else 0)


def _videos(client: Client, course: str | None) -> Table:
    table = _table("Most played videos")
    table.add_column("video", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("plays", justify="right")
    for row in _rows(client, MOST_PLAYED_VIDEOS, course):
        table.add_row(Text(row["video"]), f"{row['plays']:,}")
    return table


def _problems(client: Client, course: str | None) -> Table:
    table = _table("Hardest problems (five learners or more)")
    table.add_column("problem", ratio=1, no_wrap=True, overflow="ellipsis")
    if not course:
        table.add_column("course", no_wrap=True, overflow="ellipsis", max_width=32)
    for heading in ("learners", "attempts", "right first time"):
        table.add_column(heading, justify="right")
    for row in _rows(client, HARDEST_PROBLEMS, course)[:6]:
        key = [] if course else [Text(row["course_key"].removeprefix("course-v1:"))]
        table.add_row(
            Text(row["problem"]),
            *key,
            f"{row['learner_count']:,}",
            f"{row['avg_attempt_count']:.1f}",
            f"{row['first_attempt_correct_ratio']:.0%}",
        )
    return table


def _print_needs_work(console: Terminal, client: Client, course: str) -> None:
    if videos := _rows(client, ABANDONED_VIDEOS, course):
        console.print()
        _print_line(console, "Abandoned videos (five viewers or more)", style="bold")
        for row in videos:
            _print_line(
                console,
                f"{row['video']}: {row['viewer_count']:,} viewers watched"
                f" {row['avg_watched_ratio']:.0%} on average",
            )
    if blocks := _rows(client, NEEDS_WORK, course):
        console.print()
        _print_line(console, "What needs work", style="bold")
        for row in blocks:
            _print_line(console, f"{row['attention_score']:.2f}  {row['block']}: {row['why']}")


def _risk(client: Client, course: str | None) -> str:
    [risk] = _rows(client, AT_RISK, course)
    return (
        f"Learners who need help: {risk['high']:,} high risk, {risk['watch']:,} to watch"
        f" · {risk['gone']:,} gone"
    )


def _print_not_understood(console: Terminal, client: Client) -> None:
    [instance] = _rows(client, INSTANCE, None)
    total = instance["statements"] or 1
    console.print()
    _print_line(console, "Sent and not understood", style="bold")
    _print_line(
        console,
        f"unclassified {instance['unclassified'] / total:.2%}"
        f" ({instance['unclassified']:,}) · malformed {instance['malformed'] / total:.2%}"
        f" ({instance['malformed']:,})",
    )
    for row in _rows(client, UNKNOWN_VERBS, None):
        _print_line(
            console, f"{row['statements']:>9,}  {row['verb_id']}  on  {row['object_type'] or '-'}"
        )
    for row in _rows(client, REJECTION_REASONS, None):
        _print_line(
            console,
            f"{row['statements']:>9,}  {row['rejection_reason']}, the last on {row['last_date']}",
        )
    if instance["unclassified"]:
        _print_line(console, "Teach it a verb: docs/extending.md", style="dim")
    console.print()
    _print_line(console, "Sent, understood and not as it seems", style="bold")
    for line in uncounted(client, str(client.database)).lines():
        _print_line(console, line)


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_style="bold",
        title_justify="left",
        box=None,
        header_style="dim",
        expand=True,
        padding=(0, 1, 0, 0),
    )


def _side_by_side(left: Table, right: Table) -> Table:
    left.expand = False
    grid = Table.grid(padding=(0, 3, 0, 0), expand=True)
    grid.add_column()
    grid.add_column(ratio=1)
    grid.add_row(left, right)
    return grid


def _print_line(console: Terminal, line: str, style: str = "") -> None:
    """One line, cut where the screen ends; course authors may use any characters."""
    console.print(Text(line, style=style), no_wrap=True, overflow="ellipsis")


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
