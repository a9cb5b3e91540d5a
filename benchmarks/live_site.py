"""A site at work: an engine behind HTTP, statements that keep arriving, and `oars watch`.

What soak.py and watch.py have in common. The engine is the embedded one with HTTP in front, as in
the tests, so that two can write: a record store and the project.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any
from urllib.request import urlopen
from uuid import UUID

PROJECT = Path(__file__).parents[1]
HTTP_ENGINE = PROJECT / "tests" / "python" / "http_engine.py"
INSERT = b"insert into xapi.xapi_events_all (event_id, emission_time, event) FORMAT JSONEachRow\n"
WITHOUT_TESTS = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")

# Of each mart a sum of the hashes of its rows.
MART = "select concat(toString(count()), ' ', toString(sum(cityHash64(tuple(*))))) from oars.{}"
MARTS = "select name from system.tables where database = 'oars' order by name"


class LiveSite:
    """A data folder, the engine that has it open, and commands that reach it over HTTP."""

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "profiles.yml").write_text((PROJECT / "profiles.yml.example").read_text())
        ours = {k: v for k, v in os.environ.items() if not k.startswith(("OARS_", "DBT_"))}
        self.env = ours | {
            "OARS_CLICKHOUSE_HOST": "127.0.0.1",
            "OARS_CLICKHOUSE_PORT": str(self.port),
            "DBT_TARGET": "server",
            "DBT_PROJECT_DIR": str(PROJECT),
            "DBT_PROFILES_DIR": str(folder),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }
        self.engine: subprocess.Popen[str] | None = None

    def __enter__(self) -> "LiveSite":
        """With an engine."""
        self.start_engine()
        return self

    def __exit__(self, *_: object) -> None:
        """Without it."""
        self.stop_engine()

    def start_engine(self) -> None:
        """Open the folder and listen, at the same port each time."""
        with (self.folder / "engine.err").open("a") as errors:
            self.engine = subprocess.Popen(
                [sys.executable, HTTP_ENGINE, str(self.folder / "chdb")],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=self.env | {"HTTP_ENGINE_PORT": str(self.port)},
            )
        assert self.engine.stdout is not None
        if not self.engine.stdout.readline():
            raise RuntimeError("The engine does not start.")

    def stop_engine(self) -> None:
        """From now on connections are refused."""
        if self.engine:
            self.engine.terminate()
            self.engine.wait()

    def ask(self, statement: str | bytes) -> str:
        """Have the engine run a statement; OSError where it is away or fails."""
        body = statement if isinstance(statement, bytes) else statement.encode()
        # Questions and inserts have each a session: neither waits for the other.
        session = "inserts" if body.startswith(b"insert") else "questions"
        address = f"http://127.0.0.1:{self.port}/?session_id={session}"
        try:
            with urlopen(address, data=body, timeout=600) as answer:
                return str(answer.read().decode().strip())
        except HTTPException as error:
            raise ConnectionError(str(error)) from error

    def oars(self, *arguments: str) -> None:
        """Run a command of `oars` to its end, which has to be a good one."""
        self._run("oars", *arguments)

    def build(self) -> None:
        """Load the seeds and build all models."""
        self._run("dbt.cli.main", "build", "--quiet", *WITHOUT_TESTS)

    def _run(self, module: str, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.env,
        )
        if done.returncode:
            sys.exit(done.stdout + done.stderr)

    def marts(self) -> dict[str, str]:
        """Of each mart the number of its rows and a sum of their hashes."""
        names = [name for name in self.ask(MARTS).split() if "__dbt_" not in name]
        return {name: self.ask(MART.format(name)) for name in names}


@dataclass
class Said:
    """A line of `oars watch`: when, by which process, what, and its memory then."""

    at: float
    life: int
    outcome: dict[str, Any]
    megabytes: float


class Watch(Thread):
    """`oars watch`, started again when it ends, as a service manager does it."""

    def __init__(self, site: LiveSite, every: str, env: dict[str, str] | None = None) -> None:
        """It is started as a thread is."""
        super().__init__(daemon=True)
        self.site, self.every, self.env = site, every, env or {}
        self.said: list[Said] = []
        self.codes: list[int] = []
        """How each that has ended has ended."""
        self.process: subprocess.Popen[str] | None = None
        self.is_stopping = Event()

    def run(self) -> None:
        """Read what it says."""
        while not self.is_stopping.is_set():
            with (self.site.folder / "watch.err").open("a") as errors:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "oars", "watch", "--every", self.every],
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    cwd=self.site.folder,
                    env=self.site.env | self.env,
                )
            for line in self.process.stdout or ():
                with suppress(ValueError):
                    self.said.append(
                        Said(
                            monotonic(),
                            len(self.codes),
                            json.loads(line),
                            megabytes(self.process.pid),
                        )
                    )
            self.codes.append(self.process.wait())
            self.is_stopping.wait(1)

    def signal(self, number: int) -> None:
        """Send the one that is at work a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> int:
        """Tell it to end, and give its exit code."""
        self.is_stopping.set()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.join()
        return self.codes[-1]

    def count(self, *results: str) -> int:
        """How many runs ended so."""
        return sum(said.outcome["result"] in results for said in list(self.said))


class Traffic(Thread):
    """Statements that arrive, so many a second, in one insert a second.

    What is refused is sent again with what comes next, as a record store's queue does it.
    """

    def __init__(self, site: LiveSite, statements: Iterator[bytes], rate: int) -> None:
        """It is started as a thread is."""
        super().__init__(daemon=True)
        self.site, self.statements, self.rate = site, statements, rate
        self.accepted: list[tuple[float, int]] = []
        """When an insert was acknowledged, and how many different statements had been sent then."""
        self.refused_count = 0
        self.is_stopping = Event()

    def run(self) -> None:
        """Send until told to stop and nothing is left to send."""
        waiting: list[bytes] = []
        ids: set[str] = set()
        start, tick = monotonic(), 0
        while waiting or not self.is_stopping.is_set():
            if not self.is_stopping.is_set():
                waiting += [row(next(self.statements)) for _ in range(self.rate)]
            try:
                self.site.ask(INSERT + b"\n".join(waiting))
            except OSError:
                self.refused_count += 1
            else:
                ids.update(json.loads(each)["event_id"] for each in waiting)
                self.accepted.append((monotonic(), len(ids)))
                waiting = []
            tick += 1
            sleep(max(0.0, start + tick - monotonic()))

    def stop(self) -> int:
        """Have it end, and give the number of different statements that it sent."""
        self.is_stopping.set()
        self.join()
        return self.accepted[-1][1]


def row(line: bytes) -> bytes:
    """The statement as a row of raw."""
    body = json.loads(line)
    time = datetime.fromisoformat(body["timestamp"]).astimezone(UTC)
    return json.dumps(
        {
            "event_id": body["id"],
            "emission_time": f"{time:%Y-%m-%d %H:%M:%S.%f}",
            "event": line.decode(),
        }
    ).encode()


def again(lines: Iterable[bytes], draw: random.Random, disorder: float = 0) -> Iterator[bytes]:
    """Statements like these as others, of this moment.

    With disorder so large a part is of one of the last 40 days, and as many are sent twice.
    """
    for line in lines:
        now = datetime.now(UTC)
        is_late = draw.random() < disorder
        moment = now - timedelta(days=draw.randrange(1, 40)) if is_late else now
        other = json.loads(line) | {
            "id": str(UUID(int=draw.getrandbits(128), version=4)),
            "timestamp": moment.isoformat(timespec="microseconds"),
            "stored": now.isoformat(timespec="microseconds"),
        }
        yield (sent := json.dumps(other).encode())
        if draw.random() < disorder:
            yield sent


def yesterday() -> date:
    """The last day of history."""
    return datetime.now(UTC).date() - timedelta(days=1)


def megabytes(pid: int) -> float:
    """The memory that a process has now; 0 of one that is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def note(text: str) -> None:
    """Say how far it is, beside what is printed as the result."""
    print(text, file=sys.stderr, flush=True)
