"""`oars run` and `oars watch`: what a schedule needs to know, and nothing left behind."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from oars.connection import OarsError
from oars.run import duration
from oars_site import Run, Site
from test_targets import HttpSite

CLAIM = "insert into oars_ops.lease (invocation_id, expires_at) values ('other', now64(6) + {})"
ALIVE = "select count() from oars_ops.lease final where expires_at > now64(6)"
NEWS = ("simulate", "--statements", "300", "--learners", "30", "--courses", "2", "--load")


def last_line(run: Run) -> dict[str, Any]:
    """What a job reads."""
    found: dict[str, Any] = json.loads(run.out.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("embedded"))
    assert site.oars("init").code == 0
    assert site.oars(*NEWS).code == 0
    assert site.dbt("seed").code == 0
    return site


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpSite]:
    with HttpSite(tmp_path_factory.mktemp("server"), "server") as site:
        site.build()
        yield site


def test_run_says_what_it_did_and_publishes_and_the_next_that_nothing_is_new(
    embedded: Site,
) -> None:
    first = embedded.oars("run")
    assert first.code == 0, first.out
    said = last_line(first)
    assert said["result"] == "done"
    assert said["appended_count"] == 300
    assert "agg_courses" in said["built"]
    assert set(said["freshness"]) == {"xapi_events_all"}
    assert Path(said["published"]).is_dir()
    assert embedded.query("select invocation_id from oars_ops.run_log final") == [
        {"invocation_id": said["run"]}
    ]

    again = embedded.oars("run", "--", "--quiet")
    assert again.code == 0, again.out
    assert [json.loads(line)["result"] for line in again.out.splitlines()] == ["nothing new"]


def test_folder_in_use_is_another_run_and_no_failure(embedded: Site) -> None:
    with embedded.held():
        refused = embedded.oars("run")
    assert refused.code == 75
    assert last_line(refused)["result"] == "busy"


def test_run_that_fails_says_why_in_one_sentence(embedded: Site) -> None:
    failed = embedded.oars("run", "--vars", "course_buckets: 0")
    assert failed.code == 1
    said = last_line(failed)
    assert said["result"] == "failed"
    assert said["published"] is None
    assert re.fullmatch(r"The var course_buckets [^\n]*", said["error"]), said["error"]


def test_claim_of_another_is_told_from_a_failure(server: HttpSite) -> None:
    server.over_http(CLAIM.format(120))
    refused = server.oars("run")
    server.over_http(CLAIM.format(-1))
    assert refused.code == 75
    assert "Another run is at work" in last_line(refused)["error"]


# A watch whose server was away when a run of it ended.
WITH_A_CLAIM = """
import os
from pathlib import Path
from oars.run import Project, run
project = Project(
    Path(os.environ["DBT_PROJECT_DIR"]), Path(os.environ["DBT_PROFILES_DIR"]), "server"
)
project.claims.add("other")
print(run(project, ["--quiet"], with_freshness=False).json())
"""


def test_claim_that_could_not_be_given_back_does_not_hold_up_the_next_run(
    server: HttpSite,
) -> None:
    server.over_http(CLAIM.format(120))
    done = subprocess.run(
        [sys.executable, "-c", WITH_A_CLAIM],
        cwd=server.folder,
        env=server.dbt_env(),
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout.splitlines()[-1])["result"] in ("done", "nothing new"), done
    assert server.over_http(ALIVE) == "0"


def test_run_that_is_stopped_gives_the_database_back(server: HttpSite) -> None:
    with started(server, "run", "--", "--full-refresh") as run:
        while server.over_http(ALIVE) == "0":
            time.sleep(0.2)
        run.send_signal(signal.SIGTERM)
        out, _ = run.communicate()
    assert run.returncode == 1
    assert json.loads(out.splitlines()[-1])["error"].startswith("The run was stopped")
    assert server.over_http(ALIVE) == "0"


def test_watch_brings_what_arrives_to_the_marts_and_ends_when_it_is_told(
    server: HttpSite,
) -> None:
    count = "select sum(statement_count) from oars.agg_event_types"
    with started(server, "watch", "--every", "1s") as watch:
        lines = iter(watch.stdout or ())
        # It makes up for the run that was stopped, if that had begun anything.
        assert json.loads(next(lines))["result"] in ("done", "nothing new")
        before = int(server.over_http(count))
        for seed in ("7", "8"):
            # In one insert: with the LMS's rows it would be several, and a run may begin between.
            made = server.oars(*NEWS[:-1], "--seed", seed, "--out", seed)
            assert made.code == 0, made.err
            assert server.oars("load", f"{seed}/statements.ndjson.gz").code == 0
            while json.loads(next(lines))["result"] != "done":
                pass
        watch.send_signal(signal.SIGTERM)
        watch.communicate()
    assert watch.returncode == 0
    assert int(server.over_http(count)) == before + 600
    found = server.marts()
    assert server.dbt("run", "--full-refresh").code == 0
    assert server.marts() == found


def test_times_are_read_and_others_refused_in_one_sentence() -> None:
    assert [duration(text) for text in ("10s", "5m", " 1h ")] == [
        timedelta(seconds=10),
        timedelta(minutes=5),
        timedelta(hours=1),
    ]
    for text in ("10", "0s", "-1s", "1.5s", "1d", "", "s"):
        with pytest.raises(OarsError, match="is no time: give it as 10s, 5m or 1h"):
            duration(text)


@contextmanager
def started(site: Site, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on while the test does something."""
    process = subprocess.Popen(
        [sys.executable, "-m", "oars", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=site.folder,
        env=site.dbt_env(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
