"""Bookkeeping tables of another kind, and a clock that was ahead: the next run copes."""

import pytest

from oars_site import WITHOUT_TESTS, Site
from test_arrival import IN_THE_FUTURE, rows_of

SIMULATED = ("simulate", "--statements", "2000", "--learners", "30", "--courses", "2", "--load")
NEWS = ("simulate", "--statements", "300", "--learners", "30", "--courses", "2", "--load")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("bookkeeping"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED).code == 0
    built = site.dbt("build", *WITHOUT_TESTS)
    assert built.code == 0, built.out
    return site


def test_one_table_of_another_release_is_made_anew_with_those_that_count_on_it(
    site: Site,
) -> None:
    before = rows_of(site)
    site.execute("alter table oars_ops.course_months modify comment 'of another release'")

    # Of what rests on base nothing is built before it is known what base has.
    refused = site.dbt("run", "--select", "fct_enrollments")
    assert refused.code == 2
    assert "run `dbt run` once, without a selection" in refused.out
    run = site.dbt("run")

    assert run.code == 0, run.out
    assert rows_of(site) == before


def test_rows_of_a_clock_that_was_ahead_change_nothing(site: Site) -> None:
    site.execute(*IN_THE_FUTURE)
    assert site.oars(*NEWS, "--seed", "7").code == 0
    run = site.dbt("run")
    assert run.code == 0, run.out
    found = rows_of(site)
    [now] = site.query(
        "select (select argMax(now_at, written_at) from oars_ops.clock) as now_at, "
        "max(emission_time) as newest from oars_staging.base_xapi__statements"
    )
    assert now["now_at"] == now["newest"]
    assert site.dbt("run", "--full-refresh").code == 0
    assert rows_of(site) == found
