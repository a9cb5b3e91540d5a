"""The walks of docs/extending.md, carried out by its own text on a copy of the project.

A block of the page goes where the sentence before it says: into a file of its own, or above or
below a line of one. A table says what is replaced. Whoever changes the page changes this test.
"""

import json
import re
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from oars_site import PROJECT, WITHOUT_TESTS, Run, Site, copy_of_project

PAGE = (PROJECT / "docs/extending.md").read_text()
LMS = "https://lms.example.com"
COURSE = "course-v1:Org+Course+Run"
PROBLEM = "block-v1:Org+Course+Run+type@problem+block@p1"
FILE = r"`[\w./]+\.(?:sql|yml|md)`"
TARGET = re.compile(rf"({FILE}(?:(?:, | and ){FILE})*)(?:, (above|below) `([^`]+)`)?:$")
BLOCK = re.compile(r"((?:^[^ \n].*\n)+)\n((?:    .*\n|\n(?=    ))+)", re.MULTILINE)
REPLACEMENT = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)

WALKED = (
    "path:models/staging/xapi",
    "+agg_event_types",
    "+agg_course_activity_daily",
    "+fct_learner_course_days",
    "+dim_courses",
)
UNIT_TESTED_ELSEWHERE = (
    "staging",
    "intermediate",
    "marts/course",
    "marts/instance",
    "marts/learner",
)
ANSWERED: dict[str, Any] = {
    "verb": "https://example.com/verbs/answered",
    "type": "https://example.com/activities/poll",
}
RATED: dict[str, Any] = {
    "verb": "https://example.com/verbs/rated",
    "type": "https://example.com/activities/survey",
}
HINT: dict[str, Any] = {
    "verb": "http://adlnet.gov/expapi/verbs/asked",
    "type": "https://w3id.org/xapi/acrossx/extensions/supplemental-info",
    "object_id": f"{LMS}/xblock/{PROBLEM}/hint/0",
}


def statement(
    number: int,
    time: str,
    actor: str,
    *,
    verb: str,
    type: str,
    object_id: str = f"{LMS}/something",
    result: dict[str, Any] | None = None,
) -> str:
    course = {
        "id": f"{LMS}/course/{COURSE}",
        "definition": {"type": "http://adlnet.gov/expapi/activities/course"},
    }
    body = {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "timestamp": f"{time}+00:00",
        "actor": {"account": {"name": actor, "homePage": LMS}},
        "verb": {"id": verb},
        "object": {"id": object_id, "definition": {"type": type}},
        "context": {"contextActivities": {"parent": [course]}},
    }
    return json.dumps(body | ({"result": result} if result else {})) + "\n"


RATING = {"extensions": {"https://example.com/extensions/rating": 4}}
EVENT_TYPES = (
    "select event_family, event_type, sum(statement_count)::UInt32 as n "
    "from oars.agg_event_types group by all order by all"
)
STATEMENTS = [
    statement(1, "2026-01-05T10:00:00", "learner-1", **ANSWERED),
    statement(2, "2026-03-02T10:00:00", "learner-1", **ANSWERED),
    statement(3, "2026-03-02T10:01:00", "learner-2", **RATED, result=RATING),
    statement(4, "2026-03-01T10:00:00", "learner-1", **HINT),
    statement(5, "2026-03-01T11:00:00", "learner-1", **HINT),
    statement(6, "2026-03-01T12:00:00", "learner-2", **HINT),
    statement(7, "2026-03-02T12:00:00", "learner-2", **HINT),
]


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(text: str) -> list[tuple[str, str]]:
    """Each indented block, with the paragraph before it in one line."""
    return [
        (" ".join(paragraph.split()), dedent(block).rstrip("\n") + "\n")
        for paragraph, block in BLOCK.findall(text)
    ]


def insert(path: Path, block: str, where: str, line: str) -> None:
    """Put a block above or below a line that the file has once, with the indent of what follows."""
    lines = path.read_text().splitlines(keepends=True)
    [at] = [number for number, text in enumerate(lines) if text.strip() == line]
    at += where == "below"
    margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines.insert(at, indent(block, margin))
    path.write_text("".join(lines))


def walk(project: Path, title: str) -> list[str]:
    """Do what the walk says; give the files it names."""
    text, touched = section(title), []
    for sentence, block in blocks(text):
        if not (target := TARGET.search(sentence)):
            continue
        files, where, line = target.groups()
        for file in re.findall(r"`([^`]+)`", files):
            touched.append(file)
            if where:
                insert(project / file, block, where, line)
            else:
                assert not (project / file).exists()
                (project / file).write_text(block)
    for file, before, after in REPLACEMENT.findall(text):
        touched.append(file)
        content = (project / file).read_text()
        assert content.count(before) == 1, f"{before} is not there once in {file}"
        (project / file).write_text(content.replace(before, after))
    return touched


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that was built before anybody extended its project."""
    project = copy_of_project(tmp_path_factory.mktemp("project"))
    site = Site(tmp_path_factory.mktemp("extended"), project)
    assert site.oars("init").code == 0
    (site.folder / "sent.ndjson").write_text("".join(STATEMENTS))
    assert site.oars("load", "sent.ndjson").code == 0
    built = site.dbt("build", *WITHOUT_TESTS, "--select", *WALKED)
    assert built.code == 0, built.out
    return site


@pytest.fixture(scope="module")
def extended(site: Site) -> Run:
    """The three walks, then one build with the tests of all that they touch."""
    assert site.query(EVENT_TYPES) == [
        {"event_family": "problem", "event_type": "hint_displayed", "n": 4},
        {"event_family": "unclassified", "event_type": "unclassified", "n": 3},
    ]
    project = Path(site.env["DBT_PROJECT_DIR"])
    assert walk(project, "Teach it a verb") == ["dbt_project.yml"]
    assert len(walk(project, "Add a mart")) == 3
    assert len(walk(project, "Add a family")) == 15
    run = site.dbt(
        "build",
        "--select",
        *WALKED,
        "agg_hints_daily",
        "--indirect-selection",
        "cautious",
        "--exclude",
        *(f"test_type:unit,path:models/{folder}" for folder in UNIT_TESTED_ELSEWHERE),
    )
    assert run.code == 0, run.out
    return run


def passed(run: Run, test: str) -> bool:
    return re.search(rf" PASS \S*{test}", run.out) is not None


def test_taught_verb_has_its_type_and_history_is_counted(site: Site, extended: Run) -> None:
    assert site.query(EVENT_TYPES) == [
        {"event_family": "other", "event_type": "poll_answered", "n": 2},
        {"event_family": "problem", "event_type": "hint_displayed", "n": 4},
        {"event_family": "survey", "event_type": "survey_rated", "n": 1},
    ]
    days = site.query(
        "select date::String as date, other_event_count::UInt32 as n "
        "from oars.agg_course_activity_daily where other_event_count > 0 order by date"
    )
    assert days == [{"date": "2026-01-05", "n": 1}, {"date": "2026-03-02", "n": 1}]
    [left] = site.query(
        "select sum(unclassified_event_count)::UInt32 as n from oars.agg_course_activity_daily"
    )
    assert left == {"n": 0}


def test_added_mart_is_right_and_its_tests_pass(site: Site, extended: Run) -> None:
    rows = site.query(
        "select org, course_key, block_id, date::String as date, hint_count::UInt32 as hints, "
        "learner_count::UInt32 as learners from oars.agg_hints_daily order by date"
    )
    problem = {"org": "Org", "course_key": COURSE, "block_id": PROBLEM}
    assert rows == [
        problem | {"date": "2026-03-01", "hints": 3, "learners": 2},
        problem | {"date": "2026-03-02", "hints": 1, "learners": 1},
    ]
    assert passed(extended, "agg_hints_daily::test_hints_count_each_time_and_learners_once")
    assert passed(extended, "unique_key_agg_hints_daily")
    assert passed(extended, "relationships_agg_hints_daily")


def test_added_family_has_a_view_and_is_counted(site: Site, extended: Run) -> None:
    [row] = site.query(
        "select event_type, course_key, survey_rating::Int32 as rating "
        "from oars_staging.stg_xapi__survey_events"
    )
    assert row == {"event_type": "survey_rated", "course_key": COURSE, "rating": 4}
    days = site.query(
        "select date::String as date, survey_event_count::UInt32 as n, "
        "active_learner_count::UInt32 as active "
        "from oars.agg_course_activity_daily where survey_event_count > 0"
    )
    assert days == [{"date": "2026-03-02", "n": 1, "active": 1}]
    learner_days = site.query(
        "select date::String as date, event_count::UInt32 as n "
        "from oars.fct_learner_course_days where survey_event_count = 1"
    )
    assert learner_days == [{"date": "2026-03-02", "n": 2}]
    assert passed(extended, "assert_staging_views_hold_every_statement")
    assert passed(extended, "assert_families_add_up_to_all_events")
    assert passed(extended, "accepted_values_base_xapi__statements_event_family")
    assert passed(extended, "accepted_values_int_statement_counts_event_family")
