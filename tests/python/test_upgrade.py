"""A database of the release before: the next run brings it up to date, as if built anew."""

import io
import re
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from oars_site import FOLDERS_OF_DBT, PROJECT, WITHOUT_TESTS
from test_targets import HttpSite

# The commit of the release before, see CHANGELOG.md.
BEFORE = "2a3a27d"
SIMULATED = ("simulate", "--statements", "3000", "--learners", "60", "--courses", "2", "--load")
NEWS = ("simulate", "--statements", "300", "--learners", "30", "--courses", "2", "--load")
# A mart that it left wrong, a course that it alone knows, and what only the database knows.
LEFT = [
    "alter table oars.fct_enrollments update enrollment_count = 77 where 1 "
    "settings mutations_sync = 2",
    "insert into oars.agg_video_events_daily (org, course_key) select 'Gone', 'course-v1:Gone+1+1'",
    "insert into oars_ops.forgotten (actor_hash) values ('somebody')",
    "insert into oars_ops.kept_months (month, kept_at) values (201901, '2020-01-01')",
]
WHAT_IS_KEPT = (
    "select (select salt from oars_ops.salt), (select groupArray(actor_hash) from "
    "oars_ops.forgotten), (select groupArray(month) from oars_ops.kept_months), "
    "(select count() from oars_ops.run_log final where started_at <= (select min(started_at) "
    "from oars_ops.run_log))"
)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project of the release before."""
    archive = subprocess.run(
        ["git", "archive", BEFORE, "dbt_project.yml", *FOLDERS_OF_DBT],
        cwd=PROJECT,
        capture_output=True,
    )
    if archive.returncode:
        pytest.skip(f"this clone has no history: {archive.stderr.decode().strip()}")
    folder = tmp_path_factory.mktemp("before")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def upgraded(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpSite]:
    """On a server, for there the adapter is not this project's."""
    with HttpSite(tmp_path_factory.mktemp("upgraded"), "server") as site:
        for command in (("init",), SIMULATED):
            done = site.oars(*command, "--target", "server")
            assert done.code == 0, done.err
        site.env["DBT_PROJECT_DIR"] = str(before)
        built = site.dbt("build", *WITHOUT_TESTS, "--target", "server")
        assert built.code == 0, built.out
        site.env["DBT_PROJECT_DIR"] = str(PROJECT)
        for statement in LEFT:
            site.over_http(statement)
        yield site


def test_next_run_brings_it_up_to_date_and_it_is_as_one_built_anew(upgraded: HttpSite) -> None:
    site = upgraded
    was = site.over_http(WHAT_IS_KEPT)
    # What arrives between the two releases.
    assert site.oars(*NEWS, "--seed", "7", "--target", "server").code == 0

    run = site.dbt("build", *WITHOUT_TESTS, "--target", "server")
    assert run.code == 0, run.out
    found = site.marts()
    assert site.over_http(WHAT_IS_KEPT) == was

    again = site.dbt("run", "--target", "server")
    assert again.code == 0, again.out
    last = "select built from oars_ops.run_log final order by started_at desc limit 1"
    assert site.over_http(last) == "[]"

    for database in ("oars", "oars_staging", "oars_intermediate", "oars_ops"):
        site.over_http(f"drop database {database} sync")
    anew = site.dbt("build", *WITHOUT_TESTS, "--target", "server")
    assert anew.code == 0, anew.out
    marts = site.marts()
    assert {name: found[name] for name in marts} == marts
    # dbt drops nothing; see the next test.
    assert set(found) >= set(marts)


def test_what_the_project_no_longer_has_is_listed_and_dropped_on_request(
    upgraded: HttpSite,
) -> None:
    site = upgraded
    site.over_http("create table oars.fct_of_before (n UInt8) engine = MergeTree order by n")
    site.over_http("create view oars_staging.stg_of_before as select 1 as n")
    # What the site keeps beside it, and what an adapter makes beside a model.
    for kept in ("oars.fct_enrollments_local", "oars_seeds.programs_mv"):
        site.over_http(f"create table {kept} (n UInt8) engine = MergeTree order by n")
    site.env["OARS_OPERATOR_DATABASE"] = "oars_seeds"
    site.over_http("create table oars_seeds.course_staff (n UInt8) engine = MergeTree order by n")
    marts = site.marts()

    asked = site.oars("prune", "--target", "server", stdin=b"n\n")
    assert asked.code == 1
    *listed, _ = [line.split(",")[0] for line in asked.out.splitlines()]
    assert listed == ["table oars.fct_of_before", "view oars_staging.stg_of_before"]
    assert site.marts() == marts

    dropped = site.oars("prune", "--target", "server", "--yes")
    assert dropped.code == 0, dropped.err
    assert dropped.out.endswith("2 dropped.\n")
    assert site.marts().keys() == marts.keys() - {"fct_of_before"}
    nothing = site.oars("prune", "--target", "server")
    assert nothing.out == "The databases have nothing that the project does not have.\n"


def test_a_release_is_named_alike_everywhere() -> None:
    changelog = (PROJECT / "CHANGELOG.md").read_text()
    heading = r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)(?:, commit (\w+))?\)$"
    releases = re.findall(heading, changelog, re.MULTILINE)
    (newest, day, _), (_, day_before, commit) = releases[:2]
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"] == newest
    assert yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["version"] == newest
    assert commit == BEFORE
    assert day > day_before
    # Only the newest may not yet know its own commit.
    assert all(commit for _, _, commit in releases[1:])
