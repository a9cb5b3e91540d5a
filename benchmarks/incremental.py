"""What a scheduled run costs as history grows by closed course runs.

For each size of history a database of its own: the closed courses, and ten active ones. After the
first build, in this order: a run without news, one with 10,000 new statements of the active
courses, one with 10,000 spread over all courses. Engine seconds are CPU seconds of the engine's
queries, rows are those that it read and wrote, memory is that of the whole process, dbt included.

    python benchmarks/incremental.py --history 1000000 3000000 10000000
    python benchmarks/incremental.py --history 10000000 --keep /tmp/bench
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

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
    "read_rows": events["SelectedRows"],
    "written_rows": events.get("InsertedRows", 0),
    "peak_gigabytes": int(peak[1]) / 2**20,
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


def measure(history: int, folder: Path) -> list[tuple[str, dict[str, float]]]:
    """Build a database with so much history, and what each kind of run costs on it."""
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
    oars(folder, "load", "-", lines=islice(in_order, ACTIVE_STATEMENTS))
    load_structure(folder, closed, active)
    costs = [("first build", dbt(folder, "build", "--selector", "lean"))]
    dbt(folder, "run")
    costs.append(("no news", dbt(folder, "run")))
    oars(folder, "load", "-", lines=in_order[ACTIVE_STATEMENTS:])
    costs.append(("10,000 new in ten courses", dbt(folder, "run")))
    oars(folder, "load", "-", lines=late)
    costs.append(("10,000 late in all courses", dbt(folder, "run")))
    return costs


def main() -> None:
    """Measure each size of history and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--history", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000]
    )
    parser.add_argument("--keep", type=Path, help="leave the databases in this folder")
    arguments = parser.parse_args()
    print(
        f"{'history':>11}  {'run':<28}{'engine s':>9}{'wall s':>8}{'rows read':>14}"
        f"{'rows written':>14}{'peak GB':>9}"
    )
    for history in arguments.history:
        with tempfile.TemporaryDirectory(prefix="oars-bench-") as temporary:
            folder = arguments.keep / str(history) if arguments.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            start = time.monotonic()
            for kind, cost in measure(history, folder):
                print(
                    f"{history:>11,}  {kind:<28}{cost['engine_seconds']:>9.1f}"
                    f"{cost['wall_seconds']:>8.1f}{int(cost['read_rows']):>14,}"
                    f"{int(cost['written_rows']):>14,}"
                    f"{cost['peak_gigabytes']:>9.2f}",
                    flush=True,
                )
            print(f"{'':>11}  all of it took {time.monotonic() - start:,.0f} s", flush=True)


if __name__ == "__main__":
    main()
