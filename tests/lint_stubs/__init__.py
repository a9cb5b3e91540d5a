"""What sqlfluff's jinja templater needs of dbt's context, so that linting needs no engine."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

_PROJECT = yaml.safe_load((Path(__file__).resolve().parents[2] / "dbt_project.yml").read_text())


def _nothing(*_args: Any, **_kwargs: Any) -> str:
    return ""


def _relation(*names: str) -> SimpleNamespace:
    class Relation(str):
        schema = "oars"
        identifier = names[-1]

    return Relation("oars." + names[-1])  # type: ignore[return-value]


def _var(name: str, default: Any = None) -> Any:
    return _PROJECT["vars"]["oars"].get(name, default)


class _Package:
    """Stands in for `oars.<macro>(...)`: a call of a function of that name."""

    def state(self) -> dict[str, Any]:
        return {}

    def text_literal(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    def setting(self, name: str, default: Any) -> Any:
        return _var(name, default)

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **_: f"{name}({', '.join(map(str, arguments))})"


execute = False
oars = _Package()
modules = SimpleNamespace(re=re)
var = _var
ref = _relation
source = _relation
config = _nothing
run_query = _nothing
should_full_refresh = _nothing
load_cached_relation = _nothing
local_md5 = _nothing
is_incremental = lambda: True  # noqa: E731
invocation_id = "invocation"
run_started_at = SimpleNamespace(strftime=lambda _format: "2026-01-01 00:00:00")
target = SimpleNamespace(schema="oars", cluster=None)
this = "oars.this_model"
flags = SimpleNamespace(WHICH="run")
graph: dict[str, Any] = {"nodes": {}, "sources": {}}
model = SimpleNamespace(
    name="this_model", resource_type="model", unique_id="", config=SimpleNamespace(meta={})
)
