"""What a scheduled run costs, by what is new and as history grows by closed course runs.

For each size of history a database of its own: the closed courses, and ten active ones. Then, in
this order: the first build; a run without news; with 100 new statements of one course; with 1,000
and 10,000 of all active courses; with 10,000 that base has already; with 10,000 new and one id
twice; with 10,000 late ones of all courses; after 100 were erased; on a new day; with an edited
model; with --month, 10,000 new once the month has so many more; and, with --invented, so many
courses that nobody knows, one statement each, and what a run costs after them.

Engine seconds are CPU seconds of the engine's queries, wall seconds those of all of dbt, statements
those that were sent, rows those that the engine read and wrote; memory is that of the whole
process, dbt included. Beside them, in the same run: what a bare copy of raw and a bare JSONExtract
of it cost the engine, and dbt that does nothing.

    python benchmarks/incremental.py --history 1000000 3000000 10000000
    python benchmarks/incremental.py --history 1000000 --month 20000000
    python benchmarks/incremental.py --history 1000000 --invented 100000
    python benchmarks/incremental.py --history 10000000 --keep FOLDER
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from oars.simulate import Simulation

PROJECT = Path(__file__).parents[1]
ACTIVE_COURSES = 10
ACTIVE_STATEMENTS = 200_000
NEW_STATEMENTS = 10_000
STATEMENTS_OF_A_CLOSED_COURSE = 25_000

RUN = r"""
import json, os, re, sys, time
from pathlib import Path
from dbt.adapters.chdb.connections import open_folder
from dbt.cli.main import dbtRunner

client = open_folder(os.environ["OARS_CHDB_PATH"])
start = time.monotonic()
result = dbtRunner().invoke([*sys.argv[1:], "--quiet"])
seconds = time.monotonic() - start
events = dict(client.query("select event, value from system.events").result_rows)
# Not ru_maxrss: a child's begins with that of its parent.
peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
print(json.dumps({
    "success": result.success,
    "wall_seconds": seconds,
    "engine_seconds": events["OSCPUVirtualTimeMicroseconds"] / 1e6,
    "dbt_seconds": time.process_time() - events["OSCPUVirtualTimeMicroseconds"] / 1e6,
    "statements": events["Query"],
    "read_rows": events["SelectedRows"],
    "written_rows": events.get("InsertedRows", 0),
    "peak_gigabytes": int(peak[1]) / 2**20,
}))
"""

EXECUTE = r"""
import json, os, sys, time
from dbt.adapters.chdb.connections import open_folder

client = open_folder(os.environ["OARS_CHDB_PATH"])
start = time.monotonic()
client.command(sys.argv[1])
events = dict(client.query("select event, value from system.events").result_rows)
print(json.dumps({
    "wall_seconds": time.monotonic() - start,
    "engine_seconds": events["OSCPUVirtualTimeMicroseconds"] / 1e6,
    "dbt_seconds": 0,
    "statements": 1,
    "read_rows": events.get("SelectedRows", 0),
    "written_rows": events.get("InsertedRows", 0),
    "peak_gigabytes": 0,
}))
"""


def dbt(folder: Path, *arguments: str) -> dict[str, float]:
    """Run dbt in a process of its own; what it cost."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(folder),
    )
    if done.returncode or not (cost := json.loads(done.stdout.splitlines()[-1]))["success"]:
        sys.exit(done.stdout + done.stderr)
    return cost


def environment(folder: Path) -> dict[str, str]:
    """The environment of a command on the database in a folder."""
    return os.environ | {
        "OARS_CHDB_PATH": str(folder / "chdb"),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def oars(folder: Path, *arguments: str, lines: Iterable[bytes] = ()) -> None:
    """Run the command oars, with statements on its standard input."""
    with subprocess.Popen(
        [sys.executable, "-m", "oars", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        env=environment(folder),
    ) as command:
        assert command.stdin is not None
        for line in lines:
            command.stdin.write(line + b"\n")
        command.stdin.close()
        if command.wait():
            sys.exit(1)


def load_structure(folder: Path, *simulations: "Simulation") -> None:
    """Store what the LMS publishes of the courses."""
    from dbt.adapters.chdb.connections import open_folder
    from oars.load import insert_event_sink

    with closing(open_folder(str(folder / "chdb"))) as client:
        for simulation in simulations:
            for table, rows in simulation.event_sink_rows().items():
                insert_event_sink(client, "event_sink", table, rows)


def measure(
    history: int, month: int, invented: int, folder: Path
) -> Iterable[tuple[str, dict[str, float]]]:
    """Build a database with so much history; each kind of run, and what it costs there."""
    from oars.simulate import Simulation, SimulationPlan

    (folder / "profiles.yml").write_text((PROJECT / "profiles.yml.example").read_text())
    oars(folder, "init")
    closed = Simulation(
        SimulationPlan(
            statements=history,
            courses=max(1, history // STATEMENTS_OF_A_CLOSED_COURSE),
            days=1000,
            seed=2,
            end=date(2026, 3, 1),
        )
    )
    active = Simulation(
        SimulationPlan(
            statements=ACTIVE_STATEMENTS + NEW_STATEMENTS,
            courses=ACTIVE_COURSES,
            days=90,
            seed=1,
            end=date(2026, 6, 30),
        )
    )
    draw = random.Random(1)
    late: list[bytes] = []

    def old_statements() -> Iterable[bytes]:
        for line in closed.statements():
            if draw.random() < 1.05 * NEW_STATEMENTS / history and len(late) < NEW_STATEMENTS:
                late.append(line)
            else:
                yield line

    oars(folder, "load", "-", lines=old_statements())
    in_order = sorted(active.statements(), key=lambda line: json.loads(line)["timestamp"])
    known, new = in_order[:ACTIVE_STATEMENTS], in_order[ACTIVE_STATEMENTS:]
    oars(folder, "load", "-", lines=known)
    load_structure(folder, closed, active)
    yield from bare(folder)
    yield "first build", dbt(folder, "build", "--selector", "lean")
    dbt(folder, "run")
    yield "no news", dbt(folder, "run")
    first = [line for line in new if course_of(line) == course_of(new[0])][:100]
    oars(folder, "load", "-", lines=first)
    yield "100 new in one course", dbt(folder, "run")
    rest = [line for line in new if line not in set(first)]
    oars(folder, "load", "-", lines=rest[:1000])
    yield "1,000 new in ten courses", dbt(folder, "run")
    oars(folder, "load", "-", lines=rest[1000:])
    yield "10,000 new in ten courses", dbt(folder, "run")
    execute(folder, COPY.format(count=NEW_STATEMENTS))
    yield "10,000 sent again", dbt(folder, "run")
    oars(folder, "load", "-", lines=like(new, 1))
    execute(folder, COPY.format(count=1))
    yield "10,000 new, one id twice", dbt(folder, "run")
    oars(folder, "load", "-", lines=late)
    yield "10,000 late in all courses", dbt(folder, "run")
    execute(
        folder,
        "alter table xapi.xapi_events_all delete where event_id in (select event_id "
        "from xapi.xapi_events_all where emission_time > '2026-06-01' order by event_id limit 100) "
        "settings mutations_sync = 2",
    )
    yield "100 erased", dbt(folder, "run")
    oars(folder, "load", "-", lines=[at(new[0], "2026-07-01T10:00:00Z")])
    yield "one new on a new day", dbt(folder, "run")
    shorter = ("--vars", "{attention_stopped_days: 13}")
    yield "one edited model", dbt(folder, "run", *shorter)
    dbt(folder, "run")
    if month:
        execute(folder, GROW.format(count=month, days=29))
        yield f"{month:,} more in the month", dbt(folder, "run")
        oars(folder, "load", "-", lines=like(new, 2))
        yield "10,000 new in that month", dbt(folder, "run")
    if invented:
        oars(folder, "load", "-", lines=invented_courses(invented, new[0]))
        yield f"{invented:,} invented courses", dbt(folder, "run")
        yield "no news after them", dbt(folder, "run")
        oars(folder, "load", "-", lines=like(first, 3))
        yield "100 new after them", dbt(folder, "run")


# As the record store may deliver them again, and as many more of a course that is in none of ours.
COPY = (
    "insert into xapi.xapi_events_all select * from xapi.xapi_events_all "
    "where emission_time > '2026-06-01' order by event_id limit {count}"
)
GROW = (
    "insert into xapi.xapi_events_all select generateUUIDv4() as id, "
    "toDateTime64('2026-06-01 00:00:00', 6) + interval number % ({days} * 86400) second, "
    'concat(\'{{"id":"\', toString(id), \'","verb":{{"id":"http://example.com/none"}},'
    '"object":{{"id":"x"}},"actor":{{"account":{{"name":"a"}}}}}}\') '
    "from numbers({count})"
)
BARE = {
    "a bare copy of raw": "insert into function null('i UUID, t DateTime64(6), e String') "
    "select event_id, emission_time, event from xapi.xapi_events_all",
    "a bare JSONExtract": "select sum(cityHash64(JSONExtract(event, 'Tuple(verb Tuple(id String), "
    "object Tuple(id String), actor Tuple(account Tuple(name String)))'))) "
    "from xapi.xapi_events_all",
}


def bare(folder: Path) -> Iterable[tuple[str, dict[str, float]]]:
    """What the engine needs to copy raw and to look into it, and what dbt needs to do nothing."""
    for kind, statement in BARE.items():
        yield kind, execute(folder, statement)
    dbt(folder, "parse")
    yield "dbt that does nothing", dbt(folder, "parse")


def execute(folder: Path, statement: str) -> dict[str, float]:
    """Run one statement in a process of its own; what it cost."""
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, statement],
        capture_output=True,
        text=True,
        env=environment(folder),
    )
    if done.returncode:
        sys.exit(done.stderr)
    cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return cost


def course_of(line: bytes) -> bytes:
    """The course that a statement names first."""
    found = re.search(rb"course-v1:[^\"/]+", line)
    return found[0] if found else b""


def at(line: bytes, moment: str) -> bytes:
    """The statement as another one, at another time."""
    body = json.loads(line) | {"id": str(uuid4()), "timestamp": moment}
    return json.dumps(body).encode()


def invented_courses(count: int, line: bytes) -> Iterable[bytes]:
    """The statement once in each of so many courses."""
    course = course_of(line)
    for number in range(count):
        other = line.replace(course, b"course-v1:Invented+%d+1" % number)
        yield at(other, json.loads(line)["timestamp"])


def like(lines: list[bytes], seconds: int) -> list[bytes]:
    """Statements like these, some seconds later, as others."""
    found = []
    for line in lines:
        moment = datetime.fromisoformat(json.loads(line)["timestamp"].replace("Z", "+00:00"))
        found.append(at(line, (moment + timedelta(seconds=seconds)).isoformat()))
    return found


def main() -> None:
    """Measure each size of history and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--history", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000]
    )
    parser.add_argument(
        "--month", type=int, default=0, help="so many statements more in the current month, at last"
    )
    parser.add_argument(
        "--invented", type=int, default=0, help="so many courses of one statement each, at last"
    )
    parser.add_argument("--keep", type=Path, help="leave the databases in this folder")
    arguments = parser.parse_args()
    print(
        f"{'history':>11}  {'run':<28}{'engine s':>9}{'dbt s':>7}{'wall s':>8}{'statements':>11}"
        f"{'rows read':>14}{'rows written':>14}{'peak GB':>9}"
    )
    for history in arguments.history:
        with tempfile.TemporaryDirectory(prefix="oars-bench-") as temporary:
            folder = arguments.keep / str(history) if arguments.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            start = time.monotonic()
            for kind, cost in measure(history, arguments.month, arguments.invented, folder):
                print(
                    f"{history:>11,}  {kind:<28}{cost['engine_seconds']:>9.1f}"
                    f"{cost['dbt_seconds']:>7.1f}{cost['wall_seconds']:>8.1f}"
                    f"{int(cost['statements']):>11,}{int(cost['read_rows']):>14,}"
                    f"{int(cost['written_rows']):>14,}"
                    f"{cost['peak_gigabytes']:>9.2f}",
                    flush=True,
                )
            print(f"{'':>11}  all of it took {time.monotonic() - start:,.0f} s", flush=True)


if __name__ == "__main__":
    main()
