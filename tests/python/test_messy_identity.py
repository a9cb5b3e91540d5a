"""Who and what statements name, as real sites send it: names, groups, foreign objects and courses.

Each test has a course of its own; all are built once.
"""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import pytest

from oars_site import WITHOUT_TESTS, Site

Json = dict[str, Any]

ADL = "http://adlnet.gov/expapi/"
TIN_CAN = "http://id.tincanapi.com/"
COURSE = f"{ADL}activities/course"
INTERACTION = f"{ADL}activities/cmi.interaction"
VIDEO = "https://w3id.org/xapi/video/activity-type/video"
PLAYED, PAUSED = (f"https://w3id.org/xapi/video/verbs/{each}" for each in ("played", "paused"))
TIME, LENGTH = (f"https://w3id.org/xapi/video/extensions/{each}" for each in ("time", "length"))
EVALUATED = "https://w3id.org/xapi/acrossx/verbs/evaluated"
LMS = "https://lms.example.org"
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
ANN = "aaaaaaaa-0000-4000-8000-000000000001"


def sha1_of(words: str) -> str:
    return sha1(words.encode()).hexdigest()


def account(name: str, home_page: str = LMS) -> Json:
    return {"account": {"homePage": home_page, "name": name}}


def activity(id_: str, type_: str, **more: Any) -> Json:
    return {"id": id_, "definition": {"type": type_} | more}


class Course:
    """Statements of one course; those of all courses are sent."""

    ids = count(1)
    sent: ClassVar[list[tuple[UUID, str, bytes]]] = []

    def __init__(self, name: str) -> None:
        self.key = f"course-v1:Named+{name}+1"
        self.object = activity(f"{LMS}/course/{self.key}", COURSE)

    def send(self, actor: Json, verb: str, target: Json, at: float = 0, **other: Any) -> str:
        """A statement in the course; its id. No two are of one minute, for they might be twins."""
        event_id = UUID(int=next(Course.ids))
        moment = START + timedelta(minutes=event_id.int, seconds=at)
        body = {
            "id": str(event_id),
            "timestamp": moment.isoformat(),
            "actor": {"objectType": "Agent"} | actor,
            "verb": {"id": verb},
            "object": target,
            "context": {
                "contextActivities": {"parent": [self.object]},
                "extensions": other.pop("extensions", {}),
            },
        }
        Course.sent.append(
            (event_id, moment.strftime("%F %T.%f"), json.dumps(body | other).encode())
        )
        return str(event_id)

    def enrolls(self, actor: Json, target: Json | None = None) -> str:
        return self.send(actor, f"{ADL}verbs/registered", target or self.object)

    def submits(self, actor: Json, target: str, at: float = 0, **definition: Any) -> str:
        result = {"success": True, "score": {"raw": 1, "max": 1}}
        return self.send(
            actor, EVALUATED, activity(target, INTERACTION, **definition), at, result=result
        )

    def watches(self, actor: Json, target: str, seconds: float, length: float) -> None:
        """From the beginning, so many seconds of the video."""
        for verb, position in ((PLAYED, 0.0), (PAUSED, seconds)):
            self.send(
                actor,
                verb,
                activity(target, VIDEO, name={"de": f"Film {length:g}"}),
                position,
                extensions={LENGTH: length},
                result={"extensions": {TIME: position}},
            )


NAMES = Course("Names")
TEAM = Course("Team")
PLAYERS = Course("Players")
TOOLS = Course("Tools")
MINE = Course("Mine")


def tell() -> None:
    """All that the tests look at."""
    for home_page in (LMS, "http://LMS.example.org:8000/", "https://studio.example.org"):
        NAMES.submits(account("3", home_page), f"{LMS}/xblock/p")
    for actor in (account("Ann@example.org"), {"mbox": "mailto:Ann%40example.org"}):
        NAMES.submits(actor, f"{LMS}/xblock/p")
    NAMES.submits({"mbox_sha1sum": sha1_of("Ann@example.org").upper()}, f"{LMS}/xblock/p")
    NAMES.submits(account(ANN.upper()), f"{LMS}/xblock/p")
    NAMES.submits({"openid": "https://id.example.org/ann"}, f"{LMS}/xblock/p")

    TEAM.enrolls(account(ANN))
    TEAM.submits({"objectType": "Group"} | account("team-7"), f"{LMS}/xblock/p")
    TEAM.submits({"objectType": "Group", "member": [account(ANN)]}, f"{LMS}/xblock/p")
    TEAM.enrolls({"objectType": "Group"} | account("team-7"))
    for kind, other in (
        ("Agent", account("bob")),
        ("Group", {"member": [account("bob")]}),
        ("SubStatement", {"actor": account("bob")}),
        ("StatementRef", {"id": str(UUID(int=1))}),
    ):
        target = TEAM.object | {"objectType": kind} | other
        TEAM.enrolls(account("bob"), target)
        TEAM.send(account("bob"), f"{ADL}verbs/passed", target)

    PLAYERS.watches(account("ann"), "uuid://aa29be06-7593-4912-9aae-7599c6b50dd9", 75, 75)
    PLAYERS.watches(account("bob"), "uuid://bb29be06-7593-4912-9aae-7599c6b50dd9", 60, 600)
    PLAYERS.watches(account("bob"), "https://bob:pw@player.example.org/v?who=bob#t", 9, 90)

    h5p = "https://h5p.example.org/node"
    for number, name in enumerate([{"en": "Old"}, {"fr": "Jeu", "en": "", "en-US": "Game"}, {}]):
        TOOLS.submits(account("ann"), f"{h5p}/1?sub={number}", number, name=name)
    TOOLS.submits(account("ann"), f"{h5p}/2")
    TOOLS.submits(account("ann"), f"{h5p}/ann@example.org/3")
    TOOLS.send(account("ann"), EVALUATED, {"definition": {"type": INTERACTION}}, 9)
    TOOLS.submits(account("ann"), "x" * 256)
    graded = activity(f"{h5p}/g", f"{TIN_CAN}activitytype/resource", name={"en": "Essay"})
    score = {"score": {"raw": 1, "max": 2}}
    TOOLS.send(account("ann"), f"{TIN_CAN}verb/earned", graded, result=score)

    for address in (
        f"{LMS}/courses/Org/Course/Run",
        "http://68pfIo1Ic1x_course_id",
        "https://moodle.example.org/course/view.php?id=5",
        "https://moodle.example.org/course/a/b/c",
        "python/c1/lesson",
        "https://moodle.example.org/courses/course-v1:Named+New+1",
        f"{LMS}/course/course-v1:" + "x" * 1_000_000,
    ):
        course = activity(address, COURSE)
        alone = Course("Alone")
        alone.object = {}
        alone.enrolls(account("zoe"), course)

    MINE.submits(account("zoe-the-forgotten"), f"{LMS}/xblock/p")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    tell()
    site = Site(tmp_path_factory.mktemp("identity"))
    assert site.oars("init").code == 0
    site.insert(Course.sent)
    run = site.dbt("build", *WITHOUT_TESTS)
    assert run.code == 0, run.out
    return site


def rows(site: Site, columns: str, table: str, course: Course) -> list[list[Any]]:
    """Sorted rows of a relation in a course."""
    found = site.query(f"select {columns} from {table} where course_key = '{course.key}'")
    return sorted((list(row.values()) for row in found), key=str)


def test_learner_is_the_person_whatever_names_them(site: Site) -> None:
    expected = [
        [ANN, 1],
        [sha1_of("Ann@example.org"), 3],
        [sha1_of("https://id.example.org/ann"), 1],
        [sha1_of("lms.example.org|3"), 2],
        [sha1_of("studio.example.org|3"), 1],
    ]
    found = rows(site, "actor_id, attempt_count", "oars.fct_learner_problems", NAMES)
    assert found == sorted(expected, key=str)


def test_team_is_no_learner_and_what_is_done_to_people_enrolls_nobody(site: Site) -> None:
    counts = "enrolled_count, ever_enrolled_count, unenrolled_active_count, passed_count"
    assert rows(site, counts, "oars.agg_courses", TEAM) == [[1, 1, 0, 0]]
    assert rows(site, "actor_id", "oars.fct_learner_problems", TEAM) == []
    base = "oars_staging.base_xapi__statements_final"
    families = site.query(
        f"select event_family, isNull(actor_id) as is_nobodys, count() as n from {base} "
        f"where course_key = '{TEAM.key}' and event_family = 'problem' "
        "or event_family = 'unclassified' group by all order by all"
    )
    assert [list(row.values()) for row in families] == [
        ["problem", True, 2],
        ["unclassified", False, 8],
    ]
    [day] = rows(site, "event_count, active_learner_count", "oars.agg_course_activity_daily", TEAM)
    assert day == [12, 0]


def test_videos_of_players_are_told_apart_and_named(site: Site) -> None:
    shown = "block_id, block_name, section_name, duration_seconds, watched_seconds, watched_ratio"
    assert rows(site, shown, "oars.fct_learner_videos", PLAYERS) == [
        ["https://player.example.org/v", "Film 90", None, 90, 9, 0.1],
        ["uuid://aa29be06-7593-4912-9aae-7599c6b50dd9", "Film 75", None, 75, 75, 1],
        ["uuid://bb29be06-7593-4912-9aae-7599c6b50dd9", "Film 600", None, 600, 60, 0.1],
    ]
    engaged = rows(site, "block_name, viewer_count", "oars.agg_video_engagement", PLAYERS)
    assert engaged == [["Film 600", 1], ["Film 75", 1], ["Film 90", 1]]
    segments = rows(site, "distinct block_name", "oars.agg_video_segments", PLAYERS)
    assert segments == [["Film 600"], ["Film 75"], ["Film 90"]]


def test_contents_of_tools_are_blocks_under_their_own_ids(site: Site) -> None:
    shown = "block_id, block_name, subsection_name, attempt_count"
    assert rows(site, shown, "oars.fct_learner_problems", TOOLS) == [
        ["", None, None, 2],
        ["https://h5p.example.org/node/***/3", None, None, 1],
        ["https://h5p.example.org/node/1", "Game", None, 3],
        ["https://h5p.example.org/node/2", None, None, 1],
    ]
    named = rows(site, "block_name", "oars.agg_problem_difficulty", TOOLS)
    assert named == [["Game"], [None], [None], [None]]
    graded = rows(site, "block_id, block_name", "oars.agg_subsection_grades", TOOLS)
    assert graded == [["https://h5p.example.org/node/g", "Essay"]]


def test_address_of_another_system_makes_no_course(site: Site) -> None:
    known = {row["course_key"] for row in site.query("select course_key from oars.dim_courses")}
    of_the_tests = {each.key for each in (NAMES, TEAM, PLAYERS, TOOLS, MINE)}
    assert known == of_the_tests | {"Org/Course/Run", "course-v1:Named+New+1"}


def test_learner_who_is_known_by_a_name_is_forgotten_by_its_hash(site: Site) -> None:
    """Also what cannot be read and what a group did: by the name in the learner's statements."""
    actor = sha1_of("lms.example.org|zoe-the-forgotten")
    group = {"objectType": "Group", "member": [account("zoe-the-forgotten")]}
    body = {"actor": group, "verb": {"id": PLAYED}, "object": activity("v", VIDEO)}
    page = b'"homePage": "https://lms.example.org"'
    broken = b'{"actor": {"account": {%s, "name":"zoe-the-forgotten"' % page
    time = "2026-03-03 10:00:00"
    site.insert(
        [(UUID(int=10**6), time, json.dumps(body).encode()), (UUID(int=10**7), time, broken)]
    )
    assert site.dbt("run").code == 0

    done = site.oars("forget", "--actor", actor, "--yes")

    assert done.code == 0, done.err + done.out
    left = site.query(
        "select count() as n from xapi.xapi_events_all "
        "where position(event, 'zoe-the-forgotten') > 0"
    )
    assert left == [{"n": 0}]
    assert rows(site, "actor_id", "oars.fct_learner_problems", MINE) == []

    # Sent again, of that nothing is read.
    site.insert(row for row in Course.sent if b"zoe-the-forgotten" in row[2])
    assert site.dbt("run").code == 0
    assert rows(site, "actor_id", "oars.fct_learner_problems", MINE) == []
