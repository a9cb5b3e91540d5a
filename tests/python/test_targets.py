"""The same models on a server and on a cluster: only the target differs."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from oars_site import WITHOUT_TESTS, Site

HTTP_ENGINE = Path(__file__).with_name("http_engine.py")
SIMULATED = ("simulate", "--statements", "3000", "--learners", "30", "--courses", "2", "--load")


class HttpSite(Site):
    """A site whose commands reach the engine over HTTP, as they reach a server.

    The engine is the newest, or that of a folder with another release of chdb.
    """

    def __init__(self, folder: Path, target: str, engine: Path | None = None) -> None:
        super().__init__(folder)
        self.target = self.env["DBT_TARGET"] = target
        self.release = {"PYTHONPATH": str(engine)} if engine else {}
        self.roles: tuple[str, ...] = ()
        """What the user of the engine may do, see access_rules.py; everything without."""

    def __enter__(self) -> "HttpSite":
        self.engine = subprocess.Popen(
            [sys.executable, HTTP_ENGINE, str(self.data), *self.roles],
            stdout=subprocess.PIPE,
            text=True,
            env=self.env | self.release,
        )
        assert self.engine.stdout is not None
        self.env["OARS_CLICKHOUSE_PORT"] = self.engine.stdout.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.terminate()
        self.engine.wait()

    def opened_as(self, *roles: str) -> "HttpSite":
        """The site, to be entered, with an engine whose user has these roles, or may do all."""
        self.roles = roles
        return self

    def over_http(self, statement: str) -> str:
        address = f"http://127.0.0.1:{self.env['OARS_CLICKHOUSE_PORT']}/"
        with urlopen(address, data=statement.encode()) as answer:
            return str(answer.read().decode().strip())

    def marts(self) -> dict[str, str]:
        """Of each mart a sum of the hashes of its rows."""
        names = self.over_http(
            "select name from system.tables where database = 'oars' "
            "and not match(name, '__dbt_new_data')"
        ).split()
        digest = "select concat(toString(count()), ' ', toString(sum(cityHash64(tuple(*))))) from "
        return {name: self.over_http(f"{digest} oars.{name}") for name in names}

    def build(self) -> str:
        """Simulate, run, and give what dbt said to the engine."""
        for command in (("init",), SIMULATED):
            done = self.oars(*command, "--target", self.target)
            assert done.code == 0, done.err
        run = self.dbt(
            *("build", "--target", self.target, "--log-level-file", "debug"), *WITHOUT_TESTS
        )
        assert run.code == 0, run.out
        return (self.folder / "logs" / "dbt.log").read_text()


def digests(site: Site) -> dict[str, tuple[int, int]]:
    """Of each mart its rows: how many, and a sum of their hashes."""
    marts = site.query("select name from system.tables where database = 'oars' order by name")
    each = [
        f"select '{mart['name']}' as mart, count() as n, sum(cityHash64(tuple(*))) as hash "
        f"from oars.{mart['name']}"
        for mart in marts
    ]
    return {
        row["mart"]: (int(row["n"]), int(row["hash"]))
        for row in site.query(" union all ".join(each))
    }


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    site = Site(tmp_path_factory.mktemp("embedded"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED).code == 0
    assert site.dbt("build", *WITHOUT_TESTS).code == 0
    return digests(site)


@pytest.fixture(scope="module", params=["server", "cluster"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[HttpSite, str]:
    site = HttpSite(tmp_path_factory.mktemp(request.param), request.param)
    with site:
        said = site.build()
    return site, said


def test_answers_are_those_of_the_embedded_engine(
    elsewhere: tuple[HttpSite, str], embedded: dict[str, tuple[int, int]]
) -> None:
    site, _ = elsewhere
    found = digests(site)
    assert found == embedded
    assert [mart for mart, (rows, _) in found.items() if not rows] == []


def test_every_table_of_a_cluster_is_replicated(elsewhere: tuple[HttpSite, str]) -> None:
    site, said = elsewhere
    created = re.findall(r"(?is)create table (?:if not exists )?(\S+)(.*?)order by", said)
    assert len(created) > 15
    for name, definition in created:
        if name == "`oars`.`__dbt_exchange_test":
            continue
        on_cluster = "on cluster" in definition.lower()
        replicated = re.search(r"engine\s*=\s*Replicated\w*MergeTree", definition) is not None
        assert (on_cluster, replicated) == (site.target == "cluster",) * 2, name


def test_run_without_news_sends_nothing_to_other_servers(elsewhere: tuple[HttpSite, str]) -> None:
    site, said_before = elsewhere
    with site:
        run = site.dbt("run", "--target", site.target, "--log-level-file", "debug")
    assert run.code == 0, run.out
    said = (site.folder / "logs" / "dbt.log").read_text()[len(said_before) :]
    assert "insert into oars_ops.run_log" in said
    assert re.findall(r"(?i)on cluster.*", said) == []


def test_second_run_on_a_server_stops_in_one_sentence_until_the_first_is_dead(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with HttpSite(tmp_path_factory.mktemp("lease"), "server") as site:
        assert site.oars("init", "--target", "server").code == 0
        run = ("build", "--target", "server", *WITHOUT_TESTS, "--select", "path:seeds")
        assert site.dbt(*run).code == 0
        claim = (
            "insert into oars_ops.lease (invocation_id, expires_at) values ('other', now64(6) + {})"
        )
        site.over_http(claim.format("120"))

        second = site.dbt(*run)

        assert second.code != 0
        assert "Another run is at work on this database: wait until it has ended" in second.out
        results = "select result from oars_ops.run_log final order by started_at"
        assert site.over_http(results).split() == ["success", "busy"]

        site.over_http(claim.format("-1"))
        assert site.dbt(*run).code == 0
        # No claim lasts longer than three minutes, whatever the clock was when it was made.
        site.over_http(claim.format("3600"))
        assert site.dbt(*run).code == 0
        said = site.oars("status", "--target", "server")
        assert said.code == 0, said.err
        assert said.out.count("success") == 3

        site.over_http(claim.format("120"))
        removed = site.oars("unlock", "--yes")
        assert removed.code == 0, removed.err
        assert "Run other, until" in removed.out
        assert site.oars("unlock").out == "No run has claimed the database.\n"

        # A run that cannot even write its log gives the database back.
        site.over_http("alter table oars_ops.run_log drop column rows")
        assert site.dbt(*run).code != 0
        claims = "select count() from oars_ops.lease final where expires_at > now64(6)"
        assert site.over_http(claims) == "0"


@pytest.fixture(scope="module")
def halting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpSite]:
    with HttpSite(tmp_path_factory.mktemp("halted"), "server") as site:
        site.build()
        yield site


def test_run_that_looked_before_another_was_at_work_does_not_go_by_what_it_saw(
    halting: HttpSite,
) -> None:
    site = halting
    for work in (
        # It has something to write when it starts: what a killed run had noted to do.
        "insert into oars_ops.plan (plan, course_key) values ('of a killed run', 'c')",
        # Once a model is built: a statement of which it cannot be read whose it is.
        "insert into xapi.xapi_events_all select generateUUIDv4(), now(), '{}'",
    ):
        if "xapi" in work:
            site.over_http("truncate table oars_ops.plan")
        site.over_http(work)
        first = site.dbt_until("insert into oars_ops.run_log", "run", "--target", "server")
        os.kill(first.pid, signal.SIGSTOP)
        site.over_http(
            "insert into oars_ops.lease (invocation_id, expires_at) select 'a', now64(6)"
        )
        os.kill(first.pid, signal.SIGCONT)
        said, _ = first.communicate()

        assert first.returncode != 0
        assert "Another run was at work on this database since this one began" in said
        newest = "select result from oars_ops.run_log final order by started_at desc limit 1"
        assert site.over_http(newest) == "busy", work

    site.over_http("insert into oars_ops.plan (plan, course_key) values ('of a killed run', 'c')")
    again = site.dbt("run", "--target", "server")
    assert again.code == 0, again.out
    assert site.over_http("select count() from oars_ops.plan") == "0"


@pytest.mark.parametrize(
    "point",
    [
        # It has planned and not yet staged; it is about to swap in what it has staged.
        "create table `oars_intermediate`.`int_enrollment_steps__dbt_new_data",
        "alter table `oars_intermediate`.`int_enrollment_steps`",
    ],
)
def test_run_that_was_taken_for_dead_changes_nothing_when_it_wakes(
    halting: HttpSite, point: str
) -> None:
    site = halting
    # News that the first run is halted over; they are gone when the second runs.
    site.over_http(
        "insert into xapi.xapi_events_all select generateUUIDv4(), emission_time, "
        "replace(event, toString(event_id), '') from xapi.xapi_events_all "
        "where event like '%registered%'"
    )
    first = site.dbt_until(point, "run", "--target", "server")
    os.kill(first.pid, signal.SIGSTOP)
    halted = time.monotonic()
    # It is halted for longer than its lease.
    site.over_http(
        "insert into oars_ops.lease (invocation_id, expires_at) select invocation_id, now64(6) "
        "from oars_ops.lease final where expires_at > now64(6)"
    )
    site.over_http(
        "alter table xapi.xapi_events_all delete where event not like '%' || event_id || '%' "
        "settings mutations_sync = 2"
    )
    second = site.dbt("run", "--target", "server")
    assert second.code == 0, second.out
    answers = site.marts()
    # Claims are looked at again when half a minute is over.
    time.sleep(max(0, 31 - (time.monotonic() - halted)))

    os.kill(first.pid, signal.SIGCONT)
    said, _ = first.communicate()

    assert first.returncode != 0
    # What it had staged was dropped by the second.
    assert "another has taken over" in said or "UNKNOWN_TABLE" in said
    assert site.marts() == answers
    third = site.dbt("run", "--target", "server")
    assert third.code == 0, third.out
    assert site.marts() == answers
