"""Videos, time and calendars where what clients say cannot be true, or is not all.

Each case is a course of its own; all are in one database.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from oars_site import WITHOUT_TESTS, Site
from xapi_corpus import LMS, SESSION_ID, SPEED_TO, TIME, TYPES, VERBS

LENGTH = "https://w3id.org/xapi/video/extensions/length"
TIME_FROM = "https://w3id.org/xapi/video/extensions/time-from"
TIME_TO = "https://w3id.org/xapi/video/extensions/time-to"
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
MINUTE = 60
HOUR = 3600
DAY = 86_400
HALF_A_DAY = 12 * HOUR

NAMES = ["one", "two", "three", "all", "half", "little", "unknown", "fast", "twice", "away"]

Raw = tuple[str, str, bytes]


def course_key(course: str) -> str:
    return f"course-v1:Messy+{course}+1"


def statement(course: str, learner: str, seconds: float, verb: str, **other: Any) -> Raw:
    """A learner's statement on a video, so long after the start; a NaN is sent as one."""
    time = START + timedelta(seconds=seconds)
    event_id = str(uuid5(NAMESPACE_URL, f"{course} {learner} {seconds} {verb} {other}"))
    video = {
        "id": f"{LMS}/xblock/block-v1:Messy+{course}+1+type@video+block@{other.get('video', 'v')}",
        "definition": {"type": TYPES["video"]},
    }
    if "video" in other and other["video"] is None:
        del video["id"]
    extensions = {SESSION_ID: other.get("session", "s")}
    if "length" in other:
        extensions[LENGTH] = other["length"]
    names = {"at": TIME, "sought_from": TIME_FROM, "sought_to": TIME_TO, "speed": SPEED_TO}
    body = {
        "id": event_id,
        "actor": {"account": {"homePage": LMS, "name": str(uuid5(NAMESPACE_URL, learner))}},
        "verb": {"id": VERBS[verb]},
        "object": video,
        "result": {"extensions": {names[k]: v for k, v in other.items() if k in names}},
        "context": {
            "extensions": extensions,
            "contextActivities": {
                "parent": [
                    {
                        "id": f"{LMS}/course/{course_key(course)}",
                        "definition": {"type": TYPES["course"]},
                    }
                ]
            },
        },
        "timestamp": time.isoformat(),
    }
    return event_id, time.strftime("%F %T.%f"), json.dumps(body).encode()


def watched(course: str, learner: str, begin: float, length: Any, **other: Any) -> Iterator[Raw]:
    """All of the video v, ten minutes long, from its start to its end."""
    yield statement(course, learner, begin, "played", at=0, length=length, **other)
    yield statement(course, learner, begin + 600, "paused", at=600, length=length, **other)


# ---------------------------------------------------------------- lengths

WRONG_LENGTHS: dict[str, Any] = {
    "Seconds": 6.0,
    "Milliseconds": 600_000.0,
    "MillisecondsOfAShortVideo": 43_000,
    "Endless": 1e308,
    "Nan": float("nan"),
    "Infinity": float("inf"),
    "Nothing": 0,
    "Negative": -600,
    "Text": "600 s",
}


def one_wrong_length() -> Iterator[Raw]:
    for course, length in WRONG_LENGTHS.items():
        for number in range(9):
            yield from watched(course, f"learner {number}", number * HOUR, 600.2)
        # The wrong client watches too, and sends its length last, and most often.
        yield from watched(course, "wrong", 10 * HOUR, length)
        for minute in range(40):
            yield statement(course, "wrong", 11 * HOUR + minute, "initialized", length=length)


def alternating_lengths() -> Iterator[Raw]:
    for number in range(3):
        yield from watched("Alternating", f"learner {number}", number * HOUR, 600)
    for second in range(41):
        length = 6 if second % 2 == 0 else 600
        yield statement("Alternating", "both", DAY + second, "initialized", length=length)


# ---------------------------------------------------------------- ends


def far_end_of_an_open_tab() -> Iterator[Raw]:
    """The video was left open over night; in the morning the learner chose another speed."""
    course = "OpenTab"
    yield statement(course, "one", 0, "played", at=0, length=600)
    yield statement(course, "one", 10 * HOUR, "interacted", speed="2.0x", length=600)
    yield statement(course, "one", 10 * HOUR + 10, "seeked", sought_to=300, length=600)
    yield statement(course, "one", 10 * HOUR + 60, "paused", at=350, length=600)
    # Who came back to another video after a minute has watched a minute.
    yield statement(course, "two", 0, "played", at=0, length=600)
    yield statement(course, "two", MINUTE, "initialized", video="w")
    yield statement(course, "two", 10 * HOUR, "interacted", speed="2.0x", length=600)
    # Speed was changed in time.
    yield statement(course, "three", 0, "played", at=0, length=600)
    yield statement(course, "three", 100, "interacted", speed="2.0x", length=600)
    yield statement(course, "three", 200, "paused", at=300, length=600)


def straight_to_the_end() -> Iterator[Raw]:
    """The player says completed whatever was watched."""
    course = "ToTheEnd"
    for learner, until in (("all", 600), ("half", 300), ("little", 10)):
        yield statement(course, learner, 0, "played", at=0, length=600)
        yield statement(course, learner, until, "seeked", sought_from=until, sought_to=600)
        yield statement(course, learner, until + 1, "completed", at=600, length=600)
    yield statement(course, "unknown", 0, "completed", video="w")


# ---------------------------------------------------------------- time


def lectures() -> Iterator[Raw]:
    hour_long = {"length": HOUR}
    # An hour with one play and one pause; half of it at twice the speed.
    yield statement("Lecture", "one", 0, "played", at=0, **hour_long)
    yield statement("Lecture", "one", HOUR, "paused", at=HOUR, **hour_long)
    yield statement("Lecture", "fast", 0, "interacted", speed="2.0x", **hour_long)
    yield statement("Lecture", "fast", 1, "played", at=0, **hour_long)
    yield statement("Lecture", "fast", 1 + HOUR / 2, "paused", at=HOUR, **hour_long)
    # Two windows at once count once.
    for session in ("left", "right"):
        yield statement("Lecture", "twice", 0, "played", at=0, session=session, **hour_long)
        yield statement("Lecture", "twice", HOUR, "paused", at=HOUR, session=session, **hour_long)
    # 20 minutes were watched and two hours were not, over midnight.
    yield statement("Lecture", "away", 13 * HOUR, "played", at=0, **hour_long)
    yield statement("Lecture", "away", 15 * HOUR, "paused", at=20 * MINUTE, **hour_long)


# ---------------------------------------------------------------- calendars


def old_clocks() -> Iterator[Raw]:
    for course, days in (("Clock2013", 4800), ("Gap400", 401), ("Gap401", 402)):
        yield statement(course, "now", 0, "initialized")
        yield statement(course, "old", -days * DAY, "initialized")


# ---------------------------------------------------------------- limits


def invented_videos() -> Iterator[Raw]:
    """60 videos of 12 hours, all of which were watched, two by two learners; a thousand loaded."""
    longest = {"length": HALF_A_DAY}
    for number in range(60):
        for viewer in range(2 if number >= 58 else 1):
            learner, video = f"viewer {viewer} of {number}", f"v{number}"
            yield statement("Invented", learner, number, "played", at=0, video=video, **longest)
            end = number + HALF_A_DAY
            yield statement(
                "Invented", learner, end, "paused", at=HALF_A_DAY, video=video, **longest
            )
    for number in range(1000):
        yield statement("Invented", "one", number, "initialized", video=f"l{number}", **longest)


def far_positions() -> Iterator[Raw]:
    """A play from where no video is begins at 0."""
    for at in (HALF_A_DAY + 1, 1e300):
        yield statement("Far", f"{at}", 0, "played", at=at, length=HALF_A_DAY)
        yield statement("Far", f"{at}", 10, "paused", at=10, length=HALF_A_DAY)


def nameless_video() -> Iterator[Raw]:
    yield statement("Nameless", "one", 0, "played", at=0, length=600, video=None)
    yield statement("Nameless", "one", 60, "completed", at=60, length=600, video=None)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site to which all this was sent."""
    site = Site(tmp_path_factory.mktemp("messy"))
    assert site.oars("init").code == 0
    for sent in (
        *(one_wrong_length, alternating_lengths, far_end_of_an_open_tab, straight_to_the_end),
        *(lectures, old_clocks, invented_videos, far_positions, nameless_video),
    ):
        site.insert(sent())
    run = site.dbt("build", *WITHOUT_TESTS)
    assert run.code == 0, run.out
    return site


def rows(site: Site, course: str, sql: str) -> list[tuple[Any, ...]]:
    """What a query says; `this` in it stands for the rows of the course."""
    found = site.query(sql.replace("this", f"course_key = '{course_key(course)}'"))
    return [tuple(number(value) for value in row.values()) for row in found]


def number(value: Any) -> Any:
    """JSON has counts as text."""
    return int(value) if isinstance(value, str) and value.isdigit() else value


def by_learner(site: Site, course: str, sql: str) -> dict[str, tuple[Any, ...]]:
    """Rows by the name that the learner has here; the query's first column is the learner."""
    named = {str(uuid5(NAMESPACE_URL, name)): name for name in NAMES}
    return {named[row[0]]: row[1:] for row in rows(site, course, sql)}


@pytest.mark.parametrize("course", [*WRONG_LENGTHS, "Alternating"])
def test_one_clients_wrong_length_changes_nothing_for_others(site: Site, course: str) -> None:
    found = rows(
        site,
        course,
        "select viewer_count, duration_seconds, watched_seconds, avg_watched_ratio "
        "from oars.agg_video_engagement where this",
    )
    viewer_count = 3 if course == "Alternating" else 10
    assert found == [(viewer_count, 600, viewer_count * 600, 1)]


def test_video_that_could_have_ended_was_not_watched_to_a_change_of_speed(site: Site) -> None:
    found = by_learner(
        site,
        "OpenTab",
        "select actor_id, watched_seconds, unclosed_play_count from oars.fct_learner_videos "
        "where this and play_count > 0",
    )
    # The seek after the change of speed has nothing to go on from.
    assert found == {"one": (0, 1), "two": (60, 1), "three": (300, 0)}


def test_who_goes_straight_to_the_end_has_not_completed_a_video(site: Site) -> None:
    found = by_learner(
        site,
        "ToTheEnd",
        "select actor_id, watched_ratio, is_completed from oars.fct_learner_videos where this",
    )
    assert found == {
        "all": (1, True),
        "half": (0.5, True),
        "little": (0.016667, False),
        "unknown": (None, True),
    }


def test_watching_is_no_absence_and_all_of_it_is_time_spent(site: Site) -> None:
    found = by_learner(
        site,
        "Lecture",
        "select actor_id, groupArray(date), sum(session_count), sum(time_spent_seconds) "
        "from (select * from oars.fct_learner_course_days where this order by date) "
        "group by actor_id",
    )
    assert found == {
        "one": (["2026-03-02"], 1, 3600),
        "fast": (["2026-03-02"], 1, 1801),
        "twice": (["2026-03-02"], 1, 3600),
        # Over midnight; the gap has ended the session, and the 20 minutes count.
        "away": (["2026-03-02", "2026-03-03"], 2, 1200),
    }
    by_day = (
        "select toString(date), session_count, time_spent_seconds "
        "from oars.agg_course_activity_daily where this order by date limit 2"
    )
    assert rows(site, "Lecture", by_day) == [
        ("2026-03-02", 4, 3600 + 1801 + 3600 + 1200),
        ("2026-03-03", 1, 0),
    ]


def test_calendar_fills_gaps_of_up_to_400_days(site: Site) -> None:
    days = (
        "select count(), countIf(event_count > 0), max(if(date > '2026-01-01', "
        "active_learner_30d_count, 0)) from oars.agg_course_activity_daily where this"
    )
    # From the course's last statement to the site's there is a day more.
    assert rows(site, "Gap400", days) == [(403, 2, 1)]
    assert rows(site, "Gap401", days) == [(3, 2, 1)]
    assert rows(site, "Clock2013", days) == [(3, 2, 1)]
    assert rows(site, "", "select count(), toString(min(date)) from oars.agg_instance_daily") == [
        (405, "2013-01-09")
    ]


def test_no_more_than_700_hours_of_invented_videos_have_segments(site: Site) -> None:
    found = rows(
        site,
        "Invented",
        "select extract(block_id, '@v([0-9]+)$') as video, count(), max(viewer_count) "
        "from oars.agg_video_segments where this and video != '' group by video",
    )
    # Whole videos, and of all 60 first those that two learners watched.
    assert {row[1] for row in found} == {HALF_A_DAY / 5}
    assert len(found) == 700 * HOUR // HALF_A_DAY
    assert {row[0] for row in found if row[2] == 2} == {58, 59}
    loaded = "select count() from oars.agg_video_segments where this and block_id like '%@l%'"
    assert rows(site, "Invented", loaded) == [(0,)]


def test_there_is_no_position_past_12_hours(site: Site) -> None:
    found = rows(
        site,
        "Far",
        "select duration_seconds, watched_seconds from oars.fct_learner_videos where this",
    )
    assert found == [(HALF_A_DAY, 10), (HALF_A_DAY, 10)]


def test_what_no_block_is_named_for_is_not_judged(site: Site) -> None:
    found = rows(
        site,
        "Nameless",
        "select viewer_count, watched_seconds, duration_seconds, avg_watched_ratio, "
        "completed_ratio, captions_learner_ratio from oars.agg_video_engagement where this",
    )
    assert found == [(1, 60, None, None, None, None)]
    segments = "select count() from oars.agg_video_segments where this"
    assert rows(site, "Nameless", segments) == [(0,)]
