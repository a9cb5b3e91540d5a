"""What `make soak` and `make bench-watch` say of what they saw; they themselves take an hour."""

import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from oars_site import PROJECT
from soak import FAULTS, Figures, Sample, broken, planned_faults, show
from watch import delays

SAMPLE = Sample(
    runs=100,
    watch_megabytes=200,
    engine_megabytes=500,
    log_megabytes=30,
    parts=900,
    ops={"run_log": (150, 3), "ledger": (400, 6)},
)
GOOD = Figures(
    sent=70_000,
    in_raw=70_000,
    in_base=70_000,
    samples={"10 %": SAMPLE, "50 %": SAMPLE, "100 %": SAMPLE},
    fresh_ops={"run_log": 1, "ledger": 380},
    life=(50, 200, 205),
    results=Counter(done=90, failed=10),
    felt=Counter(list(FAULTS)),
    planned=Counter(list(FAULTS)),
    mart_count=40,
)


def late(**changed: Any) -> dict[str, Any]:
    """The figures with another sample at the end."""
    return {"samples": GOOD.samples | {"100 %": replace(SAMPLE, **changed)}}


def test_soak_in_which_all_went_well_is_praised(capsys: pytest.CaptureFixture[str]) -> None:
    assert broken(GOOD) == []
    show(GOOD)
    assert "| after | 10 % | 50 % | 100 % |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"in_raw": 69_999, "in_base": 69_999}, "70,000 statements were sent, raw has 69,999."),
        ({"in_base": 69_999}, "Raw has 70,000 statements, base 69,999."),
        ({"in_base": 70_001}, "Raw has 70,000 statements, base 70,001."),
        ({"different": ["agg_courses"]}, "Not as a fresh build makes them: agg_courses."),
        ({"mart_count": 0}, "There is no mart to compare."),
        ({"leftovers": ["oars.x__dbt_tmp"]}, "Left over: oars.x__dbt_tmp."),
        ({"ended": [1]}, "The watch ended by itself, exit code 1."),
        ({"last_code": 1}, "The watch ended with exit code 1 when it was told to end."),
        ({"felt": Counter(["kill", "clock", "server"])}, "The fault disk was felt 0 times of 1."),
        ({"unwell_after": ["disk"]}, "No run was done for ten minutes after: disk."),
        ({"life": (50, 200, 300)}, "The watch's memory grew from 200 to 300 MB in 50 runs."),
        (late(log_megabytes=90), "The logs have 90 MB."),
        (late(ops={"ledger": (9_000, 6)}), "oars_ops.ledger has 9,000 rows, more than 3,810."),
        (late(ops={"run_log": (900, 6)}), "oars_ops.run_log has 900 rows, more than 220."),
        (late(ops={"ledger": (400, 200)}), "oars_ops.ledger has 200 active parts."),
    ],
)
def test_each_promise_that_is_broken_is_said_in_one_sentence(
    changed: dict[str, Any], said: str
) -> None:
    assert broken(replace(GOOD, **changed)) == [said]


def test_faults_are_as_many_of_each_kind_and_kills_come_first() -> None:
    found = planned_faults(60, random.Random(1))
    assert Counter(found) == dict.fromkeys(FAULTS, 3)
    assert "kill" not in found[6:]
    assert found == planned_faults(60, random.Random(1))
    assert Counter(planned_faults(5, random.Random(1))) == Counter(list(FAULTS))


def test_statement_is_in_the_marts_when_they_count_it() -> None:
    accepted = [(1.0, 2), (2.0, 3), (4.0, 5)]
    assert delays(accepted, [(3.0, 1), (10.0, 4), (20.0, 5)]) == [2.0, 9.0, 8.0, 6.0, 16.0]
    assert delays(accepted, [(3.0, 1), (10.0, 4)]) == [2.0, 9.0, 8.0, 6.0]


@pytest.mark.parametrize("script", ["soak.py", "watch.py"])
def test_script_says_how_it_is_used(script: str) -> None:
    done = subprocess.run(
        [sys.executable, PROJECT / "benchmarks" / script, "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"python benchmarks/{script} --minutes" in done.stdout
