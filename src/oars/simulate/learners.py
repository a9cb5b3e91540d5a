"""The simulated learners: who they are and what they do, as compact rows in order of time.

A row says who did what, where and when in seven integers. Statements are written from rows later
(`statements.py`), so ten million of them wait in 28 bytes each rather than in a kilobyte.
"""

import math
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import NamedTuple

from oars.simulate.courses import SHOWN_COUNT, Block, Course, Problem, Video, stable_uuid

DAY = 86400.0

# Kinds of rows. The comments give what the two parameters of a row hold.
ENROLL = 1  # mode
UNENROLL = 2  # mode
OUTLINE = 3
NEXT = 4  # tab left
PREVIOUS = 5  # tab left
TAB = 6  # tab left * 256 + tab chosen
LINK = 7  # which link
VIDEO_LOAD = 8  # 1 where the player does not know the length yet
VIDEO_PLAY = 9  # position in ms, -1 where it is lost
VIDEO_PAUSE = 10  # position in ms
VIDEO_STOP = 11  # position in ms, -1 where it is lost
VIDEO_COMPLETE = 12
VIDEO_SEEK = 13  # from ms (-1: not sent), to ms
CAPTIONS_ON = 14  # position in ms
CAPTIONS_OFF = 15  # position in ms
SPEED = 16  # from, to: hundredths
CHECK_BROWSER = 17
CHECK_SERVER = 18  # attempt, chosen responses (7 bits each)
ANSWER = 19
HINT = 20  # which hint
PASSED = 21
FAILED = 22
COURSE_GRADE = 23  # percent
SUBSECTION_GRADE = 24  # points earned, points possible
COMPLETION = 25
THREAD_CREATED = 26  # thread
REPLY_CREATED = 27  # thread, reply
THREAD_VIEWED = 28  # thread
THREAD_VOTED = 29  # thread
THREAD_EDITED = 30  # thread
REPLY_DELETED = 31  # thread, reply
REPLY_REPORTED = 32  # thread, reply
EXAM_STARTED = 33  # attempt row id
EXAM_SUBMITTED = 34  # attempt row id, duration in ms
UNKNOWN = 35

Row = tuple[int, int, int, int, int, int, int]
"""Time in microseconds of the window, journey, kind, block, two parameters, session."""

SPEEDS = (125, 150, 200, 75)

# What a learner's player says of a video's length.
LENGTH_IN_SECONDS, LENGTH_IN_MILLISECONDS, LENGTH_OF_TEN_MINUTES = 0, 1, 2


class Country(NamedTuple):
    """A country of learners, with its usual language and hours from UTC."""

    code: str
    language: str
    utc_offset: float
    share: float


COUNTRIES = (
    Country("US", "en", -6, 0.26),
    Country("IN", "en", 5.5, 0.15),
    Country("MX", "es", -6, 0.1),
    Country("GB", "en", 0, 0.08),
    Country("CO", "es", -5, 0.07),
    Country("BR", "pt", -3, 0.07),
    Country("NG", "en", 1, 0.06),
    Country("ES", "es", 1, 0.06),
    Country("PH", "en", 8, 0.05),
    Country("FR", "fr", 1, 0.05),
    Country("DE", "de", 1, 0.03),
    Country("KE", "en", 3, 0.02),
)
WEEKDAY_SHARES = (1.05, 1.1, 1.05, 0.95, 0.65, 0.75, 1.05)
LEAVING = (0.46, 0.38, 0.3, 0.25, 0.21, 0.18, 0.15, 0.12)
"""Share of learners of middling diligence who leave in each section."""


@dataclass(frozen=True)
class Learner:
    """A person: the same in all courses."""

    number: int
    external_id: str
    country: Country
    ability: float
    diligence: float
    impatience: float
    speed: int
    likes_captions: bool
    is_mobile: bool
    evening_hour: float
    weekend_factor: float
    profile_seed: int

    @property
    def user_id(self) -> int:
        """The id of the learner's account."""
        return 1001 + self.number

    @property
    def length_form(self) -> int:
        """How the learner's player says the length of a video: of one learner in twenty wrong."""
        forms = {2: LENGTH_IN_MILLISECONDS, 18: LENGTH_OF_TEN_MINUTES}
        return forms.get(self.profile_seed % 40, LENGTH_IN_SECONDS)

    @property
    def loses_stops(self) -> bool:
        """Whether the learner's player stops without saying where."""
        return self.profile_seed % 15 == 1

    @property
    def username(self) -> str:
        """A name that nobody has."""
        return f"learner{self.number:05d}"


def make_learner(seed: int, number: int) -> Learner:
    """Make the learner with this number: the same whatever the size of the plan."""
    rng = Random(f"oars-learner-{seed}-{number}")
    return Learner(
        number=number,
        external_id=stable_uuid("oars-external-id", seed, number),
        country=rng.choices(COUNTRIES, [country.share for country in COUNTRIES])[0],
        ability=rng.gauss(0, 1),
        diligence=rng.betavariate(3.2, 2.2),
        impatience=rng.betavariate(1.4, 3.0),
        speed=100 if rng.random() < 0.72 else rng.choices(SPEEDS, (4, 4, 1.5, 0.5))[0],
        likes_captions=rng.random() < 0.3,
        is_mobile=rng.random() < 0.12,
        evening_hour=rng.gauss(19.8, 1.2),
        weekend_factor=rng.choice((0.5, 1.0, 1.0, 1.6)),
        profile_seed=rng.getrandbits(32),
    )


class Window(NamedTuple):
    """The time that is simulated."""

    seconds: float
    first_weekday: int


class Journey:
    """One learner in one course, from enrolment to the end or to the last visit."""

    def __init__(
        self, number: int, learner: Learner, course: Course, rng: Random, window: Window
    ) -> None:
        """Stand before the enrolment."""
        self.number = number
        self.learner = learner
        self.course = course
        self.rng = rng
        self.window = window.seconds
        self.first_weekday = window.first_weekday
        # Short windows squeeze habits, so that a week of data still has learners who finish.
        self.haste = min(1.0, window.seconds / DAY / 90)
        self.rows: list[Row] = []
        self.now = 0.0
        self.session = 0
        self.session_count = 0
        self.mode = 0
        self.speed = 100
        self.is_complete: set[int] = set()
        self.seen: set[int] = set()
        self.attempts: dict[int, int] = {}
        self.is_reset: set[int] = set()
        self.points: dict[int, int] = {}
        self.earned: dict[int, int] = {}
        self.is_passed = False
        # Some only look around: short visits, soon gone.
        self.is_browsing = False
        self.upgrade_at = math.inf
        self.subsections = course.subsections
        self.at_subsection = 0
        self.at_unit = 0
        self.link_count = len(course.links)

    # -- the course of events -------------------------------------------------------------------

    def run(self) -> list[Row]:
        """Live through the course and return the rows of the window, in order of time."""
        self._enroll()
        if self.rng.random() < 0.82:
            self._study()
        self.rows = self._rows_of_window()
        return self.rows

    def review(self, row_count: int) -> list[Row]:
        """Come back to old videos until there are this many rows more; return only these."""
        rng = self.rng
        first = min(max(self.course.begins_at, self.rows[0][0] / 1e6), self.window * 0.9)
        found: list[Row] = []
        while len(found) < row_count:
            self.rows = []
            self.now = self._waking_hour(rng.uniform(first, self.window - 1))
            self._open_session()
            for block in rng.choices(self.course.videos, k=3):
                self._emit(OUTLINE, self.course.subsection_of[block.index].index)
                self.now += rng.uniform(2, 20)
                self._watch(block)
            found += self._rows_of_window()
        return sorted(found[:row_count])

    def _rows_of_window(self) -> list[Row]:
        limit = int(self.window * 1e6)
        return sorted(row for row in self.rows if row[0] < limit)

    def _enroll(self) -> None:
        rng = self.rng
        self.now = self._enrollment_time()
        self.mode = rng.choices((0, 1, 2), self.course.mode_shares)[0]
        self.is_browsing = self.mode == 0 and rng.random() < 0.36
        # Some are enrolled by staff in bulk, which happens without a session.
        self.session = 0
        if rng.random() > 0.06:
            self._open_session()
        self._emit(ENROLL, 0, self.mode)
        if self.mode == 0 and rng.random() < 0.07:
            self.upgrade_at = self.now + rng.uniform(2, 28) * DAY * self.haste

    def _enrollment_time(self) -> float:
        """Draw a moment: most come before and around the start, some late, some in a campaign."""
        rng, course = self.rng, self.course
        if course.is_self_paced:
            wave = rng.random()
            if wave < 0.18:
                moment = rng.expovariate(1 / (5 * DAY * self.haste))
            elif wave < 0.75:
                moment = rng.uniform(0, 0.94) * self.window
            else:
                moment = rng.gauss(0.38, 0.035) * self.window
        else:
            lead = min(course.begins_at, 40 * DAY * self.haste)
            length = course.closes_at - course.begins_at
            wave = rng.random()
            if wave < 0.25:
                moment = course.begins_at - lead * rng.random()
            elif wave < 0.55:
                moment = course.begins_at - min(lead, rng.expovariate(1 / (6 * DAY * self.haste)))
            elif wave < 0.85:
                moment = course.begins_at + rng.expovariate(1 / (7 * DAY * self.haste))
            else:
                moment = course.begins_at + length * rng.random() * 0.6
        return self._waking_hour(min(max(moment, 0.0), self.window * 0.985))

    def _study(self) -> None:
        """Visit until the course is done, the window ends or the learner leaves."""
        rng = self.rng
        self.now = max(self.now + rng.expovariate(1 / (1.5 * DAY * self.haste)), 0.0)
        first = max(self.now, self.course.begins_at)
        self.now = self._waking_hour(first + rng.expovariate(1 / (1.2 * DAY * self.haste)))
        last = min(self.window, self.course.closes_at)
        while self.now < last:
            if self.at_subsection >= len(self.subsections):
                self._look_back()
                return
            before = self.at_subsection
            self._visit()
            if self._leaves(before) and not self._comes_back():
                return
            self._wait()

    def _visit(self) -> None:
        """Spend one session on the next subsections that are open."""
        rng = self.rng
        self._open_session()
        if self.now > self.upgrade_at:
            self.mode, self.upgrade_at = 1, math.inf
            self._emit(ENROLL, 0, self.mode)
            self.now += rng.uniform(20, 90)
        until = self.now + rng.lognormvariate(5.6 if self.is_browsing else 7.3, 0.5)
        if rng.random() < self._wish_to_review():
            self._watch_again()
        while self.at_subsection < len(self.subsections) and self.now < until:
            subsection = self.subsections[self.at_subsection]
            if self.now < self._opens_at(subsection):
                break
            self._work_through(subsection, until)
        if rng.random() < 0.3:
            self._join_the_forum()

    def _wish_to_review(self) -> float:
        """How likely it is that a visit begins with an old video: more so before an exam."""
        if self.at_subsection == 0:
            return 0.0
        is_before_exam = self.subsections[self.at_subsection].assignment in ("Midterm", "Final")
        return (0.5 if is_before_exam else 0.2) * self.learner.diligence * 1.5

    def _watch_again(self) -> None:
        """Go back to a video of the sections before, rather one with a hard spot."""
        seen = [block for block in self.course.videos if block.index in self.seen]
        if not seen:
            return
        shares = [3 if block.video and block.video.hard_spot_ms else 1 for block in seen]
        block = self.rng.choices(seen, shares)[0]
        self._emit(OUTLINE, self.course.subsection_of[block.index].index)
        self.now += self.rng.uniform(2, 20)
        self._watch(block)

    def _opens_at(self, subsection: Block) -> float:
        return self.course.begins_at + (subsection.position[0] - 1) * self.course.section_seconds

    def _leaves(self, before: int) -> bool:
        """Decide after a visit whether it was the last one: the more is done, the more leave."""
        if self.at_subsection >= len(self.subsections):
            return False
        section = self.subsections[before].position[0] - 1
        section_length = len(self.subsections) / len(self.course.sections)
        share = max(self.at_subsection - before, 0.5) / section_length
        risk = LEAVING[section] * share * (1.9 - 1.6 * self.learner.diligence)
        if self.mode:
            risk *= 0.35
        elif self.is_browsing:
            risk = max(0.45, 2 * risk)
        if section == self.course.tedious_section:
            risk *= 2.2
        if self.learner.ability < -1:
            risk *= 1.4
        return self.rng.random() < risk

    def _comes_back(self) -> bool:
        """Stay away for weeks; some unenrol, few of all return."""
        rng = self.rng
        left_at = self.now
        has_unenrolled = self.mode == 0 and rng.random() < 0.17
        if has_unenrolled:
            self.now = self._waking_hour(left_at + rng.expovariate(1 / (4 * DAY * self.haste)))
            self._open_session()
            self._emit(UNENROLL, 0, self.mode)
        if rng.random() > 0.12:
            return False
        self.now = self._waking_hour(self.now + rng.uniform(12, 40) * DAY * self.haste)
        self._open_session()
        if has_unenrolled:
            self._emit(ENROLL, 0, self.mode)
        return True

    def _wait(self) -> None:
        """Let days pass until the next visit, which follows what is open and personal habits."""
        rng, learner = self.rng, self.learner
        gap = rng.expovariate(1 / ((1.2 + 3.6 * (1 - learner.diligence)) * DAY * self.haste))
        moment = self.now + max(gap, 2 * 3600.0)
        if self.at_subsection < len(self.subsections):
            opens_at = self._opens_at(self.subsections[self.at_subsection])
            if moment < opens_at:
                moment = opens_at + rng.expovariate(1 / (1.6 * DAY * self.haste))
        self.now = self._waking_hour(moment)

    def _waking_hour(self, moment: float) -> float:
        """Move a moment to a day and an hour at which this learner is likely to be online."""
        rng, learner = self.rng, self.learner
        day = int(moment // DAY)
        if self.haste > 0.3:
            for _ in range(6):
                weekday = (day + self.first_weekday) % 7
                share = WEEKDAY_SHARES[weekday]
                if weekday >= 5:
                    share *= learner.weekend_factor
                if rng.random() * 1.2 < share:
                    break
                day += 1
        draw = rng.random()
        if draw < 0.66:
            hour = rng.gauss(learner.evening_hour, 1.8)
        else:
            hour = rng.gauss(12.6, 1.4) if draw < 0.86 else rng.gauss(9.0, 1.3)
        shifted = day * DAY + (min(max(hour, 5.5), 25.0) - learner.country.utc_offset) * 3600.0
        later = max(shifted, moment) if shifted > moment - 12 * 3600 else shifted + DAY
        # What began inside the window stays in it.
        return moment if moment < self.window <= later else later

    def _look_back(self) -> None:
        """After the last subsection, look at the progress page once more."""
        self._wait()
        if self.now < self.window and self.rng.random() < 0.5:
            self._open_session()
            self._emit(LINK, 0, 0)

    # -- pages ----------------------------------------------------------------------------------

    def _open_session(self) -> None:
        self.session_count += 1
        # The app sometimes has no Django session: then statements come without one.
        is_without = self.learner.is_mobile and self.rng.random() < 0.3
        self.session = 0 if is_without else self.session_count

    def _emit(self, kind: int, block: int, first: int = 0, second: int = 0) -> None:
        self.rows.append(
            (int(self.now * 1e6), self.number, kind, block, first, second, self.session)
        )

    def _work_through(self, subsection: Block, until: float) -> None:
        """Go through the units; stop before the next one when time is up."""
        rng = self.rng
        is_exam = subsection.exam_type != ""
        units = subsection.children
        if self.at_unit == 0 and is_exam:
            self._start_exam(subsection)
        elif rng.random() < 0.6:
            self._emit(OUTLINE, subsection.index)
            self.now += rng.uniform(2, 12)
        started_at = self.now
        while self.at_unit < len(units):
            if self.at_unit:
                self._turn_page(subsection, self.at_unit, len(units))
            if subsection.is_graded or rng.random() > 0.28 * (1 - self.learner.diligence):
                self._read(units[self.at_unit])
            self.at_unit += 1
            if self.now > until and not is_exam and self.at_unit < len(units):
                return
        if is_exam:
            self.now += rng.uniform(3, 30)
            duration = int((self.now - started_at) * 1000)
            self._emit(EXAM_SUBMITTED, subsection.index, self._exam_id(subsection), duration)
        elif rng.random() < 0.5:
            # The last page's "next" leads to the next subsection.
            self._emit(NEXT, subsection.index, len(units))
            self.now += rng.uniform(1, 4)
        self.at_unit = 0
        self.at_subsection += 1

    def _start_exam(self, subsection: Block) -> None:
        self._emit(EXAM_STARTED, subsection.index, self._exam_id(subsection))
        self.now += self.rng.uniform(4, 20)

    def _exam_id(self, subsection: Block) -> int:
        return self.number * 16 + (1 if subsection.assignment == "Final" else 2)

    def _turn_page(self, subsection: Block, page: int, page_count: int) -> None:
        rng = self.rng
        draw = rng.random()
        if draw < 0.72:
            self._emit(NEXT, subsection.index, page)
        elif draw < 0.92:
            self._emit(TAB, subsection.index, page * 256 + page + 1)
        elif draw < 0.97 and page > 1:
            self._emit(PREVIOUS, subsection.index, page)
            self.now += rng.uniform(8, 60)
            self._emit(TAB, subsection.index, (page - 1) * 256 + page + 1)
        self.now += rng.uniform(1, 5) if page < page_count else 1

    def _shown(self, unit: Block) -> list[Block]:
        """What of a unit the learner gets: of a pool always the same part."""
        hidden: set[int] = set()
        for bank in unit.children:
            if bank.pool:
                chosen = Random(f"oars-chosen-{self.number}-{bank.index}")
                left_out = chosen.sample(bank.pool, len(bank.pool) - SHOWN_COUNT)
                hidden |= {bank.index, *(block.index for block in left_out)}
        return [block for block in unit.children if block.index not in hidden]

    def _read(self, unit: Block) -> None:
        rng = self.rng
        for block in self._shown(unit):
            if block.video is not None:
                self._watch(block)
            elif block.problem is not None:
                self._solve(block, block.problem)
            elif block.block_type != "html":
                # A plugin's block. Most plugins send nothing.
                self.now += rng.uniform(5, 40)
                if rng.random() < 0.1:
                    self._emit(UNKNOWN, block.index)
            else:
                self.now += rng.lognormvariate(4.2, 0.6)
                self._complete(block)
                if rng.random() < 0.09:
                    self._emit(LINK, 0, rng.randrange(self.link_count))
                    self.now += rng.uniform(5, 90)

    def _complete(self, block: Block) -> None:
        if block.index not in self.is_complete:
            self.is_complete.add(block.index)
            self.now += 0.12
            self._emit(COMPLETION, block.index)
            self.now += 0.4

    # -- video ----------------------------------------------------------------------------------

    def _watch(self, block: Block) -> None:
        rng, learner, video = self.rng, self.learner, block.video
        assert video is not None
        index = block.index
        self.seen.add(index)
        self._emit(VIDEO_LOAD, index, 1 if learner.is_mobile else 0)
        self.now += rng.uniform(1, 9)
        if rng.random() < 0.1 + 0.12 * (1 - learner.diligence):
            return
        if self.speed != learner.speed and rng.random() < 0.8:
            self._change_speed(index, learner.speed)
        leaves_at = self._leaving_point(video)
        self._emit(VIDEO_PLAY, index, -1 if learner.is_mobile else 0)
        if learner.likes_captions and rng.random() < 0.3:
            self.now += 1.5
            self._emit(CAPTIONS_ON, index, 15 * self.speed)
            position = 15 * self.speed
        else:
            position = 0
        for place, what in self._interruptions(video):
            if position < place < leaves_at:
                self._play_to(position, place)
                position = self._interrupt(index, video, place, what)
        if position < leaves_at:
            self._play_to(position, leaves_at)
            position = leaves_at
        self._end_watching(block, video, position)

    def _play_to(self, start_ms: int, end_ms: int) -> None:
        self.now += (end_ms - start_ms) / (10.0 * self.speed) + self.rng.random() * 0.3

    def _change_speed(self, index: int, speed: int) -> None:
        self._emit(SPEED, index, self.speed, speed)
        self.speed = speed
        self.now += 1.2

    def _leaving_point(self, video: Video) -> int:
        """Choose where watching ends: long and tedious videos lose their viewers on the way."""
        rng = self.rng
        chance = 0.05 + 0.62 * video.tedium * min(1.0, video.length_ms / 700_000)
        chance += 0.14 * (1 - self.learner.diligence)
        if rng.random() > chance:
            return video.length_ms
        return max(3_000, int(video.length_ms * 0.93 * rng.random() ** 1.4))

    def _interruptions(self, video: Video) -> list[tuple[int, str]]:
        """Choose the places where something other than watching happens."""
        rng, learner = self.rng, self.learner
        length = video.length_ms
        found: list[tuple[int, str]] = []
        for _ in range(int(rng.random() * (1.3 + length / 250_000))):
            found.append((int(length * rng.random()), "pause"))
        if video.hard_spot_ms:
            chance = 0.62 - 0.2 * learner.ability
            place = video.hard_spot_ms + rng.randrange(4_000, 20_000)
            if rng.random() < chance:
                found.append((place, "back"))
                if rng.random() < chance * 0.5:
                    found.append((place + 900, "back"))
        if rng.random() < learner.impatience * (0.25 + 0.6 * video.tedium):
            found.append((int(length * 0.8 * rng.random()), "skip"))
        if learner.likes_captions and rng.random() < 0.06:
            found.append((int(length * rng.random()), "captions off"))
        is_bored = video.tedium > 0.6 and learner.impatience > 0.45 and self.speed < 200
        if is_bored and rng.random() < 0.12:
            found.append((int(length * 0.3 * rng.random()), "faster"))
        found.sort()
        return found

    def _interrupt(self, index: int, video: Video, place: int, what: str) -> int:
        """Do something at a place and return the position at which watching goes on."""
        rng = self.rng
        if what == "pause":
            self._emit(VIDEO_PAUSE, index, place)
            self.now += 2 + rng.expovariate(1 / 25)
            self._emit(VIDEO_PLAY, index, place)
            return place
        if what == "captions off":
            self._emit(CAPTIONS_OFF, index, place)
            return place
        if what == "faster":
            self._change_speed(index, min(200, self.speed + 25))
            return place
        jump = -rng.randrange(12_000, 35_000) if what == "back" else rng.randrange(20_000, 110_000)
        target = min(max(0, place + jump), video.length_ms - 1_000)
        # The app sends a jump without saying from where.
        is_lost = self.learner.is_mobile and rng.random() < 0.5
        self._emit(VIDEO_SEEK, index, -1 if is_lost else place, target)
        if rng.random() < 0.4:
            self.now += rng.uniform(0.1, 0.5)
            self._emit(VIDEO_PLAY, index, target)
        return target

    def _end_watching(self, block: Block, video: Video, position: int) -> None:
        rng, index = self.rng, block.index
        if position >= video.length_ms:
            self._emit(VIDEO_COMPLETE, index)
            self.now += 0.05
            self._emit(VIDEO_STOP, index, -1 if self.learner.loses_stops else video.length_ms)
            self._complete(block)
        elif rng.random() > 0.16:
            # The others close the tab: nothing is sent.
            if rng.random() < 0.7:
                self._emit(VIDEO_PAUSE, index, position)
            else:
                self._emit(VIDEO_STOP, index, -1 if self.learner.loses_stops else position)
        self.now += rng.uniform(1, 10)

    # -- problems and grades --------------------------------------------------------------------

    def _solve(self, block: Block, problem: Problem) -> None:
        rng, learner = self.rng, self.learner
        index = block.index
        # A problem of several parts is put together from easier questions.
        gap = learner.ability - problem.difficulty + (0.9 if len(problem.questions) > 1 else 0)
        tried = self.attempts.get(index, 0)
        knows_answer = False
        limit = problem.max_attempts or 9
        if problem.hint_count and rng.random() < 0.25 - 0.15 * gap:
            self._ask_for_hints(index, problem.hint_count)
        while tried < limit:
            tried += 1
            self.now += rng.lognormvariate(3.6 if tried == 1 else 3.1, 0.6)
            odds = 1.45 * gap + 0.45 * (tried - 1) + (4.0 if knows_answer else 0.0)
            is_right = self._submit(block, problem, tried, 1 / (1 + math.exp(-odds)))
            self.attempts[index] = tried
            if is_right:
                return
            if problem.hint_count and tried == 1 and rng.random() < 0.3:
                self._ask_for_hints(index, problem.hint_count)
            if problem.has_answer and rng.random() < 0.1 + 0.06 * tried - 0.06 * gap:
                self._see_answer(index)
                if rng.random() > 0.5:
                    return
                knows_answer = True
            elif rng.random() > 0.58 + 0.36 * learner.diligence:
                return
            if tried == limit and index not in self.is_reset and learner.number % 2:
                # Staff let the learner begin anew: the platform counts from 1 again.
                self.is_reset.add(index)
                self.now += rng.uniform(600, 7200)
                tried = 0
        if problem.has_answer and not knows_answer and rng.random() < 0.45:
            self._see_answer(index)

    def _ask_for_hints(self, index: int, count: int) -> None:
        for number in range(self.rng.randint(1, count)):
            self.now += self.rng.uniform(4, 25)
            self._emit(HINT, index, number)

    def _see_answer(self, index: int) -> None:
        self.now += self.rng.uniform(3, 30)
        self._emit(ANSWER, index)
        self.now += self.rng.uniform(5, 60)

    def _submit(self, block: Block, problem: Problem, attempt: int, chance: float) -> bool:
        rng = self.rng
        packed = right = 0
        for place, question in enumerate(problem.questions):
            if rng.random() < chance:
                right += 1
            else:
                packed |= question.wrong_choice(rng.random()) << (7 * place)
        self._emit(CHECK_BROWSER, block.index)
        self.now += rng.uniform(0.08, 0.7)
        self._emit(CHECK_SERVER, block.index, attempt, packed)
        if attempt == 1:
            self._complete(block)
        if block.is_graded:
            gain = right - self.points.get(block.index, 0)
            subsection = self.course.subsection_of[block.index]
            if gain > 0 or subsection.index not in self.earned:
                self.points[block.index] = max(right, self.points.get(block.index, 0))
                self._grade(subsection, max(gain, 0))
        return right == len(problem.questions)

    def _grade(self, subsection: Block, gain: int) -> None:
        """Send what the platform works out after a graded answer, a moment later."""
        now, course = self.now, self.course
        earned = self.earned.get(subsection.index, 0) + gain
        self.earned[subsection.index] = earned
        self.now += 0.3 + self.rng.random()
        self._emit(
            SUBSECTION_GRADE, subsection.index, earned, course.points_possible[subsection.index]
        )
        self.now += 0.2
        percent = self._course_percent()
        self._emit(COURSE_GRADE, 0, percent)
        self.now += 0.05
        if percent >= course.passing_percent:
            # The first pass is told twice: as "passed for the first time" and as "now passed".
            if not self.is_passed:
                self._emit(PASSED, 0)
                self.now += 0.03
            self.is_passed = True
            self._emit(PASSED, 0)
        else:
            self._emit(FAILED, 0)
        self.now = now + 0.9

    def _course_percent(self) -> int:
        course = self.course
        total = 0.0
        for index, earned in self.earned.items():
            assignment = course.blocks[index].assignment
            share = course.weights[assignment] / course.assignment_counts[assignment]
            total += share * earned / course.points_possible[index]
        return round(total * 100)

    # -- forum ----------------------------------------------------------------------------------

    def _join_the_forum(self) -> None:
        rng, threads = self.rng, self.course.threads
        tried = rng.choices(threads, k=3) if threads else []
        known = [thread for moment, thread in tried if moment < self.now]
        if not known or rng.random() < 0.14:
            self._start_thread()
            return
        for thread in dict.fromkeys(known):
            self._emit(THREAD_VIEWED, 0, thread)
            self.now += rng.uniform(10, 120)
            draw = rng.random()
            if draw < 0.22:
                reply = rng.getrandbits(24)
                self._emit(REPLY_CREATED, 0, thread, reply)
                self.now += rng.uniform(5, 60)
                if draw < 0.01:
                    self._emit(REPLY_DELETED, 0, thread, reply)
            elif draw < 0.4:
                self._emit(THREAD_VOTED, 0, thread)
            elif draw < 0.405:
                self._emit(REPLY_REPORTED, 0, thread, rng.getrandbits(24))
            self.now += rng.uniform(2, 15)

    def _start_thread(self) -> None:
        thread = len(self.course.threads)
        self.course.threads.append((self.now + 60, thread))
        self.now += self.rng.uniform(60, 400)
        self._emit(THREAD_CREATED, 0, thread)
        if self.rng.random() < 0.08:
            self.now += self.rng.uniform(60, 300)
            self._emit(THREAD_EDITED, 0, thread)


def choose_courses(rng: Random, courses: list[Course], count: int) -> list[Course]:
    """Choose different courses, popular ones first and most often."""
    left = list(courses)
    chosen = []
    for _ in range(min(count, len(courses))):
        shares = list(accumulate(course.popularity for course in left))
        chosen.append(left.pop(bisect(shares, rng.random() * shares[-1], hi=len(shares) - 1)))
    return chosen
