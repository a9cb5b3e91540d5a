"""Course staff try to see other courses, and files: each answer is an error or their own rows."""

import io
import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import (
    ODD_NAME,
    OTHER,
    OWN,
    PROJECT,
    SEALED,
    THIRD,
    VIRTUAL,
    Superset,
    User,
    environment,
    run,
    serving,
    site,
)

PASSWORD = "planted-password"
OF_ENROLLMENTS = {"columns": ["course_key", "actor_id"]}
READ_FILE = "any(file('/etc/passwd'))"


def sql_metric(sql: str) -> dict[str, Any]:
    return {"expressionType": "SQL", "sqlExpression": sql, "label": "made up"}


def sql_column(sql: str) -> dict[str, Any]:
    return {"expressionType": "SQL", "sqlExpression": sql, "label": "made up"}


@pytest.fixture
def one(superset: Superset) -> User:
    return superset.user("staff_of_one")


@pytest.fixture
def writer(superset: Superset) -> User:
    """Sees what course staff see, and may send SQL."""
    return superset.user("writer_of_one")


def is_harmless(answer: requests.Response) -> bool:
    """Nothing of another course, of a file or of another schema is in the answer."""
    # What was asked for may be repeated in an error or as the SQL: rows are looked for, not names.
    found = re.search(rf".{{0,80}}({SEALED}|root:x:|Traceback).{{0,80}}", answer.text)
    if found:
        print(f"{answer.url}: {found[0]}")
    return not found


# An engine may compute it for rows of other courses, before it looks at the rule.
THROWS = "toUInt64(if(startsWith(actor_id, 'own'), '1', actor_id)) > 0"

QUERIES: dict[str, dict[str, Any]] = {
    "no filter": OF_ENROLLMENTS,
    "another course": OF_ENROLLMENTS
    | {"filters": [{"col": "course_key", "op": "==", "val": OTHER}]},
    "not the own": OF_ENROLLMENTS | {"filters": [{"col": "course_key", "op": "!=", "val": OWN}]},
    "or in where": OF_ENROLLMENTS | {"extras": {"where": "1 = 1 or 1 = 1"}},
    "closing brackets": OF_ENROLLMENTS | {"extras": {"where": "1 = 1) or (1 = 1"}},
    "closing brackets, comment": OF_ENROLLMENTS | {"extras": {"where": "1 = 1)) or 1 = 1 --"}},
    "comment begins": OF_ENROLLMENTS | {"extras": {"where": "1 = 1 /*"}},
    "error that quotes a value": OF_ENROLLMENTS | {"extras": {"where": THROWS}},
    "filter on SQL that quotes a value": OF_ENROLLMENTS
    | {"filters": [{"col": sql_column(THROWS), "op": "==", "val": 1}]},
    "dashes": OF_ENROLLMENTS | {"extras": {"where": "1 = 1 -- "}},
    "union in where": OF_ENROLLMENTS
    | {"extras": {"where": "1 = 1) union all (select course_key, actor_id from fct_enrollments"}},
    "sub-query in where": OF_ENROLLMENTS
    | {"extras": {"where": "actor_id in (select actor_id from oars.fct_enrollments)"}},
    "having": {
        "columns": ["course_key"],
        "metrics": ["rows"],
        "extras": {"having": "1 = 1) or (1 = 1"},
    },
    "union in having": {
        "columns": ["course_key"],
        "metrics": ["rows"],
        "extras": {"having": "1 = 1 union all select actor_id, 1 from oars.fct_enrollments --"},
    },
    "metric: sub-query": {"metrics": [sql_metric("(select max(actor_id) from fct_enrollments)")]},
    "metric: from": {"metrics": [sql_metric("max(actor_id) from oars.fct_enrollments --")]},
    "metric: union": {
        "metrics": [sql_metric("max(actor_id) union all select actor_id from oars.fct_enrollments")]
    },
    "metric: union behind": {
        "metrics": [
            sql_metric("max(actor_id) from oars.fct_enrollments union all select max(actor_id)")
        ]
    },
    "metric: union in front, PII": {
        "metrics": [
            sql_metric("max(email) from oars_pii.dim_learners_pii union all select max(actor_id)")
        ]
    },
    "metric: join": {
        "metrics": [
            sql_metric(
                "max(b.actor_id) from oars.agg_problem_difficulty as a cross join "
                "oars.fct_enrollments as b union all select max(actor_id)"
            )
        ]
    },
    "where: exists": OF_ENROLLMENTS
    | {
        "extras": {
            "where": "exists (select 1 from oars.fct_enrollments where course_key = 'x' and "
            f"course_key != '{OWN}' or actor_id = 'sealed-actor-0')"
        }
    },
    "column called course_key": {
        "columns": [sql_column(f"'{OWN}'") | {"label": "course_key"}, "actor_id"]
    },
    "metric called course_key": {
        "columns": ["actor_id"],
        "metrics": [sql_metric(f"any('{OWN}')") | {"label": "course_key"}],
    },
    "part of a tuple called course_key": {
        "columns": [
            sql_column(f"CAST(tuple('{OWN}'), 'Tuple(course_key String)')") | {"label": "a"},
            sql_column("a.course_key") | {"label": "course_key"},
            "actor_id",
        ]
    },
    "alias within": {
        "columns": ["actor_id"],
        "metrics": [sql_metric(f"count('{OWN}' as course_key)")],
    },
    "order by alias": OF_ENROLLMENTS
    | {"columns": ["actor_id"], "orderby": [[sql_metric(f"'{OWN}' as course_key"), True]]},
    "order by union with the own rule": {
        "columns": ["actor_id"],
        "orderby": [
            [
                sql_metric(
                    "1 union all select b.actor_id from oars.agg_problem_difficulty as a cross join"
                    " oars.fct_enrollments as b where course_key in (select course_key from "
                    "oars.course_staff where username = unhex('73746166665f6f665f6f6e65') and "
                    "username != '')"
                ),
                True,
            ]
        ],
    },
    "order by a value called like a table": {
        "columns": ["actor_id"],
        "orderby": [
            [
                sql_metric(
                    "1 union all with (select 1) as fct_enrollments "
                    "select actor_id from fct_enrollments"
                ),
                True,
            ]
        ],
    },
    "order by a table called by a with": {
        "columns": ["actor_id"],
        "orderby": [
            [
                sql_metric(
                    f"1 union all with `oars.course_staff` as (select '{OTHER}' as course_key, "
                    "'staff_of_one' as username) select actor_id from oars.fct_enrollments "
                    "order by 1"
                ),
                True,
            ]
        ],
    },
    "order by a with that ends early": {
        "columns": ["actor_id"],
        "orderby": [
            [
                sql_metric(
                    "1 union all with fct_enrollments as (select 'a' as actor_id) "
                    "select actor_id from fct_enrollments order by 1"
                ),
                True,
            ],
            [
                sql_metric("1 union all select actor_id from fct_enrollments order by 1")
                | {"label": "b"},
                True,
            ],
        ],
    },
    "order by comments within comments": {
        "columns": ["actor_id"],
        "orderby": [
            [
                sql_metric(
                    "1 -- */ -- */ -- */ -- */ union all select actor_id from "
                    "oars.fct_enrollments --"
                ),
                True,
            ]
        ],
    },
    "order by comments within comments, PII": {
        "columns": ["actor_id"],
        "orderby": [
            [
                sql_metric(
                    "1 -- */ -- */ -- */ -- */ union all select email from "
                    "oars_pii.dim_learners_pii --"
                ),
                True,
            ]
        ],
    },
    "metric: comments within comments": {
        "metrics": [sql_metric("1 -- */ -- */ -- */ , 2 from oars.fct_enrollments --")]
    },
    "order by an interval that hides a from": {
        "columns": ["actor_id"],
        "orderby": [
            [
                sql_metric(
                    "1 union all select if(exists (with `AS` as (select 1 as `INTERVAL`, 1 as k) "
                    "select 1, interval - k from as b, oars_staging.base as c "
                    f"where c.response = '{SEALED}'), '{SEALED}', '') "
                    "from fct_enrollments order by 1"
                ),
                True,
            ]
        ],
    },
    "order by who is staff": {
        "columns": ["actor_id"],
        "orderby": [[sql_metric("1 union all select username from oars.course_staff"), True]],
    },
    "metric: file": {"metrics": [sql_metric(READ_FILE)]},
    "metric: file, quoted": {"metrics": [sql_metric("any(`file`('/etc/passwd'))")]},
    "metric: table function": {
        "metrics": [sql_metric("(select any(line) from file('/etc/passwd', 'LineAsString'))")]
    },
    "metric: dictionary": {"metrics": [sql_metric("any(dictGet('a.b', 'c', 1))")]},
    "metric: join table": {"metrics": [sql_metric("any(joinGet('a.b', 'c', 1))")]},
    "metric: in a table": {
        "metrics": [sql_metric("max('own-actor-0' in oars_pii.dim_learners_pii)")]
    },
    "metric: set from a subquery": {
        "metrics": [sql_metric("countIf(1 in (select 1 from oars_staging.base))")]
    },
    "metric: system": {"metrics": [sql_metric("(select any(name) from system.tables)")]},
    "metric: window": {"metrics": [sql_metric("max(max(actor_id)) over ()")]},
    "metric: alias of a table": {"metrics": [sql_metric("max(dim_learners_pii.email)")]},
    "column: file": {"columns": [sql_column("file('/etc/passwd')")]},
    "column: sub-query": {"columns": [sql_column("(select max(email) from dim_learners_pii)")]},
    "column: from": {"columns": [sql_column("actor_id from oars.fct_enrollments -- ")]},
    "column: other schema": {"columns": ["oars_staging.base.response"]},
    "column: asterisk": {"columns": [sql_column("*")]},
    "order by file": OF_ENROLLMENTS | {"orderby": [[sql_metric("file('/etc/passwd')"), True]]},
    "order by union": OF_ENROLLMENTS
    | {
        "orderby": [
            [sql_metric(f"1 union all select '{OWN}', actor_id from fct_enrollments"), True]
        ]
    },
    "series limit": OF_ENROLLMENTS
    | {"series_columns": ["course_key"], "series_limit": 1, "series_limit_metric": "rows"},
    "time grain": {
        "columns": [
            {
                "columnType": "BASE_AXIS",
                "expressionType": "SQL",
                "label": "x",
                "sqlExpression": "first_enrolled_at",
                "timeGrain": "P1D) or file('/etc/passwd')",
            }
        ],
        "metrics": ["rows"],
        "extras": {"time_grain_sqla": "P1D) or file('/etc/passwd'"},
    },
    "granularity": OF_ENROLLMENTS
    | {"granularity": "file('/etc/passwd')", "time_range": "Last week"},
    "filter on SQL": OF_ENROLLMENTS
    | {"filters": [{"col": sql_column("file('/etc/passwd')"), "op": "LIKE", "val": "%root%"}]},
    "filter value": OF_ENROLLMENTS
    | {"filters": [{"col": "actor_id", "op": "IN", "val": ["x') or (1=1", "y\\') or 1=1 --"]}]},
    "filter column": OF_ENROLLMENTS | {"filters": [{"col": "1=1) or (1", "op": "==", "val": 1}]},
    "jinja: other name": OF_ENROLLMENTS
    | {"extras": {"where": "{% set current_username = 'staff_of_two' %} 1 = 1"}},
    "jinja: function replaced": OF_ENROLLMENTS
    | {"extras": {"where": "{% macro current_username() %}staff_of_two{% endmacro %} 1 = 1"}},
    "jinja: comment": OF_ENROLLMENTS | {"extras": {"where": "1 = 1 {#"}},
    "jinja: raw": OF_ENROLLMENTS | {"extras": {"where": "1 = 1 {% raw %}"}},
    "jinja: if": OF_ENROLLMENTS | {"extras": {"where": "1 = 1 {% if false %}"}},
    "jinja: dataset": OF_ENROLLMENTS
    | {"extras": {"where": "1 in (select 1 from {{ dataset(1) }})"}},
    "jinja: metric": {"metrics": [sql_metric("{{ metric('rows', 1) }}")]},
    "jinja: objects": {"metrics": [sql_metric("'{{ ''.__class__.__mro__[1].__subclasses__() }}'")]},
    "jinja: configuration": {"metrics": [sql_metric("'{{ config }} {{ self }} {{ url_for }}'")]},
    "jinja: import": {"metrics": [sql_metric("{% import 'os' as os %} 1")]},
    "all rows": OF_ENROLLMENTS | {"row_limit": 0},
    "annotation": OF_ENROLLMENTS
    | {
        "annotation_layers": [
            {
                "name": "a",
                "annotationType": "EVENT",
                "sourceType": "NATIVE",
                "value": 1,
                "show": True,
                "style": "solid",
            },
            {
                "name": "b",
                "annotationType": "EVENT",
                "sourceType": "table",
                "value": 1,
                "show": True,
                "style": "solid",
            },
        ]
    },
    "post-processing": OF_ENROLLMENTS
    | {"post_processing": [{"operation": "eval", "options": {"x": "__import__('os')"}}]},
    "timeseries": OF_ENROLLMENTS | {"is_timeseries": True, "time_offsets": ["1 year ago"]},
    "applied time": OF_ENROLLMENTS | {"applied_time_extras": {"__time_col": "file('/etc/passwd')"}},
    "heredoc": {"metrics": [sql_metric("any(file($$/etc/passwd$$))")]},
    "nested comment": {"metrics": [sql_metric("1 /* /* */ , file('/etc/passwd') /* */ */")]},
    "setting": OF_ENROLLMENTS | {"extras": {"where": "1 = 1 settings max_threads = 1"}},
    "outfile": OF_ENROLLMENTS | {"extras": {"where": "1 = 1 into outfile '/tmp/x'"}},
}

RESULT_TYPES = [
    ("json", "full"),
    ("csv", "full"),
    ("csv", "results"),
    ("xlsx", "full"),
    ("json", "results"),
    ("json", "samples"),
    ("json", "drill_detail"),
    ("json", "query"),
    ("json", "columns"),
    ("json", "timegrains"),
    ("json", "post_processed"),
]


@pytest.mark.parametrize("who", ["staff_of_one", "writer_of_one"])
@pytest.mark.parametrize("name", QUERIES)
def test_no_query_gives_another_courses_rows(superset: Superset, name: str, who: str) -> None:
    answer = superset.user(who).data(superset.datasets["fct_enrollments"], **QUERIES[name])
    assert is_harmless(answer), answer.text[:2000]
    assert answer.status_code < 600
    if answer.ok:
        for row in answer.json()["result"][0].get("data") or []:
            assert row.get("course_key") in (OWN, None), row


@pytest.mark.parametrize("name", ["by_course", "both", "enrolled", "joined"])
def test_virtual_datasets_give_the_own_rows(one: User, superset: Superset, name: str) -> None:
    rows = one.rows(superset.datasets[name], columns=["course_key"], metrics=["rows"])
    assert {row["course_key"] for row in rows} == {OWN}
    rows = superset.user("operator").rows(superset.datasets[name], columns=["course_key"])
    assert {row["course_key"] for row in rows} == {OWN, OTHER, THIRD}


def test_a_virtual_dataset_reads_what_was_granted_only(one: User, superset: Superset) -> None:
    answer = one.data(superset.datasets["instance_within"], columns=["course_key", "note"])
    assert not answer.ok
    assert is_harmless(answer)


def fails_if(name: str) -> str:
    """SQL that cannot be computed for the row of that learner, and can for all others."""
    return f"toUInt64(if(actor_id = '{name}', 'x', '1')) > 0"


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "where": lambda sql: OF_ENROLLMENTS | {"extras": {"where": sql}},
    "filter": lambda sql: (
        OF_ENROLLMENTS | {"filters": [{"col": sql_column(sql), "op": "==", "val": 1}]}
    ),
    "column": lambda sql: {"columns": ["course_key", sql_column(sql)]},
    "metric": lambda sql: {"columns": ["course_key"], "metrics": [sql_metric(f"max({sql})")]},
    "having": lambda sql: {
        "columns": ["course_key"],
        "metrics": ["rows"],
        "extras": {"having": f"max({sql})"},
    },
    "order by": lambda sql: OF_ENROLLMENTS | {"orderby": [[sql_metric(sql), True]]},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dataset", ["fct_enrollments", "enrolled"])
def test_an_error_does_not_tell_who_is_in_another_course(
    writer: User, superset: Superset, dataset: str, place: str
) -> None:
    def answer_for(name: str) -> tuple[int, Any]:
        answer = writer.data(superset.datasets[dataset], **PLACES[place](fails_if(name)))
        return answer.status_code, answer.json()["result"][0]["data"] if answer.ok else None

    assert not writer.data(superset.datasets[dataset], **PLACES[place](fails_if("own-actor-1"))).ok
    assert answer_for(f"{SEALED}-actor-1") == answer_for("nobody")
    assert answer_for("nobody")[0] == 200


def made_of(sql: str) -> dict[str, dict[str, Any]]:
    """Queries that Superset makes SQL of such a text in."""
    return {name: place(sql) for name, place in PLACES.items()} | {
        "name of a column": {"columns": [sql]},
        "series": {"columns": ["course_key"], "metrics": ["rows"], "series_columns": [sql]},
        "limit of series": {
            "columns": ["course_key"],
            "metrics": ["rows"],
            "series_columns": ["course_key"],
            "series_limit": 1,
            "series_limit_metric": sql_metric(sql),
        },
        "name of an order": OF_ENROLLMENTS | {"orderby": [[sql, True]]},
        "name of a filter": OF_ENROLLMENTS | {"filters": [{"col": sql, "op": "==", "val": 1}]},
        "time": {"columns": [sql_column(sql) | {"columnType": "BASE_AXIS", "timeGrain": "P1D"}]},
        "where of a query": OF_ENROLLMENTS | {"where": sql},
    }


@pytest.mark.parametrize("place", made_of(""))
def test_readers_send_no_sql_of_their_own(one: User, superset: Superset, place: str) -> None:
    dataset = superset.datasets["fct_enrollments"]
    answer = one.data(dataset, **made_of("toUInt64(enrollment_count) > 0")[place])
    assert "Only who writes charts sends SQL" in answer.text
    assert answer.status_code == 403


def test_readers_may_send_what_a_chart_or_a_dashboard_has(one: User, superset: Superset) -> None:
    admin, dataset = superset.user("admin"), superset.datasets["fct_enrollments"]
    metric = sql_metric("sum(enrollment_count) + 1000")
    where = {"expressionType": "SQL", "clause": "WHERE", "sqlExpression": "enrollment_count < 7"}
    form = {"metrics": [metric], "adhoc_filters": [where, where | {"sqlExpression": "1 = 1"}]}
    query = {"metrics": [metric], "extras": {"where": "(enrollment_count < 7) AND (1 = 1)"}}
    assert one.data(dataset, **query).status_code == 403
    chart = {"datasource_id": dataset, "datasource_type": "table", "slice_name": "b"}
    made = admin.post(
        "/api/v1/chart/", json=chart | {"viz_type": "table", "params": json.dumps(form)}
    )
    assert made.ok, made.text
    assert one.rows(dataset, **query) == [{"made up": 1005}]
    # Half of it is another condition.
    assert one.data(dataset, **query | {"extras": {"where": "(1 = 1)"}}).status_code == 403

    sorting = {"columns": ["actor_id"], "orderby": [[sql_metric("max(enrollment_count)"), True]]}
    assert one.data(dataset, **sorting).status_code == 403
    metadata = {"native_filter_configuration": [{"controlValues": {"m": sorting["orderby"][0][0]}}]}
    board = {"dashboard_title": "b", "json_metadata": json.dumps(metadata)}
    assert admin.post("/api/v1/dashboard/", json=board).ok
    assert one.data(dataset, **sorting | {"metrics": ["rows"]}).ok


def test_custom_sql_reads_the_own_rows_of_what_was_granted(
    writer: User, superset: Superset
) -> None:
    everybody = sql_metric("1 union all select 'a', actor_id from fct_enrollments")
    rows = writer.rows(
        superset.datasets["fct_enrollments"],
        columns=["course_key", "actor_id"],
        orderby=[[everybody, True]],
    )
    assert {row["actor_id"] for row in rows} == {f"own-actor-{number}" for number in range(5)}


@pytest.mark.parametrize("offsets", [[], ["1 year ago"]])
def test_series_limits_and_comparisons_in_time_work(
    one: User, superset: Superset, offsets: list[str]
) -> None:
    axis = {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "label": "first_enrolled_at",
        "sqlExpression": "first_enrolled_at",
        "timeGrain": "P1D",
    }
    rows = one.rows(
        superset.datasets["fct_enrollments"],
        columns=[axis, "actor_id"],
        metrics=["rows"],
        series_columns=["actor_id"],
        series_limit=2,
        series_limit_metric="rows",
        granularity="first_enrolled_at",
        is_timeseries=True,
        time_range="2026-01-01 : 2026-12-01",
        time_offsets=offsets,
        filters=[{"col": "first_enrolled_at", "op": "TEMPORAL_RANGE", "val": "2026 : 2027"}],
    )
    assert len({row["actor_id"] for row in rows}) == 2
    assert all(row["actor_id"].startswith("own") for row in rows)


@pytest.mark.parametrize("name", ["no filter", "closing brackets", "metric: file"])
@pytest.mark.parametrize(("result_format", "result_type"), RESULT_TYPES)
def test_no_format_gives_another_courses_rows(
    writer: User, superset: Superset, name: str, result_format: str, result_type: str
) -> None:
    answer = writer.data(
        superset.datasets["fct_enrollments"],
        result_format=result_format,
        result_type=result_type,
        **QUERIES[name],
    )
    assert is_harmless(answer), answer.text[:2000]
    if name == "no filter" and (result_format, result_type) == ("csv", "full"):
        assert answer.text.count(OWN) == 5
        assert OTHER not in answer.text


def test_a_query_reads_so_many_tables_and_no_more(writer: User, superset: Superset) -> None:
    tables = ", ".join(f"oars.fct_enrollments as t{number}" for number in range(101))
    many = sql_metric(f"1 union all select t1.actor_id from {tables} order by 1")
    answer = writer.data(
        superset.datasets["fct_enrollments"], columns=["actor_id"], orderby=[[many, True]]
    )
    assert "A query can read 100 tables, and this one has" in answer.text


def test_long_downloads_are_of_the_own_course(one: User, superset: Superset) -> None:
    dataset = superset.datasets["fct_enrollments"]
    context = {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [OF_ENROLLMENTS | {"row_limit": 200_000}],
        "form_data": {"row_limit": 200_000},
        "result_format": "csv",
        "result_type": "full",
    }
    answer = one.post("/api/v1/chart/data", json=context)
    assert is_harmless(answer)
    assert answer.text.count("own-actor") == 5, answer.text


@pytest.mark.parametrize("name", ["agg_instance_daily", "course_staff", "dim_learners_pii"])
def test_datasets_that_are_not_granted_cannot_be_read(
    one: User, superset: Superset, name: str
) -> None:
    dataset = superset.datasets[name]
    column = {"agg_instance_daily": "note", "course_staff": "username"}.get(name, "email")
    granted = superset.datasets["fct_enrollments"]
    for answer in [
        one.data(dataset, columns=[column]),
        one.data(dataset, columns=[column], result_type="samples"),
        one.data(granted, columns=[column], datasource={"id": dataset, "type": "table"}),
        one.data(granted, columns=[column], datasource={"id": dataset, "type": "query"}),
        one.get(f"/api/v1/dataset/{dataset}"),
        one.get(f"/api/v1/datasource/table/{dataset}/column/{column}/values/"),
        one.get(f"/datasource/samples?datasource_id={dataset}&datasource_type=table"),
        one.post(f"/datasource/samples?datasource_id={dataset}&datasource_type=table", json={}),
        one.get(f"/api/v1/explore/?datasource_id={dataset}&datasource_type=table"),
        one.get(f"/datasource/get/table/{dataset}/"),
        one.get(f"/api/v1/dataset/{dataset}/drill_info/"),
        one.get(f"/api/v1/dataset/export/?q=!({dataset})"),
        one.put(f"/api/v1/dataset/{dataset}/refresh"),
    ]:
        assert answer.status_code in (401, 403, 404, 405), (
            answer.url,
            answer.status_code,
            answer.text,
        )
        assert is_harmless(answer)
    listed = one.get("/api/v1/dataset/").json()["result"]
    names = {row["table_name"] for row in listed}
    assert names == {"fct_enrollments", "agg_problem_difficulty", *VIRTUAL} - {"counted"}


@pytest.mark.parametrize("column", ["course_key", "actor_id"])
def test_value_lists_are_of_the_own_course(one: User, superset: Superset, column: str) -> None:
    dataset = superset.datasets["fct_enrollments"]
    answer = one.get(f"/api/v1/datasource/table/{dataset}/column/{column}/values/")
    assert is_harmless(answer)
    assert OTHER not in answer.text
    assert {value.split("-actor-")[0] for value in answer.json()["result"]} == (
        {OWN} if column == "course_key" else {"own"}
    )


def test_samples_and_drilling_are_of_the_own_course(one: User, superset: Superset) -> None:
    dataset = superset.datasets["fct_enrollments"]
    url = f"/datasource/samples?datasource_id={dataset}&datasource_type=table&per_page=100"
    for body in ({}, {"filters": [{"col": "course_key", "op": "==", "val": OTHER}]}):
        answer = one.post(url, json=body)
        assert is_harmless(answer), answer.text
        assert OTHER not in [row["course_key"] for row in answer.json()["result"]["data"]]
    assert len(one.post(url, json={}).json()["result"]["data"]) == 5


def test_nothing_is_written_and_no_sql_is_sent(one: User, superset: Superset) -> None:
    dataset, database = superset.datasets["fct_enrollments"], superset.database
    sql = "select * from oars.fct_enrollments"
    for answer in [
        one.post("/api/v1/sqllab/execute/", json={"database_id": database, "sql": sql}),
        one.post("/api/v1/sqllab/estimate/", json={"database_id": database, "sql": sql}),
        one.post("/api/v1/sqllab/format_sql/", json={"sql": sql}),
        one.get("/api/v1/sqllab/"),
        one.get("/api/v1/query/"),
        one.post("/api/v1/query/", data={"query_context": "{}"}),
        one.get("/api/v1/form_data/?slice_id=1"),  # how any chart was made, whosever it is
        one.get("/api/v1/saved_query/"),
        one.post("/api/v1/saved_query/", json={"db_id": database, "sql": sql, "label": "x"}),
        one.get(f"/api/v1/database/{database}"),
        one.get("/api/v1/database/"),
        one.get(f"/api/v1/database/{database}/schemas/"),
        one.get(f"/api/v1/database/{database}/tables/?q=(schema_name:oars_staging)"),
        one.get(f"/api/v1/database/{database}/table_metadata/?name=base&schema=oars_staging"),
        one.get(f"/api/v1/database/{database}/select_star/fct_enrollments/oars/"),
        one.get(f"/api/v1/database/{database}/function_names/"),
        one.post(f"/api/v1/database/{database}/validate_sql/", json={"sql": sql, "schema": "oars"}),
        one.post("/api/v1/database/", json={"database_name": "x", "sqlalchemy_uri": "sqlite://"}),
        one.put(f"/api/v1/database/{database}", json={"database_name": "mine"}),
        one.post(
            "/api/v1/dataset/", json={"database": database, "schema": "oars", "table_name": "x"}
        ),
        one.post(
            "/api/v1/dataset/",
            json={"database": database, "schema": "oars", "table_name": "x", "sql": sql},
        ),
        one.post(
            "/api/v1/dataset/get_or_create/",
            json={"database_id": database, "schema": "oars", "table_name": "agg_instance_daily"},
        ),
        one.put(f"/api/v1/dataset/{dataset}", json={"sql": sql}),
        one.put(f"/api/v1/dataset/{dataset}", json={"fetch_values_predicate": "1 = 1"}),
        one.put(f"/api/v1/dataset/{dataset}/refresh"),
        one.post("/api/v1/dataset/duplicate", json={"base_model_id": dataset, "table_name": "x"}),
        one.delete(f"/api/v1/dataset/{dataset}"),
        one.post(
            "/api/v1/chart/",
            json={"slice_name": "x", "datasource_id": dataset, "datasource_type": "table"},
        ),
        one.post("/api/v1/dashboard/", json={"dashboard_title": "x"}),
        one.get("/api/v1/rowlevelsecurity/"),
        one.post("/api/v1/rowlevelsecurity/", json={"name": "x"}),
        one.delete("/api/v1/rowlevelsecurity/1"),
        one.post("/api/v1/report/", json={"name": "x"}),
        one.post("/api/v1/annotation_layer/", json={"name": "x"}),
        one.get("/api/v1/security/roles/"),
        one.get("/api/v1/security/users/"),
        one.get("/api/v1/assets/export/"),
        one.post("/api/v1/security/guest_token/", json={"user": {}, "resources": [], "rls": []}),
        one.post(
            f"/api/v1/datasource/table/{dataset}/validate_expression/",
            json={"expression": READ_FILE, "expression_type": "metric"},
        ),
    ]:
        assert answer.status_code in (400, 401, 403, 404, 405), (answer.url, answer.text[:500])
        assert is_harmless(answer)


@pytest.mark.parametrize("asset", ["chart", "dashboard", "dataset"])
@pytest.mark.parametrize("field", ["owners", "created_by", "changed_by"])
def test_readers_are_not_told_who_else_is_there(
    one: User, superset: Superset, asset: str, field: str
) -> None:
    url = f"/api/v1/{asset}/related/{field}"
    secret = {"username": "staff_of_one", "password": superset.passwords["staff_of_one"]}
    token = requests.post(
        f"{superset.address}/api/v1/security/login", json=secret | {"provider": "db"}, timeout=60
    ).json()["access_token"]
    for answer in [
        one.get(url),
        superset.user("analyst").get(url),  # with a role of the operator's own
        one.get(f"{url}?q=(include_ids:!(1,2,3),page_size:100)"),
        requests.get(
            superset.address + url, headers={"Authorization": f"Bearer {token}"}, timeout=60
        ),
    ]:
        assert answer.status_code in (200, 403, 404), answer.text
        assert "@" not in answer.text
        assert "staff_of_two" not in answer.text
    told = superset.user("admin").get(url)
    assert told.status_code == 404 or "@" in told.text or told.json()["result"]


@pytest.fixture(scope="module")
def owned(superset: Superset) -> tuple[int, int]:
    """A chart and a dashboard with it, both of admin."""
    admin = superset.user("admin")
    dataset = superset.datasets["fct_enrollments"]
    chart = {"datasource_id": dataset, "datasource_type": "table", "slice_name": "a"}
    chart_id = admin.post("/api/v1/chart/", json=chart | {"viz_type": "table"}).json()["id"]
    board = {"dashboard_title": "a", "published": True}
    board_id = admin.post("/api/v1/dashboard/", json=board).json()["id"]
    joined = admin.put(f"/api/v1/chart/{chart_id}", json={"dashboards": [board_id]})
    assert joined.ok, joined.text
    return chart_id, board_id


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/chart/",
        "/api/v1/chart/?q=(columns:!(owners.email,owners.username))",
        "/api/v1/chart/?q=(columns:!(owners,created_by.email,changed_by.username))",
        "/api/v1/chart/{chart}",
        "/api/v1/chart/{chart}?q=(columns:!(owners.email,owners.username))",
        "/api/v1/dashboard/",
        "/api/v1/dashboard/?q=(columns:!(owners.email,owners.username))",
        "/api/v1/dashboard/{board}",
        "/api/v1/dashboard/{board}/charts",
        "/api/v1/dashboard/{board}/datasets",
        "/api/v1/dataset/?q=(columns:!(owners.email,owners.username))",
    ],
)
def test_readers_are_not_told_who_owns_what(
    one: User, superset: Superset, owned: tuple[int, int], url: str
) -> None:
    url = url.format(chart=owned[0], board=owned[1])
    told = superset.user("admin").get(url)
    assert told.ok, told.text
    answer = one.get(url)
    assert answer.ok, answer.text
    assert answer.json().get("count", 1) > 0
    for secret in ("@example.org", '"admin"'):
        assert secret not in answer.text


def test_nobody_takes_another_name(one: User) -> None:
    before = one.get("/api/v1/me/").json()["result"]["username"]
    one.put("/api/v1/me/", json={"username": "staff_of_two"})
    one.put("/api/v1/me/", json={"roles": [1]})
    assert one.get("/api/v1/me/").json()["result"]["username"] == before == "staff_of_one"


def test_what_one_saw_is_not_given_to_the_other_from_the_cache(superset: Superset) -> None:
    dataset = superset.datasets["agg_problem_difficulty"]
    query = {"columns": ["course_key"], "metrics": ["rows"]}
    seen = {}
    for name in ("operator", "staff_of_two", "staff_of_one", "staff_of_none", "staff_of_two"):
        user = superset.user(name)
        seen[name] = {row["course_key"] for row in user.rows(dataset, **query)}
    again = superset.user("staff_of_one").data(dataset, **query).json()["result"][0]
    assert again["is_cached"]
    assert seen == {
        "operator": {OWN, OTHER, THIRD},
        "staff_of_two": {OTHER, THIRD},
        "staff_of_one": {OWN},
        "staff_of_none": set(),
    }


def test_what_superset_cannot_read_is_kept_for_each_reader(superset: Superset) -> None:
    def count(name: str) -> Any:
        return superset.user(name).rows(superset.datasets["counted"], columns=["n"])[0]["n"]

    assert [count(name) for name in ("admin", "analyst_of_two", "analyst")] == [15, 10, 5]


def oldest_chart(user: User, dataset: int, **changes: Any) -> requests.Response:
    """What `/superset/explore_json/` answers for a map of deck.gl."""
    form = {
        "datasource": f"{dataset}__table",
        "viz_type": "deck_scatter",
        "spatial": {"type": "latlong", "lonCol": "n", "latCol": "n"},
        "point_radius_fixed": {"type": "fix", "value": 1},
        "adhoc_filters": [],
    }
    return user.post("/superset/explore_json/", data={"form_data": json.dumps(form | changes)})


@pytest.mark.parametrize("changes", [{}, {"viz_type": "deck_multi", "deck_slices": [1, 2, 3]}])
def test_the_oldest_charts_are_for_their_authors(
    superset: Superset, changes: dict[str, Any]
) -> None:
    dataset = superset.datasets["counted"]
    assert oldest_chart(superset.user("admin"), dataset, **changes).ok
    refused = oldest_chart(superset.user("analyst"), dataset, **changes)
    assert "for their authors" in refused.text
    assert oldest_chart(superset.user("staff_of_one"), dataset, **changes).status_code == 403


def test_the_oldest_charts_keep_rows_for_each_author(superset: Superset) -> None:
    def count(name: str) -> Any:
        answer = oldest_chart(superset.user(name), superset.datasets["counted"])
        return answer.json()["data"]["features"][0]["position"][0]

    assert [count(name) for name in ("admin", "author")] == [15, 0]


@pytest.mark.parametrize(
    ("name", "courses"),
    [
        (ODD_NAME, {OTHER}),
        ("staff_of_none", set()),
        ("analyst", {OWN}),  # a role of the operator's own, with the dataset and without the rule
        ("staff_and_operator", {OWN, OTHER, THIRD}),
        ("pii_reader", {OWN}),
        ("admin", {OWN, OTHER, THIRD}),
    ],
)
def test_who_sees_which_courses(superset: Superset, name: str, courses: set[str]) -> None:
    rows = superset.user(name).rows(superset.datasets["fct_enrollments"], columns=["course_key"])
    assert {row["course_key"] for row in rows} == courses


def test_links_and_stored_filters_carry_no_rows(superset: Superset, one: User) -> None:
    dataset = superset.datasets["agg_instance_daily"]
    form = {"datasource": f"{dataset}__table", "viz_type": "table"}
    body = {"datasource_id": dataset, "datasource_type": "table", "form_data": str(form)}
    for answer in [
        one.post("/api/v1/explore/form_data", json=body),
        one.post("/api/v1/explore/permalink", json={"formData": form, "urlParams": []}),
        one.post("/explore_json/", data={"form_data": str(form).replace("'", '"')}),
        one.get(f"/explore/?datasource_type=table&datasource_id={dataset}"),
        one.post("/api/v1/chart/data", data={"form_data": str(form).replace("'", '"')}),
    ]:
        assert is_harmless(answer)
    own = one.post(
        "/explore_json/",
        data={
            "form_data": json.dumps(
                {
                    "datasource": f"{superset.datasets['fct_enrollments']}__table",
                    "viz_type": "table",
                    "groupby": ["actor_id"],
                }
            )
        },
    )
    assert is_harmless(own)


def test_only_the_pii_role_reads_pii(superset: Superset) -> None:
    dataset = superset.datasets["dim_learners_pii"]
    assert superset.user("operator").data(dataset, columns=["email"]).status_code == 403
    rows = superset.user("pii_reader").rows(dataset, columns=["email"])
    assert rows == [{"email": f"{SEALED}-mail"}]


def test_even_an_admin_reads_no_files_and_is_told_why(superset: Superset) -> None:
    admin = superset.user("admin")
    answer = admin.data(superset.datasets["fct_enrollments"], metrics=[sql_metric(READ_FILE)])
    assert not answer.ok
    assert "The function file is not allowed" in answer.text
    sent = {"database_id": superset.database, "schema": "oars", "runAsync": False}
    for sql in (
        f"select {READ_FILE}",
        "select * from oars_staging.base",
        "select * from system.one",
    ):
        answer = admin.post("/api/v1/sqllab/execute/", json=sent | {"sql": sql})
        assert not answer.ok
        assert is_harmless(answer)
        assert "allowed" in answer.text or "is not a mart" in answer.text
    answer = admin.post(
        "/api/v1/sqllab/execute/", json=sent | {"sql": "select count(*) as n from fct_enrollments"}
    )
    assert answer.json()["data"] == [{"n": 15}], answer.text


def test_nobody_sees_anything_without_logging_in(superset: Superset) -> None:
    dataset = superset.datasets["fct_enrollments"]
    body = {"datasource": {"id": dataset, "type": "table"}, "queries": [OF_ENROLLMENTS]}
    answer = requests.post(f"{superset.address}/api/v1/chart/data", json=body, timeout=30)
    assert answer.status_code in (400, 401, 403)
    assert is_harmless(answer)


def test_the_address_comes_from_the_environment_and_its_password_is_nowhere_in_clear(
    prepared: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared / "home", home)
    env = environment(home, prepared / "published", PROJECT / "superset" / "local_config.py")
    # Nobody answers there.
    address = f"clickhousedb://dashboards:{PASSWORD}@127.0.0.1:1/oars?secure=true"
    apply = (PROJECT / "superset" / "apply.py", "--assets", prepared / "assets")
    said = run(env | {"OARS_DATABASE_URI": address}, *apply) + run(env, *apply)
    with sqlite3.connect(home / "superset.db") as database:
        [[kept]] = database.execute("select sqlalchemy_uri from dbs").fetchall()
    assert re.fullmatch(r"clickhousedb://dashboards:X+@127.0.0.1:1/oars\?secure=true", kept)
    with serving(env, home / "server.log") as served:
        opened = site(served, home, prepared / "published", home / "server.log")
        one, admin = opened.user("staff_of_one"), opened.user("admin")
        failed = one.data(opened.datasets["fct_enrollments"], **OF_ENROLLMENTS)
        sql = {"database_id": opened.database, "schema": "oars", "sql": "select 1"}
        address_of = f"/api/v1/database/{opened.database}"
        answers = [
            failed,
            admin.data(opened.datasets["fct_enrollments"], **OF_ENROLLMENTS),
            admin.post("/api/v1/sqllab/execute/", json=sql | {"runAsync": False}),
            admin.get("/api/v1/database/"),
            admin.get(address_of),
            admin.get(f"{address_of}/connection"),
            admin.get(f"{address_of}/schemas/?q=(force:!t)"),
            admin.get(f"{address_of}/tables/?q=(force:!t,schema_name:oars)"),
            admin.post("/api/v1/database/test_connection/", json={"sqlalchemy_uri": kept}),
            admin.post(f"{address_of}/validate_sql/", json={"sql": "select 1", "schema": "oars"}),
            one.get(address_of),
        ]
        exported = admin.get(f"/api/v1/database/export/?q=!({opened.database})")
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert "refused" in failed.text, failed.text[:500]
    assert "dashboards:X" in answers[5].text
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        told = [archive.read(name).decode() for name in archive.namelist()]
    assert any("dashboards:X" in text for text in told)
    assert [text for text in told + [answer.text for answer in answers] if PASSWORD in text] == []
    assert [line for line in lines if PASSWORD.encode() in line] == []
    assert "refused" in (home / "server.log").read_text()
    files = [path for path in home.rglob("*") if path.is_file()]
    assert [path.name for path in files if PASSWORD.encode() in path.read_bytes()] == []
    assert PASSWORD not in said


def test_the_attacks_work_without_guard_and_rule(unprotected: Superset) -> None:
    one, dataset = unprotected.user("staff_of_one"), unprotected.datasets["fct_enrollments"]
    for name in ("no filter", "another course", "not the own"):
        answer = one.data(dataset, **QUERIES[name])
        assert not is_harmless(answer), (name, answer.text[:1000])
    for name in ("metric: file", "metric: file, quoted", "column: file", "filter on SQL"):
        answer = one.data(dataset, **QUERIES[name])
        assert answer.ok, (name, answer.text[:1000])
        if name != "filter on SQL":
            assert "root:x:" in answer.text


def test_the_attacks_on_the_rule_work_without_the_guard(unguarded: Superset) -> None:
    one, dataset = unguarded.user("staff_of_one"), unguarded.datasets["fct_enrollments"]
    assert is_harmless(one.data(dataset, **QUERIES["no filter"]))
    for name in (
        "filter on SQL that quotes a value",
        "column called course_key",
        "part of a tuple called course_key",
        "order by union",
        "metric: union behind",
        "metric: union in front, PII",
    ):
        answer = one.data(dataset, **QUERIES[name])
        assert not is_harmless(answer), (name, answer.text[:1000])
