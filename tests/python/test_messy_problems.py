"""Problems, pages and links as real sites send them: resets, answers at one time, random numbers.

Each test has a course of its own; all are built once. Ids of statements fall as time goes on, so
that nothing is right by the order of ids alone.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import pytest

from oars_site import WITHOUT_TESTS, Site

Json = dict[str, Any]
Row = list[Any]

ADL = "http://adlnet.gov/expapi/"
ACROSS = "https://w3id.org/xapi/acrossx/"
TIN_CAN = "http://id.tincanapi.com/"
COURSE = f"{ADL}activities/course"
INTERACTION = f"{ADL}activities/cmi.interaction"
RESOURCE = f"{TIN_CAN}activitytype/resource"
ATTEMPT = f"{TIN_CAN}extension/attempt-id"
NAVIGATED = "https://w3id.org/xapi/dod-isd/verbs/navigated"
LMS = "https://lms.example.org"
START = datetime(2026, 3, 2, 10, tzinfo=UTC)


def learner(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


class Course:
    """Statements of one course, and the rows of all courses for the raw table."""

    ids = count(1)
    sent: ClassVar[list[tuple[UUID, str, bytes]]] = []

    def __init__(self, name: str) -> None:
        self.key = f"course-v1:Messy+{name}+1"

    def block(self, kind: str, name: str) -> str:
        return f"block-v1:{self.key.partition(':')[2]}+type@{kind}+block@{name}"

    def send(self, who: int, seconds: float, verb: str, target: Json, **other: Any) -> str:
        """A statement; its id."""
        event_id = UUID(int=2**128 - next(Course.ids))
        at = START + timedelta(seconds=seconds)
        course = {"id": f"{LMS}/course/{self.key}", "definition": {"type": COURSE}}
        context = {"contextActivities": {"parent": [course]}, "extensions": {}}
        body = {
            "id": str(event_id),
            "timestamp": at.isoformat(),
            "actor": {"objectType": "Agent", "account": {"name": learner(who), "homePage": LMS}},
            "verb": {"id": verb},
            "object": target,
            "context": context | other.pop("context", {}),
            **other,
        }
        time = at.strftime("%F %T.%f")
        Course.sent.append((event_id, time, json.dumps(body).encode()))
        return str(event_id)

    def submits(self, who: int, seconds: float, number: Any, is_right: bool, **other: Any) -> str:
        """A submission of a problem with one question."""
        definition = {"type": INTERACTION, "extensions": {ATTEMPT: number}}
        definition |= other.pop("definition", {})
        block = self.block("problem", other.pop("problem", "p1"))
        result = {"success": is_right, "score": {"raw": int(is_right), "max": 1}}
        result |= {"response": other.pop("response", "a")}
        target = {"id": f"{LMS}/xblock/{block}", "definition": definition}
        return self.send(who, seconds, f"{ACROSS}verbs/evaluated", target, result=result, **other)

    def turns(self, who: int, page: str, way: str, at: int, of: int, session: str = "s") -> None:
        """Next or previous on a page."""
        items = {f"{ACROSS}extensions/total-items": of}
        place = {
            f"{TIN_CAN}extension/starting-position": at,
            f"{TIN_CAN}extension/ending-point": f"{way} unit",
            "https://w3id.org/xapi/openedx/extensions/session-id": session,
        }
        course = {"id": f"{LMS}/course/{self.key}", "definition": {"type": COURSE}}
        target = {
            "id": f"{LMS}/xblock/{self.block('sequential', page)}",
            "definition": {"type": RESOURCE, "extensions": items},
        }
        context = {"contextActivities": {"parent": [course]}, "extensions": place}
        self.send(who, who, NAVIGATED, target, context=context)

    def follows(self, who: int, address: str) -> None:
        target = {"id": address, "definition": {"type": f"{ADL}activities/link"}}
        self.send(who, who, NAVIGATED, target)


def tell_of_resets() -> None:
    course = Course("Resets")
    for at, (number, is_right) in enumerate([(1, False), (2, False), (1, False), (2, True)]):
        course.submits(1, at, number, is_right)
    # The history begins with the third attempt, then the attempts are reset.
    for at, (number, is_right) in enumerate([(3, False), (4, False), (1, True)]):
        course.submits(2, at, number, is_right)


def tell_of_one_time() -> None:
    course = Course("OneTime")
    course.submits(1, 5, 1, False)
    course.submits(1, 5, 2, True)
    course.submits(2, 5, 3, True)
    course.submits(2, 5, 1, False)
    course.submits(2, 5, 2, False)


def tell_of_variants() -> None:
    course = Course("Variants")
    variants = [("2 + 3 = ?", "5"), ("4 + 4 = ?", "8"), ("1 + 4 = ?", "6")]
    for who, (text, response) in enumerate(variants):
        definition = {"description": {"en-US": text}}
        course.submits(who, 1, 1, response != "6", response=response, definition=definition)
    # Chosen, by the type or by the statement's own list; typed by many; typed by few.
    choice = {"interactionType": "choice", "description": {"en-US": "Which?"}}
    course.submits(1, 2, 1, True, problem="chosen", response="Paris", definition=choice)
    listed = {"interactionType": "other", "choices": [{"id": "0", "description": {"en": "Rome"}}]}
    course.submits(1, 3, 1, False, problem="listed", response="Rome", definition=listed)
    course.submits(2, 3, 1, False, problem="listed", response="Roma", definition=listed)
    for who in range(10):
        course.submits(who, 4, 1, True, problem="typed", response="42")
        course.submits(who, 5, 2, False, problem="typed", response=f"{who} or me@example.org")


def tell_of_pages() -> Iterator[str]:
    course = Course("Pages")
    course.turns(1, "one", "next", 2, 2)
    course.turns(2, "one", "next", 1, 2)
    course.turns(3, "three", "previous", 1, 2)
    course.turns(4, "three", "next", 2, 2)
    # A check in the browser that names the page makes a visit, and no problem.
    target = {
        "id": f"{LMS}/xblock/{course.block('sequential', 'two')}",
        "definition": {"type": INTERACTION, "interactionType": "other"},
    }
    course.send(5, 5, f"{ADL}verbs/attempted", target)
    for order, (kind, name, place) in enumerate(
        [
            ("course", "course", (0, 0, 0)),
            ("chapter", "first", (1, 0, 0)),
            ("sequential", "one", (1, 1, 0)),
            ("sequential", "two", (1, 2, 0)),
            ("chapter", "second", (2, 0, 0)),
            ("sequential", "three", (2, 1, 0)),
        ]
    ):
        payload = {"block_type": kind, "detached": False, "graded": False}
        payload |= dict(zip(("section", "subsection", "unit"), place, strict=True))
        yield (
            "insert into event_sink.course_blocks values ('Messy', "
            f"'{course.key}', '{course.block(kind, name)}', '{name}', '{json.dumps(payload)}', "
            f"{order}, '2026-01-01 00:00:00', '{UUID(int=1)}', '2026-01-01 00:00:00.000001')"
        )


def tell_of_links() -> None:
    course = Course("Links")
    for who in range(10):
        ways = (
            "https://example.org/shared",
            "  https:\\\\me@EXAMPLE.org:443\\shared?who=me",
            "https%3A%2F%2Fexample.org%2Fshared%23me",
            "https://example.org/shared;jsessionid=me",
        )
        course.follows(who, ways[who % 4])
        course.follows(who, f"https://example.org/of/learner-{who}")
    course.follows(1, "https://learner-1.example.com/")
    course.follows(1, "tel:+34600000000")
    course.follows(1, "/courses/here")


def tell_of_nothing() -> None:
    course = Course("Nothing")
    for who in range(25):
        target = {"definition": {"type": INTERACTION, "extensions": {ATTEMPT: 1}}}
        result = {"success": False, "score": {"raw": 0, "max": 1}}
        course.send(who, 1, f"{ACROSS}verbs/evaluated", target, result=result)
        course.submits(who, 2, 1, False)


def tell_of_no_correlation() -> None:
    course = Course("Uncorrelated")
    here = [0, 1, 0, 1, 1, 1, 1, 0, 0, 1]
    elsewhere = [0, 1, 1, 2, 0, 2, 1, 1, 2, 0]
    for who, (right, right_elsewhere) in enumerate(zip(here, elsewhere, strict=True)):
        course.submits(who, 1, 1, bool(right), problem="here")
        course.submits(who, 2, 1, right_elsewhere > 0, problem="there")
        course.submits(who, 3, 1, right_elsewhere > 1, problem="over_there")


def tell_of_zero() -> None:
    course = Course("Zero")
    target = {
        "id": f"{LMS}/xblock/{course.block('problem', 'p1')}",
        "definition": {"type": INTERACTION, "extensions": {ATTEMPT: 1}},
    }
    result = {"success": False, "score": {"raw": -0.0, "max": 1}}
    course.send(1, 1, f"{ACROSS}verbs/evaluated", target, result=result)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    assert site.oars("init").code == 0
    Course.sent.clear()
    tell_of_resets()
    tell_of_one_time()
    tell_of_variants()
    structure = list(tell_of_pages())
    tell_of_links()
    tell_of_nothing()
    tell_of_no_correlation()
    tell_of_zero()
    site.insert(Course.sent)
    site.execute(*structure)
    run = site.dbt("build", *WITHOUT_TESTS)
    assert run.code == 0, run.out
    # What must add up adds up here too.
    run = site.dbt("test", "--select", "test_type:singular")
    assert run.code == 0, run.out
    return site


def rows(site: Site, course: str, columns: str, mart: str, where: str = "true") -> list[Row]:
    """Rows of a course, sorted by their first columns."""
    found = site.query(
        f"select {columns} from oars.{mart} "
        f"where course_key = 'course-v1:Messy+{course}+1' and {where} order by all"
    )
    return [list(row.values()) for row in found]


def test_numbers_of_attempts_begin_anew_after_a_reset(site: Site) -> None:
    columns = "attempt_count, attempts_to_correct, is_correct_first, is_correct_last"
    found = rows(site, "Resets", f"actor_id, {columns}", "fct_learner_problems")
    assert found == [[learner(1), 4, 4, False, True], [learner(2), 4, 3, None, True]]


def test_answers_at_one_time_are_told_apart_by_their_numbers(site: Site) -> None:
    columns = (
        "attempt_count, attempts_to_correct, is_correct_first, is_correct_last, last_score_ratio"
    )
    found = rows(site, "OneTime", f"actor_id, {columns}", "fct_learner_problems")
    assert found == [[learner(1), 2, 2, False, True, 1], [learner(2), 3, 3, False, True, 1]]


def test_typed_answers_of_few_and_texts_of_one_learner_are_not_shown(site: Site) -> None:
    columns = (
        "splitByChar('@', block_id)[-1] as problem, response, first_learner_count, "
        "last_learner_count, first_correct_learner_count, is_correct, is_folded, question_text"
    )
    assert rows(site, "Variants", columns, "agg_problem_responses") == [
        ["chosen", "Paris", 1, 1, 1, True, False, "Which?"],
        ["listed", "(other answers)", 1, 1, 0, None, True, None],
        ["listed", "Rome", 1, 1, 0, False, False, None],
        ["p1", "(other answers)", 3, 3, 2, None, True, None],
        ["typed", "(other answers)", 0, 10, 0, None, True, None],
        ["typed", "42", 10, 0, 10, True, False, None],
    ]


def test_next_leads_to_the_next_page_and_previous_to_the_one_before(site: Site) -> None:
    columns = "course_order, visitor_count, visit_count, visited_ratio"
    # Nobody enrolled, so the ratio depends on who is known from activity: not looked at here.
    found = [row[:3] for row in rows(site, "Pages", columns, "agg_page_engagement")]
    assert found == [[2, 2, 2], [3, 3, 3], [5, 2, 2]]
    assert rows(site, "Pages", "block_id", "fct_learner_problems") == []


def test_links_are_one_however_written_and_those_of_few_are_folded(site: Site) -> None:
    assert rows(site, "Links", "target, click_count, learner_count", "agg_link_clicks") == [
        ["", 1, 1],
        ["(other sites)", 1, 1],
        ["https://example.org", 10, 10],
        ["https://example.org/shared", 10, 10],
        ["tel:", 1, 1],
    ]


def test_what_names_no_problem_is_counted_and_not_judged(site: Site) -> None:
    columns = (
        "block_id = '' as is_unnamed, learner_count, attempt_count, first_attempt_correct_ratio, "
        "correct_ratio, avg_score_ratio, discrimination_index"
    )
    assert rows(site, "Nothing", columns, "agg_problem_difficulty") == [
        [0, 25, 25, 0, 0, 0, None],
        [1, 25, 25, None, None, None, None],
    ]
    found = rows(site, "Nothing", "block_id = '' as is_unnamed", "agg_content_attention")
    assert found == [[0]]
    scores = "countIf(isNotNull(last_score_ratio) or isNotNull(best_score_ratio)) as scored"
    assert rows(site, "Nothing", scores, "fct_learner_problems", "block_id = ''") == [[0]]


def test_correlation_of_nothing_is_0_and_not_less(site: Site) -> None:
    where = "block_id like '%@here'"
    text = "toString(discrimination_index) as text"
    assert rows(site, "Uncorrelated", text, "agg_problem_difficulty", where) == [["0"]]


def test_zero_has_no_sign(site: Site) -> None:
    text = "toString(last_score_ratio) as text"
    assert rows(site, "Zero", text, "fct_learner_problems") == [["0"]]
