"""What a model may call, and what the engine relies on models to say."""

import re
from pathlib import Path

import pytest
import yaml

from oars_site import PROJECT

DEFINED = re.compile(r"\{%-? *(?:macro|materialization) (\w+)")
CALLED = re.compile(r"\b(\w+)\(")
JINJA = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
STAGING = sorted((PROJECT / "models/staging/xapi").glob("stg_*.sql"))
# Base is the engine's own: it is where the two meet.
BASE = PROJECT / "models/staging/xapi/base_xapi__statements.sql"
ENGINE_OF_BASE = {"parser_version", "run_moment", "replicated", "is_aged", "emptied_texts"}


def macros(*folders: str) -> dict[str, Path]:
    """Name of each macro in these folders, and its file."""
    return {
        name: file
        for folder in folders
        for file in (PROJECT / "macros" / folder).rglob("*.sql")
        for name in DEFINED.findall(file.read_text())
    }


def called(model: Path) -> set[str]:
    jinja = " ".join(JINJA.findall(model.read_text()))
    return set(CALLED.findall(jinja))


ENGINE = macros("engine")


def test_there_is_an_engine_to_keep_models_from() -> None:
    assert {"ops", "state", "plan_relations", "written_at", "claim"} <= ENGINE.keys()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_model_calls_nothing_of_the_engine(model: Path) -> None:
    allowed = ENGINE_OF_BASE if model == BASE else set()
    assert called(model) & ENGINE.keys() <= allowed


def test_bouncer_knows_every_macro_of_the_engine() -> None:
    checks = yaml.safe_load((PROJECT / "dbt-bouncer.yml").read_text())["manifest_checks"]
    [check] = [each for each in checks if "engine" in each.get("description", "")]
    pattern = re.compile(check["regexp_pattern"], re.DOTALL)
    assert [name for name in ENGINE if not pattern.match(f"a\n{{{{ {name}() }}}}\nb")] == []
    for name in macros("model"):
        assert not pattern.match(f"{{{{ {name}() }}}}"), name


def test_what_a_model_may_call_is_described() -> None:
    [listed] = [
        {each["name"] for each in yaml.safe_load(file.read_text())["macros"]}
        for file in (PROJECT / "macros").glob("_*.yml")
    ]
    for name, file in macros("model").items():
        assert name in listed, name
        assert file.read_text().startswith("{#"), f"{file.name} has no header"


@pytest.mark.parametrize("view", STAGING, ids=lambda view: view.stem)
def test_view_of_a_family_says_which(view: Path) -> None:
    """The plan counts on it: a view of one family has no news when another has."""
    [model] = yaml.safe_load(view.with_suffix(".yml").read_text())["models"]
    [family] = re.findall(r"event_family = '(\w+)'", view.read_text())
    assert model["config"]["meta"]["event_family"] == family
