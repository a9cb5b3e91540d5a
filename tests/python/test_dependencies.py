"""What is installed is what the locks say, by hash, under a licence that is listed."""

import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from licences import (
    COPYLEFT,
    ENVIRONMENTS,
    PAGE,
    PROJECT,
    installed,
    is_allowed,
    licence,
    normal,
    pins,
)

LOCKS = ["constraints.txt", "superset/constraints.txt", "tests/audit.txt", "tests/tutor.txt"]
LOCKS += [str(path.relative_to(PROJECT)) for path in sorted(PROJECT.glob("tests/engines/*.txt"))]


def lines(path: str) -> list[str]:
    """The requirements of a file: lines joined where they go on, without comments."""
    text = (PROJECT / path).read_text().replace("\\\n", " ")
    found = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return [line for line in found if line]


def project(*path: str) -> list[str]:
    part = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    for key in path:
        part = part[key]
    return list(part)


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_has_one_version_and_the_hashes_of_its_files(lock: str) -> None:
    pin = r"[\w.-]+==[\w.]+( ; [^#]*?)?( +--hash=sha256:[0-9a-f]{64})+"

    assert [line for line in lines(lock) if not re.fullmatch(pin, line)] == []
    assert len(pins(PROJECT / lock)) == len(lines(lock)) > 0


def test_the_environment_has_what_is_locked_and_nothing_else() -> None:
    there = {normal(found.name): found.version for found in distributions(path=sys.path)}
    requirements = [Requirement(line.partition(" --hash")[0]) for line in lines("constraints.txt")]
    here = [each for each in requirements if each.marker is None or each.marker.evaluate()]
    locked = {normal(each.name): str(each.specifier).removeprefix("==") for each in here}

    there.pop("oars-dbt")
    assert there == locked


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("constraints.txt", project("project", "dependencies")),
        ("constraints.txt", project("project", "optional-dependencies", "dev")),
        ("constraints.txt", project("build-system", "requires")),
        ("superset/constraints.txt", lines("superset/requirements.txt")),
        ("superset/constraints.txt", lines("superset/overrides.txt")),
    ],
)
def test_the_lock_follows_what_is_asked_for(lock: str, wanted: list[str]) -> None:
    locked = pins(PROJECT / lock)
    missed = [
        each
        for each in map(Requirement, wanted)
        if not each.specifier.contains(locked.get(normal(each.name), "0"))
    ]

    assert missed == [], "run `make lock`"


def test_the_page_has_the_licence_of_each_package() -> None:
    _, *parts = PAGE.read_text().split("\n## ")
    *environments, more = [
        re.findall(r"^\| (\S+) \| (.+) \|$", part, re.MULTILINE) for part in parts
    ]
    present = installed(Path(sys.prefix))
    in_need = set()

    for (lock, folder), listed in zip(ENVIRONMENTS.values(), environments, strict=True):
        found = {name: tuple(rest.split(" | ")) for name, rest in listed if name != "package"}
        assert {name: version for name, (version, _) in found.items()} == pins(PROJECT / lock), (
            "run `make licences`"
        )
        in_need |= {name for name, (_, expression) in found.items() if not is_allowed(expression)}
        if folder == ".venv":
            said = {name: licence(name, present.get(name)) for name in found}
            assert said == {name: expression for name, (_, expression) in found.items()}
    assert in_need == set(COPYLEFT) == {name for name, _ in more} - {"package"}


def test_licences_to_choose_from_and_licences_together() -> None:
    assert is_allowed("MIT OR GPL-3.0-only")
    assert is_allowed("MIT AND Zlib")
    assert not is_allowed("MPL-2.0 AND (Apache-2.0 OR MIT)")
    assert not is_allowed("GPL-3.0-only")
    assert not is_allowed("")
