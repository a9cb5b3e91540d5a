"""A site may lack tables of the LMS; `oars init` makes none in a database that is not its own."""

import pytest

from oars_site import WITHOUT_TESTS, Site
from test_targets import HttpSite, digests

SIMULATED = ("simulate", "--statements", "2000", "--learners", "20", "--courses", "2", "--load")
OPTIONAL = ("course_enrollment", "external_id", "tag", "user_profile")
UNREAD = ("object_tag", "taxonomy")
WITH_NAMES = ("--vars", "{pii_enabled: true}")


def test_run_without_them_is_one_with_empty_ones_until_they_come(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    site = Site(tmp_path_factory.mktemp("older"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED).code == 0
    site.execute(
        "create database away",
        *(f"rename table event_sink.{table} to away.{table}" for table in OPTIONAL + UNREAD),
    )

    built = site.dbt("build", *WITHOUT_TESTS, *WITH_NAMES)

    assert built.code == 0, built.out
    told = [line for line in built.out.splitlines() if "Not there, so nothing is known" in line]
    assert len(told) == 1
    assert all(f"event_sink.{table}" in told[0] for table in OPTIONAL)
    views = ["external_ids", "user_profiles", "course_enrollments", "tags"]
    counts = [f"select count() as n from oars_staging.stg_event_sink__{view}" for view in views]
    assert {row["n"] for row in site.query(" union all ".join(counts))} == {0}
    for command in ("report", "status"):
        said = site.oars(command)
        assert said.code == 0, said.err

    site.execute(*(f"rename table away.{table} to event_sink.{table}" for table in OPTIONAL))
    run = site.dbt("run", *WITH_NAMES)
    assert run.code == 0, run.out
    assert "Not there" not in run.out
    found = digests(site)
    assert site.dbt("run", "--full-refresh", *WITH_NAMES).code == 0
    assert digests(site) == found
    assert site.query("select count() > 0 as known from oars_pii.dim_learners_pii") == [
        {"known": True}
    ]


def test_init_makes_nothing_in_the_database_of_another_unless_it_is_named(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with HttpSite(tmp_path_factory.mktemp("theirs"), "server") as site:
        site.over_http("create database event_sink")
        first = site.oars("init")
        assert first.code == 0, first.err
        assert "missing        event_sink.course_blocks\n" in first.out
        assert "created        xapi.xapi_events_all\n" in first.out
        assert "created        oars_operator.programs\n" in first.out
        assert site.over_http("show tables from event_sink") == ""

        named = site.oars("init", "--create", "event_sink.course_blocks")
        assert named.code == 0, named.err
        assert site.over_http("show tables from event_sink") == "course_blocks"
        refused = site.oars("init", "--create", "event_sink.courses")
        assert refused.code == 1
        assert "event_sink.courses is no raw table" in refused.err
