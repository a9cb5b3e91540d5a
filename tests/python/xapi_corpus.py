"""The known shapes of xAPI statements, and what each is read as.

This is the project's own statement of what it reads. What is expected is written by hand, column
by column of the family's staging view, and is complete: a column that is not named is NULL.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL, uuid5

LMS = "https://lms.example.com"
COURSE = "course-v1:Org+Course+Run"
SEQUENTIAL = "block-v1:Org+Course+Run+type@sequential+block@s1"
VERTICAL = "block-v1:Org+Course+Run+type@vertical+block@u1"
PROBLEM = "block-v1:Org+Course+Run+type@problem+block@p1"
VIDEO = "block-v1:Org+Course+Run+type@video+block@v1"
LEARNER = "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb"
EPOCH = "1970-01-01 00:00:00.000000"
SESSION = "9a8f2b6c1d4e5f60718293a4b5c6d7e8"
THREAD = "5f3a1b2c4d5e6f7a8b9c0d1e"
REPLY = "6a4b2c3d5e6f7a8b9c0d1e2f"
SHA1 = "50629e5005437797e1bdf4a9a6aa3b65b0768335"  # of learner@example.com

VERBS = {
    "asked": "http://adlnet.gov/expapi/verbs/asked",
    "attempted": "http://adlnet.gov/expapi/verbs/attempted",
    "completed": "http://adlnet.gov/expapi/verbs/completed",
    "deleted": "https://w3id.org/xapi/dod-isd/verbs/deleted",
    "earned": "http://id.tincanapi.com/verb/earned",
    "edited": "https://w3id.org/xapi/acrossx/verbs/edited",
    "evaluated": "https://w3id.org/xapi/acrossx/verbs/evaluated",
    "failed": "http://adlnet.gov/expapi/verbs/failed",
    "initialized": "http://adlnet.gov/expapi/verbs/initialized",
    "interacted": "http://adlnet.gov/expapi/verbs/interacted",
    "navigated": "https://w3id.org/xapi/dod-isd/verbs/navigated",
    "passed": "http://adlnet.gov/expapi/verbs/passed",
    "paused": "https://w3id.org/xapi/video/verbs/paused",
    "played": "https://w3id.org/xapi/video/verbs/played",
    "posted": "https://w3id.org/xapi/acrossx/verbs/posted",
    "progressed": "http://adlnet.gov/expapi/verbs/progressed",
    "registered": "http://adlnet.gov/expapi/verbs/registered",
    "reported": "https://w3id.org/xapi/acrossx/verbs/reported",
    "seeked": "https://w3id.org/xapi/video/verbs/seeked",
    "terminated": "http://adlnet.gov/expapi/verbs/terminated",
    "unregistered": "http://id.tincanapi.com/verb/unregistered",
    "unreported": "https://w3id.org/xapi/openedx/verb/unreported",
    "viewed": "http://id.tincanapi.com/verb/viewed",
    "voided": "http://adlnet.gov/expapi/verbs/voided",
    "voted": "https://w3id.org/xapi/openedx/verb/voted",
}
TYPES = {
    "course": "http://adlnet.gov/expapi/activities/course",
    "module": "http://adlnet.gov/expapi/activities/module",
    "link": "http://adlnet.gov/expapi/activities/link",
    "resource": "http://id.tincanapi.com/activitytype/resource",
    "question": "http://adlnet.gov/expapi/activities/question",
    "interaction": "http://adlnet.gov/expapi/activities/cmi.interaction",
    "solution": "http://id.tincanapi.com/activitytype/solution",
    "hint": "https://w3id.org/xapi/acrossx/extensions/supplemental-info",
    "video": "https://w3id.org/xapi/video/activity-type/video",
    "discussion": "http://id.tincanapi.com/activitytype/discussion",
    "attempt": "http://adlnet.gov/expapi/activities/attempt",
    "timed": "https://w3id.org/xapi/openedx/activity/timed-assessment",
    "practice": "https://w3id.org/xapi/openedx/activity/practice-assessment",
    "proctored": "https://w3id.org/xapi/openedx/activity/proctored-assessment",
    "workflow": "https://w3id.org/xapi/openedx/activity/ai-workflow",
}

# Extensions
TYPE = "https://w3id.org/xapi/acrossx/extensions/type"
TOTAL_ITEMS = "https://w3id.org/xapi/acrossx/extensions/total-items"
TIME_LIMIT = "https://w3id.org/xapi/acrossx/extensions/time-limit"
ATTEMPT_ID = "http://id.tincanapi.com/extension/attempt-id"
DURATION = "http://id.tincanapi.com/extension/duration"
STARTING_POSITION = "http://id.tincanapi.com/extension/starting-position"
ENDING_POINT = "http://id.tincanapi.com/extension/ending-point"
LETTER = "http://www.tincanapi.co.uk/activitytypes/grade_classification"
PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
TIME = "https://w3id.org/xapi/video/extensions/time"
TIME_FROM = "https://w3id.org/xapi/video/extensions/time-from"
TIME_TO = "https://w3id.org/xapi/video/extensions/time-to"
LENGTH = "https://w3id.org/xapi/video/extensions/length"
CC_ENABLED = "https://w3id.org/xapi/video/extensions/cc-enabled"
SPEED_FROM = "https://w3id.org/xapi/openedx/extension/speed-from"
SPEED_TO = "https://w3id.org/xapi/openedx/extension/speed-to"
STARTED = "https://w3id.org/xapi/openedx/extension/attempt-started"
COMPLETED = "https://w3id.org/xapi/openedx/extension/attempt-completed"
ACTION = "https://w3id.org/xapi/openedx/extension/ai-workflow-action"
TEMPLATE = "https://w3id.org/xapi/openedx/extension/prompt-template-slug"
LOCATION = "https://w3id.org/xapi/openedx/extension/location-id"
TRANSFORMER = "https://w3id.org/xapi/openedx/extension/transformer-version"
SESSION_ID = "https://w3id.org/xapi/openedx/extensions/session-id"
EVENT_VERSION = (
    "https://github.com/openedx/event-routing-backends/blob/master/docs/"
    "xapi-extensions/eventVersion.rst"
)

ABSENT: Any = object()


@dataclass(frozen=True)
class Maybe:
    """What a statement can do without; also the column that is NULL then."""

    value: Any


def full(tree: Any) -> Any:
    """The tree with everything that it can have."""
    if isinstance(tree, Maybe):
        return full(tree.value)
    if isinstance(tree, dict):
        return {key: full(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [full(value) for value in tree]
    return tree


def bare(tree: Any) -> Any:
    """The tree with nothing that it can do without."""
    if isinstance(tree, dict):
        return {k: bare(v) for k, v in tree.items() if not isinstance(v, Maybe)}
    if isinstance(tree, list):
        return [bare(value) for value in tree]
    return tree


def changed(tree: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The tree with parts of it replaced; ABSENT takes a part away."""
    result = dict(tree)
    for key, value in change.items():
        if value is ABSENT:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = changed(result[key], value)
        else:
            result[key] = value
    return result


@dataclass(frozen=True)
class Case:
    """A statement as it is stored, and the row that it is read as."""

    name: str
    body: bytes
    columns: dict[str, Any]
    emission_time: str = "2026-03-01 10:15:30.123456"

    @property
    def event_id(self) -> str:
        """The id of the row; also of the body, unless the case is about that."""
        return id_of(self.name)

    @property
    def family(self) -> str:
        """The family that the statement is expected in."""
        return str(self.columns["event_family"])


def id_of(name: str) -> str:
    """The id of the case of a name."""
    return str(uuid5(NAMESPACE_URL, name))


def stored(body: dict[str, Any], name: str) -> bytes:
    """A statement as the record store writes it."""
    return json.dumps({"id": id_of(name)} | body).encode()


@dataclass(frozen=True)
class Shape:
    """The statement that some tracking events send; they cannot be told apart and are one type."""

    kind: str
    sent_by: tuple[str, ...]
    body: dict[str, Any]
    columns: dict[str, Any] = field(default_factory=dict)

    def cases(self) -> Iterable[Case]:
        """For each tracking event the statement with all that it can have, and with the least."""
        for event in self.sent_by:
            for extent, cut in (("full", full), ("bare", bare)):
                name = f"{event}, {extent}"
                yield Case(name, stored(cut(self.body), name), cut(self.columns))


def activity(id_: str, type_: str, **definition: Any) -> dict[str, Any]:
    """An activity of a type."""
    return {
        "id": id_,
        "objectType": "Activity",
        "definition": {"type": TYPES[type_]} | definition,
    }


def course(key: str = COURSE) -> dict[str, Any]:
    """A course as context activity."""
    return activity(f"{LMS}/course/{key}", "course", name={"en-US": "Demo Course"})


IN_COURSE: dict[str, Any] = {"contextActivities": {"parent": [course()]}}
MAYBE_IN_COURSE: dict[str, Any] = {"contextActivities": Maybe({"parent": [course()]})}
COURSE_COLUMNS: dict[str, Any] = {"org": "Org", "course_key": COURSE, "course_run": "Run"}
MAYBE_COURSE_COLUMNS = {column: Maybe(value) for column, value in COURSE_COLUMNS.items()}
ACCOUNT = {"objectType": "Agent", "account": {"homePage": LMS, "name": LEARNER}}


def shape(
    kind: str,
    sent_by: str,
    verb: str,
    object_: dict[str, Any],
    *,
    context: dict[str, Any] | None = None,
    extensions: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
    course_columns: dict[str, Any] | None = None,
    **columns: Any,
) -> Shape:
    """A shape: what `sent_by` (split at blanks) send, and the columns that they fill."""
    family, event_type = kind.split("/")
    body: dict[str, Any] = {
        "version": "1.0.3",
        "timestamp": "2026-03-01T10:15:30.123456+00:00",
        "actor": ACCOUNT,
        "verb": {"id": VERBS[verb], "display": {"en": verb}},
        "object": object_,
        "context": (context or {})
        | {
            "extensions": {
                TRANSFORMER: "event-routing-backends@10.0.0",
                SESSION_ID: Maybe(SESSION),
            }
            | (extensions or {})
        },
    }
    if result is not None:
        body["result"] = result
    if course_columns is None:
        may_lack_it = context is MAYBE_IN_COURSE
        course_columns = MAYBE_COURSE_COLUMNS if may_lack_it else COURSE_COLUMNS
    return Shape(
        kind,
        tuple(sent_by.split("|")),
        body,
        {
            "event_family": family,
            "event_type": event_type,
            "verb_id": VERBS[verb],
            "object_type": object_["definition"]["type"],
            "actor_id": LEARNER,
            "session_id": Maybe(SESSION),
            "transformer_version": "event-routing-backends@10.0.0",
        }
        | course_columns
        | columns,
    )


def of_course(kind: str, sent_by: str, verb: str, **more: Any) -> Shape:
    """Events whose object is the course and which have no context activities."""
    extensions = more.pop("object_extensions")
    name = {"en": "Demo Course"}
    object_ = activity(f"{LMS}/course/{COURSE}", "course", name=name, extensions=extensions)
    return shape(kind, sent_by, verb, object_, course_name="Demo Course", **more)


def of_video(kind: str, sent_by: str, verb: str, **more: Any) -> Shape:
    """Events of a video; all may carry its length."""
    return shape(
        kind,
        sent_by,
        verb,
        activity(f"{LMS}/xblock/{VIDEO}", "video"),
        context=IN_COURSE,
        extensions={LENGTH: Maybe(195.25)},
        length_seconds=Maybe(195.25),
        block_id=VIDEO,
        **more,
    )


def of_forum(event_type: str, sent_by: str, verb: str, path: str, **more: Any) -> Shape:
    """Events of a post in the forum: of a thread, or of a comment."""
    name = more.pop("name", None)
    object_ = activity(f"{LMS}/api/discussion/v1/{path}", "discussion")
    if name:
        object_["definition"]["name"] = Maybe({"en": name})
        more["thread_title"] = Maybe(name)
    more.setdefault("context", MAYBE_IN_COURSE)
    return shape(f"forum/{event_type}", sent_by, verb, object_, **more)


def of_exam(
    exam_type: str, step: str, verb: str, event_type: str, attempt: Any, **more: Any
) -> Shape:
    """Events of a special exam; its attempt is the grouping."""
    return shape(
        f"exam/{event_type}",
        f"edx.special_exam.{exam_type}.attempt.{step}",
        verb,
        activity(SEQUENTIAL, exam_type, name={"en": "Midterm"}, extensions=Maybe({TIME_LIMIT: 90})),
        context={
            "contextActivities": {
                "parent": [course()],
                "grouping": [
                    {
                        "id": Maybe("D4BC5DB0-8A29-4A06-9A7A-4CF1C1F7A2B1"),
                        "objectType": "Activity",
                        "definition": {
                            "type": TYPES["attempt"],
                            "name": {"en": "Midterm"},
                            "extensions": attempt,
                        },
                    }
                ],
            }
        },
        block_id=SEQUENTIAL,
        exam_type=exam_type,
        exam_name="Midterm",
        attempt_code=Maybe("D4BC5DB0-8A29-4A06-9A7A-4CF1C1F7A2B1"),
        attempt_extension_id=Maybe("17"),
        time_limit_minutes=Maybe(90),
        **more,
    )


def of_aggregate(event_type: str, sent_by: str, verb: str, block: str, **more: Any) -> Shape:
    """Events of the completion aggregator, of a block or of the course's own block."""
    type_ = "course" if "type@course" in block else "module"
    return shape(
        f"completion/{event_type}",
        sent_by,
        verb,
        activity(f"{LMS}/xblock/{block}", type_),
        context=MAYBE_IN_COURSE,
        block_id=block,
        **more,
    )


ANSWERED: dict[str, Any] = {
    "result": {
        "success": False,
        "response": Maybe("blue"),
        "score": {"min": 0, "max": Maybe(3.0), "raw": Maybe(1.0), "scaled": Maybe(1 / 3)},
    },
    "score_min": 0,
    "score_max": Maybe(3.0),
    "score_raw": Maybe(1.0),
    "score_scaled": Maybe(1 / 3),
    "is_success": False,
    "response": Maybe("blue"),
    "attempt_number": Maybe(2),
}
GRADED: dict[str, Any] = {
    "result": {"success": True, "score": {"min": 0, "max": 8, "raw": 6.5, "scaled": 0.8125}},
    "is_success": True,
    "score_min": 0,
    "score_max": 8,
    "score_raw": 6.5,
    "score_scaled": 0.8125,
    "context": MAYBE_IN_COURSE,
}
AT_POSITION: dict[str, Any] = {
    "result": {"extensions": Maybe({TIME: 12.375})},
    "position_seconds": Maybe(12.375),
}

SHAPES = [
    # Enrolment. A change of mode and an activation send the same.
    of_course(
        "enrollment/enrollment_activated",
        "edx.course.enrollment.activated|edx.course.enrollment.mode_changed",
        "registered",
        object_extensions=Maybe({TYPE: "verified"}),
        enrollment_mode=Maybe("verified"),
    ),
    of_course(
        "enrollment/enrollment_deactivated",
        "edx.course.enrollment.deactivated",
        "unregistered",
        object_extensions=Maybe({TYPE: "audit"}),
        enrollment_mode=Maybe("audit"),
    ),
    # Navigation. The two outlines send the same.
    shape(
        "navigation/outline_selected",
        "edx.ui.lms.outline.selected|edx.ui.lms.sequence.outline.selected",
        "navigated",
        activity(f"{LMS}/courses/{COURSE}/jump_to/{VERTICAL}", "module", name={"en": "Week 1"}),
        context=MAYBE_IN_COURSE,
        block_id=VERTICAL,
        target_url=f"{LMS}/courses/{COURSE}/jump_to/{VERTICAL}",
        target_name="Week 1",
    ),
    shape(
        "navigation/link_clicked",
        "edx.ui.lms.link_clicked",
        "navigated",
        activity("https://example.org/a?b=c#d", "link"),
        context=MAYBE_IN_COURSE,
        target_url="https://example.org/a?b=***#d",
    ),
    *(
        shape(
            f"navigation/{step}_selected",
            f"edx.ui.lms.sequence.{step}_selected",
            "navigated",
            activity(f"{LMS}/xblock/{SEQUENTIAL}", "resource", extensions=Maybe({TOTAL_ITEMS: 7})),
            context=MAYBE_IN_COURSE,
            extensions={ENDING_POINT: ending_point, STARTING_POSITION: Maybe(2)},
            block_id=SEQUENTIAL,
            target_url=f"{LMS}/xblock/{SEQUENTIAL}",
            total_items=Maybe(7),
            starting_position=Maybe(2),
            ending_position=ending_position,
        )
        for step, ending_point, ending_position in [
            ("next", "next unit", None),
            ("previous", "previous unit", None),
            ("tab", Maybe(5), Maybe(5)),
        ]
    ),
    # Video. The old name and the new send the same; so do captions and transcript.
    of_video("video/video_loaded", "load_video|edx.video.loaded", "initialized"),
    of_video("video/video_played", "play_video|edx.video.played", "played", **AT_POSITION),
    of_video("video/video_paused", "pause_video|edx.video.paused", "paused", **AT_POSITION),
    of_video("video/video_stopped", "stop_video|edx.video.stopped", "terminated", **AT_POSITION),
    of_video(
        "video/video_completed",
        "complete_video|edx.video.completed",
        "completed",
        result={
            "completion": True,
            "duration": Maybe("PT03M15S"),
            "extensions": Maybe({TIME: 195}),
        },
        is_completion=True,
        position_seconds=Maybe(195),
        duration_seconds=Maybe(195),
    ),
    of_video(
        "video/video_seeked",
        "seek_video",
        "seeked",
        result={"extensions": {TIME_FROM: 12.5, TIME_TO: 90}},
        seek_from_seconds=12.5,
        seek_to_seconds=90,
    ),
    of_video(
        "video/video_seeked",
        "edx.video.position.changed",
        "seeked",
        result={"extensions": Maybe({TIME_FROM: 90, TIME_TO: 12.5})},
        seek_from_seconds=Maybe(90),
        seek_to_seconds=Maybe(12.5),
    ),
    *(
        of_video(
            f"video/captions_{step}",
            sent_by,
            "interacted",
            result={"extensions": {CC_ENABLED: step == "shown", TIME: Maybe(12.375)}},
            is_captions_enabled=step == "shown",
            position_seconds=Maybe(12.375),
        )
        for step, sent_by in [
            (
                "shown",
                "edx.video.closed_captions.shown|video_show_cc_menu"
                "|edx.video.transcript.shown|show_transcript",
            ),
            (
                "hidden",
                "edx.video.closed_captions.hidden|video_hide_cc_menu"
                "|edx.video.transcript.hidden|hide_transcript",
            ),
        ]
    ),
    of_video(
        "video/video_speed_changed",
        "speed_change_video",
        "interacted",
        result={"extensions": {SPEED_FROM: "1.0x", SPEED_TO: "1.25x"}},
        speed_from=1,
        speed_to=1.25,
    ),
    # Problems.
    shape(
        "problem/problem_check_browser",
        "problem_check (browser)",
        "attempted",
        activity(f"{LMS}/xblock/{PROBLEM}", "interaction", interactionType="other"),
        context=MAYBE_IN_COURSE,
        block_id=PROBLEM,
        question_id=PROBLEM,
        interaction_type="other",
    ),
    shape(
        "problem/problem_check_server",
        "problem_check (server, one question)",
        "evaluated",
        activity(
            f"{LMS}/xblock/{PROBLEM}",
            "interaction",
            interactionType="choice",
            name=Maybe({"en-US": "Colours"}),
            description=Maybe({"en-US": "Which colour has the sky?"}),
            extensions=Maybe({ATTEMPT_ID: 2}),
        ),
        context=MAYBE_IN_COURSE,
        submission_part="single",
        block_id=PROBLEM,
        question_id=PROBLEM,
        interaction_type="choice",
        problem_name=Maybe("Colours"),
        question_text=Maybe("Which colour has the sky?"),
        **ANSWERED,
    ),
    shape(
        "problem/problem_check_server",
        "problem_check (server, several questions: parent)",
        "evaluated",
        activity(
            f"{LMS}/xblock/{PROBLEM}",
            "interaction",
            interactionType="other",
            name=Maybe({"en-US": "Colours"}),
            description=Maybe({"en-US": "Which colour has the sky?"}),
            extensions=Maybe({ATTEMPT_ID: 2}),
        )
        | {"objectType": "GroupActivity"},
        context=IN_COURSE,
        submission_part="parent",
        block_id=PROBLEM,
        question_id=PROBLEM,
        interaction_type="other",
        problem_name=Maybe("Colours"),
        question_text=Maybe("Which colour has the sky?"),
        **ANSWERED,
    ),
    shape(
        "problem/problem_check_server",
        "problem_check (server, several questions: child)",
        "evaluated",
        activity(
            f"{LMS}/xblock/block-v1:Org+Course+Run+type@problem+block@p1_2_1",
            "interaction",
            interactionType="fill-in",
            description={"en-US": "Which colour has the sky?"},
            extensions=Maybe({ATTEMPT_ID: 2}),
        ),
        context={
            "contextActivities": {
                "parent": [
                    activity(f"{LMS}/xblock/{PROBLEM}", "interaction")
                    | {"objectType": "GroupActivity"}
                ],
                "grouping": [course()],
            },
            "statement": {
                "objectType": "StatementRef",
                "id": "0a5b3e1c-2222-5f6d-8a3d-7f1c2b3a4d5e",
            },
        },
        result={"success": True, "response": "blue"},
        submission_part="child",
        block_id=PROBLEM,
        question_id="block-v1:Org+Course+Run+type@problem+block@p1_2_1",
        parent_statement_id="0a5b3e1c-2222-5f6d-8a3d-7f1c2b3a4d5e",
        interaction_type="fill-in",
        question_text="Which colour has the sky?",
        attempt_number=Maybe(2),
        is_success=True,
        response="blue",
    ),
    shape(
        "problem/answer_shown",
        "showanswer",
        "asked",
        activity(f"{LMS}/xblock/{PROBLEM}/answer", "solution"),
        context=MAYBE_IN_COURSE,
        block_id=PROBLEM,
        question_id=PROBLEM,
    ),
    shape(
        "problem/hint_displayed",
        "edx.problem.hint.demandhint_displayed",
        "asked",
        activity(f"{LMS}/xblock/{PROBLEM}/hint/0", "hint"),
        context=MAYBE_IN_COURSE,
        block_id=PROBLEM,
        question_id=PROBLEM,
        hint_index=0,
    ),
    shape(
        "problem/problem_completed",
        "edx.problem.completed",
        "completed",
        activity(PROBLEM, "interaction"),
        context=MAYBE_IN_COURSE,
        block_id=PROBLEM,
        question_id=PROBLEM,
    ),
    # Grading. The first pass and each later one send the same.
    of_course(
        "grading/course_passed",
        "edx.course.grade.passed.first_time|edx.course.grade.now_passed",
        "passed",
        object_extensions={},
    ),
    of_course(
        "grading/course_failed", "edx.course.grade.now_failed", "failed", object_extensions={}
    ),
    shape(
        "grading/course_grade_calculated",
        "edx.grades.course.grade_calculated",
        "earned",
        activity(f"{LMS}/course/{COURSE}", "course", name={"en": "Demo Course"}),
        context=IN_COURSE,
        result={
            "score": {"min": 0, "max": 1, "raw": 0.8125, "scaled": 0.8125},
            "extensions": {LETTER: "B+"},
        },
        course_name="Demo Course",
        letter_grade="B+",
        score_min=0,
        score_max=1,
        score_raw=0.8125,
        score_scaled=0.8125,
    ),
    shape(
        "grading/subsection_grade_calculated",
        "edx.grades.subsection.grade_calculated",
        "earned",
        activity(f"{LMS}/xblock/{SEQUENTIAL}", "resource"),
        block_id=SEQUENTIAL,
        **GRADED,
    ),
    shape(
        "grading/problem_grade_submitted",
        "edx.grades.problem.submitted",
        "attempted",
        activity(f"{LMS}/xblock/{PROBLEM}", "question"),
        block_id=PROBLEM,
        **GRADED,
    ),
    # Completion, of single blocks and from the aggregator.
    shape(
        "completion/block_completion_changed",
        "edx.completion.block_completion.changed",
        "progressed",
        activity(f"{LMS}/xblock/{VERTICAL}", "resource"),
        context=MAYBE_IN_COURSE,
        result={"completion": True, "extensions": {PROGRESS: 100.0}},
        block_id=VERTICAL,
        is_completion=True,
        progress_percent=100,
    ),
    *(
        of_aggregate(
            "aggregate_progressed",
            f"openedx.completion_aggregator.progress.{level}",
            "progressed",
            f"block-v1:Org+Course+Run+type@{level}+block@{name}",
            result={"completion": False, "score": {"scaled": 0.25}},
            is_completion=False,
            score_scaled=0.25,
        )
        for level, name in [
            ("chapter", "c1"),
            ("sequential", "s1"),
            ("vertical", "u1"),
            ("course", "course"),
        ]
    ),
    *(
        of_aggregate(
            "aggregate_completed",
            f"openedx.completion_aggregator.completion.{level}",
            "completed",
            f"block-v1:Org+Course+Run+type@{level}+block@{name}",
        )
        for level, name in [
            ("chapter", "c1"),
            ("sequential", "s1"),
            ("vertical", "u1"),
            ("course", "course"),
        ]
    ),
    # Forum. A response and a comment send the same.
    of_forum(
        "thread_created",
        "edx.forum.thread.created",
        "posted",
        f"threads/{THREAD}",
        name="A question",
        extensions={TYPE: Maybe("question")},
        thread_id=THREAD,
        forum_post_type=Maybe("question"),
    ),
    of_forum(
        "reply_created",
        "edx.forum.response.created|edx.forum.comment.created",
        "posted",
        f"comments/{REPLY}",
        context={
            "contextActivities": {
                "parent": [course()],
                "grouping": Maybe(
                    [activity(f"{LMS}/api/discussion/v1/threads/{THREAD}", "discussion")]
                ),
            }
        },
        thread_id=Maybe(THREAD),
        comment_id=REPLY,
    ),
    # The path of a viewed thread is that of the request; its id is the thread's.
    of_forum(
        "thread_viewed",
        "edx.forum.thread.viewed",
        "viewed",
        f"comments/{THREAD}",
        name="A question",
        thread_id=THREAD,
    ),
    of_forum(
        "post_edited", "edx.forum.thread.edited", "edited", f"threads/{THREAD}", thread_id=THREAD
    ),
    *(
        of_forum(
            f"post_{verb}",
            f"edx.forum.thread.{verb}",
            verb,
            f"threads/{THREAD}",
            name="A question",
            thread_id=THREAD,
        )
        for verb in ("deleted", "reported", "unreported")
    ),
    *(
        of_forum(
            f"post_{verb}",
            f"edx.forum.response.{verb}|edx.forum.comment.{verb}",
            verb,
            f"comments/{REPLY}",
            comment_id=REPLY,
        )
        for verb in ("edited", "deleted", "reported", "unreported")
    ),
    of_forum(
        "post_voted",
        "edx.forum.thread.voted",
        "voted",
        f"threads/{THREAD}",
        extensions={TYPE: Maybe("up")},
        thread_id=THREAD,
        forum_post_type=Maybe("up"),
    ),
    of_forum(
        "post_voted",
        "edx.forum.response.voted",
        "voted",
        f"comments/{REPLY}",
        extensions={TYPE: Maybe("up")},
        comment_id=REPLY,
        forum_post_type=Maybe("up"),
    ),
    # Exams.
    *(
        of_exam(
            exam_type,
            "created",
            "initialized",
            "exam_attempt_started",
            Maybe({ATTEMPT_ID: 17}),
        )
        for exam_type in ("timed", "practice", "proctored")
    ),
    *(
        of_exam(
            exam_type,
            "submitted",
            "terminated",
            "exam_attempt_submitted",
            {
                ATTEMPT_ID: Maybe(17),
                STARTED: Maybe("2026-03-01T09:00:00.5+00:00"),
                COMPLETED: Maybe("2026-03-01T11:15:30+01:00"),
                DURATION: Maybe(4530.25),
            },
            attempt_started_at=Maybe("2026-03-01 09:00:00.500000"),
            attempt_completed_at=Maybe("2026-03-01 10:15:30.000000"),
            attempt_duration_seconds=Maybe(4530.25),
        )
        for exam_type in ("timed", "practice", "proctored")
    ),
    # Known, but of no family of their own.
    *(
        shape(
            f"other/{event_type}",
            f"openedx.ai.workflow.{verb}",
            verb,
            activity(
                f"{LMS}/ai/workflow/w1",
                "workflow",
                name={"en": "Summary"},
                description={"en": "Sums a unit up"},
                extensions={
                    ACTION: "run",
                    TEMPLATE: Maybe("sum-up"),
                    LOCATION: Maybe(VERTICAL),
                },
            ),
            context=MAYBE_IN_COURSE,
            object_id=f"{LMS}/ai/workflow/w1",
            object_name="Summary",
            object_description="Sums a unit up",
            workflow_action="run",
            prompt_template=Maybe("sum-up"),
            workflow_location=Maybe(VERTICAL),
        )
        for verb, event_type in [
            ("initialized", "ai_workflow_started"),
            ("interacted", "ai_workflow_used"),
            ("completed", "ai_workflow_completed"),
        ]
    ),
    # Sent by whoever keeps the record store.
    Shape(
        "other/statement_voided",
        ("statement taken back",),
        {
            "timestamp": "2026-03-01T10:15:30.123456+00:00",
            "actor": ACCOUNT,
            "verb": {"id": VERBS["voided"]},
            "object": {"objectType": "StatementRef", "id": Maybe(id_of("play_video, full"))},
        },
        {
            "event_family": "other",
            "event_type": "statement_voided",
            "verb_id": VERBS["voided"],
            "object_type": "StatementRef",
            "object_id": Maybe(id_of("play_video, full")),
            "voided_event_id": Maybe(id_of("play_video, full")),
        },
    ),
]

SHAPE_OF = {event: shape for shape in SHAPES for event in shape.sent_by}


def like(event: str, name: str, change: dict[str, Any] | None = None, **columns: Any) -> Case:
    """The full statement of a tracking event but for a change, and what that changes."""
    shape = SHAPE_OF[event]
    body = changed(full(shape.body), change or {})
    return Case(name, stored(body, name), full(shape.columns) | columns)


def rejected(reason: str, name: str, body: bytes | dict[str, Any], **columns: Any) -> Case:
    """A body that cannot be used; a dict is the change of a statement."""
    expected: dict[str, Any] = {
        "event_family": "malformed",
        "rejection_reason": reason,
    }
    if isinstance(body, dict):
        shape = SHAPE_OF["play_video"]
        body = stored(changed(full(shape.body), body), name)
        expected |= {"verb_id": VERBS["played"], "object_type": TYPES["video"]}
    expected |= {
        "statement_length": len(body),
        # Of what JSON calls a name or an account nothing is shown.
        "statement_excerpt": body.decode(errors="replace").replace(f'"{LEARNER}"', '"***"')[:200],
    }
    time = columns.pop("emission_time", Case.emission_time)
    return Case(name, body, expected | columns, time)


def anonymous(**identity: Any) -> dict[str, Any]:
    """The change of an actor's account for another identity."""
    return {"actor": {"account": ABSENT} | identity}


ACTORS = [
    like("play_video", "account", {"actor": ACCOUNT}),
    like(
        "play_video", "account of another home", {"actor": {"account": {"homePage": "https://x"}}}
    ),
    like("play_video", "mbox", anonymous(mbox="mailto:learner@example.com"), actor_id=SHA1),
    like("play_video", "mbox without mailto", anonymous(mbox="learner@example.com"), actor_id=SHA1),
    like("play_video", "MAILTO", anonymous(mbox="MAILTO:learner@example.com"), actor_id=SHA1),
    like("play_video", "mbox_sha1sum", anonymous(mbox_sha1sum=SHA1), actor_id=SHA1),
    like("play_video", "upper-case SHA-1", anonymous(mbox_sha1sum=SHA1.upper()), actor_id=SHA1),
    like(
        "play_video",
        "openid",
        anonymous(openid="https://id.example.com/7"),
        actor_id=sha1(b"https://id.example.com/7").hexdigest(),
    ),
    like(
        "play_video",
        "account name that is an address",
        {"actor": {"account": {"name": "learner@example.com"}}},
        actor_id=SHA1,
    ),
    like(
        "play_video",
        "account name that is a number",
        {"actor": {"account": {"name": 17}}},
        actor_id=sha1(b"lms.example.com|17").hexdigest(),
    ),
    like(
        "play_video",
        "account name of another home",
        {"actor": {"account": {"homePage": "https://X.example.com:8000/", "name": "Learner"}}},
        actor_id=sha1(b"x.example.com|Learner").hexdigest(),
    ),
    like(
        "play_video",
        "account name that is an encoded address",
        {"actor": {"account": {"name": "mailto:learner%40example.com"}}},
        actor_id=SHA1,
    ),
    like(
        "play_video",
        "account and mbox",
        {"actor": {"mbox": "mailto:learner@example.com"}},
    ),
    like(
        "play_video",
        "empty account name and mbox",
        {"actor": {"account": {"name": ""}, "mbox": "mailto:learner@example.com"}},
        actor_id=SHA1,
    ),
    like(
        "play_video",
        "group with an account",
        {"actor": {"objectType": "Group", "account": {"name": "team-1"}}},
        actor_id=None,
    ),
    like(
        "play_video",
        "group of members alone",
        {"actor": {"objectType": "Group", "account": ABSENT, "member": [ACCOUNT]}},
        actor_id=None,
    ),
    like("play_video", "actor without objectType", {"actor": {"objectType": ABSENT}}),
]


def keyed(name: str, key: str, org: str | None, run: str | None, read: str | None = None) -> Case:
    """A statement of a course whose key has some form; read as that unless said otherwise."""
    return like(
        "play_video",
        name,
        {"context": {"contextActivities": {"parent": [course(key)]}}},
        course_key=read or key,
        org=org,
        course_run=run,
    )


def registered(name: str, key: str, org: str | None, run: str | None) -> Case:
    """An enrolment in a course whose key has some form."""
    return like(
        "edx.course.enrollment.activated",
        name,
        {"object": {"id": f"{LMS}/course/{key}"}},
        course_key=key,
        org=org,
        course_run=run,
    )


NO_COURSE: dict[str, Any] = {"org": None, "course_key": None, "course_run": None}

COURSE_KEYS = [
    keyed("course-v1", "course-v1:edX+DemoX+2026_T1", "edX", "2026_T1"),
    keyed("marks in the parts", "course-v1:ed.X-1~a+De_mo.X+Run-1.2", "ed.X-1~a", "Run-1.2"),
    keyed("letters beyond ASCII", "course-v1:École+Cours+Été", "École", "Été"),
    keyed(
        "percent-encoded",
        "course-v1%3AOrg%2BCourse%2BRun",
        "Org",
        "Run",
        "course-v1:Org+Course+Run",
    ),
    keyed("CCX", "ccx-v1:ed.X-1+DemoX+Run+ccx@1", "ed.X-1", "Run"),
    keyed("old style", "edX/DemoX/Demo_Course", "edX", "Demo_Course"),
    keyed("old style, a part is called course", "edX/course/2014", "edX", "2014"),
    registered("enrolment, CCX", "ccx-v1:edX+DemoX+Run+ccx@12", "edX", "Run"),
    registered("enrolment, old style", "edX/DemoX/Demo_Course", "edX", "Demo_Course"),
    keyed("library", "library-v1:edX+Lib", "edX", None),
    keyed("doubled", "course-v1:course-v1:Org+Course+Run", "Org", "Run"),
    keyed("slash at the end", f"{COURSE}/", "Org", "Run", COURSE),
    keyed("query at the end", f"{COURSE}?a=b", "Org", "Run", COURSE),
    like(
        "play_video",
        "LMS in a folder",
        {
            "context": {
                "contextActivities": {
                    "parent": [activity(f"http://localhost:18000/lms/course/{COURSE}", "course")]
                }
            }
        },
    ),
    like(
        "play_video",
        "bare key",
        {"context": {"contextActivities": {"parent": [activity(COURSE, "course")]}}},
    ),
    like(
        "openedx.completion_aggregator.progress.course",
        "course block, bare and without context, is no course",
        {
            "object": {"id": "block-v1:Org+Course+Run+type@course+block@course"},
            "context": {"contextActivities": ABSENT},
        },
        **NO_COURSE,
    ),
]

COURSES = [
    like("edx.ui.lms.link_clicked", "of the parent"),
    like(
        "edx.ui.lms.link_clicked",
        "of the second parent",
        {
            "context": {
                "contextActivities": {
                    "parent": [activity(f"{LMS}/xblock/{VERTICAL}", "resource"), course()]
                }
            }
        },
    ),
    like(
        "edx.ui.lms.link_clicked",
        "of the grouping, where the parent is none",
        {
            "context": {
                "contextActivities": {
                    "parent": [activity(f"{LMS}/xblock/{VERTICAL}", "resource")],
                    "grouping": [course()],
                }
            }
        },
    ),
    like(
        "edx.ui.lms.link_clicked",
        "of the parent before that of the grouping",
        {"context": {"contextActivities": {"grouping": [course("course-v1:Other+C+R")]}}},
    ),
    like("edx.course.grade.now_passed", "of the object"),
    like(
        "edx.course.enrollment.activated",
        "of the object, where the parent is none",
        {
            "context": {
                "contextActivities": {"parent": [activity(f"{LMS}/xblock/{VERTICAL}", "resource")]}
            }
        },
    ),
    like(
        "edx.ui.lms.link_clicked",
        "none: an object that is no course",
        {"object": {"id": f"{LMS}/course/{COURSE}"}, "context": {"contextActivities": ABSENT}},
        target_url=f"{LMS}/course/{COURSE}",
        **NO_COURSE,
    ),
    like(
        "showanswer",
        "none: only a block of it",
        {"context": {"contextActivities": {"parent": [activity(f"{LMS}/xblock/x", "resource")]}}},
        **NO_COURSE,
    ),
    like(
        "edx.ui.lms.link_clicked",
        "none: no context at all",
        {"context": ABSENT},
        session_id=None,
        transformer_version=None,
        **NO_COURSE,
    ),
    like(
        "edx.special_exam.timed.attempt.created",
        "none: the grouping of an exam is the attempt",
        {"context": {"contextActivities": {"parent": ABSENT}}},
        **NO_COURSE,
    ),
    like(
        "edx.forum.comment.created",
        "none: the grouping of a reply is the thread",
        {"context": {"contextActivities": {"parent": ABSENT}}},
        **NO_COURSE,
    ),
    like(
        "openedx.completion_aggregator.progress.course",
        "none: a course that is named by its block",
        {"context": {"contextActivities": ABSENT}},
        **NO_COURSE,
    ),
    like(
        "play_video",
        "of one parent instead of a list",
        {"context": {"contextActivities": {"parent": course()}}},
    ),
    like(
        "problem_check (server, several questions: child)",
        "of one grouping instead of a list",
        {
            "context": {
                "contextActivities": {
                    "parent": activity(f"{LMS}/xblock/{PROBLEM}", "interaction")
                    | {"objectType": "GroupActivity"},
                    "grouping": course(),
                }
            }
        },
    ),
    like(
        "play_video",
        "after an empty parent",
        {"context": {"contextActivities": {"parent": [None, {}, course()]}}},
    ),
    like(
        "edx.course.enrollment.activated",
        "of the object, where the lists are empty",
        {"context": {"contextActivities": {"parent": [], "grouping": []}}},
    ),
]


def at_block(name: str, key: str, read: str | None = None) -> Case:
    """A problem whose usage key has some form."""
    return like(
        "problem_check (server, one question)",
        name,
        {"object": {"id": f"{LMS}/xblock/{key}"}},
        block_id=read or key,
        question_id=read or key,
    )


BLOCKS = [
    at_block("block-v1", "block-v1:Org+Course+Run+type@problem+block@p1"),
    at_block("ccx-block-v1", "ccx-block-v1:edX+DemoX+Run+ccx@1+type@problem+block@p1"),
    at_block("lib-block-v1", "lib-block-v1:edX+Lib+type@problem+block@p1"),
    at_block("lb", "lb:edX:lib:problem:abc"),
    at_block("i4x", "i4x://edX/DemoX/problem/abc"),
    at_block("doubled prefix", "block-v1:course-v1:Org0+DemoX+2bc51b+type@problem+block@09b07a8d"),
    at_block("block of a library course", "block-v1:edX+Lib+type@video+block@v1"),
    at_block(
        "percent-encoded key",
        "block-v1%3AOrg%2BCourse%2BRun%2Btype%40problem%2Bblock%40p1",
        PROBLEM,
    ),
    at_block("name like a question's", "block-v1:Org+Course+Run+type@problem+block@quiz_1_1"),
    like("showanswer", "answer", {"object": {"id": f"{LMS}/xblock/{PROBLEM}/answer"}}),
    like(
        "showanswer",
        "answer of an old block",
        {"object": {"id": f"{LMS}/xblock/i4x://edX/DemoX/problem/abc/answer"}},
        block_id="i4x://edX/DemoX/problem/abc",
        question_id="i4x://edX/DemoX/problem/abc",
    ),
    like(
        "edx.problem.hint.demandhint_displayed",
        "twelfth hint of a library problem",
        {"object": {"id": f"{LMS}/xblock/lb:edX:lib:problem:abc/hint/11"}},
        block_id="lb:edX:lib:problem:abc",
        question_id="lb:edX:lib:problem:abc",
        hint_index=11,
    ),
    like(
        "problem_check (browser)",
        "sequential of an old referer",
        {"object": {"id": f"{LMS}/xblock/{SEQUENTIAL}"}},
        block_id=SEQUENTIAL,
        question_id=SEQUENTIAL,
    ),
    like(
        "edx.ui.lms.link_clicked",
        "link to a block",
        {"object": {"id": f"{LMS}/courses/{COURSE}/jump_to/{VERTICAL}?a=b#c"}},
        target_url=f"{LMS}/courses/{COURSE}/jump_to/{VERTICAL}?a=***#c",
        block_id=VERTICAL,
    ),
    like(
        "edx.ui.lms.link_clicked",
        "link to the page itself",
        {"object": {"id": "#"}},
        target_url="#",
    ),
    like(
        "edx.ui.lms.link_clicked",
        "link to an address",
        {"object": {"id": "mailto:teacher@example.com"}},
        target_url="mailto:***",
    ),
    like(
        "edx.ui.lms.link_clicked",
        "link with an address in its query",
        {"object": {"id": "https://example.org/join?who=a.learner%40example.com&course=c@1"}},
        target_url="https://example.org/join?who=***&course=***",
    ),
    like(
        "edx.ui.lms.link_clicked",
        "link with a usage key in its query",
        {"object": {"id": f"{LMS}/jump?activate_block_id={PROBLEM}"}},
        target_url=f"{LMS}/jump?activate_block_id=***",
        block_id=PROBLEM,
    ),
    like(
        "edx.ui.lms.outline.selected",
        "outline without a block",
        {"object": {"id": f"{LMS}/courses/{COURSE}/course/"}},
        target_url=f"{LMS}/courses/{COURSE}/course/",
        block_id=None,
    ),
    like(
        "edx.special_exam.proctored.attempt.submitted",
        "exam of a CCX",
        {"object": {"id": "ccx-block-v1:edX+DemoX+Run+ccx@1+type@sequential+block@s1"}},
        block_id="ccx-block-v1:edX+DemoX+Run+ccx@1+type@sequential+block@s1",
    ),
    like(
        "edx.forum.thread.viewed",
        "thread at its own path",
        {"object": {"id": f"{LMS}/api/discussion/v1/threads/{THREAD}/"}},
    ),
]


def child(name: str, key: str, parent: str, question: str, **more: Any) -> Case:
    """A question of a problem with several, keys of some form."""
    return like(
        "problem_check (server, several questions: child)",
        name,
        {
            "object": {"id": f"{LMS}/xblock/{key}"},
            "context": {
                "contextActivities": {
                    "parent": [
                        activity(f"{LMS}/xblock/{parent}", "interaction")
                        | {"objectType": "GroupActivity"}
                    ]
                }
            }
            | more.pop("context", {}),
        },
        block_id=parent,
        question_id=question,
        **more,
    )


CCX_PROBLEM = "ccx-block-v1:edX+DemoX+Run+ccx@1+type@problem+block@p1"
ONE_QUESTION = "problem_check (server, one question)"

# What a list of answers is read as, under the name of its case.
CHOICES = {
    "JSON list in a text": ["a piano", "a guitar"],
    "Python list": ["a piano", "a guitar"],
    "letters escaped twice": ["été"],
    "real list": ["a", "b"],
}

SUBMISSIONS = [
    like(
        ONE_QUESTION,
        "answer that the statement lists itself",
        {"object": {"definition": {"choices": [{"id": "blue", "description": {"en": "Blue"}}]}}},
        is_response_listed=True,
    ),
    child("second question", f"{PROBLEM}_3_1", PROBLEM, f"{PROBLEM}_3_1"),
    child("question of a CCX", f"{CCX_PROBLEM}_2_1", CCX_PROBLEM, f"{CCX_PROBLEM}_2_1"),
    child("question of a library problem", "abc_2_1", "lb:edX:lib:problem:abc", "abc_2_1"),
    child("question of an old problem", "abc_2_1", "i4x://edX/DemoX/problem/abc", "abc_2_1"),
    child(
        "question that is known by its parent alone",
        f"{PROBLEM}_2_1",
        PROBLEM,
        f"{PROBLEM}_2_1",
        context={"statement": ABSENT},
        parent_statement_id=None,
    ),
    like(
        "problem_check (server, several questions: parent)",
        "parent as the fixtures have it",
        {
            "object": {
                "definition": {"description": ABSENT, "extensions": ABSENT},
            },
            "result": {"response": ABSENT, "score": {"raw": 2, "max": 3, "scaled": 2 / 3}},
        },
        question_text=None,
        attempt_number=None,
        response=None,
        score_raw=2,
        score_max=3,
        score_scaled=2 / 3,
    ),
    like(
        "problem_check (server, several questions: parent)",
        "live parent, the first question of which is right",
        {"result": {"success": True}},
        is_success=True,
    ),
    *(
        like(
            ONE_QUESTION,
            f"response: {name}",
            {"result": {"response": sent}},
            response=read,
            response_choices=CHOICES.get(name, []),
        )
        for name, sent, read in [
            ("JSON list in a text", '["a piano", "a guitar"]', '["a piano", "a guitar"]'),
            ("Python list", "['a piano', 'a guitar']", "['a piano', 'a guitar']"),
            (
                "Python dict of all answers",
                "{'3fc_2_1': ['choice_0', 'choice_2']}",
                "{'3fc_2_1': ['choice_0', 'choice_2']}",
            ),
            ("letters escaped twice", '["\\u00e9t\\u00e9"]', '["\\u00e9t\\u00e9"]'),
            ("any letter", "Ü 😀 \t\"'\\", "Ü 😀 \t\"'\\"),
            ("number as text", "3.0", "3.0"),
            ("empty", "", ""),
            ("real list", ["a", "b"], '["a","b"]'),
        ]
    ),
]

FIGURES = [
    like(
        ONE_QUESTION,
        "0 of 0 points",
        {"result": {"success": True, "score": {"min": 0, "max": 0, "raw": 0, "scaled": 0}}},
        is_success=True,
        score_raw=0,
        score_max=0,
        score_scaled=0,
    ),
    like(
        ONE_QUESTION,
        "negative points",
        {"result": {"score": {"min": -2, "raw": -1.5, "scaled": -0.5}}},
        score_min=-2,
        score_raw=-1.5,
        score_scaled=-0.5,
    ),
    like(
        ONE_QUESTION,
        "points as text",
        {"result": {"score": {"min": "0", "raw": "2.5", "max": "3", "scaled": "0.83"}}},
        score_raw=2.5,
        score_scaled=0.83,
    ),
    like(
        ONE_QUESTION,
        "points that are none",
        {"result": {"score": {"min": None, "raw": "all", "max": [3], "scaled": True}}},
        score_min=None,
        score_raw=None,
        score_max=None,
        score_scaled=None,
    ),
    like(
        ONE_QUESTION,
        "a share to its last digit",
        {"result": {"score": {"raw": 0.30000000000000004, "max": 1e22, "scaled": 5e-324}}},
        score_raw=0.30000000000000004,
        score_max=1e22,
        score_scaled=5e-324,
    ),
    like(
        ONE_QUESTION,
        "points past 64 bits",
        {"result": {"score": {"max": 123456789012345678901234567890}}},
        score_max=123456789012345678901234567890.0,
    ),
    *(
        like(
            ONE_QUESTION,
            f"attempt {sent!r}",
            {"object": {"definition": {"extensions": {ATTEMPT_ID: sent}}}},
            attempt_number=read,
        )
        for sent, read in [
            (40_000, 40_000),
            (2**40, 2**40),
            ("3", 3),
            (3.0, 3),
            ("3.0", 3),
            (2.5, None),
            ("", None),
            ("third", None),
            (None, None),
            (10**30, None),
        ]
    ),
    like(
        "play_video",
        "start of a video of no length",
        {
            "result": {"extensions": {TIME: 0.0}},
            "context": {"extensions": {LENGTH: 0}},
        },
        position_seconds=0,
        length_seconds=0,
    ),
    like(
        "play_video",
        "position that the LMS lost",
        {"result": {"extensions": {TIME: ABSENT}}},
        position_seconds=None,
    ),
    like(
        "seek_video",
        "seek from the start",
        {"result": {"extensions": {TIME_FROM: 0, TIME_TO: 0.001}}},
        seek_from_seconds=0,
        seek_to_seconds=0.001,
    ),
    like(
        "edx.video.position.changed",
        "seek from nowhere known",
        {"result": {"extensions": {TIME_FROM: ABSENT}}},
        seek_from_seconds=None,
    ),
    like(
        "speed_change_video",
        "speeds as numbers",
        {"result": {"extensions": {SPEED_FROM: 1, SPEED_TO: 0.75}}},
        speed_to=0.75,
    ),
    like(
        "speed_change_video",
        "speeds without x",
        {"result": {"extensions": {SPEED_FROM: "1.50", SPEED_TO: "2.0"}}},
        speed_from=1.5,
        speed_to=2,
    ),
    *(
        like(
            "complete_video",
            f"duration {sent}",
            {"result": {"duration": sent}},
            duration_seconds=seconds,
        )
        for sent, seconds in [
            ("PT195S", 195),
            ("PT3M15.25S", 195.25),
            ("PT1H", 3600),
            ("P1DT2H3M4S", 93784),
            ("P1W", 604800),
            ("PT0S", 0),
            ("03:15", None),
            ("P", None),
            ("", None),
        ]
    ),
    like(
        "edx.completion.block_completion.changed",
        "completion taken back",
        {"result": {"completion": False, "extensions": {PROGRESS: 0}}},
        is_completion=False,
        progress_percent=0,
    ),
    like(
        "edx.completion.block_completion.changed",
        "completion in part",
        {"result": {"completion": False, "extensions": {PROGRESS: 33.3}}},
        is_completion=False,
        progress_percent=33.3,
    ),
    like(
        "edx.ui.lms.sequence.tab_selected",
        "first tab",
        {"context": {"extensions": {STARTING_POSITION: 0, ENDING_POINT: 0}}},
        starting_position=0,
        ending_position=0,
    ),
    like(
        "edx.grades.course.grade_calculated",
        "grade below every threshold",
        {
            "result": {
                "score": {"raw": 0.0, "scaled": 0.0},
                "extensions": {LETTER: "Fail"},
            }
        },
        letter_grade="Fail",
        score_raw=0,
        score_scaled=0,
    ),
    like(
        "edx.special_exam.timed.attempt.submitted",
        "exam times that are none",
        {
            "object": {"definition": {"extensions": {TIME_LIMIT: "long"}}},
            "context": {
                "contextActivities": {
                    "grouping": [
                        activity(
                            "",
                            "attempt",
                            extensions={STARTED: "", COMPLETED: "today", DURATION: None},
                        )
                    ]
                }
            },
        },
        time_limit_minutes=None,
        attempt_code=None,
        attempt_extension_id=None,
        attempt_started_at=None,
        attempt_completed_at=None,
        attempt_duration_seconds=None,
    ),
]

WITHOUT_VERSION: dict[str, Any] = {
    "context": {
        "extensions": {TRANSFORMER: ABSENT, SESSION_ID: ABSENT, EVENT_VERSION: "1.0"},
    }
}
OLD_COLUMNS: dict[str, Any] = {"session_id": None, "transformer_version": None}


def version(number: str) -> dict[str, Any]:
    """The change of the transformer version."""
    return {"context": {"extensions": {TRANSFORMER: f"event-routing-backends@{number}"}}}


DIALECTS = [
    # Up to 5.2.1 there is the version of the event instead, and no session.
    *(
        like(event, f"{event}, up to 5.2.1", WITHOUT_VERSION, **OLD_COLUMNS)
        for event in (
            "edx.course.enrollment.activated",
            "edx.ui.lms.sequence.next_selected",
            "play_video",
            ONE_QUESTION,
            "edx.course.grade.passed.first_time",
        )
    ),
    like(
        "play_video",
        "generated: positions are text",
        changed(
            WITHOUT_VERSION,
            {
                "result": {"extensions": {TIME: "63"}},
                "context": {"extensions": {LENGTH: "195.0"}},
            },
        ),
        position_seconds=63,
        length_seconds=195,
        **OLD_COLUMNS,
    ),
    like(
        "edx.ui.lms.sequence.tab_selected",
        "generated: the tab is text",
        {"context": {"extensions": {STARTING_POSITION: "1", ENDING_POINT: "3"}}},
        starting_position=1,
        ending_position=3,
    ),
    like(
        ONE_QUESTION,
        "generated: doubled prefix",
        changed(
            WITHOUT_VERSION,
            {
                "object": {
                    "id": f"{LMS}/xblock/block-v1:course-v1:Org0+DemoX+2b+type@problem+block@09"
                }
            },
        ),
        block_id="block-v1:course-v1:Org0+DemoX+2b+type@problem+block@09",
        question_id="block-v1:course-v1:Org0+DemoX+2b+type@problem+block@09",
        **OLD_COLUMNS,
    ),
    # Up to 6.x a problem with several questions is one statement, about one of them.
    like(
        ONE_QUESTION,
        "several questions, before 7.0.0",
        version("6.2.0") | {"result": {"success": False, "response": "blue"}},
        transformer_version="event-routing-backends@6.2.0",
    ),
    like(
        ONE_QUESTION,
        "list of answers, before 7.0.2",
        version("7.0.1") | {"result": {"response": "['a piano', 'a guitar']"}},
        transformer_version="event-routing-backends@7.0.1",
        response="['a piano', 'a guitar']",
        response_choices=["a piano", "a guitar"],
    ),
    like(
        "play_video",
        "block of a CCX, before 8.1.1",
        version("8.1.0")
        | {"object": {"id": f"{LMS}/xblock/block-v1:edX+DemoX+Run+ccx@1+type@video+block@v1"}},
        transformer_version="event-routing-backends@8.1.0",
        block_id="block-v1:edX+DemoX+Run+ccx@1+type@video+block@v1",
    ),
    like(
        "edx.forum.comment.created",
        "reply, before 9.2.0",
        changed(version("9.1.0"), {"context": {"contextActivities": {"grouping": ABSENT}}}),
        transformer_version="event-routing-backends@9.1.0",
        thread_id=None,
    ),
    # The pages of the old forum: the path of the request, then the id.
    *(
        like(
            event,
            f"old forum: {path}",
            {
                "object": {"id": f"{LMS}/courses/{COURSE}/discussion/{path}"},
                "context": {"contextActivities": {"grouping": ABSENT}},
            },
            thread_id=thread,
            comment_id=comment,
        )
        for event, path, thread, comment in [
            ("edx.forum.thread.created", f"general/threads/create/{THREAD}", THREAD, None),
            ("edx.forum.thread.viewed", f"forum/general/threads/{THREAD}", THREAD, None),
            ("edx.forum.thread.voted", f"threads//upvote/{THREAD}", THREAD, None),
            ("edx.forum.thread.reported", f"threads//flagAbuse/{THREAD}", THREAD, None),
            ("edx.forum.response.created", f"threads/{THREAD}/reply/{REPLY}", THREAD, REPLY),
            ("edx.forum.comment.created", f"comments/{THREAD}/reply/{REPLY}", None, REPLY),
            ("edx.forum.comment.edited", f"comments//update/{REPLY}", None, REPLY),
        ]
    ),
    # What else differs between the ways to the table.
    like(
        "play_video",
        "as the record store adds to it",
        {
            "stored": "2026-03-01T10:15:35.250000Z",
            "authority": {"objectType": "Agent", "mbox": "mailto:lrs@example.com"},
        },
    ),
    like(
        "play_video",
        "with the least of words",
        {
            "version": ABSENT,
            "timestamp": ABSENT,
            "actor": {"objectType": ABSENT},
            "verb": {"display": ABSENT},
            "object": {"objectType": ABSENT},
        },
    ),
    like(
        "edx.course.enrollment.activated",
        "names under en-US",
        {
            "verb": {"display": {"en": ABSENT, "en-US": "registered"}},
            "object": {"definition": {"name": {"en": ABSENT, "en-US": "Demo Course"}}},
        },
    ),
    like(
        ONE_QUESTION,
        "names under en",
        {
            "object": {
                "definition": {
                    "name": {"en-US": ABSENT, "en": "Colours"},
                    "description": {"en-US": ABSENT, "en": "Which colour has the sky?"},
                }
            }
        },
    ),
]


def text_of(event: str, name: str, change: dict[str, Any] | None = None) -> str:
    """The text of a changed statement."""
    return like(event, name, change).body.decode()


def rewritten(name: str, text: bytes, **columns: Any) -> Case:
    """A statement of a single answer, its text written in another way."""
    return Case(name, text, full(SHAPE_OF[ONE_QUESTION].columns) | columns)


def answer(name: str, response: str) -> str:
    """The text of a single answer with a response of one's own."""
    return text_of(ONE_QUESTION, name, {"result": {"response": response}})


WRITINGS = [
    rewritten(
        "no blanks, as Vector writes",
        json.dumps(
            json.loads(text_of(ONE_QUESTION, "no blanks, as Vector writes")),
            separators=(",", ":"),
            ensure_ascii=False,
            sort_keys=True,
        ).encode(),
    ),
    rewritten(
        "one word a line",
        json.dumps(json.loads(text_of(ONE_QUESTION, "one word a line")), indent=4).encode(),
    ),
    rewritten("blanks around", f"\r\n  {text_of(ONE_QUESTION, 'blanks around')}\t\n".encode()),
    rewritten(
        "letters not escaped",
        answer("letters not escaped", "@").replace('"@"', '"é 😀 学"').encode(),
        response="é 😀 学",
    ),
    rewritten(
        "letters escaped",
        answer("letters escaped", "@").replace('"@"', r'"\u00e9 \ud83d\ude00 \/ \u0041"').encode(),
        response="é 😀 / A",
    ),
    rewritten(
        "NUL in a text",
        answer("NUL in a text", "@").replace('"@"', r'"a\u0000b"').encode(),
        response="a\0b",
    ),
    rewritten(
        "a statement inside of a text",
        answer("a statement inside of a text", '{"verb": {"id": "x"}, "parent": [{').encode(),
        response='{"verb": {"id": "x"}, "parent": [{',
    ),
    rewritten(
        "a thousand brackets in a text",
        answer("a thousand brackets in a text", "[{" * 1000).encode(),
        response="[{" * 1000,
    ),
    rewritten(
        "a megabyte of text",
        answer("a megabyte of text", "x" * 1_000_000).encode(),
        response="x" * 1_000_000,
    ),
]

REPAIRED = (
    [
        rewritten(
            name,
            answer(name, "@").replace('"@"', f'"{sent}"').encode(),
            response=read,
        )
        for name, sent, read in [
            ("lone high surrogate", r"a \ud83d b", "a \ufffd b"),
            ("lone low surrogate", r"a \ude00 b", "a \ufffd b"),
            ("high surrogate twice, then a pair", r"\ud83d\ud83d\ude00", "\ufffd😀"),
            ("surrogates the wrong way round", r"\ude00\ud83d", "\ufffd\ufffd"),
            ("surrogate beside a pair", r"\ud83d\ude00\ud83d", "😀\ufffd"),
            ("escaped backslash before a surrogate", r"\\ud83d \ud83d", "\\ud83d \ufffd"),
            ("surrogate in capitals", r"\uD83D.", "\ufffd."),
        ]
    ]
    + [
        rewritten(
            f"{word} for points",
            text_of(ONE_QUESTION, f"{word} for points", {"result": {"score": {"raw": "@"}}})
            .replace('"@"', word)
            .encode(),
            score_raw=None,
        )
        for word in ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1.5E+400", "9" * 400)
    ]
    + [
        rewritten(
            "NaN for points, the word in a text",
            answer("NaN for points, the word in a text", "so NaN, -Infinity: [1e400]")
            .replace('"raw": 1.0', '"raw": NaN')
            .encode(),
            score_raw=None,
            response="so NaN, -Infinity: [1e400]",
        ),
        rewritten(
            "byte order mark",
            b"\xef\xbb\xbf" + text_of(ONE_QUESTION, "byte order mark").encode(),
        ),
        rewritten(
            "byte order mark, NaN and lone surrogate",
            b"\xef\xbb\xbf"
            + answer("byte order mark, NaN and lone surrogate", "@")
            .replace('"@"', r'"\ud83d"')
            .replace('"raw": 1.0', '"raw": NaN')
            .encode(),
            score_raw=None,
            response="\ufffd",
        ),
    ]
)

INCOMPLETE = [
    like(
        "play_video",
        "object without id",
        {"object": {"id": ABSENT}},
        block_id=None,
    ),
    like("play_video", "result is null", {"result": None}, position_seconds=None),
    like("play_video", "result is a text", {"result": "good"}, position_seconds=None),
    like(
        "play_video",
        "result extensions are null",
        {"result": {"extensions": None}},
        position_seconds=None,
    ),
    like(
        "play_video",
        "result extensions are a list",
        {"result": {"extensions": [{TIME: 3}]}},
        position_seconds=None,
    ),
    like(
        "play_video",
        "value of an extension is an object",
        {"result": {"extensions": {TIME: {"seconds": 3}}}},
        position_seconds=None,
    ),
    like(
        "play_video",
        "context is a list",
        {"context": []},
        **OLD_COLUMNS,
        **NO_COURSE,
        length_seconds=None,
    ),
    like(
        "play_video",
        "parent is null",
        {"context": {"contextActivities": {"parent": None}}},
        **NO_COURSE,
    ),
    like(
        "play_video",
        "parent is a text",
        {"context": {"contextActivities": {"parent": COURSE}}},
        **NO_COURSE,
    ),
    like(
        "play_video",
        "parent without definition",
        {"context": {"contextActivities": {"parent": [{"id": f"{LMS}/course/{COURSE}"}]}}},
        **NO_COURSE,
    ),
    like(
        "play_video",
        "session is empty",
        {"context": {"extensions": {SESSION_ID: ""}}},
        session_id=None,
    ),
    like(
        "edx.course.enrollment.activated",
        "name is a text, mode is null",
        {"object": {"definition": {"name": "Demo", "extensions": {TYPE: None}}}},
        course_name=None,
        enrollment_mode=None,
    ),
    like(
        ONE_QUESTION,
        "no result",
        {"result": ABSENT},
        is_success=None,
        response=None,
        score_min=None,
        score_raw=None,
        score_max=None,
        score_scaled=None,
    ),
    like(
        ONE_QUESTION,
        "score is a number, success is null",
        {"result": {"score": 0.5, "success": None}},
        is_success=None,
        score_min=None,
        score_raw=None,
        score_max=None,
        score_scaled=None,
    ),
    like("play_video", "id is absent", {"id": ABSENT}),
    like("play_video", "id is null", {"id": None}),
    like("play_video", "id is empty", {"id": ""}),
    like("play_video", "id in capitals", {"id": id_of("id in capitals").upper()}),
    like("play_video", "stored a day before", {"stored": "2026-02-28T10:15:30.123456Z"}),
    like("play_video", "stored long after", {"stored": "2029-01-01T00:00:00+00:00"}),
    like("play_video", "stored at no time", {"stored": "soon"}),
    like("play_video", "stored at the end of time", {"stored": "2299-12-31T23:59:59Z"}),
]


def at(time: str, case: Case) -> Case:
    """The case at another time."""
    return Case(case.name, case.body, case.columns, time)


INCOMPLETE += [
    at("2012-01-01 00:00:00.000000", like("play_video", "first possible time")),
    at("2099-12-31 23:59:59.999999", like("play_video", "last possible time")),
]


def unknown(name: str, change: dict[str, Any], **columns: Any) -> Case:
    """A statement of a video that no line of the list recognises."""
    columns = {
        "event_family": "unclassified",
        "event_type": "",
        "object_id": f"{LMS}/xblock/{VIDEO}",
        "position_seconds": ABSENT,
        "length_seconds": ABSENT,
    } | columns
    case = like("play_video", name, change, **columns)
    kept = {column: value for column, value in case.columns.items() if value is not ABSENT}
    return Case(case.name, case.body, kept)


UNCLASSIFIED = [
    unknown(
        "unknown verb",
        {"verb": {"id": "https://example.com/verbs/waved"}},
        verb_id="https://example.com/verbs/waved",
    ),
    unknown(
        "unknown type of object",
        {"object": {"definition": {"type": "https://example.com/types/podcast"}}},
        object_type="https://example.com/types/podcast",
    ),
    unknown("no type of object", {"object": {"definition": ABSENT}}, object_type=None),
    unknown("object is a text", {"object": {"definition": "video"}}, object_type=None),
    unknown(
        "interaction with neither captions nor speed",
        {"verb": {"id": VERBS["interacted"]}},
        verb_id=VERBS["interacted"],
    ),
    # Before October 2021 some verbs were others; a line a verb in the list teaches them.
    unknown(
        "old verb of an answer",
        {
            "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"},
            "object": {
                "id": f"{LMS}/xblock/{PROBLEM}",
                "definition": {"type": TYPES["interaction"]},
            },
        },
        verb_id="http://adlnet.gov/expapi/verbs/answered",
        object_type=TYPES["interaction"],
        object_id=f"{LMS}/xblock/{PROBLEM}",
        block_id=PROBLEM,
    ),
]

NO_TYPE: dict[str, Any] = {"object_type": None}
NO_VERB: dict[str, Any] = {"verb_id": None}
DEEP = '{"x": ' + "[" * 600 + "]" * 600 + ", "


def text_rejected(reason: str, name: str, text: str | bytes, **columns: Any) -> Case:
    """A text that cannot be used."""
    return rejected(reason, name, text.encode() if isinstance(text, str) else text, **columns)


READ: dict[str, Any] = {"verb_id": VERBS["played"], "object_type": TYPES["video"]}

MALFORMED = [
    text_rejected("not_utf8", "Latin-1", b'{"verb": {"id": "caf\xe9"}}'),
    text_rejected(
        "not_utf8",
        "Latin-1 in a statement that is whole otherwise",
        answer("Latin-1 in a statement that is whole otherwise", "café")
        .encode()
        .replace(rb"caf\u00e9", b"caf\xe9"),
    ),
    text_rejected(
        "not_utf8",
        "lone surrogate as bytes",
        answer("lone surrogate as bytes", "@").encode().replace(b'"@"', b'"\xed\xa0\xbd"'),
    ),
    text_rejected("not_utf8", "half a letter at the end", b'{"verb": "\xf0\x9f'),
    text_rejected(
        "nested_too_deep",
        "600 lists",
        text_of("play_video", "600 lists").replace("{", DEEP, 1),
        **READ,
    ),
    text_rejected("nested_too_deep", "100,000 lists", "[" * 100_000),
    text_rejected("nested_too_deep", "100,000 objects", '{"a":' * 100_000),
    text_rejected("not_json", "empty", ""),
    text_rejected("not_json", "blanks", " \n"),
    text_rejected("not_json", "prose", "a statement"),
    text_rejected("not_json", "cut", text_of("play_video", "cut")[:200]),
    text_rejected("not_json", "cut at the last brace", text_of("play_video", "cut at the")[:-1]),
    text_rejected("not_json", "two statements", text_of("play_video", "two") * 2),
    text_rejected("not_json", "Python's notation", "{'verb': {'id': 'x'}}"),
    text_rejected("not_json", "bare line break in a text", '{"verb": {"id": "a\nb"}}'),
    text_rejected("not_an_object", "list of a statement", f"[{text_of('play_video', 'list of')}]"),
    text_rejected("not_an_object", "null", "null"),
    text_rejected("not_an_object", "true", "true"),
    text_rejected("not_an_object", "number", "17"),
    text_rejected("not_an_object", "text", '"played"'),
    text_rejected("not_an_object", "NaN alone", "NaN"),
    text_rejected("no_verb", "empty object", "{}"),
    rejected("no_verb", "verb is absent", {"verb": ABSENT}, **NO_VERB),
    rejected("no_verb", "verb is null", {"verb": None}, **NO_VERB),
    rejected("no_verb", "verb is a text", {"verb": VERBS["played"]}, **NO_VERB),
    rejected("no_verb", "verb without id", {"verb": {"id": ABSENT}}, **NO_VERB),
    rejected("no_verb", "verb with an empty id", {"verb": {"id": ""}}, **NO_VERB),
    rejected("no_object", "object is absent", {"object": ABSENT}, **NO_TYPE),
    rejected("no_object", "object is null", {"object": None}, **NO_TYPE),
    rejected("no_object", "object is an id", {"object": f"{LMS}/xblock/{VIDEO}"}, **NO_TYPE),
    rejected("no_object", "object is a list", {"object": []}, **NO_TYPE),
    rejected("no_actor", "actor is absent", {"actor": ABSENT}),
    rejected("no_actor", "actor is null", {"actor": None}),
    rejected("no_actor", "actor is a text", {"actor": LEARNER}),
    rejected("no_actor", "actor without identity", {"actor": {"account": ABSENT}}),
    rejected("no_actor", "account is a text", {"actor": {"account": LEARNER}}),
    rejected("no_actor", "account without name", {"actor": {"account": {"name": ABSENT}}}),
    rejected("no_actor", "identities are empty", anonymous(mbox="", mbox_sha1sum="", openid="")),
    # So old a text is emptied.
    rejected("impossible_time", "1970", {}, emission_time=EPOCH, statement_excerpt="***"),
    rejected(
        "impossible_time",
        "end of 2011",
        {},
        emission_time="2011-12-31 23:59:59.999999",
        statement_excerpt="***",
    ),
    rejected("impossible_time", "2100", {}, emission_time="2100-01-01 00:00:00.000000"),
    rejected(
        "impossible_time",
        "stored over a day before",
        {"stored": "2026-02-28T10:15:30.123455Z"},
        stored_at="2026-02-28 10:15:30.123455",
    ),
    rejected("id_differs", "id of another", {"id": id_of("id in capitals")}),
    rejected("id_differs", "id is a number", {"id": 17}),
    rejected("id_differs", "id is a word", {"id": "first"}),
    # The first reason counts.
    rejected(
        "no_verb",
        "no verb and no time",
        {"verb": ABSENT, "actor": ABSENT, "id": "x"},
        emission_time=EPOCH,
        statement_excerpt="***",
        **NO_VERB,
    ),
    # The row of the table shows no address.
    text_rejected(
        "not_json",
        "an address in what cannot be read",
        'actor "mailto:learner@example.com" waved',
        statement_excerpt='actor "mailto:***" waved',
    ),
    text_rejected(
        "not_json",
        "an address at the end of the excerpt",
        "x " * 97 + "learner@example.com waved",
        statement_excerpt="x " * 97 + "*** wa",
    ),
]

SECTIONS = {
    "actor": ACTORS,
    "course key": COURSE_KEYS,
    "course": COURSES,
    "block": BLOCKS,
    "submission": SUBMISSIONS,
    "figure": FIGURES,
    "dialect": DIALECTS,
    "writing": WRITINGS,
    "repaired": REPAIRED,
    "incomplete": INCOMPLETE,
    "unclassified": UNCLASSIFIED,
    "malformed": MALFORMED,
}
SHAPE_CASES = [case for shape in SHAPES for case in shape.cases()]
ALL = SHAPE_CASES + [case for section in SECTIONS.values() for case in section]
