"""Four marts worked out a second time, in plain Python, from the words of the contract.

Nothing here is taken from the models: it is another reading of what the marts promise, from raw
statements to rows, so that a rule that the models have wrong shows as a difference. Time is in
whole microseconds, positions and lengths of videos in whole milliseconds, fractions are exact.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha1
from math import floor
from typing import Any
from urllib.parse import unquote
from uuid import UUID

ADL = "http://adlnet.gov/expapi/"
TIN_CAN = "http://id.tincanapi.com/"
VIDEO = "https://w3id.org/xapi/video/"
ACROSS = "https://w3id.org/xapi/acrossx/"
OPENEDX = "https://w3id.org/xapi/openedx/"

COURSE = ADL + "activities/course"
INTERACTION = ADL + "activities/cmi.interaction"
VIDEO_BLOCK = VIDEO + "activity-type/video"

MODE = ACROSS + "extensions/type"
ATTEMPT_NUMBER = TIN_CAN + "extension/attempt-id"
ENDING_POINT = TIN_CAN + "extension/ending-point"
LETTER_GRADE = "http://www.tincanapi.co.uk/activitytypes/grade_classification"
SESSION = OPENEDX + "extensions/session-id"
LENGTH = VIDEO + "extensions/length"
POSITION = VIDEO + "extensions/time"
SEEK_FROM = VIDEO + "extensions/time-from"
SEEK_TO = VIDEO + "extensions/time-to"
CAPTIONS = VIDEO + "extensions/cc-enabled"
SPEED_TO = OPENEDX + "extension/speed-to"

EVENT_TYPES = {
    (ADL + "verbs/registered", COURSE): "enrollment_activated",
    (TIN_CAN + "verb/unregistered", COURSE): "enrollment_deactivated",
    (ADL + "verbs/initialized", VIDEO_BLOCK): "video_loaded",
    (VIDEO + "verbs/played", VIDEO_BLOCK): "video_played",
    (VIDEO + "verbs/paused", VIDEO_BLOCK): "video_paused",
    (ADL + "verbs/terminated", VIDEO_BLOCK): "video_stopped",
    (ADL + "verbs/completed", VIDEO_BLOCK): "video_completed",
    (VIDEO + "verbs/seeked", VIDEO_BLOCK): "video_seeked",
    (ACROSS + "verbs/evaluated", INTERACTION): "problem_check_server",
    (ADL + "verbs/attempted", INTERACTION): "problem_check_browser",
    (ADL + "verbs/completed", INTERACTION): "problem_completed",
    (ADL + "verbs/asked", TIN_CAN + "activitytype/solution"): "answer_shown",
    (ADL + "verbs/asked", ACROSS + "extensions/supplemental-info"): "hint_displayed",
    (ADL + "verbs/passed", COURSE): "course_passed",
    (ADL + "verbs/failed", COURSE): "course_failed",
    (TIN_CAN + "verb/earned", COURSE): "course_grade_calculated",
}
"""Those that the four marts tell apart; of the rest it only matters that they can be read."""

DISCUSSION = TIN_CAN + "activitytype/discussion"
RESOURCE = TIN_CAN + "activitytype/resource"
MODULE = ADL + "activities/module"
ASSESSMENTS = [
    f"{OPENEDX}activity/{kind}-assessment" for kind in ("timed", "practice", "proctored")
]

OTHER_ACTS_AND_GRADES = {
    *(("https://w3id.org/xapi/dod-isd/verbs/navigated", each) for each in (MODULE, RESOURCE)),
    ("https://w3id.org/xapi/dod-isd/verbs/navigated", ADL + "activities/link"),
    (TIN_CAN + "verb/earned", RESOURCE),
    (ADL + "verbs/attempted", ADL + "activities/question"),
    *((ADL + "verbs/progressed", each) for each in (RESOURCE, MODULE, COURSE)),
    *((ADL + "verbs/completed", each) for each in (MODULE, COURSE)),
    *((ACROSS + "verbs/" + each, DISCUSSION) for each in ("posted", "edited", "reported")),
    (TIN_CAN + "verb/viewed", DISCUSSION),
    ("https://w3id.org/xapi/dod-isd/verbs/deleted", DISCUSSION),
    *((OPENEDX + "verb/" + each, DISCUSSION) for each in ("voted", "unreported")),
    *((ADL + "verbs/initialized", each) for each in ASSESSMENTS),
    *((ADL + "verbs/terminated", each) for each in ASSESSMENTS),
}
"""Navigation, grading, completion, forum and exam, as far as `EVENT_TYPES` has not got them."""

MAX_LEVELS = 512
HALF_A_DAY = 43_200
"""Seconds. No position in a video and no length is longer."""
MOST_VOTERS = 25
"""Learners who decide how long a video is."""
DAY = 86_400_000_000
"""Microseconds."""
FIRST_POSSIBLE = datetime(2012, 1, 1, tzinfo=UTC)
FIRST_IMPOSSIBLE = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Raw:
    """A row of the raw table."""

    event_id: UUID
    emission_time: int
    event: bytes


@dataclass(frozen=True)
class Statement:
    """A statement that can be read."""

    event_id: UUID
    time: int
    event_type: str
    org: str
    course_key: str
    actor_id: str
    session_id: str
    body: dict[str, Any]

    @property
    def order(self) -> tuple[int, int, int]:
        """Time, then id as ClickHouse compares UUIDs: the second half first."""
        return self.time, self.event_id.int & (2**64 - 1), self.event_id.int >> 64

    def get(self, *path: str | int) -> Any:
        """What the body has at the path, None if nothing."""
        return at(self.body, *path)


@dataclass(frozen=True)
class LmsEnrollment:
    """A dump of an enrolment in the LMS, of a user who has an external id."""

    course_key: str
    actor_id: str
    mode: str
    is_active: bool
    created: datetime
    dumped: datetime


Key = tuple[str, ...]
"""org, course_key, for some the block_id, and actor_id."""


# ---------------------------------------------------------------- reading statements


def at(value: Any, *path: str | int) -> Any:
    """What is at the path in parsed JSON, None if nothing."""
    for step in path:
        if isinstance(step, int):
            found = isinstance(value, list) and len(value) > step
        else:
            found = isinstance(value, dict) and step in value
        if not found:
            return None
        value = value[step]
    return value


def text(value: Any) -> str:
    """The value if it is text, else ''."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> Fraction | None:
    """The value exactly if it is a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Fraction(value)


def levels(body: str) -> int:
    """How deep the JSON nests; brackets in strings do not count."""
    if body.count("{") + body.count("[") <= MAX_LEVELS:
        return 0  # no need to look closer
    deepest = level = 0
    for mark in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', body, re.DOTALL):
        if mark[0] in "[{":
            level += 1
            deepest = max(deepest, level)
        elif mark[0] in "]}":
            level -= 1
    return deepest


def microseconds(moment: datetime) -> int:
    """Since the epoch."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(time: int | None) -> datetime | None:
    """The other way round."""
    if time is None:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)


def parsed(event: bytes) -> dict[str, Any] | None:
    """The body as JSON, None if it is not an object of at most 512 levels in UTF-8."""
    try:
        body = event.decode()
        if levels(body) > MAX_LEVELS:
            return None
        value = json.loads(body, parse_float=Decimal, parse_constant=int)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def is_group(body: dict[str, Any]) -> bool:
    """Whether no single person acts."""
    return text(at(body, "actor", "objectType")) == "Group"


def sha1_of(words: str) -> str:
    """In lower-case digits."""
    return sha1(words.encode()).hexdigest()


def decoded(words: str) -> str:
    """Percent-decoded, with a plain @ for what looks like one."""
    return unquote(words).replace("\uff20", "@").replace("\ufe6b", "@")


def hashed_name(name: str, home_page: str = "") -> str:
    """By the address that it holds, else with the home page."""
    if "@" in decoded(name):
        return sha1_of(decoded(name).removeprefix("mailto:"))
    host, slash, path = re.sub(r"^[a-z]+://", "", home_page.lower()).partition("/")
    home = re.sub(r":\d+$", "", host) + slash + path
    return sha1_of(f"{home.rstrip('/')}|{name}")


def actor_of(body: dict[str, Any]) -> str:
    """Who acts, '' if nobody or a group: account, mbox, its sum, openid."""
    if is_group(body):
        return ""
    name = text(at(body, "actor", "account", "name"))
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", name.lower()):
        return name.lower()
    if name:
        return hashed_name(name, text(at(body, "actor", "account", "homePage")))
    mbox, mbox_sum, openid = (
        text(at(body, "actor", each)) for each in ("mbox", "mbox_sha1sum", "openid")
    )
    if mbox:
        return sha1_of(decoded(mbox).removeprefix("mailto:"))
    if mbox_sum:
        is_sum = re.fullmatch(r"[0-9a-f]{40}", mbox_sum.lower())
        return mbox_sum.lower() if is_sum else hashed_name(mbox_sum)
    return sha1_of(openid) if openid else ""


def is_time_possible(raw: Raw, body: dict[str, Any]) -> bool:
    """From 2012 to 2099, and at most a day after the statement was stored."""
    if not microseconds(FIRST_POSSIBLE) <= raw.emission_time < microseconds(FIRST_IMPOSSIBLE):
        return False
    try:
        stored = datetime.fromisoformat(text(body.get("stored")))
    except ValueError:
        return True
    if stored.tzinfo is None:
        stored = stored.replace(tzinfo=UTC)
    return raw.emission_time <= microseconds(stored) + DAY


def is_well_formed(raw: Raw, body: dict[str, Any]) -> bool:
    """It has a verb, an object, an actor, a possible time and its own id."""
    return (
        text(at(body, "verb", "id")) != ""
        and isinstance(body.get("object"), dict)
        and (actor_of(body) != "" or is_group(body))
        and is_time_possible(raw, body)
        and (body.get("id") is None or text(body["id"]).lower() == str(raw.event_id))
    )


def event_type_of(body: dict[str, Any]) -> str:
    """Decided by verb and object type, for video `interacted` by the result; of activities only."""
    if at(body, "object", "objectType") in ("Agent", "Group", "SubStatement", "StatementRef"):
        return ""
    verb_and_type = (
        text(at(body, "verb", "id")),
        text(at(body, "object", "definition", "type")),
    )
    if verb_and_type == (ADL + "verbs/interacted", VIDEO_BLOCK):
        captions = at(body, "result", "extensions", CAPTIONS)
        if captions is True:
            return "captions_shown"
        if captions is False:
            return "captions_hidden"
        if at(body, "result", "extensions", SPEED_TO) is not None:
            return "video_speed_changed"
    return EVENT_TYPES.get(verb_and_type, "")


def host_in(address: str) -> str:
    """The host in an address, without port, in lower case."""
    return re.sub(r"^[a-z]+://", "", address.lower()).partition("/")[0].partition(":")[0]


def course_key_in(address: str, home_page: str) -> str:
    """The course that an address names, '' if none: an old key counts on the own host only."""
    whole = unquote(address)
    if found := re.match(r"(?:[^?#]*?/courses?/)?((?:course|ccx|library)-v1:[^/?#]+)", whole):
        key = found[1]
    elif found := re.fullmatch(r"[^?#]*?/courses?/([^/?#:]+/[^/?#]+/[^/?#]+)/?", whole):
        if home_page and host_in(home_page) != host_in(address):
            return ""
        key = found[1]
    else:
        return ""
    return key if len(key) <= 255 else ""


def course_of(body: dict[str, Any]) -> str:
    """The key of the first course among parent, grouping and object; '' if none is a course."""
    for activity in (
        at(body, "context", "contextActivities", "parent", 0),
        at(body, "context", "contextActivities", "grouping", 0),
        body["object"],
    ):
        kind = at(activity, "objectType")
        if at(activity, "definition", "type") == COURSE and kind in (None, "Activity"):
            home_page = text(at(body, "actor", "account", "homePage"))
            return course_key_in(text(at(activity, "id")), home_page)
    return ""


def org_of(course_key: str) -> str:
    """`Org` of `course-v1:Org+Course+Run`, and of the old style `Org/Course/Run`."""
    if ":" in course_key:
        return course_key.partition(":")[2].partition("+")[0]
    return course_key.partition("/")[0]


def block_of(locator: Any) -> str:
    """The usage key in an address; else the address without query, fragment and user part."""
    whole = unquote(text(locator))
    key = re.match(r"(?:block-v1|lb):[^/?#&]+", whole.partition("/xblock/")[2] or whole)
    if key is None:
        path = re.split(r"[?#]", text(locator))[0]
        path = re.sub(r"^(\w+://)[^/]*@", r"\1", path)
        path = re.sub(r"/(answer|hint/\d+)$", "", path)
    block = key[0] if key else re.sub(r"[^/@]+(@|%40|\uff20)[^/@]+[.][a-z]+", "***", path)
    return block if len(block) <= 255 else ""


def read(rows: Iterable[Raw], as_of: datetime) -> list[Statement]:
    """Every statement that counts once, in order, with a course, not later than `as_of`."""
    statements = {}
    voided = set()
    for raw in rows:
        body = parsed(raw.event)
        if body is None or not is_well_formed(raw, body) or raw.emission_time > microseconds(as_of):
            continue
        if is_voiding(body):
            voided.add(text(at(body, "object", "id")).lower())
            continue
        if course_key := course_of(body):
            statements[raw.event_id] = Statement(
                event_id=raw.event_id,
                time=raw.emission_time,
                event_type=event_type_of(body),
                org=org_of(course_key),
                course_key=course_key,
                actor_id=actor_of(body),
                session_id=text(at(body, "context", "extensions", SESSION)),
                body=body,
            )
    left = [each for each in statements.values() if str(each.event_id) not in voided]
    return without_twins(sorted(left, key=lambda statement: statement.order))


def is_voiding(body: dict[str, Any]) -> bool:
    """Whether it takes another statement back."""
    return (
        text(at(body, "verb", "id")) == ADL + "verbs/voided"
        and text(at(body, "object", "objectType")) == "StatementRef"
    )


def without_twins(statements: list[Statement]) -> list[Statement]:
    """Of learners' statements that agree in all that matters the first one."""
    first: dict[object, UUID] = {}
    for each in statements:
        if each.actor_id:
            first.setdefault(what_twins_share(each), each.event_id)
    kept = set(first.values())
    return [each for each in statements if not each.actor_id or each.event_id in kept]


def what_twins_share(statement: Statement) -> object:
    """Course, learner, what was done to what, when, and with what result."""
    return (
        statement.course_key,
        statement.actor_id,
        statement.time,
        statement.get("verb", "id"),
        statement.get("object", "definition", "type"),
        statement.get("object", "objectType"),
        re.sub(r"^https?://[^/?#]*", "", text(statement.get("object", "id")), flags=re.IGNORECASE),
        value_of(statement.get("result") or None),
        text(statement.get("object", "definition", "extensions", MODE)),
        attempt_number(statement),
        statement.get("context", "extensions", ENDING_POINT),
    )


def value_of(value: Any) -> object:
    """JSON as what it means: members in any order, 1 and 1.0 the same, true another thing."""
    if isinstance(value, dict):
        return frozenset((key, value_of(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(value_of(item) for item in value)
    return (isinstance(value, bool), value)


def ratio(value: Fraction | None) -> float | None:
    """Rounded to 6 places as ClickHouse rounds a Float64: half to even."""
    return None if value is None else round(float(value) * 1e6) / 1e6


def score_of(statement: Statement) -> Fraction | None:
    """Raw / max where both are sent, else scaled, cut to 0..1; None of 0 possible."""
    raw, most, scaled = (
        number(statement.get("result", "score", each)) for each in ("raw", "max", "scaled")
    )
    if most is not None and most <= 0:
        return None
    score = raw / most if raw is not None and most is not None else scaled
    return None if score is None else min(max(score, Fraction(0)), Fraction(1))


# ---------------------------------------------------------------- fct_enrollments


@dataclass
class Enrollment:
    """A row of fct_enrollments."""

    enrollment_source: str = "events"
    is_enrolled: bool = False
    enrollment_mode: str = "unknown"
    first_enrolled_at: datetime | None = None
    last_enrolled_at: datetime | None = None
    unenrolled_at: datetime | None = None
    enrollment_count: int = 0
    mode_change_count: int = 0


def is_act_or_grade(statement: Statement) -> bool:
    """Whether only an enrolled learner can have caused it."""
    verb_and_type = (
        text(statement.get("verb", "id")),
        text(statement.get("object", "definition", "type")),
    )
    return verb_and_type in OTHER_ACTS_AND_GRADES or (
        statement.event_type != "" and not statement.event_type.startswith("enrollment_")
    )


def fct_enrollments(
    statements: list[Statement], dumps: Iterable[LmsEnrollment], now: int
) -> dict[Key, Enrollment]:
    """Known from events, else from the LMS, else from an act or a grade."""
    rows = enrollments_of_events(statements)
    today = moment(now)
    assert today is not None
    for dump in sorted(dumps, key=lambda dump: dump.dumped, reverse=True):
        # "Now" counts by its day.
        if dump.created.date() > today.date():
            continue
        row = Enrollment(
            enrollment_source="lms",
            is_enrolled=dump.is_active,
            enrollment_mode=dump.mode or "unknown",
            first_enrolled_at=dump.created,
            last_enrolled_at=dump.created,
            enrollment_count=int(dump.is_active),
        )
        rows.setdefault((org_of(dump.course_key), dump.course_key, dump.actor_id), row)
    for each in filter(is_act_or_grade, statements):
        presumed = Enrollment(enrollment_source="activity", is_enrolled=True)
        rows.setdefault((each.org, each.course_key, each.actor_id), presumed)
    return rows


def enrollments_of_events(statements: Iterable[Statement]) -> dict[Key, Enrollment]:
    """A state machine for each learner in each course."""
    rows: dict[Key, Enrollment] = {}
    for each in statements:
        if each.event_type not in ("enrollment_activated", "enrollment_deactivated"):
            continue
        # Who is heard of first by leaving was in.
        before = Enrollment(is_enrolled=each.event_type == "enrollment_deactivated")
        row = rows.setdefault((each.org, each.course_key, each.actor_id), before)
        stated_mode = text(each.get("object", "definition", "extensions", MODE))
        if each.event_type == "enrollment_deactivated":
            if row.is_enrolled:
                row.is_enrolled = False
                row.unenrolled_at = moment(each.time)
        elif row.is_enrolled:
            if stated_mode not in ("", row.enrollment_mode):
                row.enrollment_mode = stated_mode
                row.mode_change_count += 1
        else:
            row.is_enrolled = True
            row.enrollment_mode = stated_mode or row.enrollment_mode
            row.first_enrolled_at = row.first_enrolled_at or moment(each.time)
            row.last_enrolled_at = moment(each.time)
            row.unenrolled_at = None
            row.enrollment_count += 1
    return rows


# ---------------------------------------------------------------- fct_learner_problems


@dataclass
class LearnerProblem:
    """A row of fct_learner_problems."""

    attempt_count: int = 0
    first_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None
    is_correct_first: bool | None = None
    is_correct_last: bool | None = None
    is_ever_correct: bool | None = None
    attempts_to_correct: int | None = None
    last_score_ratio: float | None = None
    best_score_ratio: float | None = None
    hint_count: int = 0
    answer_shown_count: int = 0
    is_answer_shown_before_correct: bool = False


def is_parent(statement: Statement) -> bool:
    """It speaks for a whole problem of several questions."""
    return text(statement.get("object", "objectType")) == "GroupActivity"


def is_child(statement: Statement) -> bool:
    """It speaks for one question of several."""
    return not is_parent(statement) and (
        text(statement.get("context", "statement", "id")) != ""
        or statement.get("context", "contextActivities", "parent", 0, "objectType")
        == "GroupActivity"
    )


def problem_of(statement: Statement) -> str:
    """The problem's block: of a child its parent."""
    if statement.event_type == "problem_check_server" and is_child(statement):
        return block_of(statement.get("context", "contextActivities", "parent", 0, "id"))
    return block_of(statement.get("object", "id"))


def is_correct(submission: Statement) -> bool | None:
    """Result.success of a single, else the score's word; None if neither speaks."""
    success = submission.get("result", "success")
    if isinstance(success, bool) and not is_parent(submission):
        return success
    raw, most = (number(submission.get("result", "score", each)) for each in ("raw", "max"))
    if raw is None or most is None or most <= 0:
        return None
    return raw >= most


def attempt_number(submission: Statement) -> int | None:
    """The number of the attempt if one is sent; one under 1, or not whole, is none."""
    sent = number(submission.get("object", "definition", "extensions", ATTEMPT_NUMBER))
    return int(sent) if sent is not None and sent >= 1 and sent.denominator == 1 else None


def fct_learner_problems(statements: Iterable[Statement]) -> dict[Key, LearnerProblem]:
    """What each learner did with each problem."""
    events_of: dict[Key, list[Statement]] = defaultdict(list)
    for each in statements:
        if each.event_type.startswith("problem_check") or each.event_type in (
            "answer_shown",
            "hint_displayed",
            "problem_completed",
        ):
            problem = problem_of(each)
            if not re.search(r"\+type@(course|chapter|sequential|vertical)\+block@", problem):
                events_of[each.org, each.course_key, problem, each.actor_id].append(each)
    return {key: learner_problem(events, key[2]) for key, events in events_of.items()}


def learner_problem(events: list[Statement], problem: str) -> LearnerProblem:
    """One learner's events on one problem, in order; of no problem in particular without ratios."""
    answers_shown = [each for each in events if each.event_type == "answer_shown"]
    row = LearnerProblem(
        hint_count=sum(each.event_type == "hint_displayed" for each in events),
        answer_shown_count=len(answers_shown),
    )
    submissions = sorted(
        (e for e in events if e.event_type == "problem_check_server" and not is_child(e)),
        key=lambda each: (each.time, attempt_number(each) or 0, each.order),
    )
    correct = [each for each in submissions if is_correct(each)]
    row.is_answer_shown_before_correct = any(
        not correct or each.order < correct[0].order for each in answers_shown
    )
    if not submissions:
        return row

    first, last = submissions[0], submissions[-1]
    numbers = [attempt_number(each) or 0 for each in submissions]
    row.attempt_count = max(len(submissions), *numbers)
    row.first_attempt_at = moment(first.time)
    row.last_attempt_at = moment(last.time)
    row.is_correct_first = None if numbers[0] > 1 else is_correct(first)
    row.is_correct_last = is_correct(last)
    if correct:
        row.is_ever_correct = True
        rank = submissions.index(correct[0]) + 1
        row.attempts_to_correct = max(attempt_number(correct[0]) or 0, rank)
    elif any(is_correct(each) is False for each in submissions):
        row.is_ever_correct = False
    if not problem:
        return row
    scores = [score for each in submissions if (score := score_of(each)) is not None]
    row.last_score_ratio = ratio(score_of(last))
    row.best_score_ratio = ratio(max(scores, default=None))
    return row


# ---------------------------------------------------------------- fct_learner_videos


@dataclass
class LearnerVideo:
    """A row of fct_learner_videos."""

    play_count: int = 0
    unclosed_play_count: int = 0
    watched_seconds: float = 0
    played_seconds: float = 0
    watched_ratio: float | None = None
    is_completed: bool = False
    seek_forward_count: int = 0
    seek_back_count: int = 0
    is_captions_used: bool = False
    max_speed: float | None = None
    duration_seconds: float | None = None
    first_played_at: datetime | None = None
    last_played_at: datetime | None = None


@dataclass
class OpenSpan:
    """The learner is watching, from a position at a time on."""

    position: int
    time: int
    speed: Fraction
    next_time: int | None
    """Of the learner's next statement in the course."""
    is_just_sought: bool = False


@dataclass
class Watching:
    """One learner's video in one session; spans are closed at the positions they are given."""

    duration: int | None
    spans: list[tuple[int, int]] = field(default_factory=list)
    unclosed_play_count: int = 0
    open: OpenSpan | None = None

    def close(self, end: int) -> None:
        """Keep the open span up to the end; it never goes past the duration."""
        assert self.open is not None
        start = self.open.position
        end = min(end, HALF_A_DAY * 1000 if self.duration is None else self.duration)
        if end > start:
            self.spans.append((start, end))
        self.open = None

    def close_at(self, end: int | None, time: int) -> None:
        """A stated end is accepted up to 2 x elapsed + 5 s past the start."""
        if self.open is None:
            return
        if end is None:
            self.open = None
            return
        elapsed = milliseconds(time - self.open.time)
        self.close(min(end, self.open.position + round(2 * elapsed) + 5_000))

    def reached(self, time: int) -> int:
        """Where the open span is at a time."""
        assert self.open is not None
        elapsed = milliseconds(time - self.open.time)
        return self.open.position + round(elapsed * self.open.speed)

    def is_over(self, time: int) -> bool:
        """Whether the video could have ended by then; never if nobody knows how long it is."""
        assert self.open is not None
        elapsed = milliseconds(time - self.open.time)
        end = self.open.position + elapsed * self.open.speed
        return self.duration is not None and end >= self.duration

    def close_where_it_is(self, time: int) -> bool:
        """Close at what has run by then, or without an end if it could be over; say which."""
        assert self.open is not None
        is_over = self.is_over(time)
        if is_over:
            self.close_without_end()
        else:
            self.close(self.reached(time))
        return not is_over

    def close_without_end(self) -> None:
        """Credit what was certainly watched, and count an unclosed play."""
        if self.open is None:
            return
        self.unclosed_play_count += 1
        back_at = self.open.next_time
        if self.duration is not None and back_at is not None and not self.is_over(back_at):
            self.close(self.reached(back_at))
        self.open = None


def milliseconds(time: int) -> Fraction:
    """Of microseconds."""
    return Fraction(time, 1000)


def position_of(statement: Statement, name: str) -> int | None:
    """A position in the video that the result states, in milliseconds; none is before its start."""
    seconds = number(statement.get("result", "extensions", name))
    if seconds is None or seconds > HALF_A_DAY:
        return None
    return max(0, round(seconds * 1000))


def speed_to(statement: Statement) -> Fraction | None:
    """`1.5x` is 1.5; None if it is no speed."""
    sent = text(statement.get("result", "extensions", SPEED_TO)).removesuffix("x")
    try:
        return Fraction(sent)
    except ValueError:
        return None


def watch(
    events: Iterable[Statement],
    duration: int | None,
    next_times: dict[UUID, int],
    speeds: dict[UUID, Fraction],
) -> Watching:
    """Follow a learner's events on a video in one session, in order."""
    watching = Watching(duration)
    for each in events:
        next_time, speed = next_times.get(each.event_id), speeds[each.event_id]
        if each.event_type == "video_played":
            if watching.open is not None and not watching.open.is_just_sought:
                watching.close_without_end()
            position = position_of(each, POSITION) or 0
            watching.open = OpenSpan(position, each.time, speed, next_time)
        elif each.event_type == "video_loaded":
            watching.close_without_end()
        elif each.event_type in ("video_paused", "video_stopped"):
            watching.close_at(position_of(each, POSITION) or 0, each.time)
        elif each.event_type == "video_completed":
            end = position_of(each, POSITION)
            watching.close_at(duration if end is None else end, each.time)
        elif each.event_type == "video_seeked" and watching.open is not None:
            sought_from = position_of(each, SEEK_FROM)
            if sought_from is None:
                watching.close_where_it_is(each.time)
            else:
                watching.close_at(sought_from, each.time)
            position = position_of(each, SEEK_TO) or 0
            watching.open = OpenSpan(position, each.time, speed, next_time, is_just_sought=True)
        elif each.event_type == "video_speed_changed" and watching.open is not None:
            position_now = watching.reached(each.time)
            if watching.close_where_it_is(each.time):
                watching.open = OpenSpan(position_now, each.time, speed, next_time)
    watching.close_without_end()
    return watching


def union_length(spans: Iterable[tuple[int, int]]) -> int:
    """How much at least one of the spans covers."""
    covered = furthest = 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, furthest))
        furthest = max(furthest, end)
    return covered


def in_course(statements: list[Statement]) -> tuple[dict[UUID, int], dict[UUID, Fraction]]:
    """For each statement: when the learner's next in the course is, and the speed after it.

    Captions are no next statement.
    """
    next_times: dict[UUID, int] = {}
    speeds: dict[UUID, Fraction] = {}
    previous: dict[Key, UUID] = {}
    speed: dict[Key, Fraction] = {}
    for each in statements:
        key = (each.course_key, each.actor_id)
        if not each.event_type.startswith("captions_"):
            if key in previous:
                next_times[previous[key]] = each.time
            previous[key] = each.event_id
        if each.event_type == "video_speed_changed":
            speed[key] = speed_to(each) or Fraction(1)
        speeds[each.event_id] = speed.get(key, Fraction(1))
    return next_times, speeds


def fct_learner_videos(statements: list[Statement]) -> dict[Key, LearnerVideo]:
    """What each learner watched of each video."""
    events_of: dict[Key, list[Statement]] = defaultdict(list)
    lengths_of: dict[Key, dict[str, int]] = defaultdict(dict)
    for each in statements:
        if each.event_type.startswith(("video_", "captions_")):
            video = (each.org, each.course_key, block_of(each.get("object", "id")))
            events_of[*video, each.actor_id].append(each)
            length = number(each.get("context", "extensions", LENGTH))
            if length is not None and Fraction(1, 2) <= length <= HALF_A_DAY:
                # Whoever sent one last is last.
                lengths_of[video].pop(each.actor_id, None)
                lengths_of[video][each.actor_id] = floor(length + Fraction(1, 2))
    durations = {
        video: elected(list(lengths.values()))
        for video, lengths in lengths_of.items()
        if video[2]  # what names no video has no length
    }
    next_times, speeds = in_course(statements)
    return {
        key: learner_video(events, durations.get(key[:3]), next_times, speeds)
        for key, events in events_of.items()
    }


def elected(lengths: list[int]) -> int:
    """What most of the last voters say, in milliseconds; of two with as many votes the greater."""
    votes = Counter(lengths[-MOST_VOTERS:])
    return 1000 * max(votes, key=lambda length: (votes[length], length))


def learner_video(
    events: list[Statement],
    duration: int | None,
    next_times: dict[UUID, int],
    speeds: dict[UUID, Fraction],
) -> LearnerVideo:
    """One learner's events on one video, in order."""
    row = LearnerVideo()
    is_said_completed = False
    sessions: dict[str, list[Statement]] = defaultdict(list)
    for each in events:
        sessions[each.session_id].append(each)
        if each.event_type == "video_played":
            row.play_count += 1
            row.first_played_at = row.first_played_at or moment(each.time)
            row.last_played_at = moment(each.time)
        elif each.event_type == "video_seeked":
            sought_from = position_of(each, SEEK_FROM)
            sought_to = position_of(each, SEEK_TO) or 0
            if sought_from is not None:
                row.seek_forward_count += sought_to > sought_from
                row.seek_back_count += sought_to < sought_from
        elif each.event_type == "captions_shown":
            row.is_captions_used = True
        elif each.event_type == "video_speed_changed" and (speed := speed_to(each)) is not None:
            row.max_speed = max(row.max_speed or 0, float(speed))
        elif each.event_type == "video_completed":
            is_said_completed = True

    watched = [watch(each, duration, next_times, speeds) for each in sessions.values()]
    spans = [span for each in watched for span in each.spans]
    row.unclosed_play_count = sum(each.unclosed_play_count for each in watched)
    row.played_seconds = sum(end - start for start, end in spans) / 1000
    row.watched_seconds = union_length(spans) / 1000
    if duration is not None:
        row.duration_seconds = duration / 1000
        row.watched_ratio = ratio(Fraction(union_length(spans), duration))
    enough = 0.5 if is_said_completed else 0.9
    row.is_completed = (
        is_said_completed if row.watched_ratio is None else row.watched_ratio >= enough
    )
    return row


# ---------------------------------------------------------------- fct_learner_grades


@dataclass
class LearnerGrade:
    """A row of fct_learner_grades."""

    course_grade_ratio: float | None = None
    letter_grade: str | None = None
    is_passed: bool | None = None
    first_passed_at: datetime | None = None
    last_graded_at: datetime | None = None


def fct_learner_grades(statements: Iterable[Statement]) -> dict[Key, LearnerGrade]:
    """Each learner's newest grade in each course."""
    rows: dict[Key, LearnerGrade] = {}
    for each in statements:
        if each.event_type not in ("course_passed", "course_failed", "course_grade_calculated"):
            continue
        row = rows.setdefault((each.org, each.course_key, each.actor_id), LearnerGrade())
        row.last_graded_at = moment(each.time)
        if each.event_type == "course_passed":
            row.is_passed = True
            row.first_passed_at = row.first_passed_at or moment(each.time)
        elif each.event_type == "course_failed":
            row.is_passed = False
        else:
            row.course_grade_ratio = ratio(score_of(each))
            row.letter_grade = text(each.get("result", "extensions", LETTER_GRADE)) or None
            if row.letter_grade is not None:
                row.is_passed = row.letter_grade != "Fail"
    return rows


# ---------------------------------------------------------------- all of them


def reference_marts(
    rows: Iterable[Raw], dumps: Iterable[LmsEnrollment], as_of: datetime
) -> Iterator[tuple[str, dict[Key, Any]]]:
    """The name of each mart and its rows by key."""
    statements = read(rows, as_of)
    today = statements[-1].time
    statements = [each for each in statements if each.actor_id]
    yield "fct_enrollments", dict(fct_enrollments(statements, dumps, today))
    yield "fct_learner_problems", dict(fct_learner_problems(statements))
    yield "fct_learner_videos", dict(fct_learner_videos(statements))
    yield "fct_learner_grades", dict(fct_learner_grades(statements))
