"""The marts keep their contract: tests/contract.yml says which keys and columns there are."""

import re
from typing import Any

import pytest

from oars.assets import load_yaml
from oars_site import PROJECT

OF_A_BLOCK = ["block_id", "block_name", "section_name", "subsection_name"]
CONTRACT: dict[str, dict[str, Any]] = load_yaml((PROJECT / "tests" / "contract.yml").read_text())
MARTS: dict[str, dict[str, Any]] = {
    model["name"]: model | {"sql": path.with_suffix(".sql").read_text()}
    for path in (PROJECT / "models" / "marts").rglob("[!_]*.yml")
    for model in load_yaml(path.read_text()).get("models", [])
}
MEASURES = ("_count", "_seconds", "_ratio", "_score")


def columns_of(mart: str) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in MARTS[mart]["columns"]}


def key_of(mart: str) -> list[str]:
    """The columns of the test of uniqueness."""
    for test in MARTS[mart].get("data_tests", []):
        if "unique_key" in test:
            columns: list[str] = test["unique_key"]["arguments"]["columns"]
            return columns
    return [
        name
        for name, column in columns_of(mart).items()
        if "unique" in column.get("data_tests", [])
    ]


def test_contract_and_marts_are_the_same_set() -> None:
    assert CONTRACT.keys() == MARTS.keys()


def test_privacy_says_of_each_mart_how_small_a_group_may_be() -> None:
    table = (PROJECT / "docs" / "privacy.md").read_text().split("| mart | k |")[1]
    listed = {
        mart: k
        for marts, k in re.findall(r"^\| (`.+`) \| (.+) \|$", table, re.MULTILINE)
        for mart in re.findall(r"`(\w+)`", marts)
    }
    assert listed.keys() == MARTS.keys()
    of_one = {mart for mart, k in listed.items() if k.startswith("1,")}
    assert of_one == {mart for mart in MARTS if "actor_id" in columns_of(mart)}


@pytest.mark.parametrize("mart", CONTRACT)
def test_mart_has_each_column_of_the_contract_with_its_meaning(mart: str) -> None:
    promised = CONTRACT[mart]["key"] + CONTRACT[mart]["columns"]
    promised += OF_A_BLOCK if CONTRACT[mart].get("of") == "block" else []
    found = columns_of(mart)
    assert [column for column in promised if column not in found] == []
    assert [name for name, column in found.items() if not column.get("description")] == []
    assert MARTS[mart]["config"]["contract"]["enforced"] is True
    assert MARTS[mart]["description"].startswith("One row per ")


@pytest.mark.parametrize("mart", CONTRACT)
def test_key_of_the_contract_is_tested_for_uniqueness(mart: str) -> None:
    assert sorted(key_of(mart)) == sorted(CONTRACT[mart]["key"])


@pytest.mark.parametrize("mart", CONTRACT)
def test_each_measure_says_whether_it_is_additive(mart: str) -> None:
    silent = [
        name
        for name, column in columns_of(mart).items()
        if name.endswith(MEASURES) and "additive" not in column.get("config", {}).get("meta", {})
    ]
    assert silent == []


@pytest.mark.parametrize("mart", [name for name, it in CONTRACT.items() if "org" in it["columns"]])
def test_mart_of_courses_is_sorted_by_organisation_and_course(mart: str) -> None:
    text = " ".join(MARTS[mart]["sql"].split())
    assert "order_by=['org', 'course_key'" in text


def test_learners_are_named_in_one_mart_only_and_staff_in_another() -> None:
    personal = {"username", "full_name", "email", "name"}
    named = {mart for mart in MARTS if personal & columns_of(mart).keys()}
    assert named == {"dim_learners_pii", "course_staff"}
