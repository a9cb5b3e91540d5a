"""The promise of exactness: however statements arrive, the marts are those of a full refresh.

Many small worlds, one course each with learners that they share, every one with an arrival plan
of its own: batches of random sizes, out of order, duplicates, statements months late, replays of
everything, erasures, statements that are taken back before or after they come, the same event
under other ids, courses published late and again, runs that are killed. After the last batch each
relation is compared, row for row, with a fresh database that has the same raw tables.

`make faults` plants a fault of each kind and sees this test fail; `make nightly` has more worlds.
"""

import json
import os
import random
import re
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

import xapi_corpus
from oars.simulate import Simulation, SimulationPlan
from oars_site import PROJECT, WITHOUT_TESTS, Site, copy_of_project
from xapi_corpus import Case

SEED = int(os.environ.get("ARRIVAL_SEED", "1"))
WORLDS = int(os.environ.get("ARRIVAL_WORLDS", "80"))
STATEMENTS = 80 * WORLDS
BATCHES = 4
# Of these months statements are erased: months without an erasure only get what is missing.
ERASED_MONTH = ["", "2026-04", "", "2026-06"]
# The day of "now" moves from batch to batch; some statements are later than the last of them.
AS_OF = ["2026-05-20", "2026-06-01", "2026-06-01", "2026-06-24"]
# When statements are taken back: long before they come, while they do, later than the last "now".
TAKEN_BACK_AT = [
    *("2025-06-01 10:00:00", "2026-04-30 10:00:00", "2026-05-31 10:00:00"),
    *("2026-06-10 10:00:00", "2026-06-29 10:00:00"),
]
# What dbt says just before it does what a kill shall interrupt.
KILL_AT = [
    "insert into oars_ops.missing",
    "insert into `oars_staging`.`base_xapi__statements`",
    "insert into oars_ops.course_months",
    "insert into oars_ops.months",
    "insert into `oars_intermediate`.`int_learner_course_days__dbt_new_data",
    "alter table `oars`.`fct_learner_problems`",
    "alter table `oars`.`agg_instance_daily`",
    "drop table if exists `oars`.`agg_enrollments_daily__dbt_new_data",
    "truncate table oars_ops.plan",
]
# Built by themselves, beside parents that are behind.
BY_HAND = ("--select", "agg_problem_difficulty", "agg_courses", "fct_learner_course_status")

# Kind of fault -> file, text, what to put in its place.
FAULTS = {
    "a watermark": (
        "macros/engine/months/plan_months.sql",
        "    {{ rows }}\n    and event_id not in (",
        "    {{ rows }}\n    and emission_time > (select max(emission_time) - interval 20 day "
        "from {{ base }})\n    and event_id not in (",
    ),
    "ids filtered wrongly": (
        "macros/engine/months/plan_months.sql",
        "toString(min(emission_time)),\n                countIf(row_count > 1)",
        "toString(min(emission_time) + interval 1 day),\n                countIf(row_count > 1)",
    ),
    "a body picked wrongly": (
        "macros/engine/months/plan_months.sql",
        "min(({{ time }}, {{ body }})) as body",
        "max(({{ time }}, {{ body }})) as body",
    ),
    "what was erased is taken for merged": (
        "macros/engine/months/plan_months.sql",
        "{%- if sums[0] -%}",
        "{%- if false -%}",
    ),
    "a family left out of the roots": (
        "macros/engine/plan/inputs_of.sql",
        "{%- do found.roots.append('base/' ~ node.config.meta.event_family) -%}",
        "{%- do found.roots.append('base/' ~ node.config.meta.event_family) "
        "if node.config.meta.event_family != 'problem' -%}",
    ),
    "a missed bucket": (
        "macros/engine/plan/plan_relations.sql",
        "        version != settled_version\n",
        "        version != settled_version and cityHash64(course_key) % 64 != 7\n",
    ),
    "a cut-off that forgets what has no course": (
        "macros/engine/plan/what_to_build.sql",
        "courses.other if is_forced or '*' in changed\n",
        "courses.other if is_forced\n",
    ),
    "a swap that is not told on": (
        "macros/engine/plan/build_relation.sql",
        "{%- do oars.state().changed.update({model.name: told}) -%}",
        "",
    ),
    "a plan beside a stale parent": (
        "macros/engine/plan/what_to_build.sql",
        "{%- if oars.stands_on_what_is_behind() -%}",
        "{%- if false -%}",
    ),
    "what a killed run had to do is done again": (
        "macros/engine/run/start_run.sql",
        "            {%- do oars.clear_scratch() -%}\n",
        "",
    ),
    "a clock that is trusted": (
        "macros/engine/run/written_at.sql",
        "greatest(now64(6, 'UTC'), max(written_at) + interval 1 second)",
        "now64(6, 'UTC')",
    ),
    "news of what was taken back that reach nobody": (
        "macros/engine/plan/plan_relations.sql",
        "where course_key = '*' or is_of_all_courses",
        "where course_key = '*'",
    ),
    "twins of which the last to come counts": (
        "models/intermediate/int_uncounted_statements.sql",
        "arraySort(groupArrayIf(event_id, may_be_twin))",
        "groupArrayIf(event_id, may_be_twin)",
    ),
    "a sum of floats": (
        "models/marts/problem/agg_problem_difficulty.sql",
        "{{ average_ratio('last_score_ratio') }} as avg_score_ratio",
        "avg(last_score_ratio) as avg_score_ratio",
    ),
}
# Rows as a replica writes them whose clock is ahead.
IN_THE_FUTURE = [
    "insert into oars_ops.ledger select relation, course_key, argMax(version, written_at), 0, "
    "'ahead', now64(6) + interval 5 year from oars_ops.ledger group by relation, course_key",
    "insert into oars_ops.clock select as_of, now_at, 'ahead', now64(6) + interval 5 year "
    "from oars_ops.clock order by written_at desc limit 1",
    "insert into oars_ops.months select * replace (now64(6) + interval 5 year as written_at) "
    "from oars_ops.months final",
]

EXAMS = [case for case in xapi_corpus.ALL if case.family == "exam"][:28]
COURSES = ("course_overviews", "course_blocks")
PEOPLE = ("user_profile", "external_id")
LISTS = ("course_staff", "programs")
NOBODY = "00000000-0000-0000-0000-000000000000"
Statement = tuple[str, str, bytes]


class World:
    """A course's statements, and what arrives of them in which batch."""

    def __init__(self, draw: random.Random, statements: list[Statement]) -> None:
        self.batches: list[list[Statement]] = [[] for _ in range(BATCHES)]
        self.erased: list[list[str]] = [[] for _ in range(BATCHES)]
        in_order = draw.random() < 0.5
        for position, statement in enumerate(statements):
            first = BATCHES * position // len(statements) if in_order else draw.randrange(BATCHES)
            self.batches[first].append(statement)
            while draw.random() < 0.1:
                self.batches[draw.randrange(first, BATCHES)].append(statement)
            for later in range(first, BATCHES):
                if statement[1].startswith(ERASED_MONTH[later] or "never") and draw.random() < 0.05:
                    self.erased[later].append(statement[0])
        if draw.random() < 0.1:
            # A replay of everything, erased statements too.
            self.batches[draw.randrange(BATCHES)].extend(statements)
        if draw.random() < 0.05:
            # The whole course is erased; what arrives later comes back.
            self.erased[1].extend(each[0] for each in statements)
        for batch in self.batches:
            draw.shuffle(batch)


def simulated() -> tuple[dict[str, list[Statement]], Simulation]:
    """Statements by course, those of none under ''."""
    simulation = Simulation(
        SimulationPlan(
            statements=STATEMENTS, learners=3 * WORLDS, courses=WORLDS, days=120, seed=SEED
        )
    )
    worlds: dict[str, list[Statement]] = {"": []}
    for line in simulation.statements():
        body = json.loads(line)
        text = line.decode()
        key = text[text.find("course-v1:") :].split('"')[0].split("/")[0].split("+type@")[0]
        worlds.setdefault(key if "course-v1:" in text else "", []).append(
            (body["id"], body["timestamp"].replace("T", " ").replace("Z", "")[:26], line)
        )
    # Courses of this size have no exams: some get all shapes of exam statements.
    for key in sorted(worlds)[1::10]:
        worlds[key] += [exam_of(case, key, day) for day, case in enumerate(EXAMS, start=1)]
    draw = random.Random(SEED)
    for _, statements in sorted(worlds.items()):
        chosen = draw.sample(statements, len(statements) // 20)
        statements += [twin_of(statement) for statement in chosen[::2]]
        # Who takes a statement back names no course.
        worlds[""] += [voiding(statement, draw.choice(TAKEN_BACK_AT)) for statement in chosen[1::2]]
    # What cannot be read belongs to no course, and to a month all the same.
    worlds[""] += [
        (f"00000000-0000-0000-0000-{number:012d}", f"2026-0{number % 6 + 1}-03 10:00:00", b"{cut")
        for number in range(40)
    ]
    return worlds, simulation


def twin_of(statement: Statement) -> Statement:
    """The same event under another id, as another domain sends it."""
    id_, time, line = statement
    twin = str(uuid5(NAMESPACE_URL, f"twin of {id_}"))
    body = json.loads(line) | {"id": twin}
    body["object"]["id"] = re.sub(
        "^https?://[^/]*", "https://old.example.com", body["object"]["id"]
    )
    return twin, time, json.dumps(body).encode()


def voiding(statement: Statement, time: str) -> Statement:
    """A statement that takes the other back."""
    id_ = str(uuid5(NAMESPACE_URL, f"no more {statement[0]}"))
    body = {
        "id": id_,
        "actor": {"account": {"homePage": "https://lms.example.com", "name": str(UUID(int=1))}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": statement[0]},
    }
    return id_, time, json.dumps(body).encode()


def exam_of(case: Case, key: str, day: int) -> Statement:
    """A statement of the corpus as one of another course."""
    id_ = str(uuid5(NAMESPACE_URL, key + case.name))
    body = case.body.replace(case.event_id.encode(), id_.encode())
    return id_, f"2026-05-{day:02} 12:00:00", body.replace(b"Org+Course+Run", key[10:].encode())


def publish(site: Site, folder: Path, batch: int, draw: random.Random) -> None:
    """Courses are published and listed at different times, the first again with changes."""
    part = f"cityHash64(course_key) % {BATCHES} = {batch}"
    for table in PEOPLE if batch == 1 else ():
        file = folder / f"{table}.csv.gz"
        site.execute(f"insert into event_sink.{table} select * from file('{file}', CSVWithNames)")
    # Who enrolled shows late in the LMS's own table, and may go again.
    file = folder / "course_enrollment.csv.gz"
    site.execute(
        "insert into event_sink.course_enrollment select * from "
        f"file('{file}', CSVWithNames) where {part}",
        f"alter table event_sink.course_enrollment delete where user_id % 9 = {batch} "
        "settings mutations_sync = 2",
    )
    for table in LISTS:
        file = folder / f"{table}.csv.gz"
        site.execute(
            f"insert into oars_operator.{table} select * from file('{file}', CSVWithNames) "
            f"where {part}"
        )
    for table in COURSES:
        file = folder / f"{table}.csv.gz"
        site.execute(
            f"insert into event_sink.{table} select * from file('{file}', CSVWithNames) "
            f"where {part}"
        )
        name = "display_name"
        again = f"cityHash64(course_key) % {BATCHES} < {batch} and cityHash64(course_key) % 7 = "
        fewer = " and cityHash64(location) % 9 != 0" if table == "course_blocks" else ""
        site.execute(
            f"insert into event_sink.{table} select * replace (concat({name}, ' II') as {name}, "
            f"toUUID('00000000-0000-0000-0000-{batch:012d}') as dump_id, "
            f"'2026-0{batch + 4}-02 00:00:00.000000+00:00' as time_last_dumped) "
            f"from file('{file}', CSVWithNames) where {again}{draw.randrange(7)}{fewer}"
        )


def variables(batch: int) -> tuple[str, str]:
    """Of the runs of a batch; with few buckets, so that each has many courses without news."""
    values = {"as_of": f"{AS_OF[batch]} 12:00:00", "pii_enabled": True, "course_buckets": 8}
    return "--vars", json.dumps(values)


def kill_run(site: Site, point: str, *options: str) -> None:
    """Start a run and kill it when it says that it does a thing; readers are still answered."""
    run = site.dbt_until(point, "run", *options)
    run.kill()
    run.communicate()
    assert marts_of(site)["fct_enrollments"] > 0


def marts_of(site: Site) -> dict[str, int]:
    """Each mart, and how many rows readers find in it."""
    marts = site.query("select name from system.tables where database = 'oars'")
    each = [
        f"select '{mart['name']}' as name, count() as n from oars.{mart['name']}" for mart in marts
    ]
    return {row["name"]: int(row["n"]) for row in site.query(" union all ".join(each))}


def rows_of(site: Site) -> dict[str, set[str]]:
    """Each relation that runs write, as a set of rows."""
    tables = site.query(
        "select concat('`', database, '`.`', name, '`') as name from system.tables "
        "where database in ('oars', 'oars_intermediate', 'oars_staging', 'oars_pii') "
        "and engine like '%MergeTree' order by name"
    )
    each = [
        f"select '{table['name']}' as name, formatRowNoNewline('JSONEachRow', *) as row from "
        f"(select * {'except (loaded_at)' if 'base_xapi' in table['name'] else ''} "
        f"from {table['name']}{' final' if 'base_xapi' in table['name'] else ''})"
        for table in tables
    ]
    found: dict[str, set[str]] = {table["name"]: set() for table in tables}
    for row in site.query(" union all ".join(each)):
        assert row["row"] not in found[row["name"]], f"{row['name']} has a row twice"
        found[row["name"]].add(row["row"])
    return found


def after_arrival(folder: Path, project: Path) -> tuple[Site, Site]:
    """One site that has seen all arrive, and a fresh one with the same raw tables."""
    draw = random.Random(SEED)
    (folder / "live").mkdir()
    live = Site(folder / "live", project)
    assert live.oars("init").code == 0
    by_course, _ = simulated()
    options = ("--statements", STATEMENTS, "--learners", 3 * WORLDS, "--courses", WORLDS)
    made = live.oars(
        "simulate", *map(str, options), "--days", "120", "--seed", str(SEED), "--out", "sink"
    )
    assert made.code == 0, made.err
    kills = draw.sample(KILL_AT, len(KILL_AT))
    worlds = [World(draw, statements) for _, statements in sorted(by_course.items())]
    seen: set[str] = set()
    for batch in range(BATCHES):
        arriving = [each for world in worlds for each in world.batches[batch]]
        erased = [each for world in worlds for each in world.erased[batch]]
        parts = [arriving[part::3] for part in range(3)]
        # Some come at once with another body, which is a little later and so never counts.
        first = [each for each in parts[0] if each[0] not in seen and draw.random() < 0.03]
        parts[0] += [(id_, f"{time[:17]}59.999999", body[::-1]) for id_, time, body in first]
        seen |= {each[0] for each in arriving}
        # A killed run has done its first relations: to come to any point again, all need news.
        for number, part in enumerate(parts):
            live.insert(part)
            if number == 0:
                publish(live, live.folder / "sink", batch, draw)
                live.execute(
                    "alter table xapi.xapi_events_all delete where event_id in "
                    f"{(*erased, NOBODY)} settings mutations_sync = 2"
                )
            if batch:
                kill_run(live, kills.pop(), *variables(batch))
            if (batch, number) == (1, 1):
                live.execute(*IN_THE_FUTURE)
            if (batch, number) == (2, 1):
                by_hand = live.dbt("run", *BY_HAND, *variables(batch))
                assert by_hand.code == 0, by_hand.out
        run = live.dbt("build", *WITHOUT_TESTS, *variables(batch))
        assert run.code == 0, run.out

    (folder / "fresh").mkdir()
    fresh = Site(folder / "fresh", project)
    assert fresh.oars("init").code == 0
    for table in (
        "xapi.xapi_events_all",
        *(f"event_sink.{each}" for each in (*COURSES, *PEOPLE, "course_enrollment")),
        *(f"oars_operator.{each}" for each in LISTS),
    ):
        file = live.folder / "table.native"
        file.unlink(missing_ok=True)
        live.execute(f"insert into function file('{file}', Native) select * from {table}")
        fresh.execute(f"insert into {table} select * from file('{file}', Native)")
    run = fresh.dbt("build", "--full-refresh", *WITHOUT_TESTS, *variables(BATCHES - 1))
    assert run.code == 0, run.out
    return live, fresh


def differing(sites: tuple[Site, Site]) -> dict[str, dict[str, list[str]]]:
    """The relations that are not the same in both, with some rows of either."""
    live, fresh = map(rows_of, sites)
    assert live.keys() == fresh.keys()
    assert [name for name, rows in fresh.items() if not rows] == []
    # Each statement was appended once, also by runs that were killed: `final` has nothing to hide.
    [twice] = sites[0].query(
        "select groupArray(event_id) as ids from (select toString(event_id) as event_id "
        "from oars_staging.base_xapi__statements group by event_id having count() > 1 limit 3)"
    )
    if twice["ids"]:
        return {"base": {"appended twice": twice["ids"]}}
    return {
        name: {"only here": sorted(live[name] - rows)[:3], "missing": sorted(rows - live[name])[:3]}
        for name, rows in fresh.items()
        if live[name] != rows
    }


def test_every_relation_is_that_of_a_full_refresh(tmp_path: Path) -> None:
    sites = after_arrival(tmp_path, PROJECT)
    assert differing(sites) == {}
    [courses] = sites[0].query("select uniqExact(course_key) as number from oars.dim_courses")
    assert int(courses["number"]) >= WORLDS


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(tmp_path: Path, fault: str) -> None:
    file, text, instead = FAULTS[fault]
    path = copy_of_project(tmp_path) / file
    assert path.read_text().count(text) == 1
    if "ARRIVAL_FAULTS" not in os.environ:
        pytest.skip("takes minutes: make faults")
    path.write_text(path.read_text().replace(text, instead))
    assert differing(after_arrival(tmp_path, tmp_path)) != {}
