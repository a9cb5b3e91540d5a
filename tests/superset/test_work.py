"""What Superset itself works out in Python: no request of a reader keeps it busy, no text runs."""

import io
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
            {"operation": "resample", "options": {"rule": "1us", "method": "asfreq"}},
        ],
        "too many rows",
    ),
    "cells": ([PIVOT], "too many cells"),
}


@pytest.fixture(scope="module")
def one(superset: Superset) -> User:
    return superset.user("staff_of_one")


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
def test_readers_are_not_told_who_owns_a_dataset(one: User, superset: Superset, url: str) -> None:
    url = url.format(superset.datasets["fct_enrollments"])
    assert "admin@example.org" not in one.get(url).text
    told = superset.user("admin").get(url)
    assert told.status_code == 404 or "admin@example.org" in told.text


def test_a_request_has_a_length(one: User) -> None:
    answer = one.post("/api/v1/explore/permalink", json={"formData": {"x": "y" * 2_000_000}})
    assert (answer.status_code, reason(answer)) == (
        413,
        "The request is too long for the dashboards.",
    )
