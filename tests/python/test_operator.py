"""What the operator lists: in seeds, and in tables of the operator's own where they are there."""

import pytest

from oars_site import WITHOUT_TESTS, Site

SIMULATED = ("simulate", "--statements", "2000", "--learners", "20", "--courses", "2", "--load")
LISTS = ("path:models/staging/operator", "agg_programs", "course_staff")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site as it was before there were these tables."""
    site = Site(tmp_path_factory.mktemp("operator"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED).code == 0
    site.execute("drop database oars_operator sync")
    built = site.dbt("build", *WITHOUT_TESTS)
    assert built.code == 0, built.out
    return site


def programs(site: Site) -> list[tuple[str, int]]:
    rows = site.query("select program_key, course_count from oars.agg_programs order by all")
    return [(row["program_key"], int(row["course_count"])) for row in rows]


def staff(site: Site) -> list[tuple[str, str]]:
    rows = site.query("select username, course_key from oars.course_staff order by all")
    return [(row["username"], row["course_key"]) for row in rows]


def test_lists_are_optional_and_what_is_written_to_them_arrives(site: Site) -> None:
    assert (programs(site), staff(site)) == ([], [])

    assert site.oars("init").code == 0
    site.execute(
        "insert into oars_operator.programs select 'one', 'One', min(course_key) "
        "from oars.dim_courses"
    )
    run = site.dbt("run", "--select", *LISTS)
    assert run.code == 0, run.out
    assert programs(site) == [("one", 1)]

    # Staff at once, without a run.
    site.execute("insert into oars_operator.course_staff values ('ann', 'c'), ('ann', 'c')")
    assert staff(site) == [("ann", "c")]

    # One more course, and one more program.
    added = "insert into oars_operator.programs select '{}', 'One', max(course_key) from "
    site.execute(*(f"{added.format(key)} oars.dim_courses" for key in ("one", "two")))
    run = site.dbt("run", "--select", *LISTS)
    assert run.code == 0, run.out
    assert programs(site) == [("one", 2), ("two", 1)]
    tests = site.dbt("test", "--select", "assert_program_of_one_course_is_that_course")
    assert tests.code == 0, tests.out

    # No news: nothing is planned.
    run = site.dbt("run", "--select", *LISTS)
    assert run.code == 0, run.out
    last = "select built from oars_ops.run_log final order by started_at desc limit 1"
    assert site.query(last) == [{"built": []}]

    site.execute("drop database oars_operator sync")
    run = site.dbt("run", "--select", *LISTS)
    assert run.code == 0, run.out
    assert (programs(site), staff(site)) == ([], [])
