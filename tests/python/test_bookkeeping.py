"""The bookkeeping tables of another release, and a clock that was ahead: the next run copes."""

import pytest

from oars_site import WITHOUT_TESTS, Site
from test_arrival import IN_THE_FUTURE, rows_of

SIMULATED = ("simulate", "--statements", "2000", "--learners", "30", "--courses", "2", "--load")
NEWS = ("simulate", "--statements", "300", "--learners", "30", "--courses", "2", "--load")
MOMENT = "DateTime64(6, 'UTC')"
WRITTEN_AT = f"written_at {MOMENT} default now64(6)"

# The first release that had any.
OLDEST = [
    f"create table oars_ops.clock (as_of {MOMENT}, now_at {MOMENT}, invocation_id String, "
    f"{WRITTEN_AT}) engine = MergeTree order by written_at",
    "create table oars_ops.month_plan (month UInt32) engine = MergeTree order by month",
    "create table oars_ops.plan (relation LowCardinality(String), course_key String, "
    "partition String, version UInt64) "
    "engine = MergeTree partition by relation order by course_key",
    "create table oars_ops.ledger (relation LowCardinality(String), course_key String, "
    f"version UInt64, invocation_id String, {WRITTEN_AT}) "
    "engine = ReplacingMergeTree(written_at) order by (relation, course_key)",
    "insert into oars_ops.clock select now(), '2020-01-01', 'old', now()",
    "insert into oars_ops.ledger select 'fct_enrollments', course_key, 1, 'old', now() "
    "from oars.dim_courses",
]
# The last that kept them without a digest: what a run cannot make anew.
BEFORE_DIGESTS = [
    f"create table oars_ops.kept_months (month UInt32, kept_at {MOMENT}, {WRITTEN_AT}) "
    "engine = ReplacingMergeTree(written_at) order by month",
    f"create table oars_ops.forgotten (actor_hash String, forgotten_at {MOMENT} default now64(6)) "
    "engine = MergeTree order by actor_hash",
    "create table oars_ops.salt (salt String) engine = MergeTree order by salt",
    f"create table oars_ops.lease (invocation_id String, expires_at {MOMENT}, {WRITTEN_AT}) "
    "engine = ReplacingMergeTree(written_at) order by invocation_id",
    "create table oars_ops.run_log (invocation_id String, command String, target String, "
    f"as_of {MOMENT}, started_at {MOMENT}, ended_at Nullable({MOMENT}), result String, "
    "months Array(UInt32), course_count UInt64, appended_count UInt64, collision_count UInt64, "
    f"rows Map(String, UInt64), {WRITTEN_AT}) "
    "engine = ReplacingMergeTree(written_at) order by invocation_id",
    "insert into oars_ops.kept_months (month, kept_at) values (201901, '2020-01-01')",
    "insert into oars_ops.forgotten (actor_hash) values ('somebody')",
    "insert into oars_ops.salt values ('grain')",
    "insert into oars_ops.run_log (invocation_id, command, target, started_at, ended_at, result) "
    "values ('old', 'run', 'embedded', '2026-01-01', '2026-01-01', 'success')",
]
KEPT = (
    "select (select groupArray(month) from oars_ops.kept_months) as months, "
    "(select groupArray(actor_hash) from oars_ops.forgotten) as forgotten, "
    "(select groupArray(salt) from oars_ops.salt) as salt, "
    "(select groupArray(result) from oars_ops.run_log where invocation_id = 'old') as runs"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("bookkeeping"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED).code == 0
    built = site.dbt("build", *WITHOUT_TESTS)
    assert built.code == 0, built.out
    return site


@pytest.mark.parametrize("tables", [OLDEST, OLDEST + BEFORE_DIGESTS], ids=["oldest", "last"])
def test_tables_of_another_release_are_brought_up_to_date(site: Site, tables: list[str]) -> None:
    before = rows_of(site)
    # A mart that such a release left wrong, and a course that it alone knows.
    site.execute("drop database oars_ops sync", "create database oars_ops", *tables)
    site.execute(
        "alter table oars.fct_enrollments update enrollment_count = 77 where 1 "
        "settings mutations_sync = 2",
        "insert into oars.agg_video_events_daily (org, course_key) "
        "select 'Gone', 'course-v1:Gone+1+1'",
    )

    run = site.dbt("run")

    assert run.code == 0, run.out
    assert rows_of(site) == before
    if tables is not OLDEST:
        assert site.query(KEPT) == [
            {"months": [201901], "forgotten": ["somebody"], "salt": ["grain"], "runs": ["success"]}
        ]
    again = site.dbt("run")
    assert again.code == 0, again.out
    last = "select built from oars_ops.run_log final order by started_at desc limit 1"
    assert site.query(last) == [{"built": []}]


@pytest.mark.parametrize("table", ["course_months", "months", "ledger", "seen"])
def test_one_table_of_another_release_is_made_anew_with_those_that_count_on_it(
    site: Site, table: str
) -> None:
    before = rows_of(site)
    site.execute(f"alter table oars_ops.{table} modify comment 'of another release'")

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
