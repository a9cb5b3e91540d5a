"""The simulated courses: their outline, their content and how hard it is."""

import math
import uuid
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from oars.simulate.plan import SimulationPlan
from oars.simulate.subjects import PHRASES, SUBJECTS, Phrases, Subject

LMS = "https://lms.example.com"
MODES = ("audit", "verified", "honor")
CCX_AT = 9
"""From ten courses on, this one is a CCX: a class of its own on the first course's content."""

BEGINS_LATE_AT = 2
"""The statements of this course begin late: it was under way when the site began to send them."""
UNSENT_SHARE = 0.4
"""Of the window, for which nothing of that course was sent."""
POOL_SIZE, SHOWN_COUNT = 4, 2
"""Problems of a randomized content block, and how many of them a learner gets."""

PLUGIN_BLOCKS = (("poll", "Poll"), ("openassessment", "Peer review"), ("lti_consumer", "Lab"))

INTERACTION_TYPES = {
    "multiplechoiceresponse": "choice",
    "choiceresponse": "choice",
    "numericalresponse": "numeric",
    "stringresponse": "fill-in",
}


@dataclass(frozen=True)
class Question:
    """A question of a problem; the first response is the right one."""

    response_type: str
    text: str
    responses: tuple[str, ...]
    wrong_weights: tuple[float, ...]
    """Cumulative popularity of the wrong responses, ending at 1."""

    @property
    def interaction_type(self) -> str:
        """The xAPI interactionType that goes with the response type."""
        return INTERACTION_TYPES[self.response_type]

    def wrong_choice(self, draw: float) -> int:
        """Pick a wrong response for a draw from 0 to 1."""
        return 1 + bisect(self.wrong_weights, draw, hi=len(self.wrong_weights) - 1)


@dataclass(frozen=True)
class Problem:
    """What makes a problem easy or hard."""

    questions: tuple[Question, ...]
    difficulty: float
    max_attempts: int
    hint_count: int
    has_answer: bool


@dataclass(frozen=True)
class Video:
    """What makes a video watched or left."""

    length_ms: int
    tedium: float
    hard_spot_ms: int
    """Where learners go back; 0 where there is no such place."""


@dataclass
class Block:
    """A node of the outline, in document order."""

    index: int
    block_type: str
    block_hash: str
    usage_key: str
    name: str
    position: tuple[int, int, int]
    """Section, subsection within it and unit within that, from 1; 0 above that level."""
    is_graded: bool = False
    problem: Problem | None = None
    video: Video | None = None
    children: list["Block"] = field(default_factory=list)
    exam_type: str = ""
    assignment: str = ""
    pool: list["Block"] = field(default_factory=list)
    """Of a randomized content block what it chooses from; this stands in the unit as well."""


@dataclass
class Course:
    """A course run: outline, schedule, grading policy and popularity."""

    number: int
    key: str
    block_prefix: str
    org: str
    code: str
    run: str
    name: str
    language: str
    tag: str
    phrases: Phrases
    is_self_paced: bool
    start: datetime
    end: datetime | None
    begins_at: float
    """First day that a learner can work, in seconds from the window's start."""
    closes_at: float
    section_seconds: float
    popularity: float
    mode_shares: tuple[float, float, float]
    passing_percent: int
    letters: tuple[tuple[str, int], ...]
    weights: dict[str, float]
    blocks: list[Block] = field(default_factory=list)
    sections: list[Block] = field(default_factory=list)
    tedious_section: int = 0
    """The section (from 0) that loses more learners than its place explains."""
    videos: list[Block] = field(default_factory=list)
    subsection_of: dict[int, Block] = field(default_factory=dict)
    sent_from: float = 0.0
    """First moment of which statements were sent, in seconds from the window's start."""
    points_possible: dict[int, int] = field(default_factory=dict)
    """Points that each graded subsection is worth."""
    assignment_counts: dict[str, int] = field(default_factory=dict)
    submission_sizes: dict[int, int] = field(default_factory=dict)
    """Statements that a submission makes, for problems of several questions."""
    threads: list[tuple[float, int]] = field(default_factory=list)
    """When each thread of the forum appeared, and its number."""

    @property
    def url(self) -> str:
        """The address that names the course in statements."""
        return f"{LMS}/course/{self.key}"

    @property
    def subsections(self) -> list[Block]:
        """All subsections in document order."""
        return [child for section in self.sections for child in section.children]

    @property
    def links(self) -> tuple[str, ...]:
        """Addresses that learners of the course click."""
        return (
            f"{LMS}/courses/{self.key}/progress",
            f"{LMS}/courses/{self.key}/discussion/forum/",
            f"{LMS}/courses/{self.key}/course_wiki",
            "https://reference.example.org/handbook.pdf",
            f"https://library.example.edu/search?q={self.code}&page=1#results",
            "https://tools.example.org/calculator",
            "#",
            "mailto:support@example.com",
        )


class _Outline:
    """Builds the content of one course from a seeded generator."""

    def __init__(self, course: Course, source: int, subject: Subject, rng: Random) -> None:
        self.course = course
        self.source = source
        self.rng = rng
        self.titles = [line.split(": ")[0] for line in subject.sections]
        self.concepts = [line.split(": ")[1].split(", ") for line in subject.sections]
        self.phrases = course.phrases
        self.section = self.subsection = self.unit = 0
        self.number_of_sections = 0

    def build(self) -> None:
        """Fill the course's blocks and sections."""
        rng = self.rng
        root = self._add("course", self.course.name)
        root.block_hash = "course"
        root.usage_key = f"{self.course.block_prefix}+type@course+block@course"
        # The largest courses are the long ones.
        counts = (6, 6, 7, 8) if self.source % 4 == 0 else (4, 4, 5, 5, 6, 6, 7)
        self.number_of_sections = min(len(self.titles), rng.choice(counts))
        for index in range(self.number_of_sections):
            self._add_section(index)
        self.course.tedious_section = rng.randrange(1, self.number_of_sections)
        self._make_notorious()
        self._add_updates()
        self._index()

    def _add(self, block_type: str, name: str, parent: Block | None = None) -> Block:
        block_hash = f"{self.rng.getrandbits(128):032x}"
        block = Block(
            index=len(self.course.blocks),
            block_type=block_type,
            block_hash=block_hash,
            usage_key=f"{self.course.block_prefix}+type@{block_type}+block@{block_hash}",
            name=name,
            position=(self.section, self.subsection, self.unit),
        )
        self.course.blocks.append(block)
        if parent is not None:
            parent.children.append(block)
            block.is_graded = parent.is_graded
        return block

    def _add_section(self, index: int) -> None:
        self.section, self.subsection, self.unit = index + 1, 0, 0
        section = self._add("chapter", self.titles[index])
        self.course.sections.append(section)
        is_middle = index == self.number_of_sections // 2
        is_last = index == self.number_of_sections - 1
        lectures = self.rng.choice((1, 1, 1, 2) if is_middle or is_last else (1, 1, 1, 2, 3))
        for number in range(lectures):
            self._add_lecture(section, index, number)
        self._add_graded(section, index, "Homework", self.phrases.homework.format(n=index + 1))
        if is_middle:
            self._add_graded(section, index, "Midterm", self.phrases.midterm)
        if is_last:
            self._add_graded(section, index, "Final", self.phrases.final)

    def _add_subsection(self, section: Block, name: str) -> Block:
        self.subsection += 1
        self.unit = 0
        return self._add("sequential", name, section)

    def _add_unit(self, subsection: Block, name: str) -> Block:
        self.unit += 1
        return self._add("vertical", name, subsection)

    def _add_lecture(self, section: Block, index: int, number: int) -> None:
        name = self.phrases.lecture[number]
        if index == 0 and number == 0:
            name = self.phrases.overview
        subsection = self._add_subsection(section, name)
        kinds = ["html video", "video problem", "html video", "video problem"]
        for place in range(self.rng.choice((2, 2, 2, 3, 4))):
            concept = self.concepts[index][(number + place) % 3]
            unit = self._add_unit(subsection, self.phrases.unit.format(c=concept))
            for kind in kinds[place].split():
                self._add_content(unit, kind, index, concept)
        self._add_plugin_block(unit)

    def _add_plugin_block(self, unit: Block) -> None:
        """Put a block of each plugin somewhere in the first lectures."""
        known = {block.block_type for block in self.course.blocks}
        for block_type, name in PLUGIN_BLOCKS:
            if block_type not in known:
                self._add(block_type, name, unit)
                return

    def _add_content(self, unit: Block, kind: str, index: int, concept: str) -> None:
        if kind == "html":
            self._add("html", self.phrases.reading.format(c=concept), unit)
        elif kind == "video":
            name = self.rng.choice(self.phrases.video).format(c=concept)
            self._add("video", name, unit).video = self._video()
        else:
            block = self._add("problem", self.phrases.practice.format(c=concept), unit)
            block.problem = self._problem(index, 0.0, attempts=self.rng.choice((0, 0, 3, 5)))

    def _add_graded(self, section: Block, index: int, assignment: str, name: str) -> None:
        subsection = self._add_subsection(section, name)
        subsection.is_graded = True
        subsection.assignment = assignment
        if assignment == "Final" and self.source % 2 == 0:
            subsection.exam_type = "timed"
        elif assignment == "Midterm" and self.source % 4 == 1:
            subsection.exam_type = "practice"
        is_exam = assignment != "Homework"
        number = 0
        for page in range(2):
            unit = self._add_unit(subsection, f"{name}: {self.unit + 1}")
            for _ in range(1 + page if is_exam else self.rng.choice((1, 1, 1, 1, 2))):
                number += 1
                block = self._add("problem", self.phrases.question.format(s=name, n=number), unit)
                block.problem = self._problem(
                    index, 0.35 if is_exam else 0.15, attempts=1 if is_exam else 3
                )
        if index == 0 and self.source % 4 == 1 and not is_exam:
            self._add_bank(unit, name)

    def _add_bank(self, unit: Block, name: str) -> None:
        """Put a block into a unit that shows each learner another part of its problems."""
        bank = self._add("library_content", self.phrases.question.format(s=name, n="?"), unit)
        for number in range(POOL_SIZE):
            question = self.phrases.question.format(s=name, n=f"?{number + 1}")
            block = self._add("problem", question, unit)
            problem = self._problem(0, 0.15, attempts=3)
            block.problem = replace(problem, questions=problem.questions[:1])
            bank.pool.append(block)

    def _video(self) -> Video:
        rng = self.rng
        tedious = rng.random() < 0.22
        length = rng.uniform(480, 900) if tedious else rng.uniform(90, 420)
        has_hard_spot = rng.random() < 0.35
        return Video(
            length_ms=round(length * 1000),
            tedium=rng.uniform(0.7, 1.0) if tedious else rng.uniform(0.05, 0.4),
            hard_spot_ms=round(length * rng.uniform(0.25, 0.75) * 1000) if has_hard_spot else 0,
        )

    def _problem(self, index: int, extra: float, attempts: int) -> Problem:
        rng = self.rng
        count = rng.choice((2, 3, 3, 4)) if rng.random() < 1 / 6 else 1
        return Problem(
            questions=tuple(self._question(index) for _ in range(count)),
            difficulty=rng.gauss(-0.55, 0.75) + extra,
            max_attempts=attempts,
            hint_count=rng.choice((0, 1, 2, 3)) if attempts != 1 else 0,
            has_answer=attempts != 1,
        )

    def _question(self, index: int) -> Question:
        rng = self.rng
        kind = rng.choices(tuple(INTERACTION_TYPES), (0.45, 0.15, 0.22, 0.18))[0]
        own = self.concepts[index]
        others = [c for i, row in enumerate(self.concepts) if i != index for c in row]
        concept = rng.choice(own)
        words = {"s": self.titles[index], "c": concept}
        if kind == "numericalresponse":
            text, responses = self.phrases.ask_number, self._numbers()
        elif kind == "stringresponse":
            text, responses = self.phrases.ask_text, self._words(concept, own, others)
        elif kind == "choiceresponse":
            text, responses = self.phrases.ask_several, self._several(own, others)
        else:
            wrong = [c for c in own if c != concept] + rng.sample(others, 2)
            rng.shuffle(wrong)
            text, responses = self.phrases.ask_choice, [concept, *wrong[:3]]
        # One misconception draws most wrong answers, the others share the rest.
        pull = rng.uniform(0.9, 1.9)
        weights = [1 / (rank + 1) ** pull for rank in range(len(responses) - 1)]
        total = sum(weights)
        return Question(
            response_type=kind,
            text=text.format(**words),
            responses=tuple(responses),
            wrong_weights=tuple(accumulate(weight / total for weight in weights)),
        )

    def _numbers(self) -> list[str]:
        value = self.rng.uniform(1, 60)
        slips = [value * 10, value / 10, -value, value / 2, value + 1, round(value)]
        slips += [value * self.rng.uniform(0.7, 1.4) for _ in range(6)]
        return list(dict.fromkeys(f"{number:.2f}" for number in [value, *slips]))

    def _words(self, concept: str, own: list[str], others: list[str]) -> list[str]:
        right = concept.lower()
        wrong = [c.lower() for c in own if c != concept] + [right[:-1], "?"]
        wrong += [c.lower() for c in self.rng.sample(others, 3)]
        return [right, *wrong]

    def _several(self, own: list[str], others: list[str]) -> list[str]:
        first, second = self.rng.sample(others, 2)
        sets = [own, own[:2], [*own, first], [own[0], first], [own[1], second], [own[2]]]
        # As the problem's author lists them, which is how the platform sends them.
        return [_json_list(sorted(choice)) for choice in sets]

    def _make_notorious(self) -> None:
        """Make two problems far harder than the rest and one of them a graded one."""
        problems = [b for b in self.course.blocks if b.problem and len(b.problem.questions) == 1]
        graded = [b for b in problems if b.is_graded and b.position[0] > 1]
        free = [b for b in problems if not b.is_graded]
        for block in (self.rng.choice(graded or problems), self.rng.choice(free or problems)):
            old = block.problem
            assert old is not None
            block.problem = Problem(
                questions=old.questions,
                difficulty=self.rng.uniform(1.5, 2.1),
                max_attempts=old.max_attempts,
                hint_count=old.hint_count,
                has_answer=old.has_answer,
            )

    def _add_updates(self) -> None:
        self.section = self.subsection = self.unit = 0
        self._add("course_info", "updates")

    def _index(self) -> None:
        """Note what every visit needs to know about the outline."""
        course = self.course
        course.videos = [block for block in course.blocks if block.video is not None]
        for block in course.blocks:
            if block.problem is not None and len(block.problem.questions) > 1:
                course.submission_sizes[block.index] = 1 + len(block.problem.questions)
        for subsection in course.subsections:
            contents = [block for unit in subsection.children for block in unit.children]
            for block in [subsection, *subsection.children, *contents]:
                course.subsection_of[block.index] = subsection
            if subsection.assignment:
                points = sum(len(block.problem.questions) for block in contents if block.problem)
                # A problem of a pool is worth one point, and only so many of them are shown.
                unseen = sum(len(block.pool) - SHOWN_COUNT for block in contents if block.pool)
                course.points_possible[subsection.index] = points - unseen
                count = course.assignment_counts.get(subsection.assignment, 0)
                course.assignment_counts[subsection.assignment] = count + 1


def _json_list(values: Sequence[str]) -> str:
    """Write a list answer as the transformer does: JSON in a string, letters as they are."""
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def build_courses(plan: SimulationPlan) -> list[Course]:
    """Build all courses of a plan: the same for the same seed, courses, days and end."""
    return [_build_course(plan, number) for number in range(plan.courses)]


def _build_course(plan: SimulationPlan, number: int) -> Course:
    is_ccx = number == CCX_AT
    source = 0 if is_ccx else number
    # A CCX shows the content of its parent course, so it is built from the parent's seed.
    rng = Random(f"oars-course-{plan.seed}-{source}")
    subject = SUBJECTS[source % len(SUBJECTS)]
    variant = source // len(SUBJECTS)
    code = f"{subject.code}{'' if not variant else f'.{variant + 1}'}"
    schedule = _schedule(plan, number)
    run = f"{schedule[0].year}_T{(schedule[0].month - 1) // 4 + 1}"
    part = f"{subject.org}+{code}+{run}"
    if is_ccx:
        run0 = _schedule(plan, 0)[0]
        part = f"{subject.org}+{code}+{run0.year}_T{(run0.month - 1) // 4 + 1}+ccx@1"
    is_lettered = number % 4 == 1
    course = Course(
        number=number,
        key=f"{'ccx-v1' if is_ccx else 'course-v1'}:{part}",
        block_prefix=f"{'ccx-block-v1' if is_ccx else 'block-v1'}:{part}",
        org=subject.org,
        code=code,
        run=part.split("+")[2],
        name=_course_name(subject, variant) + (" (partner class)" if is_ccx else ""),
        language=subject.language,
        tag=subject.tag,
        phrases=PHRASES[subject.language],
        is_self_paced=number % 4 == 2,
        start=schedule[0],
        end=schedule[1],
        begins_at=schedule[2],
        closes_at=schedule[3],
        section_seconds=0.0,
        popularity=1 / (number + 1) ** 0.9,
        mode_shares=((0.8, 0.2, 0.0), (0.72, 0.13, 0.15))[number % 2],
        passing_percent=50 if is_lettered else 60,
        letters=(("A", 85), ("B", 75), ("C", 65), ("D", 50)) if is_lettered else (("Pass", 60),),
        weights={"Homework": 0.5, "Midterm": 0.2, "Final": 0.3},
        sent_from=UNSENT_SHARE * plan.days * 86400.0 if number == BEGINS_LATE_AT else 0.0,
    )
    _Outline(course, source, subject, rng).build()
    course.section_seconds = _section_seconds(course)
    return course


def _course_name(subject: Subject, variant: int) -> str:
    if not variant:
        return subject.name
    variants = PHRASES[subject.language].variants
    part, which = divmod(variant - 1, len(variants))
    return variants[which].format(s=subject.name) + (f" {part + 1}" if part else "")


def _schedule(plan: SimulationPlan, number: int) -> tuple[datetime, datetime | None, float, float]:
    """Give start, end and, in seconds of the window, the first and the last moment of work.

    One course is under way at the end of the window, one is over, one is self-paced and one has
    begun not long ago: dashboards need all four.
    """
    length = min(0.75 * plan.days, 88.0)
    begin = (
        plan.days - 0.78 * length,
        0.1 * plan.days,
        0.0,
        plan.days - 0.5 * length,
    )[number % 4]
    start = plan.window_start + timedelta(days=math.floor(begin))
    if number % 4 == 2:
        opened = plan.window_start - timedelta(days=150)
        return opened, None, 0.0, plan.days * 86400.0
    end = start + timedelta(days=math.ceil(length))
    seconds = math.floor(begin) * 86400.0
    return start, end, seconds, seconds + math.ceil(length) * 86400.0


def _section_seconds(course: Course) -> float:
    """Seconds between the releases of two sections; 0 where all is open from the first day."""
    if course.is_self_paced:
        return 0.0
    return (course.closes_at - course.begins_at) / (len(course.sections) + 1.5)


def stable_uuid(*parts: object) -> str:
    """Give a version 4 looking UUID that depends on the parts only."""
    value = Random("-".join(str(part) for part in parts)).getrandbits(128)
    return str(uuid.UUID(int=value, version=4))
