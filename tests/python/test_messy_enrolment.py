"""Histories that begin in the middle, content that differs by learner, a CCX.

All courses are of one site, built once. The last test brings news, and looks at what one run more
makes of it.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from oars_site import WITHOUT_TESTS, Site

ADL = "http://adlnet.gov/expapi/"
COURSE = ADL + "activities/course"
TIN_CAN = "http://id.tincanapi.com/"
LMS = "https://lms.example.org"
START = datetime(2026, 3, 2, 10, tzinfo=UTC)

LATE = "course-v1:Messy+Late+1"
BANK, SPLIT, TWO = (f"course-v1:Messy+{name}+1" for name in ("Bank", "Split", "Two"))
PARENT, CCX, DUMPED_CCX = (
    "course-v1:Messy+Class+1",
    "ccx-v1:Messy+Class+1+ccx@3",
    "ccx-v1:Messy+Class+1+ccx@4",
)
Sent = tuple[str, str, bytes]
Row = tuple[Any, ...]


# ---------------------------------------------------------------- statements


def learner(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def block(course: str, kind: str, name: str) -> str:
    """A usage key, of a CCX too."""
    scheme, _, rest = course.partition("-v1:")
    prefix = "ccx-block-v1" if scheme == "ccx" else "block-v1"
    return f"{prefix}:{rest}+type@{kind}+block@{name}"


def sent(
    who: str, course: str, day: float, verb: str, kind: str, target: str = "", **other: Any
) -> Sent:
    """A statement so many days after the start; of the course itself, or of a block of it."""
    at = START + timedelta(days=day)
    of_course = {"id": f"{LMS}/course/{course}", "definition": {"type": COURSE}}
    thing: dict[str, Any] = {"id": of_course["id"], "definition": {"type": kind}}
    context: dict[str, Any] = {}
    if target:
        thing["id"] = f"{LMS}/xblock/{target}"
        context = {"contextActivities": {"parent": [of_course]}}
    if "mode" in other:
        extension = "https://w3id.org/xapi/acrossx/extensions/type"
        thing["definition"]["extensions"] = {extension: other.pop("mode")}
    id_ = str(uuid5(NAMESPACE_URL, f"{who} {at} {verb} {target} {course}"))
    body = {
        "id": id_,
        "actor": {"account": {"homePage": LMS, "name": learner(who)}},
        "verb": {"id": verb},
        "object": thing,
        "context": context,
        "timestamp": at.isoformat(),
        **other,
    }
    return id_, at.strftime("%F %T.%f"), json.dumps(body).encode()


def enrolls(who: str, course: str, day: float, mode: str = "audit") -> Sent:
    return sent(who, course, day, ADL + "verbs/registered", COURSE, mode=mode)


def leaves(who: str, course: str, day: float) -> Sent:
    return sent(who, course, day, TIN_CAN + "verb/unregistered", COURSE, mode="honor")


def passes(who: str, course: str, day: float) -> Sent:
    return sent(who, course, day, ADL + "verbs/passed", COURSE)


def completes(who: str, course: str, day: float, target: str) -> Sent:
    result = {
        "completion": True,
        "extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 100.0},
    }
    verb, kind = ADL + "verbs/progressed", TIN_CAN + "activitytype/resource"
    return sent(who, course, day, verb, kind, target, result=result)


def solves(who: str, course: str, day: float, target: str) -> list[Sent]:
    """A right submission, and its completion."""
    verb = "https://w3id.org/xapi/acrossx/verbs/evaluated"
    kind = ADL + "activities/cmi.interaction"
    result = {"success": True, "response": "a", "score": {"raw": 1, "max": 1, "scaled": 1}}
    return [
        sent(who, course, day, verb, kind, target, result=result),
        completes(who, course, day + 0.001, target),
    ]


def looks_at(who: str, course: str, day: float, target: str) -> Sent:
    verb = "https://w3id.org/xapi/dod-isd/verbs/navigated"
    return sent(who, course, day, verb, ADL + "activities/module", target)


# ---------------------------------------------------------------- what the LMS publishes


def values(table: str, rows: Iterable[Row]) -> str:
    def literal(value: object) -> str:
        if isinstance(value, str):
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return str(value)

    listed = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
    return f"insert into event_sink.{table} values {listed}"


def outline(course: str, *blocks: str, day: float = 0) -> str:
    """A dump of a course: `type name (c)` by line, c for completable; places are counted on."""
    section = subsection = unit = 0
    dumped = str(START - timedelta(days=9) + timedelta(days=day))
    rows: list[Row] = []
    for order, line in enumerate(blocks):
        kind, name, *rest = line.split()
        if kind == "chapter":
            section += 1
        elif kind == "sequential":
            subsection += 1
        elif kind == "vertical":
            unit += 1
        data = {
            "block_type": kind,
            "completion_mode": "completable" if rest else "aggregator",
            **{"section": section, "subsection": subsection, "unit": unit},
        }
        key = block(course, kind, name.partition("=")[0])
        shown = name.partition("=")[2] or name
        dump = (str(uuid5(NAMESPACE_URL, f"{course} {day}")), dumped)
        rows.append(("Messy", course, key, shown, json.dumps(data), order, dumped, *dump))
    return values("course_blocks", rows)


def known_users(*names: str) -> str:
    return values(
        "external_id",
        [
            (learner(name), "xapi", name, user_of(name), str(UUID(int=user_of(name))), str(START))
            for name in names
        ],
    )


def user_of(name: str) -> int:
    return UUID(learner(name)).int % 1_000_000


def enrolled_there(
    who: str, course: str, day: float, mode: str = "audit", is_active: bool = True, dump: int = 1
) -> str:
    """A row of the LMS's enrolments, made on a day; of several dumps the greatest is the newest."""
    made = START + timedelta(days=day)
    dump_id = str(uuid5(NAMESPACE_URL, f"{who} {course} {dump}"))
    dumped = str(made + timedelta(days=dump))
    row = (1, course, made.isoformat(), is_active, mode, who, user_of(who), dump_id, dumped)
    return values("course_enrollment", [row])


# ---------------------------------------------------------------- the site


def late_history() -> tuple[list[Sent], list[str]]:
    """A course that was under way when the site began to send statements."""
    page = block(LATE, "sequential", "s1")
    statements = [
        enrolls("ann", LATE, 1),
        looks_at("ann", LATE, 35, page),
        leaves("bob", LATE, 2),
        looks_at("cy", LATE, 3, page),
        passes("dee", LATE, 4),
        looks_at("eve", LATE, 5, page),
        looks_at("gus", LATE, 35, page),
        # Later than anything else by far, and in no mart of learners.
        enrolls("zoe", LATE, 365 * 60),
    ]
    sink = [
        known_users("ann", "eve", "fay", "gus", "hal", "ida"),
        # Events count before the LMS.
        enrolled_there("ann", LATE, -20, "verified"),
        enrolled_there("eve", LATE, -20, "honor"),
        enrolled_there("fay", LATE, -10, ""),
        enrolled_there("gus", LATE, -10, is_active=False),
        enrolled_there("hal", LATE, -10),
        enrolled_there("hal", LATE, -10, is_active=False, dump=2),
        enrolled_there("ida", LATE, 365),
        enrolled_there("nobody we know", LATE, -10),
    ]
    return statements, sink


def selected_content() -> tuple[list[Sent], list[str]]:
    """A bank of six problems, groups of a split test, two selectors in one unit."""
    statements: list[Sent] = []
    for who, problems in {"ann": "01", "bob": "23", "cy": "45"}.items():
        statements += [enrolls(who, BANK, 1), completes(who, BANK, 2, block(BANK, "html", "h"))]
        for each in problems:
            statements += solves(who, BANK, 3, block(BANK, "problem", f"p{each}"))
    # Dee was given three, and has done two of them. Eve never came.
    statements += [enrolls("dee", BANK, 1), enrolls("eve", BANK, 1)]
    statements += [completes("dee", BANK, 2, block(BANK, "html", "h"))]
    statements += solves("dee", BANK, 3, block(BANK, "problem", "p1"))
    statements += solves("dee", BANK, 4, block(BANK, "problem", "p2"))
    statements += [looks_at("dee", BANK, 5, block(BANK, "problem", "p3"))]

    # Groups of a split test: one learner has each; what is after it is of everybody.
    for who, group in {"ann": "a", "bob": "b"}.items():
        statements += [enrolls(who, SPLIT, 1)]
        statements += [
            completes(who, SPLIT, 2 + each, block(SPLIT, "html", f"{group}{each}"))
            for each in (1, 2)
        ]
        statements += [completes(who, SPLIT, 5, block(SPLIT, "html", "end"))]

    # Of the second selector nobody has seen anything yet.
    statements += [enrolls("ann", TWO, 1)]
    statements += solves("ann", TWO, 2, block(TWO, "problem", "p1"))
    week = ("chapter w", "sequential s")
    pool = [f"problem p{n} (c)" for n in range(6)]
    sink = [
        outline(BANK, *week, "vertical u", "html h (c)", "library_content bank", *pool),
        outline(
            *(SPLIT, *week, "vertical u", "split_test split"),
            *("vertical ga", "html a1 (c)", "html a2 (c)"),
            *("vertical gb", "html b1 (c)", "html b2 (c)"),
            *("sequential s2", "vertical u2", "html end (c)"),
        ),
        outline(
            *(TWO, *week, "vertical u", "itembank one", "problem p1 (c)", "problem p2 (c)"),
            *("legacy_library_content two", "problem q1 (c)", "problem q2 (c)", "video v (c)"),
        ),
    ]
    return statements, sink


def classes() -> tuple[list[Sent], list[str]]:
    """A course, a CCX of it, and one that was dumped itself."""
    statements: list[Sent] = []
    for course in (PARENT, CCX, DUMPED_CCX):
        statements += [enrolls("ann", course, 1)]
        statements += solves("ann", course, 2, block(course, "problem", "p1"))
    sink = [
        outline(PARENT, "chapter w=Week", "sequential s=Page", "vertical u", "problem p1=Sums (c)"),
        outline(DUMPED_CCX, "chapter w=Own", "sequential s", "vertical u", "problem p1=Mine (c)"),
    ]
    return statements, sink


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("messy"))
    assert site.oars("init").code == 0
    for statements, sink in (late_history(), selected_content(), classes()):
        site.insert(statements)
        site.execute(*sink)
    built = site.dbt("build", *WITHOUT_TESTS)
    assert built.code == 0, built.out
    return site


def names(site: Site, query: str) -> dict[str, Any]:
    """Rows by the name of the learner, each its other values."""
    people = ("ann", "bob", "cy", "dee", "eve", "fay", "gus", "hal", "ida", "zoe")
    name_of = {learner(name): name for name in people}
    return {name_of[row.pop("actor_id")]: list(row.values()) for row in site.query(query)}


# ---------------------------------------------------------------- the tests


def test_who_is_enrolled_is_known_from_events_the_lms_or_activity(site: Site) -> None:
    assert names(
        site,
        "select actor_id, enrollment_source, is_enrolled, enrollment_mode, "
        "toString(toDate(first_enrolled_at)), toUInt8(enrollment_count), isNotNull(unenrolled_at) "
        f"from oars.fct_enrollments where course_key = '{LATE}'",
    ) == {
        "ann": ["events", True, "audit", "2026-03-03", 1, 0],
        "bob": ["events", False, "unknown", None, 0, 1],
        "cy": ["activity", True, "unknown", None, 0, 0],
        "dee": ["activity", True, "unknown", None, 0, 0],
        "eve": ["lms", True, "honor", "2026-02-10", 1, 0],
        "fay": ["lms", True, "unknown", "2026-02-20", 1, 0],
        "gus": ["lms", False, "audit", "2026-02-20", 0, 0],
        "hal": ["lms", False, "audit", "2026-02-20", 0, 0],
    }
    [course] = site.query(
        "select toUInt8(enrolled_count) as enrolled, toUInt8(ever_enrolled_count) as ever, "
        "toUInt8(unenrolled_active_count) as presumed, toUInt8(lms_enrolled_count) as lms, "
        "toUInt8(passed_count) as passed, passed_ratio, toUInt8(gone_count) as gone, "
        f"toUInt8(at_risk_count) as at_risk from oars.agg_courses where course_key = '{LATE}'"
    )
    # The LMS counts one whom nobody knows, and one who comes next year.
    assert course == {
        **{"enrolled": 5, "ever": 8, "presumed": 2, "lms": 5, "passed": 1, "passed_ratio": 0.125},
        **{"gone": 3, "at_risk": 0},
    }


def test_days_of_enrolment_have_whom_the_lms_knows_and_who_was_in_before(site: Site) -> None:
    days = site.query(
        "select toString(date) as day, toUInt8(sum(activation_count)) as came, "
        "toUInt8(sum(deactivation_count)) as left, toUInt8(sum(active_count)) as active "
        f"from oars.agg_enrollments_daily where course_key = '{LATE}' group by date order by date"
    )
    # Bob is in from the first day on. Every day has a row, to the newest statement that counts.
    assert (days[0]["day"], days[-1]["day"], len(days)) == ("2026-02-10", "2026-04-06", 56)
    assert [tuple(day.values()) for day in days if day["came"] or day["left"]] == [
        ("2026-02-10", 1, 0, 2),
        ("2026-02-20", 1, 0, 3),
        ("2026-03-03", 1, 0, 4),
        ("2026-03-04", 0, 1, 3),
    ]
    modes = "select distinct enrollment_mode as mode from oars.agg_enrollments_daily "
    found = site.query(f"{modes} where course_key = '{LATE}' order by mode")
    assert [row["mode"] for row in found] == ["audit", "honor", "unknown"]


def test_risk_is_of_who_is_enrolled_and_gone_who_was_not_here_for_a_month(site: Site) -> None:
    assert names(
        site,
        "select actor_id, risk_level, arrayElement(risk_reasons, 1), toUInt8(days_inactive) "
        f"from oars.fct_learner_course_status where course_key = '{LATE}'",
    ) == {
        "ann": ["none", "", 0],
        "bob": ["not_judged", "", 33],
        "cy": ["gone", "no activity for 32 days", 32],
        "dee": ["none", "", 31],
        "eve": ["gone", "no activity for 30 days", 30],
        "fay": ["gone", "never active in 45 days since the start", 45],
        "gus": ["not_judged", "", 0],
        "hal": ["not_judged", "", 45],
    }


def test_passes_are_counted_in_one_way(site: Site) -> None:
    assert site.query(
        "select grade_band, toUInt8(learner_count) as learners, toUInt8(passed_count) as passed "
        f"from oars.agg_course_grades where course_key = '{LATE}'"
    ) == [{"grade_band": "", "learners": 1, "passed": 1}]
    assert site.query(
        "select toUInt8(sum(passed_count)) as passed from oars.agg_instance_daily"
    ) == [{"passed": 1}]


def test_who_did_all_that_was_shown_has_done_all(site: Site) -> None:
    progress = names(
        site,
        "select actor_id, completion_ratio, problem_attempted_ratio "
        f"from oars.fct_learner_course_status where course_key = '{BANK}'",
    )
    # Dee has done 1 + 2 of 1 + 3; eve, who never came, 0 of 1 + 2.
    assert progress == {
        "ann": [1, 1],
        "bob": [1, 1],
        "cy": [1, 1],
        "dee": [0.75, 0.666667],
        "eve": [0, 0],
    }
    assert names(
        site,
        "select actor_id, toUInt8(completed_block_count), toUInt8(completable_block_count) "
        f"from oars.fct_learner_completion where course_key = '{BANK}'",
    ) == {"ann": [3, 3], "bob": [3, 3], "cy": [3, 3], "dee": [3, 4]}
    assert site.query(
        "select completion_band, toUInt8(learner_count) as learners "
        f"from oars.agg_course_completion where course_key = '{BANK}' order by completion_band"
    ) == [
        {"completion_band": "0-9", "learners": 1},
        {"completion_band": "70-79", "learners": 1},
        {"completion_band": "90-100", "learners": 3},
    ]
    courses = f"select avg_completion_ratio from oars.agg_courses where course_key = '{BANK}'"
    assert site.query(courses) == [{"avg_completion_ratio": 0.75}]
    pages = "select toUInt8(completed_learner_count) as learners from oars.agg_page_engagement "
    assert site.query(f"{pages} where course_key = '{BANK}'") == [{"learners": 3}]


def test_each_group_of_a_split_test_completes_the_course(site: Site) -> None:
    ratio = "select actor_id, completion_ratio from oars.fct_learner_course_status where "
    assert names(site, f"{ratio} course_key = '{SPLIT}'") == {"ann": [1], "bob": [1]}
    pages = "select block_id, toUInt8(completed_learner_count) as learners from "
    assert site.query(
        f"{pages} oars.agg_page_engagement where course_key = '{SPLIT}' order by course_order"
    ) == [
        {"block_id": block(SPLIT, "sequential", "s"), "learners": 2},
        {"block_id": block(SPLIT, "sequential", "s2"), "learners": 2},
    ]


def test_of_a_selector_that_nobody_has_seen_one_block_of_each_kind_counts(site: Site) -> None:
    """One problem of the first, one of the second, and one block to complete; a video of it."""
    assert names(
        site,
        "select actor_id, completion_ratio, problem_attempted_ratio, video_watched_ratio "
        f"from oars.fct_learner_course_status where course_key = '{TWO}'",
    ) == {"ann": [0.5, 0.5, 0]}


def test_ccx_shows_the_names_of_its_course_and_no_structure(site: Site) -> None:
    assert site.query(
        "select course_key, block_id, block_name, section_name, subsection_name "
        "from oars.agg_problem_difficulty "
        f"where course_key in ('{PARENT}', '{CCX}', '{DUMPED_CCX}') order by course_key"
    ) == [
        {
            "course_key": course,
            "block_id": block(course, "problem", "p1"),
            "block_name": problem,
            "section_name": section,
            "subsection_name": page,
        }
        for course, problem, section, page in (
            (CCX, "Sums", "Week", "Page"),
            (DUMPED_CCX, "Mine", "Own", "s"),
            (PARENT, "Sums", "Week", "Page"),
        )
    ]
    assert site.query(
        "select is_structure_known, course_run, toUInt8(problem_count) as problems "
        f"from oars.dim_courses where course_key = '{CCX}'"
    ) == [{"is_structure_known": False, "course_run": "1", "problems": 0}]
    count = "select count() as blocks from oars.dim_course_blocks where course_key = "
    assert int(site.query(f"{count} '{CCX}'")[0]["blocks"]) == 0


def test_status_and_report_say_now_what_is_ahead_and_what_events_know(site: Site) -> None:
    status = site.oars("status").out
    assert re.search(r"newest statement +2026-04-06 10:00:00 UTC\n", status)
    assert re.search(r"now +2026-04-06 10:00:00 UTC, as of 20", status)
    assert re.search(r"ahead of now +1, the last 2086-02-", status)
    said = (
        "events know 1 of 5 enrolled learners: history begins in the middle of this course\n"
        "2 are known from activity alone\n"
    )
    assert f"{LATE}\n{said}" in re.sub("\n +", "\n", status)
    report = re.sub("\n +", "\n", site.oars("report").out)
    assert f"{LATE}\n{said}" in report
    assert "newest 2026-04-06 10:00 UTC" in report
    assert re.search(r"Now is 2026-04-06 10:00 UTC: 1 statement ahead of it, the last 2086", report)
    assert said.capitalize().split("\n")[0] in site.oars("report", "--course", LATE).out


def test_news_of_the_lms_and_of_the_course_of_a_ccx_reach_the_marts(site: Site) -> None:
    site.execute(
        enrolled_there("gus", LATE, -10, dump=9),
        f"alter table event_sink.course_enrollment delete where user_id = {user_of('fay')} "
        "settings mutations_sync = 2",
        outline(
            *(PARENT, "chapter w=Week", "sequential s=Page", "vertical u"),
            *("problem p1=Differences (c)",),
            day=1,
        ),
        enrolled_there("ann", "course-v1:Messy+New+1", -10),
    )
    run = site.dbt("run")
    assert run.code == 0, run.out
    sources = names(
        site,
        "select actor_id, enrollment_source, is_enrolled from oars.fct_enrollments "
        f"where course_key = '{LATE}' and actor_id in ('{learner('fay')}', '{learner('gus')}')",
    )
    assert sources == {"gus": ["lms", True]}
    named = "select block_name from oars.agg_problem_difficulty where course_key = "
    assert site.query(f"{named} '{CCX}'") == [{"block_name": "Differences"}]
    assert site.query(
        "select toUInt8(enrolled_count) as enrolled from oars.agg_courses "
        "where course_key = 'course-v1:Messy+New+1'"
    ) == [{"enrolled": 1}]
    # A full refresh gives the same.
    marts = ("fct_enrollments", "agg_enrollments_daily", "agg_courses", "agg_problem_difficulty")
    query = " union all ".join(
        f"select '{mart}' as mart, toString(sum(cityHash64(tuple(*)))) as rows from oars.{mart}"
        for mart in marts
    )
    before = site.query(f"select * from ({query}) order by mart")
    full = site.dbt("run", "--full-refresh")
    assert full.code == 0, full.out
    assert site.query(f"select * from ({query}) order by mart") == before
