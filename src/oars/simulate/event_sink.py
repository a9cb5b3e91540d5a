"""Rows of the event_sink tables that go with a simulation, as the LMS and Studio dump them."""

import json
from datetime import datetime, timedelta
from random import Random

from oars.simulate.courses import MODES, PLUGIN_BLOCKS, Block, Course, stable_uuid
from oars.simulate.learners import ENROLL, UNENROLL, Learner, Row
from oars.simulate.plan import SimulationPlan
from oars.simulate.subjects import LEVELS, SKILLS, TAG_ROOTS

SinkRow = tuple[object, ...]

COMPLETION_MODES = {
    "course": "aggregator",
    "chapter": "aggregator",
    "sequential": "aggregator",
    "vertical": "aggregator",
    "library_content": "aggregator",
    "course_info": "excluded",
    **{block_type: "excluded" for block_type, _ in PLUGIN_BLOCKS},
}
EDUCATION = ("p", "m", "b", "a", "hs", "jhs", "other")
SUBJECT_TAXONOMY, LEVEL_TAXONOMY, SKILL_TAXONOMY = 1, 2, 3


def build_event_sink(
    plan: SimulationPlan,
    courses: list[Course],
    learners: list[Learner],
    journeys: list[tuple[Learner, Course]],
    enrollment_rows: list[Row],
    unnamed: set[int],
) -> dict[str, list[SinkRow]]:
    """Build the rows of every table, columns in the order of the tables."""
    sink = _Sink(plan, courses)
    return {
        "course_overviews": sink.course_overviews(),
        "course_blocks": sink.course_blocks(),
        "user_profile": [sink.user_profile(learner) for learner in learners],
        "external_id": [
            sink.external_id(learner) for learner in learners if learner.number not in unnamed
        ],
        "course_enrollment": sink.course_enrollments(journeys, enrollment_rows),
        "tag": sink.tag_rows(),
        "taxonomy": sink.taxonomies(),
        "object_tag": sink.object_tags(),
    }


def _iso(moment: datetime | None) -> str:
    """Write a moment as the REST serializer does."""
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


class _Sink:
    """Knows the tags and the times of the dumps."""

    def __init__(self, plan: SimulationPlan, courses: list[Course]) -> None:
        self.plan = plan
        self.courses = courses
        self.end = plan.window_start + timedelta(days=plan.days)
        self.tags: dict[tuple[int, str], tuple[int, int, list[str]]] = {}
        """Per taxonomy and value: id, parent's id (0: none) and lineage."""
        self._add_tags()

    def _dump(self, what: str, moment: datetime) -> tuple[str, str]:
        """Give dump_id and time_last_dumped, which always has a fraction."""
        dump_id = stable_uuid("oars-dump", self.plan.seed, what)
        return dump_id, str(moment.replace(microsecond=1 + int(dump_id[:4], 16)))

    # -- tags -----------------------------------------------------------------------------------

    def _add_tags(self) -> None:
        for value, root in TAG_ROOTS.items():
            parent = self._add_tag(SUBJECT_TAXONOMY, root, 0, [root])
            self._add_tag(SUBJECT_TAXONOMY, value, parent, [root, value])
        for value in LEVELS:
            self._add_tag(LEVEL_TAXONOMY, value, 0, [value])
        for value in SKILLS:
            self._add_tag(SKILL_TAXONOMY, value, 0, [value])

    def _add_tag(self, taxonomy: int, value: str, parent: int, lineage: list[str]) -> int:
        known = self.tags.setdefault((taxonomy, value), (len(self.tags) + 1, parent, lineage))
        return known[0]

    def _tag_ids(self, taxonomy: int, value: str) -> list[int]:
        """Give the ids of a tag and of all above it."""
        tag_id, parent, _ = self.tags[taxonomy, value]
        return [tag_id, parent] if parent else [tag_id]

    def _course_tags(self, course: Course) -> list[tuple[int, str]]:
        return [
            (SUBJECT_TAXONOMY, course.tag),
            (LEVEL_TAXONOMY, LEVELS[(course.number // 4) % len(LEVELS)]),
        ]

    def _block_tags(self, block: Block) -> list[tuple[int, str]]:
        if block.block_type != "chapter":
            return []
        return [(SKILL_TAXONOMY, SKILLS[block.position[0] % len(SKILLS)])]

    def taxonomies(self) -> list[SinkRow]:
        """Give the taxonomies."""
        dump = self._dump("taxonomy", self.plan.window_start - timedelta(days=60))
        names = ("Subject", "Level", "Skill")
        return [(number + 1, name, *dump) for number, name in enumerate(names)]

    def tag_rows(self) -> list[SinkRow]:
        """Give the tags of the taxonomies."""
        dump = self._dump("tag", self.plan.window_start - timedelta(days=60))
        return [
            (tag_id, taxonomy, parent, value, f"{taxonomy}-{tag_id}", json.dumps(lineage), *dump)
            for (taxonomy, value), (tag_id, parent, lineage) in self.tags.items()
        ]

    def object_tags(self) -> list[SinkRow]:
        """Give what is tagged with what: courses and sections."""
        found: list[tuple[str, tuple[int, str]]] = []
        for course in self.courses:
            found += [(course.key, tag) for tag in self._course_tags(course)]
            for block in course.blocks:
                found += [(block.usage_key, tag) for tag in self._block_tags(block)]
        rows: list[SinkRow] = []
        names = {SUBJECT_TAXONOMY: "subject", LEVEL_TAXONOMY: "level", SKILL_TAXONOMY: "skill"}
        for number, (object_id, (taxonomy, value)) in enumerate(found, start=1):
            tag_id, _, lineage = self.tags[taxonomy, value]
            dump = self._dump(f"object-tag-{number}", self.end - timedelta(days=20))
            tag = (taxonomy, tag_id, value, names[taxonomy], json.dumps(lineage))
            rows.append((number, object_id, *tag, *dump))
        return rows

    # -- courses --------------------------------------------------------------------------------

    def _dumps(self, course: Course) -> list[tuple[bool, datetime]]:
        """Give the dumps of a course: whether it is the newest, and when it was made.

        The first course was published twice: between the two a block got another name and
        another block went away.
        """
        edited = min(course.start, self.end) - timedelta(days=9, hours=course.number % 12)
        dumps = [(True, edited)]
        if course.number == 0:
            dumps = [(False, edited - timedelta(days=12)), (True, edited)]
        return dumps

    def course_overviews(self) -> list[SinkRow]:
        """Give each course as published, once per dump."""
        return [
            self._course_overview(course, moment)
            for course in self.courses
            for _, moment in self._dumps(course)
        ]

    def _course_overview(self, course: Course, moment: datetime) -> SinkRow:
        tags = [tag for pair in self._course_tags(course) for tag in self._tag_ids(*pair)]
        data = {
            "advertised_start": None,
            "announcement": (course.start - timedelta(days=75)).isoformat(),
            "lowest_passing_grade": course.passing_percent / 100,
            "invitation_only": False,
            "max_student_enrollments_allowed": None,
            "effort": f"{2 + course.number % 3}-{4 + course.number % 3} hours per week",
            "enable_proctored_exams": any(block.exam_type for block in course.blocks),
            "entrance_exam_enabled": False,
            "external_id": None,
            "language": course.language,
            "tags": tags,
        }
        opens = None if course.is_self_paced else course.start - timedelta(days=60)
        return (
            course.org,
            course.key,
            course.name,
            str(course.start),
            str(course.end),
            _iso(opens),
            _iso(course.end),
            course.is_self_paced,
            json.dumps(data),
            _iso(course.start - timedelta(days=100)),
            _iso(moment - timedelta(minutes=2)),
            *self._dump(f"{course.key}-{moment}", moment),
        )

    def course_blocks(self) -> list[SinkRow]:
        """Give the outline of each course, once per dump."""
        return [
            row
            for course in self.courses
            for is_newest, moment in self._dumps(course)
            for row in self._outline(course, is_newest, moment)
        ]

    def _outline(self, course: Course, is_newest: bool, moment: datetime) -> list[SinkRow]:
        dump = self._dump(f"{course.key}-{moment}", moment)
        reading = next(block for block in course.blocks if block.block_type == "html")
        blocks: list[tuple[Block, str]] = []
        for block in course.blocks:
            is_renamed = block is reading and not is_newest
            blocks.append((block, f"{block.name} (draft)" if is_renamed else block.name))
            if is_renamed:
                blocks.append((_removed_after(block, course), "Schedule of the last run"))
        edited = str(moment - timedelta(hours=3, microseconds=271_828))
        return [
            (
                course.org,
                course.key,
                block.usage_key,
                name,
                json.dumps(self._block_data(course, block)),
                place,
                edited,
                *dump,
            )
            for place, (block, name) in enumerate(blocks, start=1)
        ]

    def _block_data(self, course: Course, block: Block) -> dict[str, object]:
        section, subsection, unit = block.position
        return {
            "course": course.code,
            "run": course.run,
            "block_type": block.block_type,
            "detached": int(block.block_type == "course_info"),
            "graded": int(block.is_graded),
            "completion_mode": COMPLETION_MODES.get(block.block_type, "completable"),
            "section": section,
            "subsection": subsection,
            "unit": unit,
            "tags": [tag for pair in self._block_tags(block) for tag in self._tag_ids(*pair)],
        }

    # -- people ---------------------------------------------------------------------------------

    def user_profile(self, learner: Learner) -> SinkRow:
        """Give the profile of a learner, who does not exist."""
        rng = Random(learner.profile_seed)
        is_filled = rng.random() < 0.7
        age = int(min(max(rng.lognormvariate(3.4, 0.32), 16), 80))
        return (
            learner.user_id,
            learner.user_id,
            f"Learner {learner.number:05d}",
            learner.username,
            f"{learner.username}@example.com",
            "",
            "course.xml",
            learner.country.language if is_filled else "",
            "",
            str(self.plan.end.year - age) if is_filled else "",
            rng.choices(("f", "m", "o"), (0.48, 0.48, 0.04))[0] if is_filled else "",
            rng.choices(EDUCATION, (2, 22, 34, 12, 22, 4, 4))[0] if is_filled else "",
            "",
            "",
            learner.country.code if is_filled else "",
            "",
            "",
            "",
            "",
            "",
            *self._dump(f"profile-{learner.number}", self.plan.window_start),
        )

    def external_id(self, learner: Learner) -> SinkRow:
        """Give the id under which statements know a learner."""
        return (
            learner.external_id,
            "xapi",
            learner.username,
            learner.user_id,
            *self._dump(f"external-{learner.number}", self.plan.window_start),
        )

    def course_enrollments(
        self, journeys: list[tuple[Learner, Course]], rows: list[Row]
    ) -> list[SinkRow]:
        """Give a row per change of an enrolment, newest last."""
        created: dict[int, str] = {}
        found: list[SinkRow] = []
        for time_us, journey, kind, _, mode, _, _ in sorted(rows):
            assert kind in (ENROLL, UNENROLL)
            learner, course = journeys[journey]
            moment = self.plan.window_start + timedelta(microseconds=time_us)
            found.append(
                (
                    journey + 1,
                    course.key,
                    created.setdefault(journey, _iso(moment)),
                    kind == ENROLL,
                    MODES[mode],
                    learner.username,
                    learner.user_id,
                    *self._dump(f"enrollment-{journey}-{time_us}", moment + timedelta(seconds=2)),
                )
            )
        return found


def _removed_after(block: Block, course: Course) -> Block:
    """Make the block that only the older dump has."""
    digits = stable_uuid("oars-removed", course.key).replace("-", "")
    return Block(
        index=-1,
        block_type="html",
        block_hash=digits,
        usage_key=f"{course.block_prefix}+type@html+block@{digits}",
        name="",
        position=block.position,
    )
