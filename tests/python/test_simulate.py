"""The simulation: reproducible, in the live shape, and with learners who look like learners."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import pytest

from oars.simulate import Simulation, SimulationPlan
from oars.simulate.courses import BEGINS_LATE_AT, POOL_SIZE, SHOWN_COUNT

Json = dict[str, Any]

PLAN = SimulationPlan(statements=25_000)

ATTEMPT = "http://id.tincanapi.com/extension/attempt-id"
LMS = "https://lms.example.com"
OLD_LMS = "https://old-lms.example.com"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"

# Leaves that every statement has.
ENVELOPE = {
    "id", "version", "timestamp", "stored", "authority.mbox", "actor.objectType",
    "actor.account.name", "actor.account.homePage", "verb.id", "verb.display.en", "object.id",
    "object.objectType", "object.definition.type", "context.extensions.transformer-version",
}  # fmt: skip
COURSE_PARENT = {
    "context.contextActivities.parent[0].id",
    "context.contextActivities.parent[0].objectType",
    "context.contextActivities.parent[0].definition.name.en-US",
    "context.contextActivities.parent[0].definition.type",
}
SCORE = {f"result.score.{part}" for part in ("scaled", "raw", "min", "max")}
TIME = "result.extensions.time"
LENGTH = "context.extensions.length"
TAB = {
    "object.definition.extensions.total-items",
    "context.extensions.starting-position",
    "context.extensions.ending-point",
}
CHECK = {
    "object.definition.description.en-US", "object.definition.interactionType",
    "object.definition.extensions.attempt-id", "result.success", "result.response",
}  # fmt: skip
GROUPING = "context.contextActivities.grouping[0]."
EXAM = {
    "object.definition.name.en",
    "object.definition.extensions.time-limit",
    *(GROUPING + leaf for leaf in ("id", "objectType", "definition.name.en", "definition.type")),
    GROUPING + "definition.extensions.attempt-id",
}
REPLY_TO = {GROUPING + leaf for leaf in ("id", "objectType", "definition.type")}
NAME = "object.definition.name.en"
MODE = "object.definition.extensions.type"
NOTHING = "object.definition.extensions"

# (verb, object type) -> leaves besides the envelope and the course: needed ones, allowed ones.
SHAPES: dict[tuple[str, str], tuple[set[str], set[str]]] = {
    ("verbs/registered", "activities/course"): ({NAME, MODE}, set()),
    ("verb/unregistered", "activities/course"): ({NAME, MODE}, set()),
    ("verbs/passed", "activities/course"): ({NAME, NOTHING}, set()),
    ("verbs/failed", "activities/course"): ({NAME, NOTHING}, set()),
    ("verb/earned", "activities/course"): (
        {NAME, *SCORE, "result.extensions.grade_classification"}, set(),
    ),
    ("verb/earned", "activitytype/resource"): ({*SCORE, "result.success"}, set()),
    ("verbs/navigated", "activities/module"): ({NAME}, set()),
    ("verbs/navigated", "activities/link"): (set(), set()),
    ("verbs/navigated", "activitytype/resource"): (TAB, set()),
    ("verbs/initialized", "activity-type/video"): (set(), {LENGTH}),
    ("verbs/played", "activity-type/video"): ({LENGTH}, {TIME, "result.extensions"}),
    ("verbs/paused", "activity-type/video"): ({LENGTH, TIME}, set()),
    ("verbs/terminated", "activity-type/video"): ({LENGTH}, {TIME, "result.extensions"}),
    ("verbs/completed", "activity-type/video"): (
        {LENGTH, TIME, "result.completion", "result.duration"}, set(),
    ),
    ("verbs/seeked", "activity-type/video"): (
        {LENGTH, "result.extensions.time-to"}, {"result.extensions.time-from"},
    ),
    ("verbs/interacted", "activity-type/video"): (
        {LENGTH},
        {TIME, *(f"result.extensions.{key}" for key in ("cc-enabled", "speed-from", "speed-to"))},
    ),
    ("verbs/attempted", "activities/cmi.interaction"): (
        {"object.definition.interactionType"}, set(),
    ),
    ("verbs/evaluated", "activities/cmi.interaction"): (CHECK, SCORE),
    ("verbs/asked", "activitytype/solution"): (set(), set()),
    ("verbs/asked", "extensions/supplemental-info"): (set(), set()),
    ("verbs/progressed", "activitytype/resource"): (
        {"result.completion", "result.extensions.progress"}, set(),
    ),
    ("verbs/posted", "activitytype/discussion"): (
        set(), {NAME, "context.extensions.type", *REPLY_TO},
    ),
    ("verb/viewed", "activitytype/discussion"): ({NAME}, set()),
    ("verb/voted", "activitytype/discussion"): ({"context.extensions.type"}, set()),
    ("verbs/edited", "activitytype/discussion"): (set(), set()),
    ("verbs/deleted", "activitytype/discussion"): (set(), set()),
    ("verbs/reported", "activitytype/discussion"): (set(), set()),
    **{
        ("verbs/initialized", f"activity/{kind}-assessment"): (EXAM, set[str]())
        for kind in ("timed", "practice")
    },
    **{
        ("verbs/terminated", f"activity/{kind}-assessment"): (
            EXAM | {GROUPING + f"definition.extensions.{key}"
                    for key in ("attempt-started", "attempt-completed", "duration")}, set[str](),
        )
        for kind in ("timed", "practice")
    },
    # What no list knows.
    ("verbs/responded", "activitytype/survey"): (set(), set()),
    ("1.0/submit", "activitytype/essay"): (set(), set()),
    ("verbs/launched", "activities/simulation"): (set(), set()),
}  # fmt: skip
UNKNOWN = {"verbs/responded", "1.0/submit", "verbs/launched"}
COURSE_IS_OBJECT = {"verbs/registered", "verb/unregistered", "verbs/passed", "verbs/failed"}


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(PLAN)


@pytest.fixture(scope="module")
def lines(simulation: Simulation) -> list[bytes]:
    return list(simulation.statements())


@pytest.fixture(scope="module")
def everything(lines: list[bytes]) -> list[Json]:
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def statements(everything: list[Json]) -> list[Json]:
    """Those that the platform sends of its own objects and learners, each once."""
    return [statement for statement in everything if oddity(statement) == ""]


def oddity(statement: Json) -> str:
    """What is odd of a statement, '' if nothing."""
    object_id = statement["object"]["id"]
    if statement["verb"]["id"] == VOIDED:
        return "voiding"
    if statement["actor"]["objectType"] == "Group":
        return "of a team"
    if object_id.startswith("https://h5p.example.com/"):
        return "foreign quiz"
    if object_id.startswith("uuid://"):
        return "foreign film"
    if statement["id"] != id_by_the_rule(statement):
        return "twin"
    if statement["actor"]["account"]["homePage"] == OLD_LMS:
        return "of the old site"
    return ""


def id_by_the_rule(statement: Json) -> str:
    """The id that the platform gives to the statement."""
    verb = json.dumps(statement["verb"])
    if is_child(statement):
        verb += "-" + statement["object"]["id"].rpartition("@")[2]
    name = json.dumps(statement["actor"]) + "-" + statement["timestamp"]
    return str(uuid5(uuid5(NAMESPACE_DNS, verb), name))


def tail(iri: str) -> str:
    """Shorten an IRI to its last two steps."""
    return "/".join(iri.split("/")[-2:])


def kind(statement: Json) -> tuple[str, str]:
    return tail(statement["verb"]["id"]), tail(statement["object"]["definition"]["type"])


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Name every leaf of a statement; extension keys by their last step."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key.rsplit('/', 1)[-1]}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{number}]")
    else:
        yield path


def is_child(statement: Json) -> bool:
    return "statement" in statement.get("context", {})


def is_parent(statement: Json) -> bool:
    return bool(statement["object"]["objectType"] == "GroupActivity")


def test_same_plan_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib; from oars.simulate import Simulation, SimulationPlan\n"
        "simulation = Simulation(SimulationPlan(statements=3000, seed=7))\n"
        "rows = simulation.event_sink_rows() | simulation.operator_rows()\n"
        "text = b''.join(simulation.statements()) + repr(rows).encode()\n"
        "print(hashlib.sha256(text).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(digests) == 1


def test_another_seed_gives_other_statements() -> None:
    one, two = (
        set(Simulation(SimulationPlan(statements=500, seed=seed)).statements()) for seed in (1, 2)
    )
    assert not one & two


@pytest.mark.parametrize(
    "plan",
    [
        SimulationPlan(statements=1),
        SimulationPlan(statements=2_000, days=1),
        SimulationPlan(statements=2_000, days=400, courses=12),
        SimulationPlan(statements=2_000, learners=3, courses=1, days=20),
        SimulationPlan(statements=2_000, learners=700),
        SimulationPlan(statements=50, learners=50),
    ],
    ids=["one", "one day", "many courses", "few learners", "many learners", "one each"],
)
def test_plan_is_kept_to_the_number(plan: SimulationPlan) -> None:
    simulation = Simulation(plan)
    found = [json.loads(line) for line in simulation.statements()]
    assert len(found) == simulation.statement_count == plan.statements
    actors = {
        statement["actor"]["account"]["name"]
        for statement in found
        if oddity(statement) not in ("voiding", "of a team")
    }
    assert len(actors) == simulation.learner_count
    assert plan.learners in (None, simulation.learner_count)


def test_ids_follow_the_rule_and_are_unique(everything: list[Json]) -> None:
    for statement in everything:
        if oddity(statement) != "twin":
            assert statement["id"] == id_by_the_rule(statement)
    assert len({statement["id"] for statement in everything}) == PLAN.statements


def test_a_few_statements_are_odd_as_real_sites_send_them(everything: list[Json]) -> None:
    odd = Counter(filter(None, map(oddity, everything)))
    kinds = {"voiding", "of a team", "foreign quiz", "foreign film", "twin", "of the old site"}
    assert set(odd) == kinds
    assert min(odd.values()) > 5
    assert max(odd.values()) < 0.005 * PLAN.statements
    by_id = {statement["id"]: statement for statement in everything}
    seen: set[str] = set()
    for last, statement in pairwise(everything):
        seen.add(last["id"])
        what = oddity(statement)
        if what == "voiding":
            taken_back = by_id[statement["object"]["id"]]
            assert taken_back["id"] in seen
            assert not is_parent(taken_back)
            assert not is_child(taken_back)
        elif what == "twin":
            same = json.dumps(statement).replace(OLD_LMS, LMS).replace(statement["id"], last["id"])
            assert same == json.dumps(last).replace(OLD_LMS, LMS)
        elif what.startswith("foreign"):
            assert statement["context"]["contextActivities"]["parent"][0]["id"].startswith(LMS)


def test_lines_are_what_the_lrs_stores(lines: list[bytes], everything: list[Json]) -> None:
    assert [json.dumps(statement).encode() for statement in everything] == lines
    assert any(b"\\u00ed" in line for line in lines)


def test_statements_are_in_order_inside_the_window(everything: list[Json]) -> None:
    moments = [datetime.fromisoformat(statement["timestamp"]) for statement in everything]
    assert moments == sorted(moments)
    assert moments[0] >= PLAN.window_start
    assert moments[-1] < PLAN.window_start + timedelta(days=PLAN.days)
    assert moments[-1].date() > date(2026, 6, 27)
    for statement, moment in zip(everything, moments, strict=True):
        delay = datetime.fromisoformat(statement["stored"]) - moment
        assert timedelta(0) < delay < timedelta(seconds=10)


def test_every_statement_has_the_fields_of_its_kind(statements: list[Json]) -> None:
    for statement in statements:
        found = set(leaves(statement)) - ENVELOPE - {"context.extensions.session-id"}
        assert set(leaves(statement)) >= ENVELOPE
        needed, allowed = SHAPES[kind(statement)]
        if is_child(statement):
            continue
        if kind(statement)[0] not in COURSE_IS_OBJECT:
            assert found >= COURSE_PARENT
            found -= COURSE_PARENT
        assert needed <= found <= needed | allowed, kind(statement)
    assert {kind(statement) for statement in statements} >= {
        shape for shape in SHAPES if shape[0] not in {"verbs/reported", "verbs/deleted"}
    }


def test_position_zero_is_sometimes_lost_and_some_plays_never_end(statements: list[Json]) -> None:
    plays = [s["result"]["extensions"] for s in statements if kind(s)[0] == "verbs/played"]
    lost = sum(extensions == {} for extensions in plays)
    assert 0 < lost < len(plays) / 4
    names = Counter(kind(s)[0] for s in statements if kind(s)[1] == "activity-type/video")
    ends = names["verbs/paused"] + names["verbs/terminated"] + names["verbs/seeked"]
    assert names["verbs/played"] > 0.5 * ends


def test_some_players_say_a_wrong_length_or_stop_without_a_position(statements: list[Json]) -> None:
    lengths: dict[str, Counter[float]] = defaultdict(Counter)
    stops: Counter[bool] = Counter()
    for statement in statements:
        verb, object_type = kind(statement)
        if object_type != "activity-type/video":
            continue
        for key, value in statement["context"]["extensions"].items():
            if key.endswith("extensions/length"):
                lengths[statement["object"]["id"]][value] += 1
        if verb == "verbs/terminated":
            stops[statement["result"]["extensions"] == {}] += 1
    right = {video: said.most_common(1)[0][0] for video, said in lengths.items()}
    wrong = [
        round(length / right[video], 3)
        for video, said in lengths.items()
        for length in said.elements()
        if length != right[video]
    ]
    assert {ratio for ratio in wrong if ratio > 999} == {1000}
    assert any(ratio < 999 for ratio in wrong)
    assert len(wrong) < sum(said.total() for said in lengths.values()) / 10
    assert 0 < stops[True] < stops[False] / 5


def test_several_questions_make_a_parent_and_children(statements: list[Json]) -> None:
    children = defaultdict(list)
    for statement in statements:
        if is_child(statement):
            children[statement["context"]["statement"]["id"]].append(statement)
    parents = [statement for statement in statements if is_parent(statement)]
    assert {parent["id"] for parent in parents} == set(children)
    is_misleading = 0
    for parent in parents:
        own = children[parent["id"]]
        first, score = own[0], parent["result"]["score"]
        # The live parent tells the first question's success, the score is the whole problem's.
        assert parent["result"]["success"] == first["result"]["success"]
        assert parent["result"]["response"] == first["result"]["response"]
        assert score["raw"] == sum(child["result"]["success"] for child in own)
        assert score["max"] == len(own)
        is_misleading += parent["result"]["success"] and score["raw"] < score["max"]
        for number, child in enumerate(own):
            activities = child["context"]["contextActivities"]
            assert activities["parent"][0] == parent["object"]
            assert activities["grouping"] == parent["context"]["contextActivities"]["parent"]
            assert child["object"]["id"] == f"{parent['object']['id']}_{number + 2}_1"
            assert "score" not in child["result"]
            assert child["timestamp"] == parent["timestamp"]
    assert is_misleading


def test_attempts_count_up_from_one_and_now_and_then_begin_anew(statements: list[Json]) -> None:
    last: Counter[tuple[str, str]] = Counter()
    most: Counter[tuple[str, str]] = Counter()
    resets: Counter[tuple[str, str]] = Counter()
    for statement in statements:
        if kind(statement)[0] == "verbs/evaluated" and not is_child(statement):
            key = statement["actor"]["account"]["name"], statement["object"]["id"]
            number = statement["object"]["definition"]["extensions"][ATTEMPT]
            if number == 1 and last[key]:
                resets[key] += 1
                last[key] = 0
            last[key] += 1
            most[key] = max(most[key], number)
            assert number == last[key]
    assert max(most.values()) >= 3
    assert set(resets.values()) == {1}
    assert 0.002 < len(resets) / len(most) < 0.05


def test_every_course_and_block_is_in_the_structure(
    simulation: Simulation, statements: list[Json]
) -> None:
    rows = simulation.event_sink_rows()
    courses = {row[1] for row in rows["course_overviews"]}
    newest = max(str(row[8]) for row in rows["course_blocks"] if row[1] == _first_course(rows))
    known = {
        row[2] for row in rows["course_blocks"] if row[1] != _first_course(rows) or row[8] == newest
    }
    for statement in statements:
        activities = statement["context"].get("contextActivities", {})
        owner = activities.get("grouping" if is_child(statement) else "parent")
        course = owner[0]["id"] if owner else statement["object"]["id"]
        assert course.removeprefix(f"{LMS}/course/") in courses
        target = activities["parent"][0]["id"] if is_child(statement) else statement["object"]["id"]
        if "block-v1:" in target:
            block = "block-v1:" + target.partition("block-v1:")[2].partition("/")[0]
            assert block in known


def _first_course(rows: dict[str, list[tuple[object, ...]]]) -> object:
    return rows["course_overviews"][0][1]


def test_older_dump_has_a_block_that_went_and_one_by_another_name(simulation: Simulation) -> None:
    rows = simulation.event_sink_rows()
    dumps: dict[object, dict[object, object]] = defaultdict(dict)
    for row in rows["course_blocks"]:
        if row[1] == _first_course(rows):
            dumps[row[8]][row[2]] = row[3]
    old, new = (dumps[moment] for moment in sorted(dumps, key=str))
    assert len(set(old) - set(new)) == 1
    assert sum(old[block] != name for block, name in new.items()) == 1


def test_event_sink_rows_fit_their_tables_and_the_statements(
    simulation: Simulation, statements: list[Json]
) -> None:
    rows = simulation.event_sink_rows()
    widths = {name: {len(row) for row in table} for name, table in rows.items()}
    assert widths == {
        "course_overviews": {13},
        "course_blocks": {9},
        "user_profile": {22},
        "external_id": {6},
        "course_enrollment": {9},
        "tag": {8},
        "taxonomy": {4},
        "object_tag": {9},
    }
    user_of = {row[0]: row[3] for row in rows["external_id"]}
    late = simulation.courses[BEGINS_LATE_AT].key
    sent = {
        (user_of[actor], course, kind(statement)[0] == "verbs/registered")
        for statement in statements
        if kind(statement)[0] in ("verbs/registered", "verb/unregistered")
        and (actor := statement["actor"]["account"]["name"]) in user_of
        and (course := statement["object"]["id"].removeprefix(f"{LMS}/course/"))
    }
    named = set(user_of.values())
    known = {(row[6], row[1], row[3]) for row in rows["course_enrollment"] if row[6] in named}
    assert sent <= known
    assert {course for _, course, _ in known - sent} == {late}
    assert all(str(row[4]).endswith("@example.com") for row in rows["user_profile"])
    filled = sum(row[14] != "" for row in rows["user_profile"]) / len(rows["user_profile"])
    assert 0.55 < filled < 0.85


@pytest.mark.parametrize("courses", [1, 2, 3, 5])
def test_staff_and_programs_are_of_the_courses(courses: int) -> None:
    simulation = Simulation(SimulationPlan(statements=100, courses=courses))
    keys = [course.key for course in simulation.courses]
    rows = simulation.operator_rows()
    assert rows["course_staff"] == [
        ("staff_of_one", keys[0]),
        *(("staff_of_two", key) for key in keys[1:3]),
    ]
    assert len({program for program, _, _ in rows["programs"]}) == 2
    assert {key for _, _, key in rows["programs"]} == set(keys)


def test_history_of_one_course_begins_late_and_the_lms_knows_who_was_there(
    simulation: Simulation, statements: list[Json]
) -> None:
    late = simulation.courses[BEGINS_LATE_AT]
    begins = PLAN.window_start + timedelta(seconds=late.sent_from)
    of_course = [s for s in statements if late.key in json.dumps(s)]
    assert min(datetime.fromisoformat(s["timestamp"]) for s in of_course) >= begins
    enrolled = {
        s["actor"]["account"]["name"] for s in of_course if kind(s)[0] == "verbs/registered"
    }
    active = {s["actor"]["account"]["name"] for s in of_course}
    rows = simulation.event_sink_rows()
    name_of = {row[3]: row[0] for row in rows["external_id"]}
    by_the_lms = {name_of.get(row[6]) for row in rows["course_enrollment"] if row[1] == late.key}
    # Some are known from the LMS alone, active or not, few from activity alone.
    assert active - enrolled
    assert by_the_lms - active - {None}
    assert active - enrolled - by_the_lms
    assert 0.8 < len(rows["external_id"]) / len(rows["user_profile"]) < 1


def test_randomized_content_shows_each_learner_a_part(
    simulation: Simulation, statements: list[Json]
) -> None:
    banks = [(course, b) for course in simulation.courses for b in course.blocks if b.pool]
    assert {course.number % 4 for course, _ in banks} == {1}
    for _, bank in banks:
        keys = {block.usage_key for block in bank.pool}
        shown = defaultdict(set)
        for statement in statements:
            block = statement["object"]["id"].partition("/xblock/")[2].partition("/")[0]
            if block in keys:
                shown[statement["actor"]["account"]["name"]].add(block)
        assert len(keys) == POOL_SIZE
        assert max(map(len, shown.values())) == SHOWN_COUNT
        assert set().union(*shown.values()) == keys


def test_families_have_sane_shares(statements: list[Json]) -> None:
    verbs = Counter(kind(statement) for statement in statements)
    total = sum(verbs.values())

    def share(*names: str) -> float:
        return sum(verbs[key] for key in verbs if key[0] in names or key[1] in names) / total

    assert 0.2 < share("activity-type/video") < 0.5
    assert 0.15 < share("activities/cmi.interaction", "verbs/asked") < 0.45
    assert 0.05 < share("verbs/navigated") < 0.25
    assert 0.05 < share("verbs/progressed") < 0.25
    assert 0.002 < share("verbs/registered", "verb/unregistered") < 0.03
    assert 0.002 < share("activitytype/discussion") < 0.04
    assert 0.0002 < share(*UNKNOWN) < 0.003


def test_a_course_author_would_see_hard_problems_left_videos_and_leaving(
    statements: list[Json],
) -> None:
    first: dict[str, list[bool]] = defaultdict(list)
    loaded: Counter[str] = Counter()
    completed: Counter[str] = Counter()
    for statement in statements:
        what, where = kind(statement), statement["object"]["id"]
        if what[0] == "verbs/evaluated" and not is_child(statement):
            score = statement["result"]["score"]
            if statement["object"]["definition"]["extensions"][ATTEMPT] == 1:
                first[where].append(score["raw"] == score["max"])
        if what[1] == "activity-type/video":
            loaded[where] += what[0] == "verbs/initialized"
            completed[where] += what[0] == "verbs/completed"
    success = [sum(found) / len(found) for found in first.values() if len(found) >= 20]
    assert min(success) < 0.25
    assert max(success) > 0.7
    watched = [completed[video] / loaded[video] for video in loaded if loaded[video] >= 20]
    assert min(watched) < 0.45
    assert max(watched) > 0.7
    seen = Counter(statement["actor"]["account"]["name"] for statement in statements)
    sizes = sorted(seen.values())
    assert sizes[len(sizes) // 4] < 80
    assert sizes[-len(sizes) // 10] > 250
