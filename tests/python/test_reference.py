"""Four marts compared, cell for cell, with a reading of the contract that shares no code with them.

Simulated statements, made harder at random, and stories made by hand for the corners of the
rules go into the raw table in no order; the models and `reference_marts` work from these alone.
"""

import csv
import gzip
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

import reference_marts as reference
from oars_site import WITHOUT_TESTS, Site
from reference_marts import Key, LmsEnrollment, Raw, microseconds, reference_marts

SEED = int(os.environ.get("REFERENCE_SEED", "1"))
STATEMENTS = 20_000
AS_OF = datetime(2026, 6, 27, 12, tzinfo=UTC)
"""Some of the simulated statements, which end with June, are later."""
MARTS = {
    "fct_enrollments": ("org", "course_key", "actor_id"),
    "fct_learner_problems": ("org", "course_key", "block_id", "actor_id"),
    "fct_learner_videos": ("org", "course_key", "block_id", "actor_id"),
    "fct_learner_grades": ("org", "course_key", "actor_id"),
}
LENGTHS = [0, 0.49, 60, 61.25, 61.5, 600, 180_000, 43_200, 43_200.5]
Body = dict[str, Any]


# ---------------------------------------------------------------- statements made harder


def removed(body: Body, *path: str) -> Body:
    """The body without what is at the path, if it has it."""
    parent = reference.at(body, *path[:-1])
    if isinstance(parent, dict):
        parent.pop(path[-1], None)
    return body


def placed(body: Body, value: Any, *path: str) -> Body:
    """The body with the value at the path."""
    parent = body
    for step in path[:-1]:
        parent = parent.setdefault(step, {})
    parent[path[-1]] = value
    return body


def draw_one(draw: random.Random, changes: list[Callable[[], Body]]) -> Body:
    """The body after one of the changes."""
    return draw.choice(changes)()


def harder(body: Body, draw: random.Random) -> Body:
    """The statement with a thing that senders do: a part left out, another value, another verb."""
    result, extensions = ("result", "extensions"), ("context", "extensions")
    attempt = ("object", "definition", "extensions", reference.ATTEMPT_NUMBER)
    score = ("result", "score")
    if reference.at(body, *score) is not None:
        left_out = draw.choice(["raw", "max", "scaled"])
        return draw_one(
            draw,
            [
                lambda: removed(body, *score),
                lambda: removed(body, *score, left_out),
                lambda: placed(body, 0, *score, "max"),
                lambda: removed(placed(body, 0, *score, "max"), *score, "raw"),
                lambda: placed(body, 7.5, *score, "raw"),
                lambda: placed(body, -1, *score, "raw"),
                lambda: placed(body, draw.randrange(128), *score, "raw"),
                lambda: placed(body, 128, *score, "max"),
                lambda: removed(body, "result", "success"),
                lambda: removed(body, *attempt),
                lambda: placed(body, draw.choice([-1, 0, 1, 2, 2.5, 5, 9]), *attempt),
                lambda: removed(body, *result, reference.LETTER_GRADE),
                lambda: placed(body, "B", *result, reference.LETTER_GRADE),
                lambda: placed(body, "GroupActivity", "object", "objectType"),
            ],
        )
    if reference.event_type_of(body).startswith(("video_", "captions_")):
        position = draw.choice([reference.POSITION, reference.SEEK_FROM, reference.SEEK_TO])
        other = draw.choice(["played", "paused", "seeked"])
        return draw_one(
            draw,
            [
                lambda: removed(body, *result, position),
                lambda: removed(body, *result, position),
                lambda: placed(body, draw.randrange(400) / 2, *result, position),
                lambda: removed(body, *extensions, reference.LENGTH),
                lambda: placed(body, draw.choice(LENGTHS), *extensions, reference.LENGTH),
                lambda: placed(body, 43_200 + draw.randrange(3) / 2, *result, position),
                lambda: removed(body, *extensions, reference.SESSION),
                lambda: placed(body, "another session", *extensions, reference.SESSION),
                lambda: placed(body, f"{reference.VIDEO}verbs/{other}", "verb", "id"),
            ],
        )
    if "registered" in body["verb"]["id"]:
        mode = draw.choice(["audit", "honor", "verified", ""])
        return placed(body, mode, "object", "definition", "extensions", reference.MODE)
    return placed(body, "https://example.com/verbs/pondered", "verb", "id")


def identified_otherwise(body: Body, draw: random.Random) -> Body:
    """The statement of somebody, or on something, that is named in another way."""
    number = draw.randrange(3)
    home_page = draw.choice(
        ["https://LMS.example.com/", "http://lms.example.com:8000", "studio.x/y"]
    )
    address = draw.choice(
        ["a{}@example.com", "A{}@example.com", "a%40example.com", "a\uff20example.com"]
    )
    address = address.format(number)
    host = draw.choice(["https://lms.example.com", "https://moodle.example.org:8443"])
    key = draw.choice(["Old/Course/{}", "a/Old/Course/{}", "course-v1:New+Course+{}", "x" * 260])
    foreign = draw.choice(
        [
            "uuid://{}",
            "https://u:p@h5p.example.com/{}?x=y#z",
            f"https://x/{address}/{{}}",
            "x" * 256,
        ]
    )
    in_course = reference.at(body, "context", "contextActivities", "parent", 0) is not None
    changes = [
        lambda: placed(body, {"name": f"{number}", "homePage": home_page}, "actor", "account"),
        lambda: placed(body, {"name": address, "homePage": home_page}, "actor", "account"),
        lambda: placed(body, {"mbox": f"mailto:{address}"}, "actor"),
        lambda: placed(body, {"mbox_sha1sum": f"{number:040X}"}, "actor"),
        lambda: placed(body, {"mbox_sha1sum": f"{number}", "openid": "https://x"}, "actor"),
        lambda: placed(body, {"openid": f"https://id.example.com/{number}"}, "actor"),
        lambda: placed(body, "Group", "actor", "objectType"),
        lambda: placed(body, draw.choice(["Agent", "SubStatement"]), "object", "objectType"),
    ]
    if in_course:
        # The block is of whatever course the statement is of.
        changes.append(lambda: placed(body, foreign.format(number), "object", "id"))
    elif reference.at(body, "object", "definition", "type") == reference.COURSE:
        course = f"{host}/{draw.choice(['course', 'courses', 'x'])}/{key.format(number)}"
        changes += [lambda: placed(body, course, "object", "id")] * 8
    return draw_one(draw, changes)


def malformed(body: Body, draw: random.Random) -> bytes:
    """What is left of a statement in which nothing can be believed."""
    line = json.dumps(body).encode()
    levels = draw.choice([510, 511, 512, 600])  # inside one more; 512 in all can be read
    deep = json.dumps(body)[:-1] + ', "deep": ' + "[" * levels + "]" * levels + "}"
    return draw.choice(
        [
            line[: len(line) // 2],
            b"[" + line + b"]",
            line.replace(b"Agent", b"Ag\xffnt"),
            deep.encode(),
            json.dumps(removed(body, "verb")).encode(),
            json.dumps(removed(body, "actor", "account")).encode(),
            json.dumps(removed(body, "object")).encode(),
            json.dumps(placed(body, "2020-01-01T00:00:00+00:00", "stored")).encode(),
            json.dumps(placed(body, "ffffffff-ffff-ffff-ffff-ffffffffffff", "id")).encode(),
        ]
    )


def delivered_again(body: Body) -> bytes:
    """The same statement as the other pipeline writes it: without `stored`, in another order."""
    for added_by_the_store in ("stored", "authority"):
        body.pop(added_by_the_store, None)
    return json.dumps(dict(sorted(body.items())), separators=(",", ":")).encode()


def hardened(lines: Iterator[bytes], draw: random.Random) -> Iterator[Raw]:
    """Simulated statements: some harder, some malformed, some several times, some never."""
    for line in lines:
        body = json.loads(line)
        event_id, time = UUID(body["id"]), microseconds(datetime.fromisoformat(body["timestamp"]))
        chance = draw.random()
        if chance < 0.03:
            continue
        if chance < 0.05:
            yield Raw(event_id, time, malformed(body, draw))
            continue
        if chance < 0.25:
            body = harder(body, draw)
            line = json.dumps(body).encode()
        if draw.random() < 0.05:
            body = identified_otherwise(body, draw)
            line = json.dumps(body).encode()
        yield Raw(event_id, time, line)
        while draw.random() < 0.1:
            yield Raw(event_id, time, draw.choice([line, delivered_again(dict(body))]))


# ---------------------------------------------------------------- stories made by hand


class Story:
    """What one learner does in a course of odd cases; each story has its own learner."""

    numbers = count(1)

    def __init__(
        self, course: str = "course-v1:Odd+Cases+1", block: str = "", start: str = "2026-03-01"
    ) -> None:
        number = next(Story.numbers)
        self.actor = f"00000000-0000-4000-8000-{number:012d}"
        self.course = course
        self.block = block or f"block-v1:Odd+Cases+1+type@odd+block@{number}"
        self.start = datetime.fromisoformat(start).replace(tzinfo=UTC)
        self.rows: list[Raw] = []

    def sends(self, seconds: float, verb: str, object_type: str, **other: Any) -> "Story":
        """A statement of the learner, so long after the story's start."""
        event_id = uuid5(UUID(self.actor), str(len(self.rows)))
        time = self.start + timedelta(seconds=seconds)
        course = {
            "id": f"https://lms.example.com/course/{self.course}",
            "definition": {"type": reference.COURSE},
        }
        around = {"parent": [course]}
        if "of" in other:
            whole = {"id": other["of"], "objectType": "GroupActivity"}
            around = {"parent": [whole], "grouping": [course]}
        target = "course/" + self.course if object_type == reference.COURSE else None
        target = target or "xblock/" + self.block + other.get("below", "")
        body = {
            "id": str(event_id),
            "actor": {"objectType": "Agent", "account": {"name": self.actor}},
            "verb": {"id": verb},
            "object": {
                "objectType": other.get("kind", "Activity"),
                "id": "https://lms.example.com/" + target,
                "definition": {"type": object_type, "extensions": other.get("definition", {})},
            },
            "context": {
                "contextActivities": around,
                "extensions": other.get("context", {}),
            },
            "result": other.get("result", {}),
            "timestamp": time.isoformat(),
        }
        self.rows.append(Raw(event_id, microseconds(time), json.dumps(body).encode()))
        return self

    # enrolment

    def enrolls(self, seconds: float, mode: str | None = None) -> "Story":
        definition = {} if mode is None else {reference.MODE: mode}
        verb = reference.ADL + "verbs/registered"
        return self.sends(seconds, verb, reference.COURSE, definition=definition)

    def leaves(self, seconds: float, mode: str | None = None) -> "Story":
        definition = {} if mode is None else {reference.MODE: mode}
        verb = reference.TIN_CAN + "verb/unregistered"
        return self.sends(seconds, verb, reference.COURSE, definition=definition)

    # problems

    def submits(self, seconds: float, number: Any = None, **result: Any) -> "Story":
        definition = {} if number is None else {reference.ATTEMPT_NUMBER: number}
        return self.sends(
            seconds,
            reference.ACROSS + "verbs/evaluated",
            reference.INTERACTION,
            definition=definition,
            kind=result.pop("kind", "Activity"),
            result=result,
        )

    def answers_one_question(self, seconds: float, of: str) -> "Story":
        verb = reference.ACROSS + "verbs/evaluated"
        of = "https://lms.example.com/xblock/" + of
        return self.sends(seconds, verb, reference.INTERACTION, of=of, result={"success": True})

    def asks(self, seconds: float, what: str) -> "Story":
        object_type = {
            "/answer": reference.TIN_CAN + "activitytype/solution",
            "/hint/0": reference.ACROSS + "extensions/supplemental-info",
        }[what]
        return self.sends(seconds, reference.ADL + "verbs/asked", object_type, below=what)

    # videos

    def video(self, seconds: float, what: str, length: Any = 100, **positions: Any) -> "Story":
        verbs = {
            "loaded": reference.ADL + "verbs/initialized",
            "stopped": reference.ADL + "verbs/terminated",
            "completed": reference.ADL + "verbs/completed",
            "interacted": reference.ADL + "verbs/interacted",
        }
        names = {
            "time": reference.POSITION,
            "sought_from": reference.SEEK_FROM,
            "sought_to": reference.SEEK_TO,
            "captions": reference.CAPTIONS,
            "speed_to": reference.SPEED_TO,
        }
        context = {reference.SESSION: positions.pop("session", "one")}
        if length is not None:
            context[reference.LENGTH] = length
        return self.sends(
            seconds,
            verbs.get(what, f"{reference.VIDEO}verbs/{what}"),
            reference.VIDEO_BLOCK,
            context=context,
            result={"extensions": {names[name]: value for name, value in positions.items()}},
        )

    def does_something_else(self, seconds: float) -> "Story":
        verb = "https://w3id.org/xapi/dod-isd/verbs/navigated"
        return self.sends(seconds, verb, reference.ADL + "activities/module")

    def does_something_unknown(self, seconds: float) -> "Story":
        return self.sends(seconds, "https://example.com/verbs/pondered", "https://example.com/x")

    # grades

    def passes(self, seconds: float) -> "Story":
        return self.sends(seconds, reference.ADL + "verbs/passed", reference.COURSE)

    def fails(self, seconds: float) -> "Story":
        return self.sends(seconds, reference.ADL + "verbs/failed", reference.COURSE)

    def is_graded(self, seconds: float, letter: str | None, **score: Any) -> "Story":
        extensions = {} if letter is None else {reference.LETTER_GRADE: letter}
        return self.sends(
            seconds,
            reference.TIN_CAN + "verb/earned",
            reference.COURSE,
            result={"score": score, "extensions": extensions},
        )


def enrollment_stories() -> list[Story]:
    return [
        Story().leaves(1).leaves(2, "audit"),
        Story().does_something_unknown(1),
        Story().does_something_else(1).leaves(2),
        Story().leaves(1).enrolls(2),
        Story().enrolls(1, "audit").leaves(2, "verified").enrolls(3),
        Story().enrolls(1, "audit").leaves(2).leaves(3).enrolls(4, "verified"),
        Story().enrolls(1).enrolls(2, "audit").enrolls(3).enrolls(4, "audit").enrolls(5, "honor"),
        Story().enrolls(1, "audit").enrolls(1, "honor").leaves(1).enrolls(1, "audit").enrolls(1),
        Story().enrolls(1, "audit").leaves(2).enrolls(20_000_000, "verified"),
        Story(start="2011-12-31").enrolls(86_399, "audit"),
        Story(start="2012-01-01").enrolls(0, "audit"),
        Story(start="2100-01-01").enrolls(0, "audit"),
        Story("Old/Style/Key").enrolls(1, "audit"),
        Story("course-v1%3AOdd%2BCases%2B1").enrolls(1, "audit"),
        Story("ccx-v1:Odd.Org-1+Cases+1+ccx@1").enrolls(1, "audit"),
    ]


def problem_stories() -> list[Story]:
    right, wrong = {"raw": 2, "max": 2}, {"raw": 1, "max": 2}
    parent = "GroupActivity"
    return [
        Story().submits(1, 3, success=True),
        Story().submits(1, 2, success=False).submits(2, 7, success=True),
        Story().submits(1, success=False).submits(2, success=False).submits(3, success=True),
        Story().submits(1, 1, success=False).submits(2, 1, success=True).submits(3, 1),
        Story().submits(1, 0, success=True).submits(2, -4, success=True),
        Story().submits(1, 1.5, success=False).submits(2, 2.0, success=True),
        # Numbers begin anew.
        Story()
        .submits(1, 1, success=False)
        .submits(2, 2, success=False)
        .submits(3, 1, success=False)
        .submits(4, 2, success=True),
        Story()
        .submits(1, 4, success=False)
        .submits(2, 1, success=True)
        .submits(3, 5, success=True),
        # At one time, in the order of the numbers.
        *(Story().submits(1, 2, success=True).submits(1, 1, success=False) for _ in range(4)),
        *(Story().submits(1, 1, success=True).submits(1, success=False) for _ in range(4)),
        *(Story().submits(1, 2, success=True).submits(1, 1).asks(1, "/answer") for _ in range(4)),
        Story().submits(1, 1).submits(2, 2),
        Story().submits(1, 1, success=False).submits(2, 2),
        Story().submits(1, 1, score=right).submits(2, 2, score=wrong),
        Story().submits(1, 1, success=False, score=right),
        Story().submits(1, 1, success=True, score={"raw": 0, "max": 0, "scaled": 0}),
        Story().submits(1, 1, score={"raw": 0, "max": 0, "scaled": 1}),
        Story().submits(1, 1, score={"max": 0, "scaled": 1}),
        Story().submits(1, 1, score={"scaled": 0.123_456_5}).submits(2, 2, score={"scaled": -1}),
        Story().submits(1, 1, score={"raw": 3, "scaled": 0.5}).submits(2, 2, score={"max": 3}),
        Story().submits(1, 1, score={"raw": 1, "max": 3}).submits(2, 2, score={"raw": 4, "max": 3}),
        Story().submits(1, 1, success=True, score=wrong, kind=parent),
        Story().submits(1, 1, success=True, kind=parent),
        Story().submits(1, 1, success=True).submits(1, 2, success=False).submits(1, 3),
        Story().asks(1, "/answer").asks(2, "/hint/0").asks(3, "/hint/0"),
        Story().asks(1, "/answer").submits(2, 1, success=False),
        Story().submits(1, 1, success=True).asks(2, "/answer"),
        # At one moment, so that the ids decide, for some learners this way, for some that.
        *(Story().submits(1, 1, success=True).asks(1, "/answer") for _ in range(6)),
        Story().submits(20_000_000, 1, success=True),
        Story(block="lb:Odd:lib:problem:1_1").submits(1, 1, success=True).asks(2, "/hint/0"),
        Story(block="block-v1:Odd+Cases+1+type@problem+block@a%5F1").submits(1, 1, success=True),
        Story(block="7_2_1").answers_one_question(1, of="lb:Odd:lib:problem:7"),
        Story().sends(1, reference.ADL + "verbs/attempted", reference.INTERACTION),
        *(
            Story(block=f"block-v1:Odd+Cases+1+type@{kind}+block@page").sends(
                1, reference.ADL + "verbs/attempted", reference.INTERACTION
            )
            for kind in ("course", "chapter", "sequential", "vertical", "library_content")
        ),
        Story().sends(1, reference.ADL + "verbs/completed", reference.INTERACTION),
    ]


def video_stories() -> list[Story]:
    def played(at: float = 0, time: float | None = 0, **other: Any) -> Story:
        positions = {} if time is None else {"time": time}
        return Story().video(at, "played", **positions, **other)

    return [
        # Stated ends.
        played().video(10, "paused", time=10),
        played().video(10, "paused", time=25).video(20, "played", time=30),
        played().video(10, "paused", time=25.001),
        played(time=50).video(10, "paused", time=50),
        played(time=50).video(10, "paused", time=40),
        played(time=50).video(10, "stopped"),
        played(time=None).video(10, "stopped", time=12.3456),
        played().video(100, "completed"),
        played().video(100, "completed", length=None),
        played(length=None).video(100, "completed", length=None).video(200, "paused", time=9),
        played(time=95).video(20, "paused", time=120),
        played(time=120).video(20, "paused", time=130),
        played(length=None).video(10, "paused", length=None, time=10),
        # Seeks.
        played().video(10, "seeked", sought_from=10, sought_to=50).video(20, "paused", time=60),
        played().video(10, "seeked", sought_to=50).video(20, "paused", time=60),
        played().video(10, "seeked", sought_from=10).video(20, "paused", time=10),
        played().video(10, "seeked").video(20, "paused", time=10),
        Story().video(1, "seeked", sought_from=10, sought_to=50).video(20, "paused", time=60),
        played()
        .video(10, "seeked", sought_from=10, sought_to=50)
        .video(11, "played", time=50)
        .video(15, "paused", time=54),
        played()
        .video(10, "seeked", sought_from=10, sought_to=50)
        .video(11, "interacted", captions=True)
        .video(12, "played", time=50)
        .video(15, "paused", time=54),
        played()
        .video(10, "seeked", sought_from=10, sought_to=50)
        .video(11, "seeked", sought_from=50, sought_to=20)
        .does_something_else(20),
        played().video(10, "seeked", sought_from=10, sought_to=50).video(20, "loaded"),
        played(time=90).video(20, "seeked", sought_to=5).video(30, "seeked", sought_to=5),
        # No end.
        played(),
        played().does_something_else(30),
        played().does_something_unknown(30),
        played().does_something_else(100),
        played().does_something_else(99.999),
        played().does_something_else(20_000_000),
        played(time=99.9995).does_something_else(0.0001),
        played(length=None).does_something_else(30),
        played().video(20, "played", time=20).does_something_else(30),
        played().video(20, "loaded").does_something_else(30),
        played().video(20, "interacted", captions=True).does_something_else(30),
        played().video(20, "interacted", captions=True).video(40, "played", time=40),
        played().video(20, "interacted", captions=False).video(40, "paused", time=40),
        played().video(0, "played", time=10).video(0, "paused", time=20),
        # Speed.
        played()
        .video(10, "interacted", speed_to="2.0x")
        .video(20, "paused", time=30)
        .video(30, "played", time=30)
        .does_something_else(50),
        played().video(10, "interacted", speed_to="0.75x").does_something_else(20.0005),
        Story()
        .video(0, "interacted", speed_to="1.50x")
        .video(1, "played", time=0)
        .video(11.0005, "interacted", speed_to="1.25x")
        .video(20, "seeked", sought_to=70)
        .does_something_else(30),
        played().video(10, "interacted", speed_to="2.0x").video(20, "played", time=30),
        played(length=None).video(10, "interacted", speed_to="2.0x", length=None),
        played().video(200, "interacted", speed_to="2.0x").video(210, "paused", time=20),
        played()
        .video(1.0005, "interacted", speed_to="1.0x")
        .video(2.001, "interacted", speed_to="1.0x")
        .video(3.0015, "interacted", speed_to="1.0x")
        .video(4.002, "paused", time=60),
        played().video(10, "interacted", speed_to="fast").does_something_else(20),
        played(speed_to="2.0x").does_something_else(30),
        # Before the video begins.
        played(time=-5).video(10, "paused", time=10),
        played(time=-5).video(120, "paused", time=200),
        played(time=5).video(120, "paused", time=-1),
        played(time=50).video(10, "seeked", sought_from=60, sought_to=-3).does_something_else(15),
        # Two sessions at once, and none.
        played()
        .video(5, "played", time=40, session="two")
        .video(20, "paused", time=20)
        .video(25, "paused", time=60, session="two"),
        played()
        .video(5, "played", time=40, session="two")
        .video(6, "interacted", speed_to="2.0x", session="two")
        .video(20, "seeked", sought_to=60)
        .video(25, "paused", time=70),
        played(session="").video(5, "played", time=40).video(20, "paused", time=20, session=""),
        # Watching the same twice, all, and nearly enough.
        played()
        .video(10, "paused", time=10)
        .video(20, "played", time=5)
        .video(30, "paused", time=15),
        played().video(90, "paused", time=90),
        played().video(90, "paused", time=89.999),
        # Half of it, or less, and it was said to be completed.
        played().video(50, "paused", time=50).video(60, "completed", time=100),
        played().video(50, "paused", time=49.999).video(60, "completed", time=100),
        played(length=None)
        .video(5, "paused", time=5, length=None)
        .video(60, "completed", length=None),
        # Past what could have been the end.
        played().video(99.999, "interacted", speed_to="2.0x").video(100, "paused", time=100),
        played()
        .video(100, "interacted", speed_to="2.0x")
        .video(110, "seeked", sought_from=50, sought_to=20)
        .video(115, "interacted", speed_to="1.0x")
        .video(120, "paused", time=30)
        .video(130, "played", time=30)
        .video(140, "paused", time=40),
        played().does_something_else(30).video(400, "interacted", speed_to="2.0x"),
        played()
        .does_something_else(30)
        .video(400, "seeked", sought_to=20)
        .does_something_else(410),
        played()
        .video(10, "interacted", speed_to="2.0x")
        .video(55, "interacted", speed_to="1.0x")
        .video(60, "paused", time=90),
        played(time=100).video(1, "interacted", speed_to="2.0x").video(2, "paused", time=100),
        played(length=None)
        .video(400, "interacted", speed_to="2.0x", length=None)
        .video(90_000, "seeked", sought_to=20, length=None)
        .does_something_else(90_010),
        # Places and lengths over 12 hours are none.
        played(time=43_200.001).video(10, "paused", time=10),
        played(length=43_200).video(10, "paused", time=43_200.001, length=43_200),
        played()
        .video(10, "seeked", sought_from=50_000, sought_to=1e300)
        .video(20, "paused", time=9),
        # The length changes, and is sent last as nothing.
        played(length=100).video(50, "paused", time=50, length=40).video(60, "loaded", length=0),
        played(length=100)
        .video(50, "paused", time=50, length=100.5)
        .video(60, "loaded", length=0.4),
        played(length=100).video(50, "paused", time=50, length=50_000),
        Story().video(1, "interacted", captions=True, time=4),
        Story().video(1, "loaded", length=None),
    ]


def grade_stories() -> list[Story]:
    return [
        Story().fails(1).passes(2),
        Story().passes(1).fails(2).passes(3),
        Story().passes(1).fails(1).is_graded(1, "Pass", raw=0.7, max=1),
        Story().is_graded(1, "Fail", raw=0.4, max=1, scaled=0.4),
        Story().fails(1).is_graded(2, "A", raw=0.9, max=1),
        Story().passes(1).is_graded(2, None, raw=0.2, max=1),
        Story().is_graded(1, "B", raw=0.8, max=1).is_graded(2, None),
        Story().is_graded(1, "B", scaled=0.123_456_5).passes(2),
        Story().is_graded(1, "", raw=1, max=0, scaled=0),
        Story().is_graded(1, "Pass", raw=0.7, max=1).is_graded(20_000_000, "Fail", raw=0, max=1),
    ]


def wandering_stories(draw: random.Random) -> Iterator[Story]:
    """Learners who do anything in any order, often several things at one moment."""
    modes = [None, None, "", "audit", "verified"]
    scores: list[Body] = [
        {},
        {"success": True},
        {"success": False},
        {"score": {"raw": 1, "max": 1, "scaled": 1}, "success": draw.random() < 0.5},
        {"score": {"raw": 1, "max": 3}},
        {"score": {"raw": 0, "max": 0, "scaled": 0}, "success": True},
        {"score": {"scaled": 0.75}},
    ]
    for _ in range(40):
        moments = sorted(draw.choices(range(8), k=draw.randrange(1, 9)))
        enrolling, grading = Story(), Story()
        solving = Story(block=f"block-v1:Odd+Cases+1+type@problem+block@{draw.randrange(8)}")
        for at in moments:
            mode = draw.choice(modes)
            draw.choice([enrolling.enrolls, enrolling.enrolls, enrolling.leaves])(at, mode)
            if draw.random() < 0.6:
                kind = draw.choice(["Activity", "Activity", "GroupActivity"])
                number = draw.choice([None, None, 0, 1, 1, 2, 3])
                solving.submits(at, number, kind=kind, **draw.choice(scores))
            else:
                solving.asks(at, draw.choice(["/answer", "/hint/0"]))
            letter = draw.choice([None, "", "Fail", "Pass", "C"])
            score = draw.choice(scores).get("score", {})
            what = draw.choice(["passes", "fails", "is graded"])
            if what == "passes":
                grading.passes(at)
            elif what == "fails":
                grading.fails(at)
            else:
                grading.is_graded(at, letter, **score)
        yield from (enrolling, solving, grading)
    for _ in range(200):
        yield wandering_viewer(draw)


def wandering_viewer(draw: random.Random) -> Story:
    """Someone who watches a video that others watch too, in one or two sessions."""
    story = Story(block=f"block-v1:Odd+Cases+1+type@video+block@{draw.randrange(8)}")
    at = 0.0
    for _ in range(draw.randrange(2, 14)):
        at += draw.choice([0, 0.0005, 1, 5, 10, 17.25, 30, 100])
        place, other_place = draw.choices([None, 0, 5, 10, 12.3456, 20, 40, 60, 99, 150], k=2)
        what = draw.choice(
            ["played"] * 4
            + ["seeked"] * 3
            + ["paused", "paused", "stopped", "completed", "loaded", "interacted", "interacted"]
        )
        stated: Body = {"time": place}
        if what == "seeked":
            stated = {"sought_from": place, "sought_to": other_place}
        elif what == "interacted":
            speed = draw.choice(["0.75x", "1.0x", "1.10x", "1.5x", "2.0x", "fast"])
            stated = draw.choice([{"captions": True}, {"captions": False}, {"speed_to": speed}])
        elif what == "loaded":
            stated = {}
        stated = {name: value for name, value in stated.items() if value is not None}
        length = draw.choice([None, None, 100, 100, 100, 0, 90.5, 90.499, 0.3, 5, 50_000])
        session = draw.choice(["one"] * 5 + ["two"])
        story.video(at, what, length=length, session=session, **stated)
        if draw.random() < 0.1:
            story.does_something_else(at + draw.choice([0, 3]))
    return story


def stories(draw: random.Random) -> list[Raw]:
    told = enrollment_stories() + problem_stories() + video_stories() + grade_stories()
    return [row for story in [*told, *wandering_stories(draw)] for row in story.rows]


# ---------------------------------------------------------------- the LMS's own enrolments


def dumps_made_by_hand() -> list[LmsEnrollment]:
    """Dumps of learners of whom no event tells: left, back, made around "now", without mode."""

    def dump(
        number: int, is_active: bool, created: str, dumped: str, mode: str = "audit"
    ) -> LmsEnrollment:
        actor = f"00000000-0000-4000-9000-{number:012d}"
        times = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (created, dumped))
        return LmsEnrollment("course-v1:Odd+Cases+1", actor, mode, is_active, *times)

    began, later = "2026-03-01T10:00:00", "2026-04-01T00:00:00"
    return [
        dump(1, True, began, "2026-03-01T10:00:02"),
        dump(2, True, began, "2026-03-01T10:00:02"),
        dump(2, False, began, later),
        dump(3, False, began, "2026-03-01T10:00:02"),
        dump(3, True, began, later, "verified"),
        dump(4, True, "2026-06-27T23:59:59", "2026-06-28T00:00:00"),
        dump(5, True, "2026-06-28T00:00:00", "2026-06-28T00:00:02"),
        dump(6, True, "2026-03-01T10:00:00.123456", "2026-03-01T10:00:02", ""),
    ]


def dumps_of(sink: Path) -> list[LmsEnrollment]:
    """Those of the simulated LMS, of the users whose external id it published."""

    def table(name: str) -> Iterator[dict[str, str]]:
        with gzip.open(sink / f"{name}.csv.gz", "rt") as file:
            yield from csv.DictReader(file)

    actors = {row["user_id"]: row["external_user_id"] for row in table("external_id")}
    return [
        LmsEnrollment(
            row["course_key"],
            actors[row["user_id"]],
            row["mode"],
            row["is_active"].lower() in ("true", "1"),
            datetime.fromisoformat(row["created"]),
            datetime.fromisoformat(row["time_last_dumped"]),
        )
        for row in table("course_enrollment")
        if row["user_id"] in actors
    ]


# ---------------------------------------------------------------- the comparison


def comparable(column: str, value: Any) -> Any:
    """A value as JSON gives it, in the type that the reference has."""
    if value is None:
        return None
    if column.endswith("_at"):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if column.endswith(("_count", "attempts_to_correct")):
        return int(value)
    if column.endswith(("_ratio", "_seconds", "max_speed")):
        return float(value)
    return value


def differences(mart: str, expected: dict[Key, Any], found: dict[Key, Body]) -> list[str]:
    """Each row that only one of them has, and each column in which they differ."""
    lines = [f"{mart} has no row {key}: {expected[key]}" for key in expected.keys() - found.keys()]
    lines += [f"{mart} has a row too many: {key}" for key in found.keys() - expected.keys()]
    for key in expected.keys() & found.keys():
        for column, value in asdict(expected[key]).items():
            there = comparable(column, found[key][column])
            if there != value:
                lines.append(f"{mart} {key} {column}: contract {value}, mart {there}")
    return sorted(lines)


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with simulated statements and the structure of their courses."""
    folder = tmp_path_factory.mktemp("sink")
    plan = ("--statements", str(STATEMENTS), "--seed", str(SEED), "--out", folder)
    made = Site(folder).oars("simulate", *plan)
    assert made.code == 0, made.err
    return folder


@pytest.fixture(scope="module")
def rows(sink: Path) -> list[Raw]:
    """All that arrives, in no order."""
    draw = random.Random(SEED)
    with gzip.open(sink / "statements.ndjson.gz") as lines:
        arriving = [*hardened(iter(lines), draw), *stories(draw)]
    draw.shuffle(arriving)
    return arriving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sink: Path, rows: list[Raw]) -> Site:
    """A site with the models built; the structure of half of its courses is known."""
    site = Site(tmp_path_factory.mktemp("site"))
    assert site.oars("init").code == 0
    epoch = datetime(1970, 1, 1)
    site.insert(
        (row.event_id, epoch + timedelta(microseconds=row.emission_time), row.event) for row in rows
    )
    for table in ("course_overviews", "course_blocks"):
        site.execute(
            f"insert into event_sink.{table} select * "
            f"from file('{sink / table}.csv.gz', CSVWithNames) "
            "where cityHash64(course_key) % 2 = 0"
        )
    for table in ("external_id", "course_enrollment"):
        site.execute(
            f"insert into event_sink.{table} select * "
            f"from file('{sink / table}.csv.gz', CSVWithNames)"
        )
    for number, dump in enumerate(dumps_made_by_hand()):
        user = 900_000 + int(dump.actor_id[-12:])
        dump_id = UUID(int=number + 1)
        site.execute(
            "insert into event_sink.external_id values "
            f"('{dump.actor_id}', 'xapi', 'odd', {user}, '{dump_id}', '{dump.dumped}')",
            "insert into event_sink.course_enrollment values "
            f"({user}, '{dump.course_key}', '{dump.created.isoformat()}', {dump.is_active}, "
            f"'{dump.mode}', 'odd', {user}, '{dump_id}', '{dump.dumped}')",
        )
    run = site.dbt(
        *("build", "--select", *(f"+{mart}" for mart in MARTS)),
        *WITHOUT_TESTS,
        *("--vars", json.dumps({"as_of": AS_OF.strftime("%F %T")})),
    )
    assert run.code == 0, run.out
    return site


@pytest.fixture(scope="module")
def expected(rows: list[Raw], sink: Path) -> dict[str, dict[Key, Any]]:
    """What the reference makes of the same rows."""
    return dict(reference_marts(rows, dumps_of(sink) + dumps_made_by_hand(), AS_OF))


@pytest.mark.parametrize("mart", MARTS)
def test_mart_is_what_the_contract_says(
    site: Site, expected: dict[str, dict[Key, Any]], mart: str
) -> None:
    row_type = type(next(iter(expected[mart].values())))
    columns = [*MARTS[mart], *(column.name for column in fields(row_type))]
    there = site.query(f"select {', '.join(columns)} from oars.{mart}")
    found = {tuple(row[name] for name in MARTS[mart]): row for row in there}
    assert len(found) == len(there), f"{mart} has a key twice"
    differing = differences(mart, expected[mart], found)
    assert not differing, f"{len(differing)} differences\n" + "\n".join(differing[:20])
