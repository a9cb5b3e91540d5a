"""examples/extension: a project of its own that installs this one and adds to it, as it is shipped.

All tests look at one build, and then at one run with news of a course and one without.
"""

import json
import re
import shutil
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from oars_site import PROJECT, VIEWS, Run, Site

EXAMPLE = PROJECT / "examples" / "extension"
PAGE = (PROJECT / "docs/extending.md").read_text()
SHOWN = re.compile(r"From\s`(examples/extension/[^`]+)`:\n\n((?:    .*\n|\n(?=    ))+)")
LMS = "https://lms.example.com"
RATING = "https://example.com/extensions/rating"
SIMULATED = ("simulate", "--statements", "600", "--learners", "30", "--courses", "3", "--load")
# As many as a course each needs to be in one of its own.
BUCKETS = 16
# That nothing of the package is lost, and what looks at what the example adds.
TESTS = (
    "assert_every_raw_statement_is_in_base",
    "assert_staging_views_hold_every_statement",
    "assert_event_types_count_every_statement",
    "assert_families_add_up_to_all_events",
    "assert_learner_days_hold_every_counted_statement",
    "accepted_values_base_xapi__statements_event_family*",
    "accepted_values_int_statement_counts_event_family*",
)
TESTS_OF_ITS_OWN = (
    "agg_survey_ratings::test_last_rating_of_a_learner_counts",
    "oars_has_whole_family_stg_xapi__survey_events",
    "oars_unique_key_agg_survey_ratings",
    "relationships_agg_survey_ratings",
)


def statement(number: int, time: str, actor: str, course: str, **said: Any) -> str:
    """One line as Ralph keeps it."""
    parent = {
        "id": f"{LMS}/course/{course}",
        "definition": {"type": "http://adlnet.gov/expapi/activities/course"},
    }
    body = {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "timestamp": f"{time}+00:00",
        "actor": {"account": {"name": actor, "homePage": LMS}},
        "context": {"contextActivities": {"parent": [parent]}},
    }
    return json.dumps(body | said) + "\n"


def rated(number: int, time: str, actor: str, page: dict[str, Any], rating: object) -> str:
    kind = {"type": "http://id.tincanapi.com/activitytype/survey"}
    return statement(
        *(number, time, actor, page["course_key"]),
        verb={"id": "http://id.tincanapi.com/verb/rated"},
        object={"id": f"{LMS}/xblock/{page['block_id']}", "definition": kind},
        result={"extensions": {RATING: rating}},
    )


def attended(number: int, time: str, actor: str, page: dict[str, Any]) -> str:
    kind = {"type": "http://adlnet.gov/expapi/activities/meeting"}
    return statement(
        *(number, time, actor, page["course_key"]),
        verb={"id": "http://adlnet.gov/expapi/verbs/attended"},
        object={"id": f"{LMS}/meeting/7", "definition": kind},
    )


class Campus(Site):
    """The example with a data folder, and a page of two of its simulated courses."""

    def __init__(self, folder: Path) -> None:
        project = folder / "campus"
        # Without what was installed or built there.
        unshipped = ("dbt_packages", "target", "logs", ".oars", "package-lock.yml")
        shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns(*unshipped))
        super().__init__(folder, project)
        self.project = project
        # Its own profile; of the package no profile counts.
        (folder / "profiles.yml").unlink()
        shutil.copy(project / "profiles.yml", folder)
        edit(project / "packages.yml", "local: ../..", f"local: {PROJECT}")
        # A var of the package alone: its macros read it in models of the example too.
        of_the_package = f"  oars: {{course_buckets: {BUCKETS}}}\n"
        edit(project / "dbt_project.yml", "\nvars:\n", f"\nvars:\n{of_the_package}")

    def load(self, *statements: str) -> None:
        (self.folder / "sent.ndjson").write_text("".join(statements))
        loaded = self.oars("load", "sent.ndjson")
        assert loaded.code == 0, loaded.err

    def ratings(self) -> list[dict[str, Any]]:
        return self.query(
            "select course_key, block_name, subsection_name, learner_count::UInt32 as n, "
            "low_learner_count::UInt32 as low, avg_rating_score as mean, "
            "last_rated_date::String as last from campus.agg_survey_ratings order by course_key"
        )

    def parts(self) -> dict[str, str]:
        """Course -> the part of the mart that it is in."""
        rows = self.query("select course_key, _part as part from campus.agg_survey_ratings")
        return {row["course_key"]: row["part"] for row in rows}

    def built(self) -> list[str]:
        """The relations that the last run has changed."""
        last = "select built from campus_ops.run_log final order by started_at desc limit 1"
        names: list[str] = self.query(last)[0]["built"]
        return names


def edit(file: Path, was: str, becomes: str) -> None:
    text = file.read_text()
    assert text.count(was) == 1, was
    file.write_text(text.replace(was, becomes))


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    site = Campus(tmp_path_factory.mktemp("extension"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED).code == 0
    installed = site.dbt("deps")
    assert installed.code == 0, installed.out
    return site


@pytest.fixture(scope="module")
def pages(campus: Campus) -> list[dict[str, Any]]:
    """A page of each of two courses that are not in one bucket."""
    return campus.query(
        "select course_key, argMin(location, location) as block_id, any(display_name) as name "
        "from event_sink.course_blocks where location like '%type@sequential%' "
        f"group by course_key order by cityHash64(course_key) % {BUCKETS} limit 2"
    )


@pytest.fixture(scope="module")
def built(campus: Campus, pages: list[dict[str, Any]]) -> Run:
    first, second = pages
    campus.load(
        rated(1, "2026-03-01T10:00:00", "ada", first, 1),
        rated(2, "2026-03-01T11:00:00", "ada", first, 4),
        # In Madrid it is the next day.
        rated(3, "2026-03-01T23:30:00", "ben", first, 2),
        rated(4, "2026-03-01T12:00:00", "ben", second, 5),
        rated(5, "2026-03-04T12:00:00", "eve", second, "very good"),
        attended(6, "2026-03-01T09:00:00", "ada", first),
    )
    run = campus.dbt(
        *("build", "--indirect-selection", "empty", "--select", "package:campus"),
        *("package:oars,resource_type:model", "package:oars,resource_type:seed", *TESTS),
    )
    assert run.code == 0, run.out
    return run


def test_page_shows_the_files_as_they_are() -> None:
    shown = SHOWN.findall(PAGE)
    assert {Path(file).name for file, _ in shown} >= {"dbt_project.yml", "agg_survey_ratings.sql"}
    for file, block in shown:
        assert dedent(block) in (PROJECT / file).read_text(), file


def test_its_tests_and_those_that_nothing_is_lost_pass(built: Run) -> None:
    for test in (*TESTS, *TESTS_OF_ITS_OWN):
        name = test.rstrip("*")
        assert re.search(rf" PASS \S*{name}", built.out), name


def test_added_event_types_arrive_in_the_views_of_families(campus: Campus, built: Run) -> None:
    [meeting] = campus.query(
        "select event_type, toString(event_id) as id from campus_staging.stg_xapi__other_events "
        "where event_type = 'meeting_attended'"
    )
    assert meeting["id"].endswith("6")
    surveys = campus.query(
        "select event_type, survey_rating::Nullable(Int32) as rating "
        "from campus_staging.stg_xapi__survey_events order by event_id"
    )
    assert [(row["event_type"], row["rating"]) for row in surveys] == [
        ("survey_rated", rating) for rating in (1, 4, 2, 5, None)
    ]


def test_no_statement_is_lost(campus: Campus, built: Run) -> None:
    views = [*VIEWS.values(), "stg_xapi__survey_events"]
    of_views = " union all ".join(f"select event_id from campus_staging.{view}" for view in views)
    [counted] = campus.query(
        "select (select uniqExact(event_id) from xapi.xapi_events_all)::UInt32 as raw, "
        "(select count() from campus_staging.base_xapi__statements_final)::UInt32 as base, "
        f"(select count() from ({of_views}))::UInt32 as staged"
    )
    assert counted["raw"] == counted["base"] == counted["staged"] > 600


def test_added_family_is_activity_and_counts_as_other(campus: Campus, built: Run) -> None:
    [days] = campus.query(
        "select sum(other_event_count)::UInt32 as other, uniqExact(actor_id)::UInt32 as learners "
        "from campus.fct_learner_course_days where other_event_count > 0"
    )
    assert days == {"other": 6, "learners": 3}


def test_disabled_mart_is_not_there_and_all_others_are(campus: Campus, built: Run) -> None:
    there = {
        row["name"]
        for row in campus.query("select name from system.tables where database = 'campus'")
    }
    shipped = {file.stem for file in (PROJECT / "models" / "marts").rglob("*.sql")}
    assert shipped - there == {"agg_course_demographics", "dim_learners_pii"}
    assert there - shipped == {"agg_survey_ratings"}


def test_added_mart_follows_news_of_a_course_and_writes_no_other(
    campus: Campus, built: Run, pages: list[dict[str, Any]]
) -> None:
    first, second = pages
    rows = {
        page["course_key"]: {
            "course_key": page["course_key"],
            "block_name": page["name"],
            "subsection_name": page["name"],
        }
        for page in pages
    }
    rows[first["course_key"]] |= {"n": 2, "low": 1, "mean": 3, "last": "2026-03-02"}
    rows[second["course_key"]] |= {"n": 1, "low": 0, "mean": 5, "last": "2026-03-01"}
    assert campus.ratings() == [rows[course] for course in sorted(rows)]
    keys = campus.query(
        "select distinct partition_key from system.tables where database = 'campus' "
        "and name in ('agg_survey_ratings', 'fct_enrollments')"
    )
    assert keys == [{"partition_key": f"cityHash64(course_key) % {BUCKETS}"}]
    before = campus.parts()

    campus.load(rated(7, "2026-03-05T10:00:00", "ben", second, 2))
    run = campus.dbt("run")

    assert run.code == 0, run.out
    rows[second["course_key"]] |= {"low": 1, "mean": 2, "last": "2026-03-05"}
    assert campus.ratings() == [rows[course] for course in sorted(rows)]
    after = campus.parts()
    assert after[first["course_key"]] == before[first["course_key"]]
    assert after[second["course_key"]] != before[second["course_key"]]
    assert "agg_survey_ratings" in campus.built()

    again = campus.dbt("run")

    assert again.code == 0, again.out
    assert campus.built() == []
    assert campus.parts() == after


OF_ANOTHER_KIND = (
    "{extra_xapi_columns: [{column: extra_rating, place: result, kind: number, "
    "extension: 'https://example.com/extensions/rating'}]}"
)


@pytest.mark.parametrize(
    ("file", "text", "told", "said"),
    [
        (
            *("models/marts/agg_link_clicks.sql", "{{ config(schema='mine') }} select 1 as n"),
            *((), "Two relations are called agg_link_clicks"),
        ),
        (
            *("macros/generate_schema_name.sql",),
            "{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}",
            *((), r"would be in (\w+), and is looked for in campus_\1:"),
        ),
        (
            *("models/README.md", "Nothing that dbt reads."),
            ("--vars", OF_ANOTHER_KIND),
            r"extra_rating of extra_xapi_columns is Nullable\(Int64\) in base",
        ),
    ],
    ids=["names", "schemas", "kinds"],
)
def test_run_refuses_what_would_go_wrong_later(
    campus: Campus, file: str, text: str, told: tuple[str, ...], said: str
) -> None:
    added = campus.project / file
    added.parent.mkdir(exist_ok=True)
    added.write_text(text)
    try:
        # With what dbt itself keeps of the project, for little of it differs.
        run = campus.start("dbt", "--no-use-colors", "run", *told, env=campus.dbt_env())
    finally:
        added.unlink()
    assert run.code != 0
    assert re.search(said, run.out), run.out
