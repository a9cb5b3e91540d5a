"""How long a statement takes from its arrival in raw to the marts, while `oars watch` is at work.

A site with a history, nine tenths of it in closed course runs; then, for some minutes, statements
of its ten active courses, in one insert a second. A statement has arrived when its insert was
acknowledged. It is in the marts when the run has ended that made agg_event_types count it: then
all marts have it. The last ones are waited for, so each statement that was sent is measured.

The engine is the embedded one with HTTP in front, see tests/python/http_engine.py.

    python benchmarks/watch.py
    python benchmarks/watch.py --minutes 3 --history 20000
    python benchmarks/watch.py --rate 100 --every 1m
"""

import argparse
import random
import signal
import sys
import tempfile
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path
from statistics import mean, quantiles
from time import monotonic, sleep

from live_site import LiveSite, Traffic, Watch, again, cpu_seconds, note, yesterday

ACTIVE_COURSES = 10
STATEMENTS_OF_A_CLOSED_COURSE = 25_000
IN_MARTS = "select sum(statement_count) from oars.agg_event_types"


def delays(accepted: list[tuple[float, int]], seen: list[tuple[float, int]]) -> list[float]:
    """Seconds from arrival to the marts of each statement that is there.

    Both say how many there were when: of those that were sent, and of those that marts have. They
    come to the marts in the order in which they were sent.
    """
    found: list[float] = []
    present = iter(seen)
    at, count = 0.0, 0
    before = 0
    for arrived_at, total in accepted:
        for number in range(before + 1, total + 1):
            while count < number:
                try:
                    at, count = next(present)
                except StopIteration:
                    return found
            found.append(at - arrived_at)
        before = total
    return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30, help="how long statements arrive (30)")
    parser.add_argument("--rate", type=int, default=20, help="statements a second (20)")
    parser.add_argument(
        "--history", type=int, default=1_000_000, help="statements before them (1000000)"
    )
    parser.add_argument("--every", default="10s", help="how often the watch looks (10s)")
    arguments = parser.parse_args()
    # Told to end, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        tempfile.TemporaryDirectory(prefix="oars-watch-") as folder,
        LiveSite(Path(folder)) as site,
    ):
        measure(site, arguments)


def measure(site: LiveSite, arguments: argparse.Namespace) -> None:
    """Build the history, let statements arrive, and print how long they took."""
    from oars.simulate import Simulation, SimulationPlan

    active = arguments.history // 10
    closed = arguments.history - active
    end = yesterday()
    note(f"Loading {arguments.history:,} statements")
    site.oars("init")
    courses = max(1, closed // STATEMENTS_OF_A_CLOSED_COURSE)
    closed_end = end - timedelta(days=120)
    for statements, count, days, last, seed in (
        (closed, courses, 1000, closed_end, 2),
        (active, ACTIVE_COURSES, 90, end, 1),
    ):
        site.oars(
            *("simulate", "--load", "--statements", str(statements), "--courses", str(count)),
            *("--days", str(days), "--end", str(last), "--seed", str(seed)),
        )
    note("First build")
    site.build()
    live = Simulation(SimulationPlan(active, None, ACTIVE_COURSES, 90, 1, end))
    lines = chain.from_iterable(simulation.statements() for simulation in repeat(live))
    traffic = Traffic(site, again(lines, random.Random(1)), arguments.rate)
    history = int(site.ask(IN_MARTS))

    watch = Watch(site, arguments.every)
    watch.start()
    while not watch.said:
        sleep(0.1)
    note(f"{arguments.minutes:g} minutes of {arguments.rate} statements a second")
    assert site.engine is not None
    assert watch.process is not None
    processes = (watch.process.pid, site.engine.pid)
    used = [cpu_seconds(pid) for pid in processes]
    begin = reported = monotonic()
    seen: list[tuple[float, int]] = []
    first = heard = len(watch.said)
    traffic.start()
    sent = 0
    while not sent or not seen or seen[-1][1] < sent:
        sleep(0.1)
        for said in watch.said[heard:]:
            heard += 1
            if said.outcome["result"] not in ("done", "nothing new"):
                sys.exit(f"A run failed: {said.outcome['error']}")
            seen.append((said.at, int(site.ask(IN_MARTS)) - history))
        if watch.codes:
            sys.exit(f"oars watch ended, see {site.folder}/watch.err.")
        if monotonic() - reported > 60:
            reported = monotonic()
            minutes = (reported - begin) / 60
            note(f"  {minutes:.0f} min: {seen[-1][1] if seen else 0:,} statements are in the marts")
        if not sent and monotonic() - begin >= arguments.minutes * 60:
            sent = traffic.stop()
    seconds = monotonic() - begin
    shares = [(cpu_seconds(pid) - u) / seconds for pid, u in zip(processes, used, strict=True)]
    if watch.stop() != 0:
        sys.exit("oars watch did not end cleanly.")
    found = delays(traffic.accepted, seen)
    if traffic.refused_count or len(found) != sent:
        sys.exit(f"{sent:,} statements were sent, {len(found):,} came to the marts.")
    runs = [said.outcome["seconds"] for said in watch.said[first:]]
    cuts = quantiles(found, n=100, method="inclusive")
    print(
        "| history | statements | p50, s | p95, s | longest, s | runs | mean run, s "
        "| watch, cores | engine, cores |\n|---|---|---|---|---|---|---|---|---|\n"
        f"| {history:,} | {sent:,} | {cuts[49]:.1f} | {cuts[94]:.1f} | {max(found):.1f} "
        f"| {len(runs):,} | {mean(runs):.1f} | {shares[0]:.2f} | {shares[1]:.2f} |"
    )


if __name__ == "__main__":
    main()
