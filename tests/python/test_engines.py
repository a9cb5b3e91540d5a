"""The same answers on the versions of ClickHouse that sites run.

`make test-engines` puts older engines into folders, one a version, and names the folder of these
in OARS_ENGINES. Each is reached as a server is, over HTTP (http_engine.py). What it gives after a
first build, news and a run without any is compared with what the newest engine gives of all
statements at once.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from oars_site import PROJECT, WITHOUT_TESTS, Site
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


def expressions_in(params: Any) -> Iterator[str]:
    """What a chart asks for in SQL of its own."""
    if isinstance(params, dict):
        if isinstance(params.get("sqlExpression"), str):
            yield params["sqlExpression"]
        params = list(params.values())
    if isinstance(params, list):
        for each in params:
            yield from expressions_in(each)


def questions_of_dashboards() -> Iterator[str]:
    """Of each dataset its columns, its measures, and the expressions of its charts."""
    charts = [
        yaml.safe_load(path.read_text())
        for path in sorted((PROJECT / "superset/assets/charts").rglob("*.yaml"))
    ]
    for path in sorted((PROJECT / "superset/assets/datasets").rglob("*.yaml")):
        dataset = yaml.safe_load(path.read_text())
        table = f"{dataset['schema']}.{dataset['table_name']}"
        source = f"from ({dataset['sql'] or f'select * from {table}'}) as virtual_table"
        columns = [
            column.get("expression") or column["column_name"] for column in dataset["columns"]
        ]
        days = [f"toStartOfWeek({c['column_name']})" for c in dataset["columns"] if c["is_dttm"]]
        yield f"select {', '.join([*columns, *days])}, count() {source} group by all limit 100"
        yield f"select {', '.join(metric['expression'] for metric in dataset['metrics'])} {source}"
        for chart in charts:
            if chart["dataset_uuid"] == dataset["uuid"]:
                for expression in expressions_in(chart["params"]):
                    yield f"select {expression} as shown {source} group by shown order by shown"


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
    site = HttpSite(tmp_path, "server", engine)
    with site:
        assert site.over_http("select version()").startswith(f"{engine.name}.")
        for command in (("init",), FIRST, ("grants", "--organization", "AcmeU", "--apply")):
            done = site.oars(*command)
            assert done.code == 0, done.err
    # As on a server: what a statement needs to be granted differs from release to release.
    with site.opened_as("oars_dbt"):
        first = site.dbt("build", *WITHOUT_UNIT_TESTS)
        assert first.code == 0, first.out
    with site.opened_as():
        assert site.oars(*NEWS).code == 0
    with site.opened_as("oars_dbt"):
        for _ in range(2):
            run = site.dbt("run")
            assert run.code == 0, run.out

        assert site.marts() == {mart: f"{n} {hash_}" for mart, (n, hash_) in newest.items()}
        for command in (("report",), ("status",)):
            said = site.oars(*command)
            assert said.code == 0, said.err
        assert "success" in said.out
        doctor = site.oars("doctor")
        assert doctor.code == 0, doctor.out
        freshness = site.dbt("source", "freshness")
        assert "ERROR" not in freshness.out
        asked = list(questions_of_dashboards())
        assert len(asked) > 80
        for question in asked:
            site.over_http(question)


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
