"""Whether the project slows down inserts into raw: it hangs nothing on the raw tables.

The same 100,000 statements are inserted, by turns, into a database with the raw tables only and
into one on which the project was built. The ratio of the medians should be 1.

    python benchmarks/ingest.py
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from incremental import dbt, environment, oars
from oars.simulate import Simulation, SimulationPlan

ROUNDS = 5
STATEMENTS = 100_000
INSERT = """
import os, sys, time
from dbt.adapters.chdb.connections import open_folder

client = open_folder(os.environ["OARS_CHDB_PATH"])
text = (
    "insert into xapi.xapi_events_all select generateUUIDv4(), "
    "JSONExtractString(line, 'timestamp')::DateTime64(6, 'UTC'), line "
    f"from file('{sys.argv[1]}', LineAsString)"
)
client.command(text)
start = time.monotonic()
client.command(text)
print(time.monotonic() - start)
"""


def insert_seconds(folder: Path, file: Path) -> float:
    """How long the insert takes, in a process that is warm."""
    done = subprocess.run(
        [sys.executable, "-c", INSERT, str(file)],
        capture_output=True,
        check=True,
        text=True,
        env=environment(folder),
    )
    return float(done.stdout)


def main() -> None:
    """Insert by turns and print the ratio."""
    with tempfile.TemporaryDirectory(prefix="oars-bench-") as name:
        folder = Path(name)
        file = folder / "statements.ndjson"
        simulation = Simulation(SimulationPlan(STATEMENTS, courses=4))
        file.write_bytes(b"\n".join(simulation.statements()) + b"\n")
        seconds: dict[str, list[float]] = {"without": [], "with": []}
        for kind in seconds:
            (folder / kind).mkdir()
            profiles = Path(__file__).parents[1] / "profiles.yml.example"
            (folder / kind / "profiles.yml").write_text(profiles.read_text())
            oars(folder / kind, "init")
        oars(folder / "with", "simulate", "--statements", "20000", "--load")
        dbt(folder / "with", "build", "--selector", "lean")
        for _ in range(ROUNDS):
            for kind, found in seconds.items():
                found.append(insert_seconds(folder / kind, file))
        for kind, found in seconds.items():
            print(f"{kind:<8} {statistics.median(found):.3f} s, of {[round(s, 3) for s in found]}")
        ratio = statistics.median(seconds["with"]) / statistics.median(seconds["without"])
        print(f"ratio    {ratio:.2f}")


if __name__ == "__main__":
    main()
