"""Writes rows as xAPI statements, as the LRS stores them.

Key order, number forms and separators are those of the platform's transformer (10.0.0) and of the
LRS. Nearly all of a statement depends on its kind and block only, so it is written once as a
template; what is left per statement is the id, the actor, the time and the result.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b, sha1
from random import Random
from typing import Any, NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from oars.simulate import learners as act
from oars.simulate.courses import LMS, MODES, Block, Course, Problem, stable_uuid
from oars.simulate.learners import Learner, Row

Json = dict[str, Any]

VERSION = "event-routing-backends@10.0.0"
AUTHORITY = json.dumps({"mbox": "mailto:lrs@example.com"})
SESSION_KEY = "https://w3id.org/xapi/openedx/extensions/session-id"
VERSION_KEY = "https://w3id.org/xapi/openedx/extension/transformer-version"
TYPE_KEY = "https://w3id.org/xapi/acrossx/extensions/type"
ATTEMPT_KEY = "http://id.tincanapi.com/extension/attempt-id"
TIME_KEY = "https://w3id.org/xapi/video/extensions/time"

T_COURSE = "http://adlnet.gov/expapi/activities/course"
T_MODULE = "http://adlnet.gov/expapi/activities/module"
T_LINK = "http://adlnet.gov/expapi/activities/link"
T_RESOURCE = "http://id.tincanapi.com/activitytype/resource"
T_VIDEO = "https://w3id.org/xapi/video/activity-type/video"
T_INTERACTION = "http://adlnet.gov/expapi/activities/cmi.interaction"
T_SOLUTION = "http://id.tincanapi.com/activitytype/solution"
T_HINT = "https://w3id.org/xapi/acrossx/extensions/supplemental-info"
T_DISCUSSION = "http://id.tincanapi.com/activitytype/discussion"
T_ATTEMPT = "http://adlnet.gov/expapi/activities/attempt"

_ADL = "http://adlnet.gov/expapi/verbs/"
_TINCAN = "http://id.tincanapi.com/verb/"
_ACROSSX = "https://w3id.org/xapi/acrossx/verbs/"
_VIDEO = "https://w3id.org/xapi/video/verbs/"
_DOD = "https://w3id.org/xapi/dod-isd/verbs/"

VERBS: dict[int, tuple[str, str]] = {
    act.ENROLL: (_ADL, "registered"),
    act.UNENROLL: (_TINCAN, "unregistered"),
    **dict.fromkeys((act.OUTLINE, act.NEXT, act.PREVIOUS, act.TAB, act.LINK), (_DOD, "navigated")),
    act.VIDEO_LOAD: (_ADL, "initialized"),
    act.VIDEO_PLAY: (_VIDEO, "played"),
    act.VIDEO_PAUSE: (_VIDEO, "paused"),
    act.VIDEO_STOP: (_ADL, "terminated"),
    act.VIDEO_COMPLETE: (_ADL, "completed"),
    act.VIDEO_SEEK: (_VIDEO, "seeked"),
    **dict.fromkeys((act.CAPTIONS_ON, act.CAPTIONS_OFF, act.SPEED), (_ADL, "interacted")),
    act.CHECK_BROWSER: (_ADL, "attempted"),
    act.CHECK_SERVER: (_ACROSSX, "evaluated"),
    act.ANSWER: (_ADL, "asked"),
    act.HINT: (_ADL, "asked"),
    act.PASSED: (_ADL, "passed"),
    act.FAILED: (_ADL, "failed"),
    act.COURSE_GRADE: (_TINCAN, "earned"),
    act.SUBSECTION_GRADE: (_TINCAN, "earned"),
    act.COMPLETION: (_ADL, "progressed"),
    act.THREAD_CREATED: (_ACROSSX, "posted"),
    act.REPLY_CREATED: (_ACROSSX, "posted"),
    act.THREAD_VIEWED: (_TINCAN, "viewed"),
    act.THREAD_VOTED: ("https://w3id.org/xapi/openedx/verb/", "voted"),
    act.THREAD_EDITED: (_ACROSSX, "edited"),
    act.REPLY_DELETED: (_DOD, "deleted"),
    act.REPLY_REPORTED: (_ACROSSX, "reported"),
    act.EXAM_STARTED: (_ADL, "initialized"),
    act.EXAM_SUBMITTED: (_ADL, "terminated"),
}

UNKNOWN_FORMS = {
    "poll": (_ADL, "responded", "http://id.tincanapi.com/activitytype/survey"),
    "openassessment": (
        "http://activitystrea.ms/schema/1.0/",
        "submit",
        "http://id.tincanapi.com/activitytype/essay",
    ),
    "lti_consumer": (_ADL, "launched", "http://adlnet.gov/expapi/activities/simulation"),
}
"""What plugins of a site send besides, by block type: verbs and types that no list knows."""

HAS_POSITION, HAS_RESULT, IS_BY_FIRST, IS_RARE, HAS_LENGTH = 1, 2, 4, 8, 16
"""What must be known of a kind to write it: a video position or another result, a template that
depends on the first parameter too, an object that hardly occurs twice, the length of a video as
the learner's player says it."""

FORMS = [0] * (act.UNKNOWN + 1)
for _kind in (act.VIDEO_PLAY, act.VIDEO_PAUSE, act.VIDEO_STOP, act.VIDEO_SEEK):
    FORMS[_kind] |= HAS_POSITION
for _kind in (act.CAPTIONS_ON, act.CAPTIONS_OFF):
    FORMS[_kind] |= HAS_POSITION
for _kind in (act.CHECK_SERVER, act.SUBSECTION_GRADE, act.COURSE_GRADE, act.COMPLETION):
    FORMS[_kind] |= HAS_RESULT
for _kind in (act.VIDEO_COMPLETE, act.SPEED):
    FORMS[_kind] |= HAS_RESULT
for _kind in (act.ENROLL, act.UNENROLL, act.NEXT, act.PREVIOUS, act.TAB, act.LINK):
    FORMS[_kind] |= IS_BY_FIRST
for _kind in (act.VIDEO_LOAD, act.CHECK_SERVER, act.HINT):
    FORMS[_kind] |= IS_BY_FIRST
for _kind in range(act.THREAD_CREATED, act.EXAM_SUBMITTED + 1):
    FORMS[_kind] |= IS_RARE
for _kind in range(act.VIDEO_LOAD, act.SPEED + 1):
    FORMS[_kind] |= HAS_LENGTH

LENGTH_FORM = 2
"""The step of a video template's selector from one form of the length to the next."""

CHILD = act.UNKNOWN + 1
"""Stands for the kind of a child where results are kept."""

DAY_US = 86_400_000_000
BATCH_SECONDS = 5


class Template(NamedTuple):
    """The parts of a statement that do not depend on who and when."""

    namespace: bytes
    middle: str
    before_session: str
    after_session: str


class Group(NamedTuple):
    """The statements of one submission to a problem with several questions."""

    children: tuple[Template, ...]
    links: tuple[str, ...]
    """What stands before the parent's id in each child."""


@dataclass
class Shape:
    """What a kind of statement says about its object and its context."""

    object: Json
    parent: Json | None
    extensions: Json
    grouping: Json | None = None


def actor_json(learner: Learner) -> str:
    """Write the actor as it takes part in statement ids."""
    account = {"name": learner.external_id, "homePage": LMS}
    return json.dumps({"objectType": "Agent", "account": account})


def verb_json(base: str, name: str) -> str:
    """Write the verb as it takes part in statement ids."""
    return json.dumps({"id": base + name, "display": {"en": name}})


def _activity(activity_id: str, **definition: Any) -> Json:
    return {"id": activity_id, "objectType": "Activity", "definition": definition}


def _seconds(milliseconds: int) -> float:
    return milliseconds / 1000


def _iso_duration(milliseconds: int) -> str:
    """Write a duration as the transformer's library does: PT03M15S, PT03M15.25S."""
    minutes, rest = divmod(milliseconds, 60_000)
    seconds, thousandths = divmod(rest, 1000)
    fraction = f".{thousandths:03d}".rstrip("0") if thousandths else ""
    return f"PT{minutes:02d}M{seconds:02d}{fraction}S" if minutes else f"PT{seconds:02d}{fraction}S"


def choices_of(problem: Problem, packed: int) -> list[int]:
    """Unpack the responses that were chosen, one for each question."""
    return [(packed >> (7 * place)) & 127 for place in range(len(problem.questions))]


class CourseWriter:
    """Writes templates and results for one course, each once."""

    def __init__(self, course: Course, seed: int, window_start: datetime) -> None:
        """Begin with nothing written."""
        self.course = course
        self.seed = seed
        self.window_start = window_start
        self.home: Json = _activity(
            course.url, **{"name": {"en-US": course.name}, "type": T_COURSE}
        )
        self._home = json.dumps(self.home)
        self.titles: dict[int, str] = {}
        self.templates: dict[int, Template] = {}
        self.groups: dict[int, Group] = {}
        self.results: dict[tuple[int, int, int], str] = {}

    # -- templates ------------------------------------------------------------------------------

    def template(self, kind: int, block: int, first: int) -> Template:
        """Write the template of a statement that is neither rare nor a child, and keep it."""
        if kind == act.UNKNOWN:
            base, name, _ = UNKNOWN_FORMS[self.course.blocks[block].block_type]
        else:
            base, name = VERBS[kind]
        template = self._fill(verb_json(base, name), "", self._shape(kind, block, first))
        self.templates[(kind << 48) | (block << 32) | first] = template
        return template

    def rare_template(self, row: Row) -> Template:
        """Write the template of a forum or exam statement."""
        shape = self._forum(row) if row[2] < act.EXAM_STARTED else self._exam(row)
        return self._fill(verb_json(*VERBS[row[2]]), "", shape)

    def _fill(self, verb: str, child_id: str, shape: Shape, link: str = "") -> Template:
        activities = [
            f'"{role}": [{self._home if activity is self.home else json.dumps(activity)}]'
            for role, activity in (("parent", shape.parent), ("grouping", shape.grouping))
            if activity is not None
        ]
        context = f'"contextActivities": {{{", ".join(activities)}}}, ' if activities else ""
        extras = "".join(
            f", {json.dumps(key)}: {json.dumps(value)}" for key, value in shape.extensions.items()
        )
        return Template(
            namespace=uuid5(NAMESPACE_DNS, verb + (f"-{child_id}" if child_id else "")).bytes,
            middle=f'"verb": {verb}, "object": {json.dumps(shape.object)}, "timestamp": "',
            before_session=f'", "context": {{{context}{link}"extensions": {{'
            f'{json.dumps(VERSION_KEY)}: "{VERSION}"',
            after_session=f"{extras}}}}}",
        )

    def _shape(self, kind: int, index: int, first: int) -> Shape:
        block = self.course.blocks[index]
        if kind in (act.ENROLL, act.UNENROLL, act.PASSED, act.FAILED, act.COURSE_GRADE):
            return self._course_state(kind, first)
        if act.OUTLINE <= kind <= act.LINK:
            return self._navigation(kind, block, first)
        if act.VIDEO_LOAD <= kind <= act.SPEED:
            return self._video(kind, block, first)
        address = f"{LMS}/xblock/{block.usage_key}"
        if kind == act.CHECK_SERVER:
            return Shape(self._problem(block, first), self.home, {})
        if kind == act.CHECK_BROWSER:
            definition = {"type": T_INTERACTION, "interactionType": "other"}
        elif kind == act.ANSWER:
            address, definition = f"{address}/answer", {"type": T_SOLUTION}
        elif kind == act.HINT:
            address, definition = f"{address}/hint/{first}", {"type": T_HINT}
        elif kind == act.UNKNOWN:
            definition = {"type": UNKNOWN_FORMS[block.block_type][2]}
        else:
            definition = {"type": T_RESOURCE}
        return Shape(_activity(address, **definition), self.home, {})

    def _course_state(self, kind: int, mode: int) -> Shape:
        definition: Json = {"name": {"en": self.course.name}, "type": T_COURSE}
        if kind == act.COURSE_GRADE:
            return Shape(_activity(self.course.url, **definition), self.home, {})
        is_enrollment = kind in (act.ENROLL, act.UNENROLL)
        definition["extensions"] = {TYPE_KEY: MODES[mode]} if is_enrollment else {}
        return Shape(_activity(self.course.url, **definition), None, {})

    def _navigation(self, kind: int, block: Block, first: int) -> Shape:
        if kind == act.LINK:
            return Shape(_activity(self.course.links[first], type=T_LINK), self.home, {})
        if kind == act.OUTLINE:
            target = f"{LMS}/courses/{self.course.key}/jump_to/{block.usage_key}"
            definition: Json = {"name": {"en": block.name}, "type": T_MODULE}
            return Shape(_activity(target, **definition), self.home, {})
        extensions = {"https://w3id.org/xapi/acrossx/extensions/total-items": len(block.children)}
        here, target_tab = (first >> 8, first & 255) if kind == act.TAB else (first, 0)
        words = {act.NEXT: "next unit", act.PREVIOUS: "previous unit", act.TAB: target_tab}
        place = {
            "http://id.tincanapi.com/extension/starting-position": here,
            "http://id.tincanapi.com/extension/ending-point": words[kind],
        }
        address = f"{LMS}/xblock/{block.usage_key}"
        return Shape(_activity(address, type=T_RESOURCE, extensions=extensions), self.home, place)

    def _video(self, kind: int, block: Block, first: int) -> Shape:
        assert block.video is not None
        length_form, is_unknown = divmod(first, LENGTH_FORM)
        seconds = {
            act.LENGTH_IN_SECONDS: _seconds(block.video.length_ms),
            act.LENGTH_IN_MILLISECONDS: float(block.video.length_ms),
            act.LENGTH_OF_TEN_MINUTES: 600.0,
        }
        length = {"https://w3id.org/xapi/video/extensions/length": seconds[length_form]}
        address = f"{LMS}/xblock/{block.usage_key}"
        return Shape(_activity(address, type=T_VIDEO), self.home, {} if is_unknown else length)

    def _problem(self, block: Block, attempt: int) -> Json:
        """Describe a problem as the live transformer does: by its first question, if several."""
        assert block.problem is not None
        questions = block.problem.questions
        is_group = len(questions) > 1
        activity = _activity(
            f"{LMS}/xblock/{block.usage_key}",
            description={"en-US": questions[0].text},
            type=T_INTERACTION,
            interactionType="other" if is_group else questions[0].interaction_type,
            extensions={ATTEMPT_KEY: attempt},
        )
        if is_group:
            activity["objectType"] = "GroupActivity"
        return activity

    def group(self, index: int, attempt: int) -> Group:
        """Write the templates of the children of a submission."""
        block = self.course.blocks[index]
        assert block.problem is not None
        parent = self._problem(block, attempt)
        base = block.usage_key.rpartition("@")[0]
        verb = verb_json(*VERBS[act.CHECK_SERVER])
        children, links = [], []
        for place, question in enumerate(block.problem.questions):
            input_id = f"{block.block_hash}_{place + 2}_1"
            child = _activity(
                f"{LMS}/xblock/{base}@{input_id}",
                description={"en-US": question.text},
                type=T_INTERACTION,
                interactionType=question.interaction_type,
                extensions={ATTEMPT_KEY: attempt},
            )
            template = self._fill(verb, input_id, Shape(child, parent, {}, self.home), "\0")
            # The reference to the parent stands where the mark is.
            link, rest = template.before_session.split("\0")
            links.append(f'{link}"statement": {{"objectType": "StatementRef", "id": "')
            children.append(template._replace(before_session=f'"}}, {rest}'))
        return Group(tuple(children), tuple(links))

    def _forum(self, row: Row) -> Shape:
        _, _, kind, _, thread, reply, _ = row
        thread_id = self._forum_id("thread", thread)
        address = f"{LMS}/api/discussion/v1/threads/{thread_id}"
        extensions: Json = {}
        definition: Json = {"type": T_DISCUSSION}
        if kind in (act.THREAD_CREATED, act.THREAD_VIEWED):
            definition = {"name": {"en": self._thread_title(thread)}, **definition}
        if kind == act.THREAD_CREATED:
            extensions[TYPE_KEY] = "question" if thread % 3 else "discussion"
        elif kind == act.THREAD_VOTED:
            extensions[TYPE_KEY] = "up"
        elif kind == act.THREAD_VIEWED:
            # The path is the request's, which lists the thread's comments.
            address = f"{LMS}/api/discussion/v1/comments/{thread_id}"
        grouping = None
        if kind in (act.REPLY_CREATED, act.REPLY_DELETED, act.REPLY_REPORTED):
            grouping = _activity(address, type=T_DISCUSSION) if kind == act.REPLY_CREATED else None
            address = f"{LMS}/api/discussion/v1/comments/{self._forum_id('reply', reply)}"
        return Shape(_activity(address, **definition), self.home, extensions, grouping)

    def _forum_id(self, what: str, number: int) -> str:
        text = f"{self.seed}-{self.course.number}-{what}-{number}"
        return blake2b(text.encode(), digest_size=12).hexdigest()

    def _thread_title(self, thread: int) -> str:
        title = self.titles.get(thread)
        if title is None:
            title = self.titles[thread] = self._new_title(thread)
        return title

    def _new_title(self, thread: int) -> str:
        rng = Random(f"oars-thread-{self.seed}-{self.course.number}-{thread}")
        section = rng.choice(self.course.sections)
        units = [unit for subsection in section.children for unit in subsection.children]
        names = [unit.name for unit in units if not unit.is_graded]
        title = rng.choice(self.course.phrases.threads)
        return title.format(s=section.name, c=rng.choice(names))

    def _exam(self, row: Row) -> Shape:
        time_us, journey, kind, index, attempt, duration_ms, _ = row
        block = self.course.blocks[index]
        extensions: Json = {ATTEMPT_KEY: attempt}
        if kind == act.EXAM_SUBMITTED:
            end = self.window_start + timedelta(microseconds=time_us - 21_000)
            begin = end - timedelta(milliseconds=duration_ms)
            extensions = {
                "https://w3id.org/xapi/openedx/extension/attempt-started": begin.isoformat(),
                "https://w3id.org/xapi/openedx/extension/attempt-completed": end.isoformat(),
                "http://id.tincanapi.com/extension/duration": _seconds(duration_ms),
                **extensions,
            }
        name = {"en": block.name}
        code = stable_uuid("oars-exam", self.seed, journey, attempt).upper()
        exam = _activity(
            block.usage_key,
            name=name,
            type=f"https://w3id.org/xapi/openedx/activity/{block.exam_type}-assessment",
            extensions={"https://w3id.org/xapi/acrossx/extensions/time-limit": 60},
        )
        grouping = _activity(code, name=name, type=T_ATTEMPT, extensions=extensions)
        return Shape(exam, self.home, {}, grouping)

    # -- results --------------------------------------------------------------------------------

    def result(self, kind: int, index: int, first: int, second: int) -> str:
        """Write the result of a statement without a position."""
        # The attempt number, first of a check, is not part of the result.
        key = ((kind << 16) | index, 0 if kind == act.CHECK_SERVER else first, second)
        result = self.results.get(key)
        if result is None:
            result = self.results[key] = self._new_result(kind, index, first, second)
        return result

    def _new_result(self, kind: int, index: int, first: int, second: int) -> str:
        block = self.course.blocks[index]
        result: Json
        if kind == act.CHECK_SERVER:
            assert block.problem is not None
            choices = choices_of(block.problem, second)
            right = choices.count(0)
            question = block.problem.questions[0]
            # The live parent carries the first question's success and response.
            result = {
                "score": _score(right, len(choices)),
                "success": choices[0] == 0,
                "response": question.responses[choices[0]],
            }
        elif kind == act.SUBSECTION_GRADE:
            result = {"score": _score(first, second), "success": first >= second}
        elif kind == act.COURSE_GRADE:
            letters = (letter for letter, cutoff in self.course.letters if first >= cutoff)
            grade = "http://www.tincanapi.co.uk/activitytypes/grade_classification"
            score = {"scaled": first / 100, "raw": first / 100, "min": 0.0, "max": 1.0}
            result = {"score": score, "extensions": {grade: next(letters, "Fail")}}
        elif kind == act.COMPLETION:
            progress = "https://w3id.org/xapi/cmi5/result/extensions/progress"
            result = {"completion": True, "extensions": {progress: 100.0}}
        elif kind == act.VIDEO_COMPLETE:
            assert block.video is not None
            length = block.video.length_ms
            result = {
                "completion": True,
                "duration": _iso_duration(length),
                "extensions": {TIME_KEY: _seconds(length)},
            }
        elif kind == act.SPEED:
            base = "https://w3id.org/xapi/openedx/extension/speed-"
            speeds = {f"{base}from": _speed(first), f"{base}to": _speed(second)}
            result = {"extensions": speeds}
        else:
            raise ValueError(f"kind {kind} has no result")
        return f'"result": {json.dumps(result)}, '

    def child_result(self, index: int, place: int, choice: int) -> str:
        """Write the result of one question of several."""
        problem = self.course.blocks[index].problem
        assert problem is not None
        key = ((CHILD << 16) | index, place, choice)
        text = self.results.get(key)
        if text is None:
            response = problem.questions[place].responses[choice]
            result = {"success": choice == 0, "response": response}
            text = self.results[key] = f'"result": {json.dumps(result)}, '
        return text


def _score(raw: int, maximum: int) -> Json:
    return {
        "scaled": raw / maximum,
        "raw": float(raw),
        "min": 0.0,
        "max": float(maximum),
    }


def _speed(hundredths: int) -> str:
    return f"{hundredths / 100}x"


_EMPTY_RESULT = '"result": {"extensions": {}}, '
_TIME = f'"result": {{"extensions": {{"{TIME_KEY}": '
_FROM = '"https://w3id.org/xapi/video/extensions/time-from": '
_TO = '"https://w3id.org/xapi/video/extensions/time-to": '
_CAPTIONS = '"result": {"extensions": {"https://w3id.org/xapi/video/extensions/cc-enabled": '


def _position_result(kind: int, first: int, second: int) -> str:
    """Write the result of a video statement with a position, which seldom occurs twice."""
    if kind == act.VIDEO_SEEK:
        start = f"{_FROM}{first / 1000}, " if first >= 0 else ""
        return f'"result": {{"extensions": {{{start}{_TO}{second / 1000}}}}}, '
    if kind >= act.CAPTIONS_ON:
        shown = "true" if kind == act.CAPTIONS_ON else "false"
        return f'{_CAPTIONS}{shown}, "{TIME_KEY}": {first / 1000}}}}}, '
    return f"{_TIME}{first / 1000}}}}}, " if first >= 0 else _EMPTY_RESULT


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_CLOCK = tuple(
    f"{hour:02d}:{minute:02d}:{second:02d}"
    for hour in range(24)
    for minute in range(60)
    for second in range(60)
)


def statement_id(namespace: bytes, name: bytes) -> str:
    """Give uuid5 of a namespace and a name."""
    d = sha1(namespace + name).hexdigest()
    return f"{d[:8]}-{d[8:12]}-5{d[13:16]}-{_VARIANT[d[16]]}{d[17:20]}-{d[20:32]}"


class StatementWriter:
    """Writes rows of all courses as statements."""

    def __init__(
        self,
        courses: Sequence[Course],
        journeys: Sequence[tuple[Learner, Course]],
        seed: int,
        window_start: datetime,
        days: int,
    ) -> None:
        """Prepare what each journey's statements share."""
        self.seed = seed
        by_course = [CourseWriter(course, seed, window_start) for course in courses]
        self.writers = [by_course[course.number] for _, course in journeys]
        actors = {learner.number: actor_json(learner) for learner, _ in journeys}
        self.actors = [actors[learner.number] for learner, _ in journeys]
        self.names = [f"{actor}-".encode() for actor in self.actors]
        self.length_forms = [LENGTH_FORM * learner.length_form for learner, _ in journeys]
        self.sessions = [""] * len(journeys)
        self.session_numbers = [0] * len(journeys)
        # A day more than the window: the last batch may be stored after midnight.
        start = window_start.astimezone(UTC)
        self.dates = [
            (start + timedelta(days=day)).date().isoformat() + "T" for day in range(days + 1)
        ]

    def _session(self, journey: int, number: int) -> str:
        """Write the session extension of a journey's session."""
        text = f"{self.seed}-{journey}-{number}".encode()
        session = f', "{SESSION_KEY}": "{blake2b(text, digest_size=16).hexdigest()}"'
        self.sessions[journey], self.session_numbers[journey] = session, number
        return session

    def write(self, rows: Iterable[Row]) -> Iterator[bytes]:
        """Write rows in order of time: one statement each, more for problems of several parts."""
        # One long function with few calls, since a call for each step costs more than the step.
        writers, actors, names = self.writers, self.actors, self.names
        sessions, session_numbers = self.sessions, self.session_numbers
        length_forms = self.length_forms
        dates, clock, variant = self.dates, _CLOCK, _VARIANT
        batch, tail = -1, ""
        for row in rows:
            time_us, journey, kind, index, first, second, session_number = row
            writer = writers[journey]
            form = FORMS[kind]
            if form & IS_RARE:
                template = writer.rare_template(row)
            else:
                selector = first if form & IS_BY_FIRST else 0
                if form & HAS_LENGTH:
                    selector += length_forms[journey]
                key = (kind << 48) | (index << 32) | selector
                found = writer.templates.get(key)
                template = writer.template(kind, index, selector) if found is None else found
            if form & HAS_POSITION:
                result = _position_result(kind, first, second)
            elif form & HAS_RESULT:
                result = writer.result(kind, index, first, second)
            else:
                result = ""
            if session_number == 0:
                session = ""
            elif session_numbers[journey] == session_number:
                session = sessions[journey]
            else:
                session = self._session(journey, session_number)
            second_of_window, fraction = divmod(time_us, 1_000_000)
            day, second_of_day = divmod(second_of_window, 86_400)
            if fraction:
                moment = f"{dates[day]}{clock[second_of_day]}.{fraction:06d}+00:00"
            else:
                # As Python writes it: no fraction where it is zero.
                moment = f"{dates[day]}{clock[second_of_day]}+00:00"
            if second_of_window // BATCH_SECONDS != batch:
                batch = second_of_window // BATCH_SECONDS
                tail = self._tail(batch)
            namespace, middle, before_session, after_session = template
            name = names[journey] + moment.encode()
            # uuid5, by hand: the library's own function takes five times as long.
            d = sha1(namespace + name).hexdigest()
            own_id = f"{d[:8]}-{d[8:12]}-5{d[13:16]}-{variant[d[16]]}{d[17:20]}-{d[20:32]}"
            actor = actors[journey]
            yield (
                f'{{"id": "{own_id}", {result}"version": "1.0.3", "actor": {actor}, {middle}'
                f"{moment}{before_session}{session}{after_session}{tail}"
            ).encode()
            if kind == act.CHECK_SERVER:
                yield from self._children(row, own_id, name, moment, session, tail)

    def _tail(self, batch: int) -> str:
        """Write what the LRS adds. Statements reach it in batches, one for each five seconds."""
        second = (batch + 1) * BATCH_SECONDS
        day, second_of_day = divmod(second, 86_400)
        fraction = 100_000 + batch * 7919 % 900_000
        stored = f"{self.dates[day]}{_CLOCK[second_of_day]}.{fraction:06d}+00:00"
        return f', "stored": "{stored}", "authority": {AUTHORITY}}}'

    def _children(
        self, row: Row, own_id: str, name: bytes, moment: str, session: str, tail: str
    ) -> Iterator[bytes]:
        _, journey, _, index, attempt, packed, _ = row
        writer, actor = self.writers[journey], self.actors[journey]
        problem = writer.course.blocks[index].problem
        if problem is None or len(problem.questions) == 1:
            return
        group = writer.groups.get(key := (index << 16) | attempt)
        if group is None:
            group = writer.groups[key] = writer.group(index, attempt)
        for place, choice in enumerate(choices_of(problem, packed)):
            child, link = group.children[place], group.links[place]
            result = writer.child_result(index, place, choice)
            yield (
                f'{{"id": "{statement_id(child.namespace, name)}", {result}"version": "1.0.3", '
                f'"actor": {actor}, {child.middle}{moment}{link}{own_id}'
                f"{child.before_session}{session}{child.after_session}{tail}"
            ).encode()
