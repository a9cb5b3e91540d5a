"""What Superset reads before the guard does: no text keeps it busy, no reader's template runs."""

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
from conftest import Superset, User
from oars_superset.guard import Refused
from oars_superset.limits import check_text, dialect
from sqlglot.dialects.clickhouse import ClickHouse
from superset.exceptions import SupersetException
from superset.sql.parse import SQLGLOT_DIALECTS, sanitize_clause, transpile_to_dialect
from test_attacks import OF_ENROLLMENTS, PLACES, sql_column, sql_metric
from test_guard import FUZZ_QUERIES, OPENED, nested_text

TYPES = sorted(
    name.lower()
    for name, kind in ClickHouse.Tokenizer.KEYWORDS.items()
    if kind in ClickHouse.Parser.TYPE_TOKENS and name.replace("_", "").isalnum()
)
# What the guard would refuse by its first look, and Superset's parser reads.
OF_SUPERSET = [
    *[(f"{name}(", ")") for name in TYPES],
    *[(f"{name}[", "]") for name in TYPES],
    *[(f"`{name}`(", ")") for name in TYPES],
    *[(f"{name}<", ">") for name in ("array", "map", "struct", "nested", "variant")],
    *[("{", "}"), ("{'a':", "}"), ("{{", "}}"), ("{%", "%}"), ("$", "$"), ("x::array<", ">")],
    *[("cast(1 as array(", "))"), ("? ", ":"), ("@", ""), ("pivot(", ")"), ("select ", "")],
]

# What cannot be read, and what would keep Superset busy, most of it for hours.
HUGE = {
    "types in brackets": "decimal(" * 24 + "1" + ")" * 24,
    "types in square brackets": "decimal[" * 24 + "1" + "]" * 24,
    "arrays": "array[" * 30 + "1" + "]" * 30,
    "a type that ClickHouse does not have": "longtext(" * 24 + "1" + ")" * 24,
    "types whose names end like a text's": "linestring(" * 24 + "1" + ")" * 24,
    "brackets": "(" * 1_500 + "1" + ")" * 1_500,
    "braces": "{'a':" * 60 + "1" + "}" * 60,
    "words": " or ".join(["a = b"] * 40_000),
    "characters": "'" + "a" * 900_000 + "'",
    "not": "not " * 1_900 + "1",
    "a name that does not end": "`a",
    "a map of one": "map(1)",
    "blanks": "any('" + " " * 190_000 + "y')",
    "parameters": "any('" + "{a:" * 60_000 + "y')",
    "placeholders": "any('" + "%(" * 90_000 + "y')",
    "comments": "any('" + "/* " * 60_000 + "y')",
}
TEMPLATES = {
    "range": "{% for a in range(99999) %}{% for b in range(99999) %}1{% endfor %}{% endfor %}",
    "power": "{{ 10 ** 10 ** 10 }}",
    "repetition": "{{ 'a' * 10000000000 }}",
    "repetition of a list": "{{ [1] * 10000000000 }}",
    "padding": "{{ 'a'|center(10000000000) }}",
    "padding by a method": "{{ 'a'.ljust(10000000000) }}",
    "format": "{{ '%10000000000d'|format(1) }}",
    "format by an operator": "{{ '%10000000000d' % 1 }}",
    "format by a method": "{{ '{:10000000000}'.format(1) }}",
    "indent": "{{ '\\n'|indent(10000000000) }}",
    "bytes": "{{ (1).to_bytes(10000000000) }}",
    "json": "{{ [1]|tojson(indent=10000000000) }}",
    "lorem ipsum": "{{ lipsum(n=1000000) }}",
    "cycler": "{{ cycler(*range(99999)) }}",
    "recursive macro": "{% macro a() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}",
    "recursive loop": "{% for a in [[[1]]] recursive %}{{ loop([a]) }}{% endfor %}",
    "doubling": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "joins": "{{ 'a'" + "|join('aaaaaaaaaa')" * 20 + " }}",
    "loops within loops": "{% for a in 'aaaaaaaaaa' %}" * 15 + "1" + "{% endfor %}" * 15,
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "metric": "{{ metric('rows') }}",
    "who": "'{{ current_username() }}'",
    "comment": "1 {# comment #}",
    "macro names": "{{ " + "current_username(" * 50_000,
}
# Those that need no name, loop or macro of an author's own.
OF_AUTHORS = [
    *("range", "power", "repetition", "repetition of a list", "padding", "padding by a method"),
    *("format", "format by an operator", "format by a method", "indent", "bytes", "json"),
    *("lorem ipsum", "cycler"),
]
OF_SANDBOX = ("Templates have no", "No filter named", "is unsafe", "is undefined")
OF_READERS = "Templates are for those who write datasets"
TOO_LARGE = ("too long", "nested too deep", "cannot be understood", "has no square brackets")
TOO_LARGE = (*TOO_LARGE, "too much SQL of its own", "too many blanks", "too often")


@pytest.fixture
def one(superset: Superset) -> User:
    return superset.user("staff_of_one")


@pytest.fixture
def writer(superset: Superset) -> User:
    """Sees what course staff see, and may send SQL."""
    return superset.user("writer_of_one")


def reason(answer: requests.Response) -> str:
    """The one sentence with which a request was refused."""
    assert not answer.ok, answer.text[:500]
    said = answer.json()
    found = said.get("message") or said.get("error") or said["errors"][0]["message"]
    assert isinstance(found, str)
    assert len(found) < 300, found[:1000]
    assert "\n" not in found
    return found


OTHER_PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "another dialect": lambda sql: (
        OF_ENROLLMENTS | {"extras": {"where": sql, "transpile_to_dialect": True}}
    ),
    "time": lambda sql: {
        "columns": [sql_column(sql) | {"columnType": "BASE_AXIS", "timeGrain": "P1D"}],
        "metrics": ["rows"],
    },
    "filter of a time": lambda sql: (
        OF_ENROLLMENTS
        | {"filters": [{"col": sql_column(sql), "op": "TEMPORAL_RANGE", "val": "2026 : 2027"}]}
    ),
    "column by its name": lambda sql: {"columns": [sql], "metrics": ["rows"]},
    "limit of series": lambda sql: {
        "columns": ["course_key"],
        "metrics": ["rows"],
        "series_columns": ["course_key"],
        "series_limit": 1,
        "series_limit_metric": sql_metric(sql),
    },
}
EVERYWHERE = PLACES | OTHER_PLACES
# Superset renders no template there.
NOT_RENDERED = {"limit of series"}
# What Superset answers there repeats the text.
LONG_ANSWERS = {("not", "another dialect")}


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name in HUGE for place in EVERYWHERE if (name, place) not in LONG_ANSWERS],
)
def test_sql_that_would_keep_superset_busy_is_refused(
    writer: User, superset: Superset, name: str, place: str
) -> None:
    answer = writer.data(superset.datasets["fct_enrollments"], **EVERYWHERE[place](HUGE[name]))
    assert any(words in reason(answer) for words in TOO_LARGE), answer.text[:500]


@pytest.mark.parametrize("clause", ["WHERE", "HAVING"])
@pytest.mark.parametrize("name", HUGE)
def test_the_oldest_charts_are_bounded_too(superset: Superset, name: str, clause: str) -> None:
    admin = superset.user("admin")  # They are for authors only.
    dataset = superset.datasets["fct_enrollments"]
    made_up = {"expressionType": "SQL", "sqlExpression": HUGE[name], "clause": clause}
    form = {"datasource": f"{dataset}__table", "viz_type": "compare", "adhoc_filters": [made_up]}
    answer = admin.post("/superset/explore_json/", data={"form_data": json.dumps(form)})
    assert any(words in reason(answer) for words in TOO_LARGE), answer.text[:500]


def test_an_error_of_many_blanks_is_read_in_time(writer: User, superset: Superset) -> None:
    # Ten minutes' work for the driver's own expression, and no request waits for that.
    blanks = "arrayStringConcat(arrayMap(x -> ' ', range(200000)))"
    answer = writer.data(
        superset.datasets["fct_enrollments"], metrics=[sql_metric(f"any(toInt64({blanks}))")]
    )
    assert "Cannot parse string" in answer.text


def test_a_request_has_so_much_sql_and_no_more(writer: User, superset: Superset) -> None:
    def answer_to(metrics: int) -> requests.Response:
        sql = " + ".join(["count()"] * 300)
        made_up = [sql_metric(sql) | {"label": f"metric {n}"} for n in range(metrics)]
        return writer.data(superset.datasets["fct_enrollments"], metrics=made_up)

    assert answer_to(1).ok
    assert "too much SQL of its own" in reason(answer_to(60))


@pytest.mark.parametrize("place", EVERYWHERE.keys() - NOT_RENDERED)
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_readers_template_is_refused(
    writer: User, superset: Superset, name: str, place: str
) -> None:
    answer = writer.data(superset.datasets["fct_enrollments"], **EVERYWHERE[place](TEMPLATES[name]))
    assert OF_READERS in reason(answer)


def test_where_no_template_is_rendered_it_is_not_sent_either(
    writer: User, superset: Superset
) -> None:
    for place in NOT_RENDERED:
        query = EVERYWHERE[place]("'{{ current_username() }}'")
        answer = writer.data(superset.datasets["fct_enrollments"], **query)
        assert "writer_of_one" not in answer.text


def test_a_stored_template_is_rendered_for_readers(one: User, superset: Superset) -> None:
    [row] = one.rows(superset.datasets["fct_enrollments"], metrics=["mine"])
    assert row == {"mine": 5}


@pytest.mark.parametrize("name", OF_AUTHORS)
def test_the_sandbox_makes_no_long_text_of_a_short_one(superset: Superset, name: str) -> None:
    admin, dataset = superset.user("admin"), superset.datasets["fct_enrollments"]
    answer = admin.data(dataset, metrics=[sql_metric(TEMPLATES[name])])
    assert any(words in answer.json()["errors"][0]["message"] for words in OF_SANDBOX), answer.text


def test_an_author_of_datasets_may_send_a_template(superset: Superset) -> None:
    admin, dataset = superset.user("admin"), superset.datasets["fct_enrollments"]
    for template, value in [
        ("any('{{ current_username() }}')", "admin"),
        ("any('{% for a in ['x', 'y'] %}{{ a|upper }}{% endfor %}')", "XY"),
        ("any('{{ ['x', 'y']|where_in|replace(\"'\", '') }}')", "(x, y)"),
    ]:
        [row] = admin.rows(dataset, metrics=[sql_metric(template)])
        assert row == {"made up": value}


def test_the_attacks_work_where_a_database_is_not_guarded(unguarded: Superset) -> None:
    one, dataset = unguarded.user("staff_of_one"), unguarded.datasets["fct_enrollments"]
    for template, value in [
        ("any('{{ 'ab' * 4 }}')", "abababab"),
        ("any('{% for a in range(3) %}{{ a }}{% endfor %}')", "012"),
    ]:
        [row] = one.rows(dataset, metrics=[sql_metric(template)])
        assert row == {"made up": value}


@pytest.mark.skipif(not FUZZ_QUERIES, reason="takes minutes: make fuzz")
def test_no_text_of_10000_characters_keeps_superset_busy() -> None:
    """As Superset reads custom SQL, in ClickHouse's dialect and in the one of no engine."""
    SQLGLOT_DIALECTS["clickhousedb"] = dialect("clickhouse", Refused)  # as Superset does
    opened = [*OPENED, *OF_SUPERSET]
    draw = random.Random(2)
    for _ in range(FUZZ_QUERIES):
        sql = nested_text(draw, opened)
        for read in (as_clickhouse, as_any):
            seconds = read(sql)
            # The least of three, since the machine may be at other work.
            assert seconds < 0.5 or min(read(sql) for _ in range(3)) < 0.5, (read, sql)


def as_clickhouse(sql: str) -> float:
    return seconds_of(lambda: sanitize_clause(sql, "clickhousedb"))


def as_any(sql: str) -> float:
    def read() -> None:
        check_text(sql)
        transpile_to_dialect(sql, "clickhousedb")

    return seconds_of(read)


def seconds_of(read: Callable[[], object]) -> float:
    start = time.process_time()
    with suppress(Refused, SupersetException, RecursionError):
        read()
    return time.process_time() - start
