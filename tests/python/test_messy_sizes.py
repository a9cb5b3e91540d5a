"""No number and no length that a sender chooses stops a run or decides how much it writes.

What is invented here, videos, modes, keys and days, is sent by whoever may write to the record
store; each is little to send and would be much to build.
"""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from oars_site import WITHOUT_TESTS, Site

Json = dict[str, Any]
Sent = tuple[UUID, str, bytes]

ADL = "http://adlnet.gov/expapi/"
COURSE = f"{ADL}activities/course"
VIDEO = "https://w3id.org/xapi/video/"
MODE = "https://w3id.org/xapi/acrossx/extensions/type"
LMS = "https://lms.example.org"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FIRST_DAY = datetime(2012, 1, 1, tzinfo=UTC)

VIDEOS = 20_000
HALF_A_DAY = 43_200
MODES = 100
MEGABYTE = 1_000_000
COURSES = int(os.environ.get("MESSY_COURSES", "2000"))
"""In some minutes it also goes with 100,000."""

IDS = count(1)


def statement(course: str, at: datetime, verb: str, target: Json, **other: Any) -> Sent:
    event_id = UUID(int=next(IDS))
    activity = {"id": f"{LMS}/course/{course}", "definition": {"type": COURSE}}
    who = f"00000000-0000-4000-8000-{event_id.int // 400 % 50:012d}"
    body = {
        "id": str(event_id),
        "actor": {"objectType": "Agent", "account": {"name": who, "homePage": LMS}},
        "verb": {"id": verb},
        "object": target,
        "context": {"contextActivities": {"parent": [activity]}, **other.pop("context", {})},
        **other,
    }
    return event_id, at.strftime("%F %T.%f"), json.dumps(body).encode()


def enrollment(course: str, at: datetime, mode: str) -> Sent:
    definition = {"type": COURSE, "extensions": {MODE: mode}}
    target = {"id": f"{LMS}/course/{course}", "definition": definition}
    return statement(course, at, f"{ADL}verbs/registered", target)


def play(course: str, block: str, at: datetime, length: Any, position: Any) -> Sent:
    definition = {"type": f"{VIDEO}activity-type/video"}
    return statement(
        course,
        at,
        f"{VIDEO}verbs/played",
        {"id": f"{LMS}/xblock/{block}", "definition": definition},
        context={"extensions": {f"{VIDEO}extensions/length": length}},
        result={"extensions": {f"{VIDEO}extensions/time": position}},
    )


def invented_videos() -> Iterator[Sent]:
    """Each a video of its own, said to last for half a day, or for longer than anything."""
    for number in range(VIDEOS):
        length = 1e300 if number % 100 == 0 else HALF_A_DAY
        block = f"block-v1:Messy+Videos+1+type@video+block@{number}"
        at = NOW - timedelta(seconds=VIDEOS - number)
        yield play("course-v1:Messy+Videos+1", block, at, length, number % HALF_A_DAY)


def invented_modes() -> Iterator[Sent]:
    """Enrolments on the first day that counts, each in a mode of its own; and one of now."""
    for number in range(MODES):
        yield enrollment("course-v1:Messy+Modes+1", FIRST_DAY, f"mode {number}")
    yield enrollment("course-v1:Messy+Modes+1", NOW, "audit")


def long_keys() -> Iterator[Sent]:
    """Keys of a megabyte: of a course, of a block, and an object of another system."""
    text = "k" * MEGABYTE
    yield enrollment(f"course-v1:Messy+{text}+1", NOW, "audit")
    yield enrollment(f"Messy/{text}/1", NOW, "audit")
    course = "course-v1:Messy+Long+1"
    yield play(course, f"block-v1:Messy+Long+1+type@video+block@{text}", NOW, 60, 0)
    yield play(course, f"https://player.example.com/{text}", NOW, 60, 0)
    yield play(course, "block-v1:Messy+Long+1+type@video+block@v", NOW, 60, 0)


def submission(definition: Json, result: Any) -> Sent:
    definition = {"type": f"{ADL}activities/cmi.interaction", **definition}
    target = {"id": f"{LMS}/xblock/block-v1:A+B+1+type@problem+block@p", "definition": definition}
    verb = "https://w3id.org/xapi/acrossx/verbs/evaluated"
    return statement("course-v1:A+B+1", NOW, verb, target, result=result)


def many_choices() -> Sent:
    texts = [f"choice {number}" for number in range(150_000)]
    choices = [{"id": text} for text in texts]
    return submission({"choices": choices}, {"response": json.dumps(texts[::-1])})


def many_chosen() -> Iterator[Sent]:
    """Of one problem, as if it had so many right answers."""
    response = json.dumps([f"choice {number}" for number in range(3_000)])
    yield submission({"interactionType": "choice"}, {"response": response})


def lists_in_lists() -> Sent:
    """400 levels of lists, and a megabyte beside them."""
    value: Any = [1, 2]
    for _ in range(400):
        value = [value]
    return submission({}, {"extensions": {"deep": value, "broad": [""] * (MEGABYTE // 3)}})


def a_result_that_is_a_text_without_an_end() -> Sent:
    return submission({}, '[, "' + '\\"' * 200_000)


def a_text_without_an_end() -> Sent:
    return UUID(int=next(IDS)), NOW.strftime("%F %T"), b'{"a": "' + b'\\"' * 200_000


def invented_courses() -> Iterator[Sent]:
    for number in range(COURSES):
        yield enrollment(f"course-v1:Messy+C{number}+1", NOW - timedelta(days=number % 3), "audit")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    assert site.oars("init").code == 0
    for sent in (invented_videos, invented_modes, long_keys, many_chosen, invented_courses):
        site.insert(sent())
    run = site.dbt("build", *WITHOUT_TESTS)
    assert run.code == 0, run.out
    return site


def number_of(site: Site, sql: str) -> int:
    [row] = site.query(f"select toUInt32({sql}) as number")
    return int(row["number"])


def test_nothing_is_lost(site: Site) -> None:
    found = number_of(site, "(select count() from oars_staging.base_xapi__statements_final)")
    assert found == VIDEOS + MODES + 1 + 5 + 1 + COURSES


def test_invented_lengths_do_not_decide_how_many_segments_there_are(site: Site) -> None:
    # What is credited is the second until the learner's next statement.
    assert number_of(site, "(select count() from oars.agg_video_segments)") < 2 * VIDEOS
    lengths = site.query(
        "select distinct duration_seconds from oars.agg_video_engagement "
        "where course_key = 'course-v1:Messy+Videos+1' order by duration_seconds"
    )
    assert [row["duration_seconds"] for row in lengths] == [HALF_A_DAY, None]


def test_an_old_day_and_invented_modes_fill_no_calendar(site: Site) -> None:
    where = "where course_key = 'course-v1:Messy+Modes+1'"
    days = number_of(site, f"(select count() from oars.agg_enrollments_daily {where})")
    assert days < 100 * MODES
    assert number_of(site, "(select count() from oars.agg_instance_daily)") < 1000


def test_keys_of_a_megabyte_are_none(site: Site) -> None:
    longest = "(select max(length(course_key)) from oars.dim_courses)"
    assert number_of(site, longest) <= 255
    longest = "(select max(length(block_id)) from oars.agg_video_engagement)"
    assert number_of(site, longest) <= 255
    blocks = site.query(
        "select block_id from oars.agg_video_engagement "
        "where course_key = 'course-v1:Messy+Long+1' order by block_id"
    )
    assert [row["block_id"][:30] for row in blocks] == ["", "block-v1:Messy+Long+1+type@vid"]


def test_one_answer_makes_a_hundred_rows_and_no_more(site: Site) -> None:
    rows = "(select count() from oars.agg_problem_responses where course_key = 'course-v1:A+B+1')"
    assert number_of(site, rows) == 100


def test_each_invented_course_is_one(site: Site) -> None:
    courses = "(select count() from oars.dim_courses where course_key like '%Messy+C%')"
    assert number_of(site, courses) == COURSES


@pytest.mark.parametrize(
    ("made", "is_listed", "rejection_reason"),
    [
        (many_choices, True, ""),
        (lists_in_lists, None, ""),
        (a_result_that_is_a_text_without_an_end, None, ""),
        (a_text_without_an_end, None, "not_json"),
    ],
)
def test_a_heavy_statement_is_read(
    site: Site, made: Callable[[], Sent], is_listed: bool | None, rejection_reason: str
) -> None:
    """Where what is read grows with the square of a statement, each of these takes minutes."""
    sent = made()
    site.insert([sent])
    [row] = site.query(
        "select is_response_listed, rejection_reason, twin_hash from "
        f"oars_staging.base_xapi__parsed_statements where event_id = '{sent[0]}'"
    )
    assert (row["is_response_listed"], row["rejection_reason"]) == (is_listed, rejection_reason)
