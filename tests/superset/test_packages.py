"""Superset's environment is what its lock says; where it leaves Superset's bounds is listed."""

import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement

FOLDER = Path(__file__).parents[2] / "superset"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_environment_has_what_is_locked_and_nothing_else() -> None:
    text = (FOLDER / "constraints.txt").read_text()
    requirements = [Requirement(pin) for pin in re.findall(r"^([\w.-]+==.*?) \\$", text, re.M)]
    here = [each for each in requirements if each.marker is None or each.marker.evaluate()]

    assert {normal(found.name): found.version for found in distributions()} == {
        normal(each.name): str(each.specifier).removeprefix("==") for each in here
    }


def test_only_overrides_are_newer_than_superset_says() -> None:
    overrides = re.findall(r"^([\w-]+)>=", (FOLDER / "overrides.txt").read_text(), re.M)
    check = [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"]
    said = subprocess.run(check, capture_output=True, text=True, check=False).stdout

    assert sorted(re.findall(r"^apache-superset \S+ has requirement ([\w-]+)", said, re.M)) == (
        sorted(overrides)
    )
    assert len(said.splitlines()) == len(overrides), said
