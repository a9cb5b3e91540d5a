"""The same answers on the versions of ClickHouse that sites run.

`make test-engines` puts older engines into folders, one a version, and names the folder of these
in OARS_ENGINES. Each is reached as a server is, over HTTP (http_engine.py). What it gives after a
first build, news and a run without any is compared with what the newest engine gives of all
statements at once.
"""

import os
from pathlib import Path

import pytest

from oars_site import WITHOUT_TESTS, Site
from test_targets import HttpSite, digests

LEAST = (25, 8)
ENGINES = sorted(Path(os.environ.get("OARS_ENGINES", "none")).glob("*.*"))
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
PLAN = ("--learners", "30", "--courses", "2", "--load")
FIRST = ("simulate", "--statements", "3000", "--seed", "1", *PLAN)
NEWS = ("simulate", "--statements", "300", "--seed", "2", *PLAN)

pytestmark = pytest.mark.skipif(not ENGINES, reason="wants older engines: make test-engines")


def version(engine: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in engine.name.split("."))


def on(engines: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("engine", engines, ids=lambda engine: engine.name)


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    site = Site(tmp_path_factory.mktemp("newest"))
    for command in (("init",), FIRST, NEWS):
        assert site.oars(*command).code == 0
    assert site.dbt("build", *WITHOUT_TESTS).code == 0
    return digests(site)


@on([engine for engine in ENGINES if version(engine) >= LEAST])
def test_answers_are_those_of_the_newest_engine(
    engine: Path, newest: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    with HttpSite(tmp_path, "server", engine) as site:
        assert site.over_http("select version()").startswith(f"{engine.name}.")
        for command in (("init",), FIRST):
            assert site.oars(*command).code == 0

        first = site.dbt("build", *WITHOUT_UNIT_TESTS)
        assert first.code == 0, first.out
        assert site.oars(*NEWS).code == 0
        for _ in range(2):
            run = site.dbt("run")
            assert run.code == 0, run.out

        assert site.marts() == {mart: f"{n} {hash_}" for mart, (n, hash_) in newest.items()}
        for command in (("report",), ("status",)):
            said = site.oars(*command)
            assert said.code == 0, said.err
        assert "success" in said.out
        freshness = site.dbt("source", "freshness")
        assert "ERROR" not in freshness.out


@on([engine for engine in ENGINES if version(engine) < LEAST])
def test_run_on_an_engine_that_is_too_old_stops_in_one_sentence(
    engine: Path, tmp_path: Path
) -> None:
    with HttpSite(tmp_path, "server", engine) as site:
        assert site.oars("init").code == 0
        run = site.dbt("run")

        assert run.code != 0
        assert f"ClickHouse {engine.name}" in run.out
        assert "at least 25.8" in run.out
        assert site.over_http("select count() from system.databases where name = 'oars_ops'") == "0"
