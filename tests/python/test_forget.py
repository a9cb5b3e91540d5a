"""`oars forget`: a learner leaves every table, and does not come back with a replay."""

from hashlib import sha1
from pathlib import Path

import pytest

from oars_site import Site
from test_arrival import rows_of

# Statements like some that are there, as new ones.
NEW_OF_OLD = (
    "insert into xapi.xapi_events_all select generateUUIDv4() as id, emission_time, "
    "replace(event, toString(event_id), toString(id)) from xapi.xapi_events_all where {where}"
)
SIMULATED = ("simulate", "--statements", "3000", "--learners", "30", "--courses", "2")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("forget"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED, "--out", "sent").code == 0
    assert site.oars(*SIMULATED, "--load").code == 0
    built = site.dbt("build", "--exclude-resource-type", "unit_test")
    assert built.code == 0, built.out
    return site


def tables_with(site: Site, learner: str) -> set[str]:
    """Every table of the database in which the text of any row names the learner."""
    tables = site.query(
        "select database, name from system.tables "
        "where match(database, '^(xapi|event_sink|oars.*)$') and engine like '%MergeTree'"
    )
    each = [
        f"select '{table['database']}.{table['name']}' as name from "
        f"`{table['database']}`.`{table['name']}` "
        f"where position(formatRowNoNewline('TSV', *), '{learner}') > 0 group by name"
        for table in tables
    ]
    return {row["name"] for row in site.query(" union all ".join(each))}


def test_learner_leaves_every_table_and_a_replay_does_not_bring_them_back(site: Site) -> None:
    [learner] = site.query(
        "select actor_id from oars.fct_learner_problems group by actor_id "
        "order by count() desc, actor_id limit 1"
    )
    actor = learner["actor_id"]
    # Another is known by the e-mail address only.
    address = "learner.of.the.lms@example.org"
    by_address = sha1(address.encode()).hexdigest()
    site.execute(
        "insert into event_sink.user_profile (id, user_id, email, dump_id, time_last_dumped) "
        f"select 900001, 900001, '{address}', generateUUIDv4(), '2026-05-01 00:00:00'"
    )
    # What of them could not be used goes as well.
    site.execute(
        "insert into xapi.xapi_events_all select generateUUIDv4(), '2026-05-01 00:00:00', "
        f'\'{{"actor": {{"account": {{"name": "{actor}"}}}}}}\''
    )
    assert site.dbt("run").code == 0
    # What no run has read yet goes too: a statement, and one that nobody can read.
    site.execute(
        NEW_OF_OLD.format(where=f"position(event, '{actor}') > 0 limit 1"),
        "insert into xapi.xapi_events_all select generateUUIDv4(), '2026-05-02 00:00:00', "
        f"""'{{"actor": {{"account": {{"name": "{actor}"'""",
    )
    assert {"xapi.xapi_events_all", "event_sink.external_id", "oars.fct_enrollments"} <= (
        tables_with(site, actor)
    )

    forgotten = site.oars("forget", "--actor", actor, "--yes")

    assert forgotten.code == 0, forgotten.err + forgotten.out
    assert forgotten.out.endswith("Nothing is left.\n")
    assert tables_with(site, actor) == set()

    assert site.oars("forget", "--actor", by_address, "--yes").code == 0
    assert tables_with(site, address) == set()

    replayed = site.oars("load", Path("sent") / "statements.ndjson.gz")
    assert replayed.code == 0, replayed.err
    assert site.dbt("run").code == 0

    assert tables_with(site, actor) == {"xapi.xapi_events_all"}
    [kept] = site.query(
        "select countIf(rejection_reason = 'forgotten') as forgotten, count() as statements, "
        "any(statement_excerpt) as excerpt from oars_staging.base_xapi__statements_final "
        "where event_family = 'malformed'"
    )
    assert int(kept["forgotten"]) == int(kept["statements"]) > 0
    incremental = rows_of(site)
    assert site.dbt("run", "--full-refresh").code == 0
    assert rows_of(site) == incremental


def test_nobody_is_forgotten_by_accident_or_beside_a_run(site: Site) -> None:
    nobody = site.oars("forget", "--actor", "", "--yes")
    assert nobody.code != 0
    assert "No learner is named" in nobody.err
    site.execute("insert into oars_ops.lease (invocation_id, expires_at) select 'a', now64(6) + 60")
    beside = site.oars("forget", "--actor", "somebody", "--yes")
    site.execute("truncate table oars_ops.lease")
    assert beside.code != 0
    assert "A run is at work on this database" in beside.err


def test_month_that_left_raw_by_retention_stays_unless_the_site_says_otherwise(site: Site) -> None:
    """Also when a statement of it comes late, and can be erased again."""
    months = "select distinct toYYYYMM(emission_time) as month from {} order by month"
    in_base = months.format("oars_staging.base_xapi__statements")
    before = site.query(in_base)
    rows = (
        "select count() as row_count from oars_staging.base_xapi__statements_final "
        f"where toYYYYMM(emission_time) = {before[0]['month']}"
    )
    [kept] = site.query(rows)
    site.execute(
        "create table xapi.late as xapi.xapi_events_all",
        NEW_OF_OLD.format(where=f"toYYYYMM(emission_time) = {before[0]['month']} limit 2").replace(
            "insert into xapi.xapi_events_all", "insert into xapi.late"
        ),
        f"alter table xapi.xapi_events_all drop partition {before[0]['month']}",
        "insert into xapi.xapi_events_all select * from xapi.late",
    )

    assert site.dbt("run", "--full-refresh").code == 0
    assert site.query(in_base) == before
    assert site.query(rows) == [{"row_count": kept["row_count"] + 2}]
    held = site.dbt("test", "--select", "assert_every_raw_statement_is_in_base")
    assert held.code == 0, held.out

    # One of the two is erased, the other leaves with its month; a third comes.
    site.execute(
        "alter table xapi.xapi_events_all delete where event_id in "
        "(select min(event_id) from xapi.late) settings mutations_sync = 2"
    )
    assert site.dbt("run").code == 0
    assert site.query(rows) == [{"row_count": kept["row_count"] + 1}]
    site.execute(f"alter table xapi.xapi_events_all drop partition {before[0]['month']}")
    assert site.dbt("run", "--select", "base_xapi__statements").code == 0
    site.execute(
        "insert into xapi.xapi_events_all select generateUUIDv4() as id, emission_time, "
        "replace(event, toString(event_id), toString(id)) from xapi.late limit 1"
    )
    assert site.dbt("run", "--select", "base_xapi__statements").code == 0
    assert site.query(rows) == [{"row_count": kept["row_count"] + 2}]

    run = site.dbt("run", "--vars", "{keep_months: false}")
    assert run.code == 0, run.out
    assert site.query(rows) == [{"row_count": 1}]
