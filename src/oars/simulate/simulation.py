"""Plays a plan through and hands out its statements and its event_sink rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from struct import Struct

from oars.simulate.courses import Course, build_courses
from oars.simulate.event_sink import SinkRow, build_event_sink
from oars.simulate.learners import (
    CHECK_SERVER,
    UNENROLL,
    Journey,
    Learner,
    Row,
    Window,
    choose_courses,
    make_learner,
)
from oars.simulate.oddities import with_oddities
from oars.simulate.plan import SimulationPlan
from oars.simulate.statements import DAY_US, StatementWriter

ROW = Struct("<qiHHiiI")
COURSES_PER_LEARNER = (0.76, 0.19, 0.05)


@dataclass
class Recording:
    """Everything that happened: rows by day, packed, and who and where each journey was."""

    days: list[bytearray]
    learners: list[Learner] = field(default_factory=list)
    journeys: list[tuple[Learner, Course]] = field(default_factory=list)
    enrollment_rows: list[Row] = field(default_factory=list)
    """What the LMS has; of a course that begins late also what was not sent."""
    unnamed: set[int] = field(default_factory=set)
    """Learners whose external id the LMS has not published."""
    statement_count: int = 0

    def rows_of(self, day: int) -> list[Row]:
        """Give the rows of a day in order of time."""
        return sorted(ROW.iter_unpack(self.days[day]))


class Simulation:
    """A site with courses and learners, made from a plan and from nothing else."""

    def __init__(self, plan: SimulationPlan) -> None:
        """Prepare; the simulation runs when its statements or rows are asked for."""
        self.plan = plan
        self.courses = build_courses(plan)

    @property
    def statement_count(self) -> int:
        """How many statements there are."""
        return self._recording.statement_count

    @property
    def learner_count(self) -> int:
        """How many learners take part."""
        return len(self._recording.learners)

    def statements(self) -> Iterator[bytes]:
        """Write the statements in order of time, each a line of JSON as the LRS stores it."""
        plan, recording = self.plan, self._recording
        writer = StatementWriter(
            self.courses, recording.journeys, plan.seed, plan.window_start, plan.days
        )
        ordinary = (
            line for day in range(plan.days) for line in writer.write(recording.rows_of(day))
        )
        yield from with_oddities(ordinary, plan.seed)

    def event_sink_rows(self) -> dict[str, list[SinkRow]]:
        """Give the rows of each event_sink table, in the order of the table's columns."""
        recording = self._recording
        return build_event_sink(
            self.plan,
            self.courses,
            recording.learners,
            recording.journeys,
            recording.enrollment_rows,
            recording.unnamed,
        )

    def operator_rows(self) -> dict[str, list[SinkRow]]:
        """Give the rows of the operator's tables: two of the staff, two programs."""
        keys = [course.key for course in self.courses]
        staff = [("staff_of_one", keys[:1]), ("staff_of_two", keys[1:3])]
        programs = [
            ("foundations", "Foundations", keys[:2]),
            ("advanced", "Advanced studies", keys[1:] or keys),
        ]
        return {
            "course_staff": [(username, key) for username, theirs in staff for key in theirs],
            "programs": [(program, name, key) for program, name, its in programs for key in its],
        }

    @cached_property
    def _recording(self) -> Recording:
        plan = self.plan
        recording = Recording([bytearray() for _ in range(plan.days)])
        recorder = _Recorder(plan, self.courses, recording)
        if plan.learners is None:
            recorder.record_until_full()
        else:
            recorder.record_exactly(plan.learners)
        return recording


class _Recorder:
    """Adds learner after learner until the plan's number of statements is reached."""

    def __init__(self, plan: SimulationPlan, courses: list[Course], recording: Recording) -> None:
        self.plan = plan
        self.courses = courses
        self.recording = recording
        self.window = Window(plan.days * 86400.0, plan.window_start.weekday())
        for course in courses:
            course.threads.clear()

    def record_until_full(self) -> None:
        """Add learners as they are; only the last one is cut short."""
        while (left := self.plan.statements - self.recording.statement_count) > 0:
            rows = sorted(row for journey in self._live() for row in journey.rows)
            self._keep(self._cut(rows, left))

    def record_exactly(self, count: int) -> None:
        """Add this many learners, each as busy as the statements that are left ask for."""
        natural_sum = 0
        for number in range(count):
            left = self.plan.statements - self.recording.statement_count
            wanted_mean = left / (count - number)
            usual_mean = (natural_sum + 1000) / (number + 8)
            journeys = self._live(more=wanted_mean > 1.5 * usual_mean)
            rows = sorted(row for journey in journeys for row in journey.rows)
            natural = sum(self._weight(row) for row in rows)
            natural_sum += natural
            wanted = round(natural * wanted_mean / usual_mean)
            # Everybody to come needs one statement at least, and the last takes what is left.
            most = left - (count - number - 1)
            wanted = most if number == count - 1 else max(1, min(wanted, most))
            self._fit(journeys, rows, natural, wanted)

    def _live(self, more: bool = False) -> list[Journey]:
        """Let the next learner live through one course or a few."""
        recording = self.recording
        learner = make_learner(self.plan.seed, len(recording.learners))
        rng = Random(f"oars-journey-{self.plan.seed}-{learner.number}")
        count = rng.choices((1, 2, 3), COURSES_PER_LEARNER)[0]
        if more:
            count = max(count, rng.randint(2, 4))
        recording.learners.append(learner)
        lives = [
            self._journey(learner, course, rng)
            for course in choose_courses(rng, self.courses, count)
        ]
        journeys = [journey for journey in lives if journey.rows]
        # Who was only where nothing is sent from yet goes to the first course too.
        return journeys or [self._journey(learner, self.courses[0], rng)]

    def _journey(self, learner: Learner, course: Course, rng: Random) -> Journey:
        """Let a learner live through a course; keep of it what was sent, and what the LMS knows."""
        recording = self.recording
        journey = Journey(len(recording.journeys), learner, course, rng, self.window)
        recording.journeys.append((learner, course))
        sent_from = int(course.sent_from * 1e6)
        rows = journey.run()
        journey.rows = [row for row in rows if row[0] >= sent_from]
        unsent = [row for row in rows if row[0] < sent_from and row[2] <= UNENROLL]
        recording.enrollment_rows += unsent
        # Of few of these the LMS has not said who they are.
        if unsent and learner.number % 4 == 2:
            recording.unnamed.add(learner.number)
        return journey

    def _fit(self, journeys: list[Journey], rows: list[Row], natural: int, wanted: int) -> None:
        if wanted > natural:
            each = -(-(wanted - natural) // len(journeys))
            for journey in journeys:
                rows = rows + journey.review(each)
        self._keep(self._cut(sorted(rows), wanted))

    def _weight(self, row: Row) -> int:
        """How many statements a row becomes."""
        if row[2] != CHECK_SERVER:
            return 1
        return self.recording.journeys[row[1]][1].submission_sizes.get(row[3], 1)

    def _cut(self, rows: list[Row], left: int) -> list[Row]:
        """Keep the first rows, no more statements than are left."""
        if sum(map(self._weight, rows)) <= left:
            return rows
        kept = []
        for row in rows:
            weight = self._weight(row)
            if weight <= left:
                left -= weight
                kept.append(row)
        return kept

    def _keep(self, rows: list[Row]) -> None:
        recording, days, pack = self.recording, self.recording.days, ROW.pack
        recording.statement_count += sum(map(self._weight, rows))
        for row in rows:
            days[row[0] // DAY_US] += pack(*row)
            if row[2] <= UNENROLL:
                recording.enrollment_rows.append(row)
