"""What is defined by days follows the reporting time zone; totals and times of events do not."""

import json

import pytest

from oars_site import WITHOUT_TESTS, Site

NEW_YORK = ("--vars", json.dumps({"reporting_timezone": "America/New_York"}))
DAYS = (
    "select toString(date) as date, sum(event_count) as events from oars.agg_course_activity_daily "
    "group by date having events > 0 order by date"
)
EVENTS_BY_DAY = """
select toString(toDate(emission_time, '{zone}')) as date, count() as events
from oars_staging.base_xapi__statements_final
where
    course_key is not null
    and event_family != 'malformed'
    and event_id not in (select event_id from oars_intermediate.int_uncounted_statements)
group by date order by date
"""
TOTALS = """
select
    (select sum(activation_count) from oars.agg_enrollments_daily) as activations,
    (select sum(event_count) from oars.agg_instance_daily) as events,
    (select sum(event_count) from oars.agg_video_events_daily) as video_events,
    (select sum(cityHash64(tuple(*))) from oars.fct_enrollments) as enrollments,
    (select sum(cityHash64(tuple(*))) from oars.fct_learner_problems) as problems,
    (select sum(cityHash64(tuple(*))) from oars.fct_learner_videos) as videos
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose statements span the change to daylight saving time in New York."""
    site = Site(tmp_path_factory.mktemp("zone"))
    assert site.oars("init").code == 0
    simulated = ("simulate", "--statements", "6000", "--courses", "2", "--days", "120")
    assert site.oars(*simulated, "--end", "2026-06-30", "--load").code == 0
    assert site.dbt("build", *WITHOUT_TESTS).code == 0
    return site


def test_days_follow_the_zone_daylight_saving_included_and_totals_stay(site: Site) -> None:
    in_utc, totals = site.query(DAYS), site.query(TOTALS)
    assert in_utc == site.query(EVENTS_BY_DAY.format(zone="UTC"))
    assert in_utc[0]["date"] < "2026-03-08" < in_utc[-1]["date"]

    assert site.dbt("run", *NEW_YORK).code == 0

    in_new_york = site.query(DAYS)
    assert in_new_york == site.query(EVENTS_BY_DAY.format(zone="America/New_York"))
    assert in_new_york != in_utc
    assert site.query(TOTALS) == totals
