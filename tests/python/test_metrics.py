"""`oars status` as JSON and as metrics: figures are right, and alerts name what is written."""

import json
import re
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from oars.files import write_whole
from oars_site import PROJECT, WITHOUT_TESTS, Site

ALERTS = PROJECT / "deploy" / "prometheus" / "alerts.yml"
MINIMAL = (
    '{{"id": "{}", "verb": {{"id": "v"}}, "object": {{"id": "o"}}, '
    '"actor": {{"mbox": "mailto:x@y"}}}}'
)
IDS = [f"0f0e0d0c-0000-4000-8000-{n:012}" for n in range(8)]
# Minute of 1 March 2026 -> body: six of no known kind, one that cannot be read.
STATEMENTS = [
    *((IDS[n], f"2026-03-01 00:0{n}:00", MINIMAL.format(IDS[n]).encode()) for n in range(6)),
    (IDS[6], "2026-03-01 00:06:00", b"{"),
]
LATE = [(IDS[7], "2026-03-01 00:07:00", MINIMAL.format(IDS[7]).encode())]
FUTURE = [("0f0e0d0c-0000-4000-8000-0000000000ff", "2099-01-01 00:00:00", b"{")]
BUILT = "+base_xapi__statements +agg_statement_quality_daily"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that has run once, was killed once and failed once; one statement waits."""
    site = Site(tmp_path_factory.mktemp("metrics"))
    assert site.oars("init").code == 0
    early = site.oars("status", "--prometheus", "early.prom")
    assert (early.code, early.out) == (1, "")
    assert not (site.folder / "early.prom").exists()
    site.insert(STATEMENTS)
    built = site.dbt("build", *WITHOUT_TESTS, "--select", *BUILT.split())
    assert built.code == 0, built.out
    site.insert(LATE)
    site.insert(FUTURE)
    site.execute(
        "insert into oars_ops.run_log (invocation_id, command, started_at, ended_at, result, "
        "collision_count) values "
        "('killed', 'run', now64(6), null, 'running', 0), "
        "('failed', 'run', now64(6), now64(6), 'error', 3), "
        "('old', 'run', '2020-01-01', '2020-01-02', 'success', 1)"
    )
    return site


def metrics(file: Path) -> dict[str, float]:
    """Name, with its labels, and value of each sample."""
    return {
        "".join((sample.name, *(f"/{value}" for value in sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(file.read_text())
        for sample in family.samples
    }


def test_figures_are_those_of_the_site_in_all_three_forms(site: Site) -> None:
    file = site.folder / "oars.prom"
    said = site.oars("status")
    run = site.oars("status", "--json", "--prometheus", "oars.prom")

    assert (said.code, run.code) == (0, 0), said.err + run.err
    found = metrics(file)
    minute = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    assert found["oars_newest_statement_timestamp_seconds"] == minute + 7 * 60
    assert found["oars_now_timestamp_seconds"] == minute + 5 * 60
    assert {name: found[name] for name in found if "timestamp" not in name} == {
        "oars_last_success_duration_seconds": found["oars_last_success_duration_seconds"],
        "oars_base_statements": 7,
        "oars_waiting_statements": 2,
        "oars_ahead_of_now_statements": 0,
        "oars_malformed_ratio": pytest.approx(1 / 7),
        "oars_unclassified_ratio": pytest.approx(6 / 7),
        "oars_twin_statements": 0,
        "oars_voided_statements": 0,
        "oars_excluded_statements": 0,
        "oars_forget_unfinished": 0,
        "oars_runs/success": 2,
        "oars_runs/error": 1,
        "oars_runs/busy": 0,
        "oars_runs/killed": 1,
        "oars_id_collisions": 4,
    }
    assert 0 < found["oars_last_success_duration_seconds"] < 600
    looked = found["oars_status_timestamp_seconds"]
    for name in ("oars_last_success_timestamp_seconds", "oars_base_loaded_timestamp_seconds"):
        assert looked - 600 < found[name] <= looked

    [line] = run.out.splitlines()
    status: dict[str, Any] = json.loads(line)
    assert status["raw_newest_at"] == "2026-03-01T00:07:00Z"
    assert status["base"]["statement_count"] == 7
    assert [each["result"] for each in status["runs"]].count("killed") == 1
    assert status["waiting_count"] == 2
    for printed in ("statements in base    7", "waiting in raw        2", "killed"):
        assert printed in said.out


def test_file_is_whole_readable_and_no_link_is_followed(tmp_path: Path) -> None:
    file, other = tmp_path / "oars.prom", tmp_path / "other"
    write_whole(file, "old\n")
    write_whole(file, "new\n")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new\n", 0o644)
    assert list(tmp_path.iterdir()) == [file]

    other.write_text("mine")
    file.unlink()
    file.symlink_to(other)
    for refused in (file, Path("/dev/null")):
        with pytest.raises(OSError, match="is a link or no plain file"):
            write_whole(refused, "news\n")
    assert other.read_text() == "mine"
    run = Site(tmp_path).oars("status", "--prometheus", "metrics.txt")
    assert (run.code, run.err) == (
        1,
        "Error: metrics.txt would not be read: give a name that ends in .prom.\n",
    )


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    return list(group["rules"])


def test_alerts_name_metrics_that_the_command_writes(site: Site) -> None:
    file = site.folder / "alerts.prom"
    assert site.oars("status", "--prometheus", file).code == 0
    written = {name.partition("/")[0] for name in metrics(file)}
    results = {name.partition("/")[2] for name in metrics(file)} - {""}
    assert len(rules()) >= 6
    for rule in rules():
        named = set(re.findall(r"\boars_\w+", rule["expr"]))
        assert named, rule["alert"]
        assert named <= written, rule["alert"]
        assert set(re.findall(r'result="(\w+)"', rule["expr"])) <= results
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"].keys() == {"summary", "runbook"}
        assert all(text.endswith(".") for text in rule["annotations"].values())


def test_prometheus_reads_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("there is no promtool")
    done = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
