"""An hour of a site's life with what goes wrong in years: do the promises hold?

Statements arrive all the time, some late by days, some twice; `oars watch` is at work, and is
started again when it ends, as by a service manager. Meanwhile, in an order that the seed fixes:

    kill     SIGKILL of the watch in the midst of a run
    disk     no space is left where the site is: the engine's data, the logs, what dbt compiles
    clock    the watch's clock jumps back two hours, and forward again; the bookkeeping has rows
             two hours ahead, which is what the engine finds when its own clock jumps back
    server   the engine is gone, connections are refused; then it is there again

At the end no more arrives, and the watch goes on until nothing is new. Then the marts have to be
those of a fresh build of the same raw; nothing may be lost, left over, or have grown with the runs;
the watch may have ended only when it was killed or told to; each fault has to have been felt.

The engine is the embedded one with HTTP in front, see tests/python/http_engine.py; the disk is a
tmpfs of 1 GB that only this command sees. It takes Linux, `unshare` (util-linux) and a C compiler.
Exit code 1, with a sentence for each promise that was broken.

    python benchmarks/soak.py
    python benchmarks/soak.py --minutes 5
    python benchmarks/soak.py --minutes 600 --rate 50 --seed 2
"""

import argparse
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from time import monotonic, sleep
from typing import NoReturn

from live_site import LiveSite, Traffic, Watch, again, megabytes, note, yesterday

DISK = "1G"
INSIDE = "OARS_SOAK_FOLDER"
"""In the environment of the process that has a disk of its own: where that is."""
HISTORY = 20_000
COURSES = 4
BACK = 2 * 60 * 60
DISORDER = 0.02
LONGEST_WAIT = 600
"""Seconds in which a fault has to be felt, and after which a watch has to be well again."""

# As the project itself asks: a claim that lasts longer was made by another clock.
AT_WORK = """
select count() from oars_ops.lease final
where expires_at > now64(6) and expires_at <= now64(6) + interval 3 minute
"""
# Runs that were done and took it to be two hours earlier.
THINKS_BACK = """
select count() from oars_ops.run_log final
where as_of < started_at - interval 90 minute and result = 'success'
"""
OPS = """
select tables.name, tables.total_rows, countIf(parts.active)
from system.tables as tables
left join system.parts as parts
    on tables.database = parts.database and tables.name = parts.table
where tables.database = 'oars_ops'
group by tables.name, tables.total_rows
order by tables.name
"""
LEFTOVERS = """
select concat(database, '.', name) from system.tables
where startsWith(database, 'oars') and match(name, '__dbt_(new_data|tmp|backup)')
order by database, name
"""
IN_RAW = "select uniqExact(event_id) from xapi.xapi_events_all"
IN_BASE = "select count() from oars_staging.base_xapi__statements"
# Rows as they are once the engine's clock has jumped back.
WITH_TIME = "select table from system.columns where database = 'oars_ops' and name = 'written_at'"
AHEAD = f"* replace (written_at + interval {BACK} second as written_at)"
AHEAD_OF_CLAIMS = (
    f"* replace (written_at + interval {BACK} second as written_at, "
    f"if(expires_at > '2000-01-01', expires_at + interval {BACK} second, expires_at) as expires_at)"
)
PARTS_OF_TIME = {"10 %": 0.1, "50 %": 0.5, "100 %": 1}
RAW = """
select concat(database, '.', name) from system.tables
where database in ('xapi', 'event_sink', 'oars_operator') and total_rows > 0
order by database, name
"""


@dataclass
class Sample:
    """How large everything was at a moment."""

    runs: int
    watch_megabytes: float
    engine_megabytes: float
    log_megabytes: float
    parts: int
    """Active parts of all the project's tables."""
    ops: dict[str, tuple[int, int]]
    """Of each bookkeeping table its rows and active parts."""


@dataclass
class Figures:
    """What the hour came to."""

    sent: int
    """Different statements that the record store was told to keep."""
    in_raw: int
    in_base: int
    samples: dict[str, Sample]
    fresh_ops: dict[str, int]
    """Rows of the bookkeeping tables of a fresh build."""
    life: tuple[int, float, float]
    """Of the watch that was at work last: its runs, its memory after the third and at the end."""
    results: Counter[str]
    felt: Counter[str]
    """How often each fault was felt."""
    planned: Counter[str]
    refused: int = 0
    """Inserts of the record store that failed; it sent them again."""
    engine_ends: int = 0
    """How often the engine ended though nobody had stopped it."""
    ended: list[int] = field(default_factory=list)
    """Exit codes of watches that nobody ended."""
    last_code: int = 0
    mart_count: int = 0
    different: list[str] = field(default_factory=list)
    """Marts that are not those of a fresh build."""
    leftovers: list[str] = field(default_factory=list)
    unwell_after: list[str] = field(default_factory=list)
    """Faults after which no run was done for ten minutes, and the end, if the watch went on."""


# Tables that have rows of each run, for as long as their TTL says, or until parts are merged.
OF_EACH_RUN = {"run_log": 2, "lease": 10, "clock": 2}
MOST_PARTS = 60
MOST_LOGS = 70
"""Megabytes: dbt keeps five files of ten, and one that it writes."""


def broken(figures: Figures) -> list[str]:
    """A sentence for each promise that was broken."""
    said = []
    if figures.in_raw != figures.sent:
        said.append(f"{figures.sent:,} statements were sent, raw has {figures.in_raw:,}.")
    if figures.in_base != figures.in_raw:
        said.append(f"Raw has {figures.in_raw:,} statements, base {figures.in_base:,}.")
    if not figures.mart_count:
        said.append("There is no mart to compare.")
    if figures.different:
        said.append(f"Not as a fresh build makes them: {', '.join(figures.different)}.")
    if figures.leftovers:
        said.append(f"Left over: {', '.join(figures.leftovers)}.")
    said += [f"The watch ended by itself, exit code {code}." for code in figures.ended]
    if figures.last_code:
        said.append(f"The watch ended with exit code {figures.last_code} when it was told to end.")
    for fault, count in figures.planned.items():
        if figures.felt[fault] < count:
            said.append(f"The fault {fault} was felt {figures.felt[fault]} times of {count}.")
    said += [f"No run was done for ten minutes after: {each}." for each in figures.unwell_after]
    runs, early, late = figures.life
    if late > 1.2 * early + 20:
        said.append(f"The watch's memory grew from {early:.0f} to {late:.0f} MB in {runs} runs.")
    last = figures.samples["100 %"]
    if last.log_megabytes > MOST_LOGS:
        said.append(f"The logs have {last.log_megabytes:.0f} MB.")
    for table, (rows, parts) in last.ops.items():
        most = OF_EACH_RUN.get(table, 0) * last.runs + 10 * figures.fresh_ops.get(table, 0) + 10
        if rows > most:
            said.append(f"oars_ops.{table} has {rows:,} rows, more than {most:,}.")
        if parts > MOST_PARTS:
            said.append(f"oars_ops.{table} has {parts} active parts.")
    return said


def planned_faults(minutes: float, draw: random.Random) -> list[str]:
    """Each fault once in twenty minutes; the kills in the first half.

    So one watch is at work in all of the second, and shows whether its memory grows.
    """
    rounds = max(1, int(minutes // 20))
    others = ["disk", "clock", "server"] * rounds
    draw.shuffle(others)
    first = ["kill"] * rounds + others[:rounds]
    draw.shuffle(first)
    return first + others[rounds:]


class Soak:
    """One soak: a site on a disk of its own, traffic, the watch, and the faults."""

    def __init__(self, disk: Path, arguments: argparse.Namespace) -> None:
        """Nothing is started yet."""
        self.minutes: float = arguments.minutes
        self.rate: int = arguments.rate
        self.draw = random.Random(arguments.seed)
        self.faults = planned_faults(self.minutes, self.draw)
        self.disk = disk
        self.site = LiveSite(disk / "site")
        self.clock = disk / "clock"
        self.samples: dict[str, Sample] = {}
        self.felt: Counter[str] = Counter()
        self.unwell_after: list[str] = []
        self.kills = 0
        self.engine_ends = 0
        self.is_engine_wanted = True
        self.reported = monotonic()

    def run(self) -> Figures:
        """Live through it."""
        with self.site:
            self.prepare()
            self.begin = monotonic()
            self.watch.start()
            self.traffic.start()
            for number, fault in enumerate(self.faults):
                # The last tenth is quiet.
                self.wait(0.9 * self.minutes * 60 * (number + 0.5) / len(self.faults))
                self.suffer(fault)
            self.wait(self.minutes * 60)
            note("No more arrives")
            sent = self.traffic.stop()
            if not self.until(self.is_quiet):
                self.unwell_after.append("the end")
            self.sample("100 %")
            return self.judged(sent, Counter(self.faults))

    def prepare(self) -> None:
        """History, a first build, and what keeps arriving."""
        from oars.simulate import Simulation, SimulationPlan

        self.clock.write_bytes(bytes(8))
        library = self.disk / "clock.so"
        source = Path(__file__).with_name("clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        note(f"Loading {HISTORY:,} statements")
        self.site.oars("init")
        plan = SimulationPlan(HISTORY, None, COURSES, 120, 1, yesterday())
        self.site.oars(
            *("simulate", "--load", "--statements", str(HISTORY), "--courses", str(COURSES)),
            *("--end", str(plan.end)),
        )
        note("First build")
        self.site.build()
        lines = chain.from_iterable(each.statements() for each in repeat(Simulation(plan)))
        self.history = int(self.site.ask(IN_BASE))
        self.traffic = Traffic(
            self.site, again(lines, random.Random(self.draw.random()), DISORDER), self.rate
        )
        of_its_own = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self.clock)}
        self.watch = Watch(self.site, "10s", of_its_own)

    def wait(self, seconds: float) -> None:
        """Until so many seconds after the begin."""
        self.until(lambda: monotonic() - self.begin >= seconds, float("inf"))

    def until(self, is_so: Callable[[], bool], longest: float = LONGEST_WAIT) -> bool:
        """Wait for something; meanwhile sample, say how far it is, and see that the engine lives.

        False if it did not come to be in time.
        """
        start = monotonic()
        while monotonic() - start < longest:
            with suppress(OSError):
                if is_so():
                    return True
                passed = (monotonic() - self.begin) / (self.minutes * 60)
                for name, part in PARTS_OF_TIME.items():
                    if part <= passed and part < 1:
                        self.sample(name)
            engine = self.site.engine
            if engine and engine.poll() is not None and self.is_engine_wanted:
                self.engine_ends += 1
                note(f"  the engine ended by itself, exit code {engine.returncode}")
                self.site.start_engine()
            if monotonic() - self.reported > 30:
                self.reported = monotonic()
                runs = Counter(said.outcome["result"] for said in list(self.watch.said))
                counts = ", ".join(f"{count} {result}" for result, count in runs.items())
                note(f"  {(self.reported - self.begin) / 60:.1f} min: runs {counts}")
            sleep(0.2)
        return False

    def sample(self, name: str) -> None:
        """Note how large everything is, the first time that this is asked for."""
        if name in self.samples:
            return
        ops = {}
        for line in self.site.ask(OPS).splitlines():
            table, rows, parts = line.split("\t")
            ops[table] = (int(rows), int(parts))
        logs = [each for each in (self.site.folder / "logs").rglob("*") if each.is_file()]
        logs.append(self.site.folder / "watch.err")
        assert self.site.engine is not None
        assert self.watch.process is not None
        self.samples[name] = Sample(
            runs=len(self.watch.said),
            watch_megabytes=megabytes(self.watch.process.pid),
            engine_megabytes=megabytes(self.site.engine.pid),
            log_megabytes=sum(each.stat().st_size for each in logs) / 2**20,
            parts=int(
                self.site.ask(
                    "select count() from system.parts where active and startsWith(database, 'oars')"
                )
            ),
            ops=ops,
        )

    def suffer(self, fault: str) -> None:
        """Let a fault happen until it is felt, mend it, and wait until the watch is well."""
        note(f"  {(monotonic() - self.begin) / 60:.1f} min: {fault}")
        if FAULTS[fault](self):
            self.felt[fault] += 1
        else:
            note(f"  the fault {fault} was not felt")
        count = self.watch.count("done")
        if not self.until(lambda: self.watch.count("done") > count):
            self.unwell_after.append(fault)
            note(f"  no run was done in {LONGEST_WAIT} seconds after {fault}")

    def is_at_work(self) -> bool:
        """Whether a run has claimed the database."""
        return self.site.ask(AT_WORK) != "0"

    def kill(self) -> bool:
        """SIGKILL in the midst of a run, which then never gives its claim back."""
        if not self.until(lambda: not self.is_at_work()) or not self.until(self.is_at_work):
            return False
        sleep(self.draw.uniform(0, 3))
        self.kills += 1
        self.watch.signal(signal.SIGKILL)
        return self.is_at_work()

    def fill_disk(self) -> bool:
        """Take all that is free while a run is at work; give it back when that has failed."""
        ballast = self.disk / "ballast"
        self.until(self.is_at_work)
        failed, refused = self.watch.count("failed"), self.traffic.refused_count
        with ballast.open("wb", buffering=0) as file:
            for size in (2**20, 2**12, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))
            is_felt = self.until(
                lambda: self.watch.count("failed") > failed and self.traffic.refused_count > refused
            )
        ballast.unlink()
        return is_felt

    def set_clock_back(self) -> bool:
        """Between two runs; forward again when a run has been done that thinks it is earlier."""
        before = self.site.ask(THINKS_BACK)
        while True:
            self.until(lambda: not self.is_at_work())
            self.watch.signal(signal.SIGSTOP)
            if not self.is_at_work():
                break
            self.watch.signal(signal.SIGCONT)
        for table in self.site.ask(WITH_TIME).split():
            ahead = AHEAD_OF_CLAIMS if table == "lease" else AHEAD
            self.site.ask(
                f"insert into oars_ops.{table} select {ahead} from oars_ops.{table} final"
            )
        self.clock.open("r+b").write(struct.pack("q", -BACK))
        self.watch.signal(signal.SIGCONT)
        is_felt = self.until(lambda: self.site.ask(THINKS_BACK) != before)
        self.clock.open("r+b").write(struct.pack("q", 0))
        return is_felt

    def stop_server(self) -> bool:
        """No engine, until the watch has failed for it."""
        failed, refused = self.watch.count("failed"), self.traffic.refused_count
        self.is_engine_wanted = False
        self.site.stop_engine()
        is_felt = self.until(
            lambda: self.watch.count("failed") > failed and self.traffic.refused_count > refused
        )
        self.site.start_engine()
        self.is_engine_wanted = True
        return is_felt

    def is_quiet(self) -> bool:
        """Whether the watch is well and has looked twice without finding anything."""
        last = self.watch.said[-1]
        return last.outcome["result"] in ("done", "nothing new") and monotonic() - last.at > 25

    def judged(self, sent: int, planned: Counter[str]) -> Figures:
        """End the watch, build the same raw anew elsewhere, and compare."""
        ended = self.watch.codes[:]
        for _ in range(self.kills):
            ended.remove(-signal.SIGKILL)
        last_code = self.watch.stop()
        life = [
            said.megabytes for said in self.watch.said if said.life == len(self.watch.codes) - 1
        ]
        note("A fresh build of the same statements")
        with (
            tempfile.TemporaryDirectory(prefix="oars-fresh-") as folder,
            LiveSite(Path(folder)) as fresh,
        ):
            fresh.oars("init")
            for table in self.site.ask(RAW).split():
                file = f"{folder}/{table}.native"
                self.site.ask(f"insert into function file('{file}', Native) select * from {table}")
                fresh.ask(f"insert into {table} select * from file('{file}', Native)")
            fresh.build()
            there, here = fresh.marts(), self.site.marts()
            ops = dict(line.split("\t")[:2] for line in fresh.ask(OPS).splitlines())
        return Figures(
            sent=sent,
            in_raw=int(self.site.ask(IN_RAW)) - self.history,
            in_base=int(self.site.ask(IN_BASE)) - self.history,
            samples=self.samples,
            fresh_ops={table: int(rows) for table, rows in ops.items()},
            life=(len(life), life[min(2, len(life) - 1)], life[-1]) if life else (0, 0, 0),
            results=Counter(said.outcome["result"] for said in self.watch.said),
            felt=self.felt,
            planned=planned,
            refused=self.traffic.refused_count,
            engine_ends=self.engine_ends,
            ended=ended,
            last_code=last_code,
            mart_count=len(there),
            different=sorted(mart for mart in here | there if here.get(mart) != there.get(mart)),
            leftovers=self.site.ask(LEFTOVERS).split(),
            unwell_after=self.unwell_after,
        )


FAULTS: dict[str, Callable[[Soak], bool]] = {
    "kill": Soak.kill,
    "disk": Soak.fill_disk,
    "clock": Soak.set_clock_back,
    "server": Soak.stop_server,
}


def show(figures: Figures) -> None:
    """Print what docs can take."""
    faults = ", ".join(f"{fault} {figures.felt[fault]}" for fault in FAULTS)
    runs = ", ".join(f"{result} {count}" for result, count in sorted(figures.results.items()))
    count, early, late = figures.life
    print(f"Statements sent: {figures.sent:,}; inserts refused: {figures.refused}")
    print(f"Marts compared with a fresh build: {figures.mart_count}")
    print(f"Faults felt: {faults}; the engine ended by itself: {figures.engine_ends}")
    print(f"Runs: {runs}")
    print(f"The last watch: {count} runs, {early:.0f} MB after the third, {late:.0f} MB at the end")
    print()
    names = [name for name in PARTS_OF_TIME if name in figures.samples]
    samples = [figures.samples[name] for name in names]
    rows: dict[str, list[str]] = {
        "runs": [f"{each.runs:,}" for each in samples],
        "watch, MB": [f"{each.watch_megabytes:.0f}" for each in samples],
        "engine, MB": [f"{each.engine_megabytes:.0f}" for each in samples],
        "logs, MB": [f"{each.log_megabytes:.1f}" for each in samples],
        "active parts": [f"{each.parts:,}" for each in samples],
    }
    for table in samples[-1].ops:
        found = [each.ops.get(table, (0, 0)) for each in samples]
        if any(row_count for row_count, _ in found):
            rows[f"`{table}`, rows (parts)"] = [f"{n:,} ({parts})" for n, parts in found]
    print(f"| after | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for what, values in rows.items():
        print(f"| {what} | {' | '.join(values)} |")
    print()


def main() -> None:
    """Soak, print a table, and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60, help="how long statements arrive (60)")
    parser.add_argument("--rate", type=int, default=20, help="statements a second (20)")
    parser.add_argument("--seed", type=int, default=1, help="the order of the faults (1)")
    arguments = parser.parse_args()
    # Told to end, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if INSIDE not in os.environ:
        move_to_a_disk_of_its_own()
    disk = Path(os.environ[INSIDE])
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)], check=True)
    try:
        figures = Soak(disk, arguments).run()
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
        disk.rmdir()
    show(figures)
    said = broken(figures)
    print("\n".join(said) if said else "Every promise held.")
    sys.exit(1 if said else 0)


def move_to_a_disk_of_its_own() -> NoReturn:
    """Become this command where it may mount a disk that nobody else sees."""
    for tool in ("unshare", "cc"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: apt-get install util-linux gcc libc6-dev")
    os.environ[INSIDE] = tempfile.mkdtemp(prefix="oars-soak-")
    apart = ["unshare", "--user", "--map-root-user", "--mount"]
    os.execvp("unshare", [*apart, sys.executable, *sys.argv])


if __name__ == "__main__":
    main()
