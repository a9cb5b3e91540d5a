"""Statements that are not what they were: taken back, or sent again under another id.

Each test has a course of its own; all are built once, at a "now" that some statements are after.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from oars_site import WITHOUT_TESTS, Site
from xapi_corpus import LMS, TYPES, VERBS

Raw = tuple[str, str, bytes]
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
AS_OF = "2026-06-30 12:00:00"
DAY = 86_400
ATTEMPT = "http://id.tincanapi.com/extension/attempt-id"
MODE = "https://w3id.org/xapi/acrossx/extensions/type"
POSITION = "https://w3id.org/xapi/video/extensions/time"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"


def sent(id_: str, seconds: float, body: dict[str, Any]) -> Raw:
    """The statement as raw has it; ids are named."""
    time = START + timedelta(seconds=seconds)
    event_id = str(uuid5(NAMESPACE_URL, id_))
    return (
        event_id,
        time.strftime("%F %T.%f"),
        json.dumps({"id": event_id, "timestamp": time.isoformat(), **body}).encode(),
    )


def statement(course: str, verb: str, kind: str, name: str = "", **other: Any) -> dict[str, Any]:
    """What a learner did to a block of the course, or to the course."""
    host, who = other.pop("host", LMS), other.pop("who", 1)
    key = f"course-v1:Messy+{course}+1"
    target = f"{host}/course/{key}"
    block = f"{host}/xblock/block-v1:{key.partition(':')[2]}+type@{kind}+block@{name}"
    definition = {"type": TYPES[kind], "extensions": other.pop("extensions", {})}
    return {
        "actor": {"account": {"homePage": LMS, "name": str(UUID(int=who))}},
        "verb": {"id": VERBS[verb]},
        "object": {"id": block if name else target, "definition": definition},
        "context": {
            "contextActivities": {
                "parent": [{"id": target, "definition": {"type": TYPES["course"]}}]
            }
        },
        **other,
    }


def voiding(id_: str, seconds: float, of: str) -> Raw:
    """A statement that takes back the one of this name, and belongs to no course."""
    return sent(
        id_,
        seconds,
        {
            "actor": {"account": {"homePage": LMS, "name": "admin"}},
            "verb": {"id": VOIDED},
            "object": {"objectType": "StatementRef", "id": str(uuid5(NAMESPACE_URL, of))},
        },
    )


def submission(course: str, number: Any, is_right: bool, **other: Any) -> dict[str, Any]:
    score = {"raw": int(is_right), "max": 1}
    other.setdefault("result", {"success": is_right, "score": score, "response": "a"})
    return statement(course, "evaluated", "interaction", "p", extensions={ATTEMPT: number}, **other)


def taken_back() -> Iterator[Raw]:
    enrolled = statement("Voided", "registered", "course", extensions={MODE: "audit"})
    verified = statement("Voided", "registered", "course", extensions={MODE: "verified"})
    yield sent("enrolled", 0, enrolled)
    yield sent("a change of mode", 60, verified)
    yield voiding("a year later", 100 * DAY, of="a change of mode")
    yield voiding("before it came", -300 * DAY, of="a first try")
    yield sent("a first try", 120, submission("Voided", 1, True))
    yield sent("a second try", 180, submission("Voided", 2, False))
    yield sent("passed", 240, statement("Voided", "passed", "course"))
    yield voiding("a pass taken back", 300, of="passed")
    yield voiding("twice", 301, of="passed")
    video = statement("Voided", "played", "video", "v", result={"extensions": {POSITION: 0}})
    yield sent("a play", 400, video)
    yield voiding("not yet", 200 * DAY, of="a play")
    yield voiding("of nothing", 500, of="what was never sent")
    yield sent("a thread", 600, statement("Voided", "posted", "discussion"))
    yield voiding("a thread taken back", 601, of="a thread")
    # A voiding statement stands, whatever is said of it.
    yield voiding("no, it was right", 302, of="a pass taken back")


def sent_again() -> Iterator[Raw]:
    course = "Twins"
    enrolled = statement(course, "registered", "course", extensions={MODE: "audit"})
    yield sent("t1", 0, enrolled)
    yield sent("t2", 0, enrolled)
    yield sent(
        "t3",
        0,
        enrolled
        | statement(
            course, "registered", "course", host="http://old.site", extensions={MODE: "audit"}
        ),
    )
    first = submission(course, 1, False)
    yield sent("t4", 60, first)
    result = {"score": {"max": 1.0, "raw": 0e0}, "response": "a", "success": False}
    yield sent("t5", 60, submission(course, 1, False, result=result, host="https://old.site"))
    # Another attempt at the same time, another answer, another learner, another millisecond.
    yield sent("t6", 60, submission(course, 2, False))
    yield sent("t7", 60, submission(course, 1, False, result=result | {"response": "b"}, who=2))
    yield sent("t8", 60, submission(course, 1, False, who=3))
    yield sent("t9", 60.001, submission(course, 1, False, who=3))
    nothings: list[dict[str, Any]] = [{}, {"result": None}, {"result": {}}]
    for number, nothing in enumerate(nothings):
        yield sent(f"load{number}", 120, statement(course, "initialized", "video", "v", **nothing))
    team = {"objectType": "Group", "name": "team 7", "account": {"homePage": LMS, "name": "team-7"}}
    for number in range(2):
        yield sent(
            f"team{number}", 180, statement(course, "initialized", "video", "v") | {"actor": team}
        )


def of_which_one_was_taken_back() -> Iterator[Raw]:
    for number in range(2):
        yield sent(f"both{number}", 0, submission("OneLeft", 1, True))
    least = min("both0", "both1", key=lambda name: uuid5(NAMESPACE_URL, name).int)
    yield voiding("the least", 60, of=least)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("statements"))
    assert site.oars("init").code == 0
    site.insert([*taken_back(), *sent_again(), *of_which_one_was_taken_back()])
    built = site.dbt("build", *WITHOUT_TESTS, "--vars", json.dumps({"as_of": AS_OF}))
    assert built.code == 0, built.out
    return site


def rows(site: Site, columns: str, mart: str, course: str) -> list[list[Any]]:
    found = site.query(
        f"select {columns} from oars.{mart} where course_key = 'course-v1:Messy+{course}+1' "
        "order by all settings output_format_json_quote_64bit_integers = 0"
    )
    return [list(row.values()) for row in found]


def test_what_was_taken_back_counts_in_no_mart(site: Site) -> None:
    assert rows(site, "enrollment_mode, mode_change_count", "fct_enrollments", "Voided") == [
        ["audit", 0]
    ]
    problems = rows(
        site, "attempt_count, is_correct_first, is_ever_correct", "fct_learner_problems", "Voided"
    )
    assert problems == [[2, None, False]]
    assert rows(site, "actor_id", "fct_learner_grades", "Voided") == []
    assert rows(site, "sum(event_count)", "agg_forum_activity_daily", "Voided") == [[0]]
    assert rows(site, "passed_count", "agg_courses", "Voided") == [[0]]
    assert rows(site, "play_count", "fct_learner_videos", "Voided") == [[1]]
    assert rows(site, "sum(event_count)", "agg_course_activity_daily", "Voided") == [[3]]


def test_of_twins_one_counts(site: Site) -> None:
    enrolments = rows(site, "enrollment_count, mode_change_count", "fct_enrollments", "Twins")
    assert [1, 0] in enrolments
    problems = rows(site, "attempt_count", "fct_learner_problems", "Twins")
    assert problems == [[1], [2], [2]]
    events = "sum(event_count), sum(video_event_count)"
    assert rows(site, events, "agg_course_activity_daily", "Twins") == [[9, 3]]


def test_twins_of_which_one_was_taken_back_are_one(site: Site) -> None:
    assert rows(site, "attempt_count", "fct_learner_problems", "OneLeft") == [[1]]


def test_all_of_them_show_in_quality_and_among_event_types(site: Site) -> None:
    reasons = site.query(
        "select rejection_reason, sum(statement_count) as n from oars.agg_statement_quality_daily "
        "group by rejection_reason order by rejection_reason"
    )
    assert [(row["rejection_reason"], int(row["n"])) for row in reasons] == [
        ("", 22),
        ("twin", 5),
        ("voided", 5),
    ]
    [types] = site.query(
        "select sum(statement_count) as n from oars.agg_event_types "
        "where event_type = 'statement_voided'"
    )
    assert int(types["n"]) == 9


def test_what_takes_back_comes_alone_and_goes_again_and_its_course_has_news(site: Site) -> None:
    again = ("run", "--vars", json.dumps({"as_of": AS_OF}))
    attempts = ("attempt_count", "fct_learner_problems", "Twins")
    # It names no course, and the statement of the other one was never sent.
    late = [voiding("late", 90 * DAY, of="t6"), voiding("also late", 90 * DAY, of="nothing")]
    site.insert(late)
    assert site.dbt(*again).code == 0
    assert rows(site, *attempts) == [[1], [1], [2]]
    site.execute(
        f"alter table xapi.xapi_events_all delete where event_id = '{late[0][0]}' "
        "settings mutations_sync = 2"
    )
    assert site.dbt(*again).code == 0
    assert rows(site, *attempts) == [[1], [2], [2]]
