"""The command `oars`: what it makes, what it simulates, and how it says that something is amiss."""

import csv
import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from oars.cli import app
from oars.raw_tables import EVENT_SINK, OPERATOR, STATEMENTS, create_statement, table_columns
from oars_site import PROJECT, Site, counts


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("cli"))


def test_init_makes_what_is_missing_and_touches_nothing_else(site: Site) -> None:
    needs_init = site.oars("load", "-")
    assert needs_init.code == 1
    assert needs_init.err == (
        "Error: The raw table xapi.xapi_events_all does not exist: "
        "run `oars init` to create what is missing.\n"
    )
    # A table that a site has changed stays as it is.
    site.execute("create database event_sink", "create table event_sink.tag (x Int8) engine Log")

    run = site.oars("init")

    assert run.code == 0, run.err
    lines = [line.rsplit(maxsplit=1) for line in run.out.splitlines()]
    assert [table for said, table in lines if said == "already there"] == ["event_sink.tag"]
    assert len(lines) == 12
    tables = site.query(
        "select name, engine, partition_key, primary_key, sorting_key from system.tables "
        "where database in ('xapi', 'event_sink')"
    )
    found = {row.pop("name"): tuple(row.values()) for row in tables}
    assert found["xapi_events_all"] == (
        "ReplacingMergeTree",
        "toYYYYMM(emission_time)",
        "emission_time, event_id",
        "emission_time, event_id",
    )
    assert found["course_blocks"] == (
        "MergeTree",
        "",
        "org, course_key, location, edited_on",
        "org, course_key, location, edited_on, order",
    )
    assert found["user_profile"][1] == "user_id % 100"
    assert found["tag"][0] == "Log"
    columns = site.query(
        "select table, groupArray(concat(name, ' ', type)) as columns from "
        "(select * from system.columns where database in ('xapi', 'event_sink', 'oars_operator') "
        "order by position) group by table"
    )
    names = {row["table"]: [column.split()[0] for column in row["columns"]] for row in columns}
    assert names.pop("tag") == ["x"]
    assert names.pop("xapi_events_all") == ["event_id", "emission_time", "event"]
    made = [*EVENT_SINK, *OPERATOR]
    assert names == {table: table_columns(table) for table in made if table != "tag"}


def test_statements_for_a_cluster_are_replicated_and_parse(site: Site) -> None:
    bodies = {"xapi_events_all": STATEMENTS, **EVENT_SINK, **OPERATOR}
    created = [create_statement("raw", name, body, "main") for name, body in bodies.items()]
    for text in created:
        assert " ON CLUSTER 'main' (" in text
        assert ") ENGINE = Replicated" in text
    quoted = ", ".join("'" + text.replace("'", "\\'") + "'" for text in created)
    assert len(site.query(f"select formatQuery(arrayJoin([{quoted}])) as parsed")) == len(created)


def test_second_process_on_the_folder_gets_one_sentence(site: Site) -> None:
    with site.held():
        run = site.oars("init")
    assert run.code == 1
    assert run.err.startswith(f"Error: The data folder {site.data} is in use by another process")
    assert len(run.err.splitlines()) == 1


def test_missing_profile_target_variable_and_server_are_one_sentence_each(
    site: Site, tmp_path: Path
) -> None:
    missing = site.oars("report", "--profiles-dir", tmp_path)
    assert missing.err.startswith(f"Error: There is no profiles.yml in {tmp_path}: copy profiles")

    unknown = site.oars("report", "--target", "moon")
    assert "does not have a target named 'moon'" in unknown.err
    assert "embedded" in unknown.err

    profile = (PROJECT / "profiles.yml.example").read_text()
    (tmp_path / "profiles.yml").write_text(profile.replace(", '.oars/chdb'", ""))
    without_path = Site(site.folder)
    del without_path.env["OARS_CHDB_PATH"]
    unset = without_path.oars("report", "--profiles-dir", tmp_path)
    assert "OARS_CHDB_PATH" in unset.err

    away = Site(site.folder)
    away.env |= {"OARS_CLICKHOUSE_PORT": "1", "OARS_CLICKHOUSE_SECURE": "False"}
    refused = away.oars("report", "--target", "server")
    assert refused.err == "Error: No connection to ClickHouse at localhost: Connection refused\n"

    for run in (missing, unknown, unset, refused):
        assert (run.code, len(run.err.splitlines())) == (1, 1), run.err


def test_simulation_goes_to_files_and_to_the_target_alike(site: Site, tmp_path: Path) -> None:
    site.execute("drop table if exists event_sink.tag")
    assert site.oars("init").code == 0
    options = ("simulate", "--statements", "2000", "--learners", "20", "--courses", "2")

    to_files = site.oars(*options, "--out", tmp_path)
    to_target = site.oars(*options, "--load")

    assert (to_files.code, to_target.code) == (0, 0), to_files.err + to_target.err
    loaded = site.oars("load", tmp_path / "statements.ndjson.gz")
    assert ("already there", "2,000") in counts(loaded)
    rows_in_files = {}
    for table in (*EVENT_SINK, *OPERATOR):
        if (path := tmp_path / f"{table}.csv.gz").exists():
            with gzip.open(path, "rt", newline="") as file:
                header, *rows = csv.reader(file)
            assert header == table_columns(table)
            rows_in_files[table] = len(rows)
    count = (
        "select _table as name, count() as rows "
        "from merge(REGEXP('^(event_sink|oars_operator)$'), '') group by name"
    )
    in_target = {row["name"]: int(row["rows"]) for row in site.query(count)}
    assert in_target == rows_in_files
    assert in_target["user_profile"] == 20
    assert (in_target["course_staff"], in_target["programs"]) == (2, 3)

    again = site.oars(*options, "--load")

    assert again.code == 0, again.err
    assert {row["name"]: int(row["rows"]) for row in site.query(count)} == in_target


def test_help_comes_without_a_profile(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "oars", "load", "--help"]
    env = {**os.environ, "DBT_PROFILES_DIR": str(tmp_path)}
    out = subprocess.run(command, capture_output=True, check=True, text=True, env=env).stdout
    assert "Examples:\n    oars load statements.ndjson.gz" in out


def test_help_of_each_command_has_examples_of_it() -> None:
    commands = {
        each.name or each.callback.__name__: each.callback
        for each in app.registered_commands
        if each.callback
    }
    assert {"export", "backup", "restore"} <= commands.keys()
    for name, callback in commands.items():
        assert f"Examples:\n      oars {name}" in (callback.__doc__ or ""), name
