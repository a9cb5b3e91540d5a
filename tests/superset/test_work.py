"""What Superset itself works out in Python: no request of a reader keeps it busy, no text runs."""

import csv
import io
import json
import sqlite3
import zipfile
from typing import Any

import pytest
from conftest import Superset, User
from test_attacks import sql_column
from test_limits import reason

BUSY = "last 1 " * 30
BY_DAY = sql_column("first_enrolled_at") | {"columnType": "BASE_AXIS", "timeGrain": "P1D"}
TIMES: dict[str, dict[str, Any]] = {
    "range": {"granularity": "first_enrolled_at", "time_range": f"{BUSY}: now"},
    "range of a function": {
        "granularity": "first_enrolled_at",
        "time_range": f"DATETIME('{BUSY}') : now",
    },
    "filter": {
        "filters": [{"col": "first_enrolled_at", "op": "TEMPORAL_RANGE", "val": f"{BUSY}: now"}]
    },
    "offset": {
        "columns": [BY_DAY],
        "metrics": ["rows"],
        "granularity": "first_enrolled_at",
        "time_range": "2026-01-01 : 2026-06-01",
        "time_offsets": [f"{BUSY}ago"],
    },
}
PIVOT = {
    "operation": "pivot",
    "options": {
        "index": ["number"],
        "columns": ["other"],
        "aggregates": {"rows": {"operator": "sum"}},
    },
}
STEPS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "bins": (
        [{"operation": "histogram", "options": {"column": "rows", "groupby": [], "bins": 10**7}}],
        "A histogram has 1 to 1,000 bins.",
    ),
    "steps": ([{"operation": "flatten"}] * 21, "too many steps"),
    "grain": (
        [
            {
                "operation": "pivot",
                "options": {"index": ["day"], "aggregates": {"rows": {"operator": "sum"}}},
            },
            {"operation": "resample", "options": {"rule": "1S", "method": "asfreq"}},
        ],
        "too many rows",
    ),
    "cells": ([PIVOT], "too many cells"),
}


@pytest.fixture(scope="module")
def one(superset: Superset) -> User:
    """May send SQL, by which most of what is asked for here is made."""
    return superset.user("writer_of_one")


@pytest.mark.parametrize("place", TIMES)
def test_a_time_of_many_words_is_refused(one: User, superset: Superset, place: str) -> None:
    query = {"columns": ["actor_id"]} | TIMES[place]
    assert "too many words" in reason(one.data(superset.datasets["fct_enrollments"], **query))


def test_a_range_is_bounded_where_it_is_only_looked_at(one: User) -> None:
    url = "/api/v1/time_range/"
    assert "too many words" in one.get(url, params={"q": f"'{BUSY}: now'"}).text
    assert one.get(url, params={"q": "'Last quarter'"}).ok


@pytest.mark.parametrize("name", STEPS)
def test_a_result_that_would_be_too_large_is_refused(
    one: User, superset: Superset, name: str
) -> None:
    steps, words = STEPS[name]
    numbers = "arrayJoin(range(2000))"
    answer = one.data(
        superset.datasets["fct_enrollments"],
        columns=[
            sql_column(numbers) | {"label": "number"},
            sql_column(f"{numbers} + 1") | {"label": "other"},
            sql_column(f"toDateTime('2026-01-01 00:00:00') + 86400 * {numbers}")
            | {"label": "day", "columnType": "BASE_AXIS", "timeGrain": "P1D"},
        ],
        metrics=["rows"],
        row_limit=10_000,
        post_processing=steps,
    )
    assert words in reason(answer)


def test_a_text_is_no_formula_in_a_file(one: User, superset: Superset) -> None:
    """Neither in a cell nor as the header of a series."""
    formula = sql_column("concat('{=HYPERLINK(\"', actor_id, '\")}')") | {"label": "who"}
    pivot = {
        "operation": "pivot",
        "options": {
            "index": ["course_key"],
            "columns": ["who"],
            "aggregates": {"rows": {"operator": "sum"}},
        },
    }
    names = {"columns": {"rows": None}, "level": 0, "inplace": True}
    series = [pivot, {"operation": "rename", "options": names}, {"operation": "flatten"}]
    for steps in ([], series):
        answer = one.data(
            superset.datasets["fct_enrollments"],
            columns=["course_key", formula],
            metrics=["rows"],
            result_format="xlsx",
            post_processing=steps,
        )
        assert answer.ok, answer.text[:500]
        book = zipfile.ZipFile(io.BytesIO(answer.content))
        assert "<f" not in book.read("xl/worksheets/sheet1.xml").decode()
        assert "{=HYPERLINK" in book.read("xl/sharedStrings.xml").decode()


@pytest.mark.parametrize(
    "url",
    [
        "/superset/fetch_datasource_metadata?datasourceKey={}__table",
        "/datasource/get/table/{}/",
        "/api/v1/explore/?datasource_id={}&datasource_type=table",
        "/api/v1/dataset/{}/drill_info/",
    ],
)
def test_readers_are_not_told_who_owns_a_dataset(superset: Superset, url: str) -> None:
    one = superset.user("staff_of_one")
    url = url.format(superset.datasets["fct_enrollments"])
    assert "admin@example.org" not in one.get(url).text
    told = superset.user("admin").get(url)
    assert told.status_code == 404 or "admin@example.org" in told.text


def test_people_are_looked_for_at_any_depth(one: User, superset: Superset) -> None:
    dataset = superset.datasets["fct_enrollments"]
    form = '{"x": ' + "[" * 900 + "]" * 900 + "}"
    body = {"datasource_id": dataset, "datasource_type": "table", "form_data": form}
    key = one.post("/api/v1/explore/form_data", json=body).json()["key"]
    answer = one.get("/api/v1/explore/", params={"form_data_key": key})
    assert answer.ok, answer.text[:500]


def test_a_request_has_a_length(one: User) -> None:
    answer = one.post("/api/v1/explore/permalink", json={"formData": {"x": "y" * 2_000_000}})
    one.close()  # as the server did, which did not read it all
    assert (answer.status_code, reason(answer)) == (
        413,
        "The request is too long for the dashboards.",
    )


def test_a_link_has_a_length(one: User) -> None:
    # Only what is a file to import may be long, not what is called so.
    for url in (
        "/api/v1/explore/permalink",
        "/api/v1/explore/form_data",
        "/api/v1/explore/form_data/import",
    ):
        answer = one.post(url, json={"formData": {"x": "y" * 600_000}})
        one.close()
        assert (answer.status_code, reason(answer)) == (
            413,
            "The request is too long for the dashboards.",
        )


def test_a_user_makes_so_many_links_a_day(superset: Superset) -> None:
    user = superset.user("staff_of_none")  # who makes no others
    form = {"datasource": f"{superset.datasets['fct_enrollments']}__table"}
    url = "/api/v1/explore/permalink"
    made = user.post(url, json={"formData": form})
    assert made.status_code == 201, made.text
    with sqlite3.connect(superset.home / "superset.db", timeout=30) as database:
        database.execute(
            "insert into key_value (resource, value, uuid, created_on, created_by_fk) "
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 499) "
            "select resource, value, randomblob(16), created_on, created_by_fk from key_value, n "
            "where created_by_fk = (select id from ab_user where "
            "username = 'staff_of_none')"
        )
    assert "500 links a day" in reason(user.post(url, json={"formData": form}))
    assert superset.user("staff_of_two").post(url, json={"formData": form}).status_code == 201


def records_of(superset: Superset) -> list[str]:
    with sqlite3.connect(superset.home / "superset.db", timeout=30) as database:
        return [row[0] or "" for row in database.execute("select json from logs")]


def test_the_log_of_a_request_is_short(one: User, superset: Superset) -> None:
    """One record may be made of each entry of a list that was sent."""
    before = len(records_of(superset))
    for count in (2_000, 100_000):
        events = json.dumps([{}] * count)
        one.post("/api/v1/chart/data?explode=events", json={"events": events})
    for events in ("[1, 2]", "7", "[" * 5_000, json.dumps([{"x": "y" * 400_000}])):
        answer = one.post("/superset/log/?explode=events", data={"events": events})
        assert answer.ok, answer.text
    one.post("/superset/log/?explode=events", data={"events": json.dumps([{"a": 1}] * 9)})
    one.post("/superset/log/?explode=events", data={"events": "[]", "force": "x" * 400_000})
    records = records_of(superset)[before:]
    assert len(records) < 100
    assert records.count('{"a": 1}') == 9
    assert max(map(len, records)) < 100_000


LONG = f"2026-01-01{' ' * 2_000}10:00"
DEEP = "DATETRUNC(" * 40 + "DATETIME('now')" + ", day)" * 40
# What is read before words are looked for. Text -> what is said.
ODD_TIMES = {
    f"{LONG} : now": "too many words",
    f"{DEEP} : now": "too many words or functions",
    "HOLIDAY('x', DATETIME('now'), '__class__') : now": "two letters",
}


@pytest.mark.parametrize("text", ODD_TIMES, ids=["length", "depth", "attribute"])
def test_a_time_is_short_and_a_country_one(one: User, superset: Superset, text: str) -> None:
    by_time = {"granularity": "first_enrolled_at", "time_range": text}
    of_filter = {"filters": [{"col": "first_enrolled_at", "op": "TEMPORAL_RANGE", "val": text}]}
    for query in (by_time, of_filter):
        answer = one.data(superset.datasets["fct_enrollments"], columns=["actor_id"], **query)
        assert ODD_TIMES[text] in reason(answer)


def test_times_that_superset_writes_are_read(one: User) -> None:
    for text in (
        *("Last week", "Last quarter", "previous calendar month", "Current year", "Next 5 days"),
        *("2026-01-01T00:00:00 : 2026-02-01T00:00:00", "first week of this year"),
        *("DATEADD(DATETIME('2026-01-01T00:00:00'), -7, day) : now", "100 years ago : now"),
        "HOLIDAY('Christmas', DATETIME('2026-01-01'), 'US') : 2027-01-01",
    ):
        answer = one.get(
            "/api/v1/time_range/", params={"q": f"'{text.replace(chr(39), '!' + chr(39))}'"}
        )
        assert answer.ok, (text, answer.text)


AGGREGATES = {"sums": {"operator": "sum", "column": "text"}}
ROWS = {"rows": {"operator": "mean"}}
# Steps after a query of 2,000 rows, each of which goes on for long with more.
MEDIANS = {"rows": {"operator": "median"}} | {
    f"median of {number}": {"operator": "median", "column": "rows"} for number in range(29)
}
ODD_STEPS: dict[str, tuple[dict[str, Any] | list[dict[str, Any]], str]] = {
    "texts, cumulated": (
        {"operation": "cum", "options": {"operator": "sum", "columns": {"text": "text"}}},
        "Only numbers",
    ),
    "texts, aggregated": (
        {"operation": "aggregate", "options": {"groupby": [], "aggregates": AGGREGATES}},
        "Only numbers",
    ),
    "texts, pivoted": (
        {
            "operation": "pivot",
            "options": {"index": ["rows"], "aggregates": {"text": {"operator": "sum"}}},
        },
        "Only numbers",
    ),
    "an operator": (
        {
            "operation": "aggregate",
            "options": {"groupby": [], "aggregates": {"rows": {"operator": "prod"}}},
        },
        "one of: count",
    ),
    "all with all": (
        {
            "operation": "pivot",
            "options": {
                "index": ["one"],
                "columns": ["number", "text"],
                "aggregates": ROWS,
                "drop_missing_columns": False,
            },
        },
        "too many cells",
    ),
    "a column twice": ({"operation": "select", "options": {"columns": ["rows"] * 9}}, "twice"),
    "an order twice": ({"operation": "sort", "options": {"by": ["rows"] * 9}}, "twice"),
    "columns": ({"operation": "select", "options": {"columns": ["rows"] * 201}}, "too many"),
    "bins of groups": (
        {
            "operation": "histogram",
            "options": {"column": "rows", "groupby": ["number"], "bins": 1_000},
        },
        "too many cells",
    ),
    "groups": (
        {
            "operation": "aggregate",
            "options": {
                "groupby": ["number"],
                "aggregates": {
                    str(number): {"operator": "median", "column": "rows"} for number in range(60)
                },
            },
        },
        "too much work",
    ),
    "groups of several steps": (
        [
            {"operation": "aggregate", "options": {"groupby": ["number"], "aggregates": MEDIANS}},
            {"operation": "aggregate", "options": {"groupby": ["number"], "aggregates": MEDIANS}},
        ],
        "too much work",
    ),
    "a plot": (
        {
            "operation": "boxplot",
            "options": {"groupby": ["number"], "metrics": ["rows"], "whisker_type": "tukey"},
        },
        "The steps after a query are",
    ),
    "places": (
        {
            "operation": "geohash_decode",
            "options": {"geohash": "text", "latitude": "a", "longitude": "b"},
        },
        "The steps after a query are",
    ),
    "a window of weights": (
        {
            "operation": "rolling",
            "options": {
                "rolling_type": "mean",
                "columns": {"rows": "rows"},
                "window": 5,
                "win_type": "boxcar",
            },
        },
        "A window gives one of",
    ),
    "a window of pairs": (
        {
            "operation": "rolling",
            "options": {"rolling_type": "cov", "columns": {"rows": "rows"}, "window": 5},
        },
        "A window gives one of",
    ),
    "a grain": (
        [
            {"operation": "pivot", "options": {"index": ["day"], "aggregates": ROWS}},
            {"operation": "resample", "options": {"rule": "10ns", "method": "asfreq"}},
        ],
        "A time grain is",
    ),
    "what pandas cannot do": (
        {
            "operation": "rolling",
            "options": {"rolling_type": "mean", "columns": {"rows": "rows"}, "window": -5},
        },
        "`rolling` cannot be done",
    ),
}
WIDE = {
    "columns": [
        sql_column("1") | {"label": "one"},
        sql_column("arrayJoin(range(2000))") | {"label": "number"},
        sql_column("'x' || arrayJoin(range(2000))") | {"label": "text"},
        sql_column("toDateTime('2026-01-01 00:00:00') + 86400 * arrayJoin(range(2000))")
        | {"label": "day", "columnType": "BASE_AXIS", "timeGrain": "P1D"},
    ],
    "metrics": ["rows"],
    "row_limit": 2_000,
}


@pytest.mark.parametrize("name", ODD_STEPS)
def test_a_step_after_a_query_is_bounded(one: User, superset: Superset, name: str) -> None:
    steps, words = ODD_STEPS[name]
    steps = steps if isinstance(steps, list) else [steps]
    answer = one.data(superset.datasets["fct_enrollments"], **WIDE, post_processing=steps)
    assert words in reason(answer)


def test_the_steps_of_superset_s_own_charts_are_done(one: User, superset: Superset) -> None:
    """A line chart with series over time, its rolling mean and share; and a histogram."""
    line = [
        {
            "operation": "pivot",
            "options": {
                "index": ["day"],
                "columns": ["text"],
                "aggregates": ROWS,
                "drop_missing_columns": False,
            },
        },
        {
            "operation": "rolling",
            "options": {
                "rolling_type": "mean",
                "window": 7,
                "min_periods": 0,
                "columns": {"rows": "rows"},
            },
        },
        {"operation": "resample", "options": {"rule": "1MS", "method": "mean", "fill_value": None}},
        {"operation": "cum", "options": {"operator": "sum", "columns": {"rows": "rows"}}},
        {"operation": "contribution", "options": {"orientation": "row", "time_shifts": []}},
        {
            "operation": "rename",
            "options": {"columns": {"rows": None}, "level": 0, "inplace": True},
        },
        {"operation": "sort", "options": {"is_sort_index": True, "ascending": True}},
        {"operation": "flatten"},
    ]
    histogram = {
        "operation": "histogram",
        "options": {"column": "number", "groupby": [], "bins": 5, "normalize": True},
    }
    for steps, limit in ((line, 400), ([histogram], 2_000)):
        query = WIDE | {"row_limit": limit}
        rows = one.rows(superset.datasets["fct_enrollments"], **query, post_processing=steps)
        assert rows


QUERY = {"columns": ["actor_id"], "row_limit": 10}
ODD_REQUESTS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "queries": ([QUERY] * 11, "at most 10 queries"),
    "other times": (
        [QUERY | {"time_offsets": [f"{number} weeks ago" for number in range(10)]}],
        "at most 10 queries",
    ),
    "columns": (
        [{"columns": [sql_column(f"{number}") for number in range(201)]}],
        "too many columns",
    ),
    "metrics": ([QUERY | {"metrics": ["rows"] * 201}], "too many columns"),
    "orders": ([QUERY | {"orderby": [["actor_id", True]] * 201}], "too many columns"),
    "values": (
        [QUERY | {"filters": [{"col": "actor_id", "op": "IN", "val": ["x"] * 2_001}]}],
        "too many columns",
    ),
    "values of filters": (
        [QUERY | {"filters": [{"col": "actor_id", "op": "IN", "val": ["x"] * 2_000}]}] * 4,
        "too many columns",
    ),
    "cells": (
        [
            {
                "columns": ["course_key", "actor_id"],
                "metrics": [
                    {
                        "aggregate": "MAX",
                        "column": {"column_name": "actor_id"},
                        "expressionType": "SIMPLE",
                        "label": f"{number}",
                    }
                    for number in range(60)
                ],
                "row_limit": 100_000,
            }
        ],
        "too many cells",
    ),
}


def ask(user: User, superset: Superset, queries: list[dict[str, Any]], **more: Any) -> Any:
    payload = {
        "datasource": {"id": superset.datasets["fct_enrollments"], "type": "table"},
        "queries": queries,
        "result_format": "json",
        "result_type": "full",
    }
    return user.post(
        "/api/v1/chart/data", json=payload | more, headers={"Accept": "application/json"}
    )


@pytest.mark.parametrize("name", ODD_REQUESTS)
def test_a_request_asks_for_so_much(one: User, superset: Superset, name: str) -> None:
    queries, words = ODD_REQUESTS[name]
    assert words in reason(ask(one, superset, queries))
    # An older way, for roles of the operator's own.
    dataset = {"id": superset.datasets["fct_enrollments"], "type": "table"}
    form = {"query_context": json.dumps({"datasource": dataset, "queries": queries})}
    assert words in superset.user("analyst").post("/api/v1/query/", data=form).text


ODD_KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "template": (QUERY | {"extras": {"where": 7}}, {}),
    "pivot table": (
        QUERY,
        {"viz_type": "pivot_table_v2", "metrics": ["rows"], "aggregateFunction": 7},
    ),
    "table": (QUERY, {"viz_type": "table", "column_config": {"actor_id": "d"}}),
}


@pytest.mark.parametrize("name", ODD_KINDS)
def test_what_is_of_another_kind_is_refused(superset: Superset, name: str) -> None:
    query, form = ODD_KINDS[name]
    analyst = superset.user("analyst")
    context = {
        "datasource": {"id": superset.datasets["fct_enrollments"], "type": "table"},
        "queries": [query],
        "form_data": form,
    }
    if form:
        answer = ask(analyst, superset, [query], form_data=form, **POST_PROCESSED)
    else:  # a way that has no schema
        answer = analyst.post("/api/v1/query/", data={"query_context": json.dumps(context)})
    assert answer.status_code == 400, answer.text
    assert reason(answer) in ("The request cannot be understood.", "SQL is a text.")


def test_columns_of_a_tooltip_are_counted(one: User, superset: Superset) -> None:
    form = {"tooltip_contents": [f"a{number}" for number in range(1_000)]}
    assert "too many columns" in reason(ask(one, superset, [QUERY], form_data=form))


def test_results_of_a_request_are_added_up(one: User, superset: Superset) -> None:
    number = sql_column("arrayJoin(range(100000))") | {"label": "number"}
    words = [sql_column(f"'{word}'") | {"label": word} for word in ("a", "b", "c")]
    query = {"columns": [number, *words], "metrics": ["rows"], "row_limit": 100_000}
    queries = [query | {"row_offset": number} for number in range(10)]
    assert "too much work" in reason(ask(one, superset, queries))
    assert ask(one, superset, queries[:2]).ok


LONG_TEXT = sql_column(
    "arrayStringConcat(arrayMap(x -> 'x', range(200000))) || arrayJoin(range(2000))"
)


def test_texts_of_a_request_are_added_up(one: User, superset: Superset) -> None:
    """Few cells can hold much: each of these queries gives 140 MB of text."""
    query = {"columns": [LONG_TEXT], "row_limit": 700}
    queries = [query | {"row_offset": number} for number in range(3)]
    assert "too much work" in reason(ask(one, superset, queries, result_format="csv"))
    assert "max bytes" in ask(one, superset, [query | {"row_limit": 1_200}]).text


FIGURES = [sql_column(str(number)) | {"label": f"b{number}"} for number in range(150)]
TEXT = "arrayStringConcat(arrayMap(x -> 'x', range(100000)))"
MANY = sql_column("arrayJoin(range(50000))") | {"label": "k"}
LARGE: dict[str, dict[str, Any]] = {
    "label": {"columns": [sql_column("arrayJoin(range(500))") | {"label": "L" * 1_000}]},
    "name that a step gives": {
        "columns": ["actor_id"],
        "post_processing": [
            {"operation": "rename", "options": {"columns": {"actor_id": "L" * 1_000}}}
        ],
    },
    # Their texts are in the names of columns, once for each metric.
    "values of a pivot": {
        "columns": [
            sql_column("1") | {"label": "i"},
            sql_column(f"toString(arrayJoin(range(50))) || {TEXT}") | {"label": "t"},
        ],
        "metrics": [sql_column("count()") | {"label": f"m{number}"} for number in range(100)],
        "row_limit": 50,
        "post_processing": [
            {
                "operation": "pivot",
                "options": {
                    "index": ["i"],
                    "columns": ["t"],
                    "aggregates": {f"m{number}": {"operator": "sum"} for number in range(100)},
                },
            },
            {"operation": "flatten"},
        ],
    },
    # The engine sends the text once, and Superset writes it for each row.
    "one text for all rows": {
        "columns": [
            sql_column(f"CAST({TEXT} AS LowCardinality(String))") | {"label": "n"},
            MANY,
        ],
        "row_limit": 5_000,
    },
    "array": {
        "columns": [
            sql_column("arrayMap(x -> toUInt8(1), range(1000000))") | {"label": "n"},
            MANY,
        ],
        "row_limit": 10,
    },
    # Superset asks for 50,000 rows of other times, whatever the limit.
    "other times": {
        "columns": [MANY, *FIGURES],
        "metrics": ["rows"],
        "row_limit": 1,
        "granularity": "first_enrolled_at",
        "time_range": "2020-01-01 : 2027-01-01",
        "time_offsets": ["1 days ago"],
    },
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_in_another_way_is_refused(one: User, superset: Superset, name: str) -> None:
    answer = ask(one, superset, [LARGE[name]])
    assert answer.status_code >= 400, answer.text[:200]
    assert any(each in answer.text for each in ("too much work", "too many cells", "A name has"))


def test_totals_have_a_limit(one: User, superset: Superset) -> None:
    """Superset asks for them without one, for they are one row where nobody makes them more."""
    share = {"operation": "contribution", "options": {}}
    rows = {
        "columns": ["actor_id"],
        "metrics": ["rows"],
        "row_limit": 5,
        "post_processing": [share],
    }
    totals = {"columns": [], "metrics": ["rows"]}
    assert ask(one, superset, [totals, rows]).ok
    totals["metrics"] = [MANY | {"label": "a"}, *FIGURES[:100]]
    assert "too many cells" in ask(one, superset, [totals, rows]).text


def test_no_long_answer_is_kept_in_the_cache(one: User, superset: Superset) -> None:
    def is_kept(rows: int) -> bool:
        query = {"columns": [LONG_TEXT], "row_limit": rows}
        assert ask(one, superset, [query]).ok
        return bool(ask(one, superset, [query]).json()["result"][0]["is_cached"])

    assert is_kept(5)
    assert not is_kept(20)


def test_rows_of_other_times_do_not_multiply(one: User, superset: Superset) -> None:
    """Each day of a year would be joined with each."""
    days = "toDateTime('2026-01-01 00:00:00') + 86400 * arrayJoin(range(2000))"
    query = {
        "metrics": ["rows"],
        "granularity": "first_enrolled_at",
        "time_range": "2020-01-01 : 2027-01-01",
        "time_offsets": ["1 day ago"],
    }
    dataset = superset.datasets["fct_enrollments"]
    day = sql_column(days) | {"label": "day"}
    assert "too many cells" in reason(
        one.data(dataset, **query, columns=[day | {"timeGrain": "P1Y"}])
    )
    assert one.data(dataset, **query, columns=[day | {"timeGrain": "P1D"}]).ok


@pytest.mark.parametrize("kind", ["NATIVE", "table", "line"])
def test_a_reader_reads_no_annotation(superset: Superset, kind: str) -> None:
    one = superset.user("staff_of_one")
    layer = {
        "name": "a",
        "value": 99,
        "showMarkers": False,
        "show": True,
        "style": "solid",
        "sourceType": kind,
    }
    query = QUERY | {"annotation_layers": [layer | {"annotationType": "EVENT"}]}
    assert "no annotations but formulas" in reason(ask(one, superset, [query]))
    formula = layer | {"annotationType": "FORMULA", "value": "x", "sourceType": ""}
    answer = ask(one, superset, [QUERY | {"annotation_layers": [formula]}])
    assert answer.ok, answer.text[:500]
    assert "no annotations" not in ask(superset.user("admin"), superset, [query]).text


def test_no_text_is_a_formula_in_csv(one: User, superset: Superset) -> None:
    """Neither in a cell nor in the index, of several levels too, nor as a header."""
    signs = "arrayElement(['=', '+', '-', '@', '\\t', '\\r'], arrayJoin(range(1, 7))) || 'a'"
    pivot = {"aggregates": ROWS}
    for index, columns in ((["a"], []), (["a", "b"], []), (["a"], ["b"])):
        steps = [{"operation": "pivot", "options": pivot | {"index": index, "columns": columns}}]
        if columns:
            names = {"columns": {"rows": None}, "level": 0, "inplace": True}
            steps += [{"operation": "rename", "options": names}]
            steps += [{"operation": "flatten", "options": {"reset_index": False}}]
        answer = one.data(
            superset.datasets["fct_enrollments"],
            columns=[sql_column(signs) | {"label": label} for label in "ab"],
            metrics=["rows"],
            result_format="csv",
            post_processing=steps,
        )
        assert answer.ok, answer.text[:500]
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        assert len(rows) > 6
        assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r"))]


POST_PROCESSED = {"result_type": "post_processed", "result_format": "json"}


def test_a_table_that_is_shown_is_bounded(one: User, superset: Superset) -> None:
    """Superset makes it of what the browser says: a number of any width, a pivot of any size."""
    spaces = {"viz_type": "table", "column_config": {"rows": {"d3NumberFormat": "10000d"}}}
    names = {"viz_type": "table", "column_config": {"rows": {"d3NumberFormat": "}{0.real"}}}
    for form in (spaces, names):
        answer = ask(one, superset, [WIDE], form_data=form, **POST_PROCESSED)
        assert "format of a column" in reason(answer)
    pivot = {"viz_type": "pivot_table_v2", "metrics": ["rows"], "groupbyRows": ["number"]}
    wide = pivot | {"groupbyColumns": ["text"]}
    assert "too many cells" in reason(ask(one, superset, [WIDE], form_data=wide, **POST_PROCESSED))
    texts = pivot | {"metrics": ["text"], "groupbyRows": ["rows"]}
    assert "Only numbers" in reason(ask(one, superset, [WIDE], form_data=texts, **POST_PROCESSED))
    totals = pivot | {"rowTotals": True, "colTotals": True}
    for form in (pivot, totals, spaces | {"column_config": {}}):
        answer = ask(one, superset, [WIDE], form_data=form, **POST_PROCESSED)
        assert answer.ok, answer.text[:500]
