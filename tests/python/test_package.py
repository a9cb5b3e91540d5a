"""Another dbt project installs this one, and has a mart of its own by the incremental method."""

from pathlib import Path

from oars_site import PROJECT, WITHOUT_TESTS, Site

PROJECT_FILE = """
name: campus
version: 1.0.0
config-version: 2
profile: oars
model-paths: [models]
flags: {send_anonymous_usage_stats: false, require_generic_test_arguments_property: true}
vars:
  oars: {course_buckets: 4}
"""
MART = """
{{ oars.course_relation(order_by=['course_key']) }}

with

enrollments as (

    select *
    from {{ ref('oars', 'fct_enrollments') }}
    where {{ oars.planned() }}

)

select
    course_key,
    count() as learner_count,
    {{ oars.day_of('max(first_enrolled_at)') }} as last_enrolled_date
from enrollments
group by course_key
"""
NEWS = ("simulate", "--statements", "400", "--learners", "30", "--courses", "2", "--load")


def test_mart_of_another_project_follows_the_news_by_course(tmp_path: Path) -> None:
    campus = tmp_path / "campus"
    (campus / "models").mkdir(parents=True)
    (campus / "dbt_project.yml").write_text(PROJECT_FILE)
    (campus / "packages.yml").write_text(f"packages:\n  - local: {PROJECT}\n")
    (campus / "models" / "agg_campus.sql").write_text(MART)
    site = Site(tmp_path, campus)
    assert site.oars("init").code == 0
    assert site.oars(*NEWS).code == 0
    installed = site.dbt("deps")
    assert installed.code == 0, installed.out
    rows = "select * from oars.agg_campus order by all"
    expected = (
        "select course_key, count() as learner_count, toDate(max(first_enrolled_at)) as "
        "last_enrolled_date from oars.fct_enrollments group by course_key order by all"
    )
    partition_count = (
        "select uniqExact(partition_key) as n, any(partition_key) as key from system.tables "
        "where database = 'oars' and name in ('agg_campus', 'fct_enrollments')"
    )

    built = site.dbt("build", *WITHOUT_TESTS)

    assert built.code == 0, built.out
    assert site.query(rows) == site.query(expected) != []
    assert site.query(partition_count) == [{"n": 1, "key": "cityHash64(course_key) % 4"}]

    assert site.oars(*NEWS, "--seed", "9").code == 0
    run = site.dbt("run")
    assert run.code == 0, run.out
    assert site.query(rows) == site.query(expected)
    last = "select has(built, 'agg_campus') as is_built from oars_ops.run_log final "
    assert site.query(f"{last} order by started_at desc limit 1") == [{"is_built": 1}]

    again = site.dbt("run")
    assert again.code == 0, again.out
    assert site.query(f"{last} order by started_at desc limit 1") == [{"is_built": 0}]
