"""What dbt has read of a project is used again for the same project, and for no other."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from oars_site import PARSED, Site, copy_of_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return copy_of_project(tmp_path / "project")


def site_of(project: Path, name: str) -> Site:
    folder = project.parent / name
    folder.mkdir()
    return Site(folder, project)


def add_to(path: str) -> Callable[[Site], None]:
    """Write a line more into a file of the project, or of the site where the project has none."""

    def change(site: Site) -> None:
        file = Path(site.env["DBT_PROJECT_DIR"]) / path
        with (file if file.exists() else site.folder / path).open("a") as text:
            text.write("\n")

    return change


def add_model(site: Site) -> None:
    (Path(site.env["DBT_PROJECT_DIR"]) / "models" / "mine.sql").write_text("select 1 as n")


def read_another_database(site: Site) -> None:
    site.env["OARS_XAPI_DATABASE"] = "other"


CHANGES = {
    "a model": add_to("models/marts/enrollment/fct_enrollments.sql"),
    "its description": add_to("models/marts/enrollment/fct_enrollments.yml"),
    "a new model": add_model,
    "a macro": add_to("macros/model/as_of.sql"),
    "a data test": add_to("tests/assertions/assert_learners_are_those_of_their_days.sql"),
    "a generic test": add_to("tests/generic/unique_key.sql"),
    "a seed": add_to("seeds/programs.csv"),
    "the project": add_to("dbt_project.yml"),
    "the profile": add_to("profiles.yml"),
    "the environment": read_another_database,
}


def test_data_elsewhere_and_other_selections_are_the_same_project(project: Path) -> None:
    here, there = site_of(project, "here"), site_of(project, "there")
    there.env["OARS_CLICKHOUSE_PORT"] = "1"
    kept = here.manifest_of(("run",))
    assert kept is not None
    assert Path(kept).parent == Path(os.environ[PARSED])
    assert there.manifest_of(("run",)) == kept
    assert there.manifest_of(("build", "--full-refresh", "--select", "path:seeds")) == kept


def test_other_target_and_vars_are_another_project(project: Path) -> None:
    site = site_of(project, "site")
    asked = [
        ("run",),
        ("run", "--target", "server"),
        ("run", "--target", "cluster"),
        ("run", "--vars", json.dumps({"pii_enabled": True})),
    ]
    assert len({site.manifest_of(arguments) for arguments in asked}) == len(asked)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_project_that_was_changed_is_another(project: Path, change: Callable[[Site], None]) -> None:
    site = site_of(project, "site")
    before = site.manifest_of(("run",))
    change(site)
    assert site.manifest_of(("run",)) != before
