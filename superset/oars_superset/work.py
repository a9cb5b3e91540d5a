"""What Superset itself works out in Python for a request: bounded, for no database limits it.

Superset has no setting for any of it, so functions are wrapped that all places call, whatever the
request is. `bound_work()` raises RuntimeError at the start where Superset has one no more.

- What is asked: `_request()` looks at it before Superset makes anything of it.
- Times: `_time()` and `_expression()` at a text that is read as one.
- What is done with a result: `_step()` before each step after a query.
- Queries: `_limited()` gives each a limit, `_fetched()` counts what came, texts and arrays too.
- What it comes to: `_spend()` counts the cells that a request has Superset work through.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from oars_superset.own_sql import refuse_own_sql
from oars_superset.readers import may_write, refusal

# Of a request. The shipped charts send up to 3 queries, and the answer of a table has 13 columns.
MOST_QUERIES = 10  # those for other times are counted too
MOST_NAMES = 200  # in a list of a query: columns, metrics, filters
MOST_VALUES = 2_000  # of a filter
MOST_ENTRIES = 6_000  # in all lists of a request
MOST_STEPS = 20  # of a query; the shipped charts have up to 5
LONGEST_NAME = 300  # characters of a label: JSON has it in each row, a pivot in each header

# Of times. A reader of times in words takes twice as long with each `last 1`; "Last quarter" has
# two. Superset writes its own ranges with 3 functions.
LONGEST_TIME = 60  # characters
MOST_WORDS_OF_A_TIME = 6
LONGEST_EXPRESSION = 500  # characters
MOST_FUNCTIONS_OF_A_TIME = 20

# Of results.
MOST_BINS = 1_000
MOST_CELLS = 1_000_000  # that a step makes
MOST_WORK = 10_000_000  # cells that a request has worked through: a second takes 1 to 2 million
CELL_OF_AN_ANSWER = 3  # times the work of a cell in a step; each element of an array is one
CELL_OF_A_SHEET = 4  # more as XLSX than as CSV: it takes 20 microseconds
BYTES = 40  # of an answer's texts, in memory, for one cell: 400 MB in a request
GROUP = 100  # cells that are worked through while one group is added up
JOINED_ROW = 20

# Superset's other steps forecast, rank or read places: that takes long, and no shipped
# chart does.
STEPS = (
    *("aggregate", "compare", "contribution", "cum", "diff", "flatten", "histogram", "pivot"),
    *("rename", "resample", "rolling", "select", "sort"),
)
OPERATORS = ("count", "max", "mean", "median", "min", "std", "sum", "var")
OF_TEXT = ("count", "max", "min")  # sums of texts are texts, each longer than the one before
GRAIN = re.compile(r"\d{0,3}(S|s|T|min|H|h|D|W|M|MS|Q|QS|A|AS|Y|YS)")
NUMBER_FORMAT = re.compile(r"(?!.*\d\d\d)[^{}]{0,20}")  # what Python pads to no great length


def bound_work(is_guarded: Callable[[Any], bool]) -> None:
    """Wrap Superset's functions; `is_guarded` says whether a database is the project's."""
    import parsedatetime
    from superset.charts import client_processing
    from superset.charts.schemas import ChartDataQueryContextSchema
    from superset.common.query_context_factory import QueryContextFactory
    from superset.common.query_context_processor import QueryContextProcessor
    from superset.common.query_object import QueryObject
    from superset.common.utils import dataframe_utils
    from superset.connectors.sqla.models import SqlaTable
    from superset.db_engine_specs.clickhouse import (
        ClickHouseConnectEngineSpec,
        ClickHouseEngineSpec,
    )
    from superset.models.helpers import ExploreMixin
    from superset.utils import csv, date_parser, excel, pandas_postprocessing

    def request(_: Any, data: Any = None, **given: Any) -> None:
        _request(given if data is None else data, is_guarded)

    look_before(ChartDataQueryContextSchema, "load", request)
    look_before(QueryContextFactory, "create", request)

    look_before(parsedatetime.Calendar, "parse", lambda self, text, *_, **__: _time(text))
    look_before(date_parser, "parse_human_datetime", _time)
    look_before(date_parser, "datetime_eval", _expression)
    look_before(date_parser, "country_holidays", _holidays)

    look_before(QueryObject, "exec_post_processing", _steps)
    for name in STEPS:
        wrap(pandas_postprocessing, name, partial(_step, name))
    look_before(ExploreMixin, "join_offset_dfs", _other_times)
    look_before(dataframe_utils, "left_join_df", _join)

    wrap(SqlaTable, "query", _limited)
    for spec in (ClickHouseConnectEngineSpec, ClickHouseEngineSpec):
        wrap(spec, "fetch_data", _fetched)
    wrap(QueryContextProcessor, "get_df_payload", _answer)
    look_before(client_processing, "pivot_df", _pivot_table)
    look_before(client_processing, "table", _table)
    client_processing.post_processors["table"] = client_processing.table
    wrap(csv, "df_to_escaped_csv", lambda _: df_to_escaped_csv)
    wrap(excel, "df_to_excel", lambda _: df_to_excel)


def wrap(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
    """Put a wrapper in the place of a function, once."""
    do = getattr(owner, name, None)
    if do is None:
        raise RuntimeError(f"Superset has no {name} any more: see work.py.")
    if not hasattr(do, "bounded_by_oars"):
        bounded = wrapper(do)
        bounded.bounded_by_oars = True
        is_static = isinstance(vars(owner).get(name), staticmethod)
        setattr(owner, name, staticmethod(bounded) if is_static else bounded)


def look_before(owner: Any, name: str, check: Callable[..., None]) -> None:
    """Have `check` look at what a function is given, before the function does."""

    def wrapper(do: Any) -> Any:
        def checked(*arguments: Any, **options: Any) -> Any:
            with _odd_is("The request cannot be understood."):
                check(*arguments, **options)
            return do(*arguments, **options)

        return checked

    wrap(owner, name, wrapper)


@contextmanager
def _odd_is(reason: str) -> Iterator[None]:
    """Refuse for that reason whatever else fails: a list where a text is meant, and the like."""
    from superset.exceptions import SupersetException

    try:
        yield
    except SupersetException:
        raise
    except Exception as error:
        raise refusal(reason, 400) from error


def _spend(cells: float) -> None:
    """Add to the cells that this request had worked through; refuse too many."""
    from flask import g, has_request_context

    if has_request_context():
        cells = g.oars_cells = getattr(g, "oars_cells", 0) + cells
    if cells > MOST_WORK:
        raise refusal("The request is too much work: take fewer rows, columns or queries.")


def _make(cells: float) -> None:
    """Spend what is made at once; refuse too many."""
    if cells > MOST_CELLS:
        raise refusal("The result would have too many cells: take fewer rows or columns.")
    _spend(cells)


def _request(data: Any, is_guarded: Callable[[Any], bool]) -> None:
    """Refuse a request with too many queries, names or values, or with a reader's own SQL."""
    if not isinstance(data, dict):
        return  # Superset says what is wrong.
    asked = _list(data, "queries")
    queries = [each for each in asked if isinstance(each, dict)]
    if len(asked) + sum(len(_list(query, "time_offsets")) for query in queries) > MOST_QUERIES:
        raise refusal(f"A request has at most {MOST_QUERIES} queries, with those of other times.")
    form = data["form_data"] if isinstance(data.get("form_data"), dict) else {}
    names = ("tooltip_contents", "groupbyRows", "groupbyColumns", "metrics")
    _count_entries([*queries, {name: form.get(name) for name in names}])
    refuse_own_sql(data, is_guarded)
    for query in queries:
        _refuse_long_names(query)
        kinds = [
            layer.get("annotationType")
            for layer in _list(query, "annotation_layers")
            if isinstance(layer, dict)
        ]
        # Formulas are drawn by the browser. Others would be read whosever they are.
        if any(kind != "FORMULA" for kind in kinds) and not may_write("Chart"):
            raise refusal("Charts have no annotations but formulas.")


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _list(holder: dict[str, Any], name: str) -> Any:
    """The list of that name; an empty one where it is none, which Superset says."""
    return holder[name] if _is_list(holder.get(name)) else []


def _count_entries(queries: list[Any]) -> None:
    entries, left = 0, list(queries)
    while left:
        each = left.pop()
        for name, value in each.items() if isinstance(each, dict) else ((None, v) for v in each):
            if _is_list(value) or isinstance(value, dict):
                entries += len(value)
                most = MOST_VALUES if name == "val" else MOST_NAMES
                if len(value) > most or entries > MOST_ENTRIES:
                    raise refusal("The request has too many columns, metrics, filters or values.")
                left.append(value)


def _refuse_long_names(query: dict[str, Any]) -> None:
    """Refuse long labels, and long texts in the steps after a query, which rename what it gives."""
    asked = [*_list(query, "columns"), *_list(query, "metrics")]
    left = [each.get("label") for each in asked if isinstance(each, dict)]
    left.append(query.get("post_processing"))
    while left:
        each = left.pop()
        if isinstance(each, str) and len(each) > LONGEST_NAME:
            raise refusal(f"A name has at most {LONGEST_NAME} characters.")
        if isinstance(each, dict):
            left += [*each, *each.values()]
        elif _is_list(each):
            left += each


def _time(text: str) -> None:
    if len(text) > LONGEST_TIME or len(text.split()) > MOST_WORDS_OF_A_TIME:
        raise refusal("A time has too many words: give a date, or one like `last week`.")


def _expression(text: str | None = None) -> None:
    written = text or ""
    if len(written) > LONGEST_EXPRESSION or written.count("(") > MOST_FUNCTIONS_OF_A_TIME:
        raise refusal("A time has too many words or functions: give a date.")


def _holidays(country: str, *_: Any, **__: Any) -> None:
    from holidays.utils import list_supported_countries

    if country not in list_supported_countries():
        raise refusal("The country of a holiday is given as two letters, like `US`.")


def _steps(query: Any, _: Any) -> None:
    if len(query.post_processing) > MOST_STEPS:
        raise refusal("The result would be worked on in too many steps.")
    if any(each.get("operation") not in STEPS for each in query.post_processing):
        raise refusal(f"The steps after a query are: {', '.join(STEPS)}.")


def _step(name: str, do: Any) -> Any:
    check = CHECKS.get(name)

    def step(df: Any, **options: Any) -> Any:
        with _odd_is(f"The step `{name}` cannot be done with this result."):
            _refuse_twice(df, options)
            names = sum(len(each) for each in options.values() if isinstance(each, (dict, list)))
            _spend((len(df) + names) * (df.shape[1] + names) + _letters(df.columns) / BYTES)
            if check:
                check(df, options)
            return do(df, **options)

    return step


def _refuse_twice(df: Any, options: dict[str, Any]) -> None:
    """Refuse the same name twice: each takes all columns that have it, and they would multiply."""
    lists = [_list(options, key) for key in ("by", "columns", "exclude", "groupby", "index")]
    if not df.columns.is_unique or any(len(set(names)) < len(names) for names in lists):
        raise refusal("A step after a query has the same column twice.")


def _numbers(df: Any, names: Iterable[Any] | None) -> None:
    """Make numbers of the columns, all if None; refuse what are none."""
    for column, kind in df.dtypes.items():
        name = column[0] if isinstance(column, tuple) else column
        if kind.kind == "O" and (names is None or name in names):
            try:
                df[column] = df[column].astype(float)  # integers of Python's own would grow
            except (TypeError, ValueError, OverflowError) as error:
                raise refusal("Only numbers can be added up.") from error


def _of_columns(df: Any, options: dict[str, Any]) -> None:
    _numbers(df, options.get("columns") or ())


def _rolling(df: Any, options: dict[str, Any]) -> None:
    given = options.get("win_type") or options.get("rolling_type_options")
    if given or options.get("rolling_type") not in OPERATORS:
        raise refusal(f"A window gives one of: {', '.join(OPERATORS)}.")
    _of_columns(df, options)


def _histogram(df: Any, options: dict[str, Any]) -> None:
    bins, groups = int(options.get("bins", 5)), _count(df, options.get("groupby"))
    if not 1 <= bins <= MOST_BINS:
        raise refusal(f"A histogram has 1 to {MOST_BINS:,} bins.")
    _make(groups * bins)
    _spend(groups * GROUP * 4)


def _resample(df: Any, options: dict[str, Any]) -> None:
    import pandas as pd

    rule = options.get("rule")
    if not GRAIN.fullmatch(str(rule)):
        raise refusal("A time grain is a number and a unit, like `1D` or `1MS`.")
    if isinstance(df.index, pd.DatetimeIndex) and len(df):
        first, last = df.index.min(), df.index.max()
        steps = pd.date_range(first, periods=2, freq=rule)
        step = steps[1] - steps[0]
        rows = (last - first) / step if step > pd.Timedelta(0) else float("inf")
        if rows * max(df.shape[1], 1) > MOST_CELLS:
            raise refusal("The result would have too many rows: take a longer time grain.")
    if options.get("method") not in ("asfreq", "bfill", "ffill"):
        _numbers(df, None)


def _aggregate(df: Any, options: dict[str, Any]) -> None:
    _add_up(df, options, options.get("groupby"))


def _pivot(df: Any, options: dict[str, Any]) -> None:
    index, columns = options.get("index") or [], options.get("columns") or []
    cells = max(len(options.get("aggregates") or ""), 1)
    for names in (index, columns):
        if options.get("drop_missing_columns", True):
            cells *= _count(df, names)
        else:  # then there is a row for each index with each other, and a column
            for name in names:
                cells *= _count(df, [name])
    _make(cells)
    longest = max((_letters([each]) for name in columns for each in df.get(name, ())), default=0)
    _spend(cells * longest / BYTES)  # a value is in the names of its columns
    _add_up(df, options, [*index, *columns])


def _add_up(df: Any, options: dict[str, Any], by: Any) -> None:
    aggregates = options.get("aggregates") or {}
    if any(
        how.get("options") or how.get("operator") not in OPERATORS for how in aggregates.values()
    ):
        raise refusal(f"Rows are put together by one of: {', '.join(OPERATORS)}.")
    sums = [
        how.get("column", name)
        for name, how in aggregates.items()
        if how["operator"] not in OF_TEXT
    ]
    _numbers(df, sums)
    totals = 3 if options.get("marginal_distributions") else 1
    _spend(_count(df, by) * len(aggregates) * GROUP * totals)


CHECKS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "aggregate": _aggregate,
    "cum": _of_columns,
    "histogram": _histogram,
    "pivot": _pivot,
    "resample": _resample,
    "rolling": _rolling,
}


def _count(df: Any, names: Any) -> int:
    """Of how many rows or columns such names make; 1 where one is missing, which Superset says."""
    names = [names] if isinstance(names, str) else list(names or ())
    if not names or any(name not in df.columns for name in names):
        return 1
    return len(df[names].drop_duplicates())


def _other_times(_: Any, df: Any, others: dict[str, Any], *__: Any) -> None:
    _spend(sum(len(df) + len(other) for other in others.values()) * JOINED_ROW)


def _join(left_df: Any, right_df: Any, join_keys: list[str], **_: Any) -> None:
    left, right = (df.groupby(list(join_keys), dropna=False).size() for df in (left_df, right_df))
    rows = int((left * right).fillna(left).sum())
    _make(rows * (left_df.shape[1] + right_df.shape[1]))


def bytes_of(df: Any) -> int:
    """What an answer takes in memory, its texts included."""
    return int(df.memory_usage(deep=True).sum())


def _letters(texts: Iterable[Any]) -> int:
    return sum(len(str(each)) for each in texts)


def _limited(do: Any) -> Any:
    def query(self: Any, query_obj: dict[str, Any]) -> Any:
        from flask import current_app

        # Superset asks for totals, which are one row, without a limit.
        limit = query_obj.get("row_limit") or current_app.config["ROW_LIMIT"]
        with _odd_is("The request cannot be understood."):
            width = len(query_obj.get("columns") or ()) + len(query_obj.get("metrics") or ())
            if limit * width * CELL_OF_AN_ANSWER > MOST_WORK:
                raise refusal("The result could have too many cells: take fewer rows or columns.")
        return do(self, {**query_obj, "row_limit": limit})

    return query


def _fetched(do: Any) -> Any:
    def fetch_data(cursor: Any, limit: int | None = None) -> Any:
        rows = do(cursor, limit)
        _spend(_weight(rows))
        return rows

    return fetch_data


def _weight(rows: Iterable[Iterable[Any]]) -> float:
    """What rows take, as Python has them: more than the engine sent where it sent a text once."""
    cells, letters, left = 0, 0, [*rows]
    while left and max(cells * CELL_OF_AN_ANSWER, letters / BYTES) <= MOST_WORK:
        for value in left.pop():
            cells += 1
            if isinstance(value, str):
                letters += len(value)
            elif _is_list(value):
                left.append(value)
            elif isinstance(value, dict):
                left.append(value.values())
    return max(cells * CELL_OF_AN_ANSWER, letters / BYTES)


def _answer(do: Any) -> Any:
    def get_df_payload(self: Any, query_obj: Any, **options: Any) -> Any:
        payload = do(self, query_obj, **options)
        df = payload["df"]
        if payload.get("is_cached"):  # else counted where it was fetched
            _spend(max(df.size * CELL_OF_AN_ANSWER, bytes_of(df) / BYTES))
        _spend(len(df) * _letters(df.columns) / BYTES)
        return payload

    return get_df_payload


def _pivot_table(df: Any, rows: Any, columns: Any, metrics: Any, **options: Any) -> None:
    if any(len(set(names)) < len(names) for names in (rows, columns, metrics)):
        raise refusal("A pivot table has the same column twice.")
    if options.get("aggfunc", "Sum").startswith(("Sum", "Average", "Median", "Sample")):
        _numbers(df, metrics)
    down, across = _count(df, rows), _count(df, columns)
    cells = down * across * max(len(metrics), 1)
    _make(cells)
    _spend(_count(df, [*rows, *columns]) * len(metrics) * GROUP)
    if options.get("show_rows_total") or options.get("show_columns_total"):
        # The table is copied for each of its groups.
        _spend((down * len(rows) + across * len(columns)) * (500 + cells // 50))


def _table(_: Any, form_data: dict[str, Any], *__: Any) -> None:
    for how in (form_data.get("column_config") or {}).values():
        if not NUMBER_FORMAT.fullmatch(str(how.get("d3NumberFormat", ""))):
            raise refusal("The format of a column's numbers is not understood.")


def df_to_escaped_csv(df: Any, **options: Any) -> Any:
    """Write a file in which no text is a formula: neither cells nor headers nor the index."""
    from superset.utils.csv import escape_value

    def escape(value: Any) -> Any:
        if isinstance(value, str) and value.startswith(("\t", "\r")):
            return "'" + value
        return escape_value(value) if isinstance(value, str) else value

    if options.pop("index", True):
        names = ["" if name is None else name for name in df.index.names]
        df = df.reset_index(names=names, allow_duplicates=True)
    df = df.rename(columns=escape)
    texts = [number for number, kind in enumerate(df.dtypes) if kind.kind == "O"]
    for number in texts:
        df.isetitem(number, df.iloc[:, number].map(escape))
    return df.to_csv(escapechar="\\", index=False, **options)


def df_to_excel(df: Any, **options: Any) -> Any:
    """Write a file in which every text is a text, headers too: no formula and no link."""
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    _spend(df.size * CELL_OF_A_SHEET)

    class Texts(Worksheet):  # type: ignore[misc]
        """A sheet that does not look into texts: options leave out formulas of arrays, `{=1}`."""

        def __init__(self) -> None:
            super().__init__()
            self.add_write_handler(str, Worksheet.write_string)

    output = io.BytesIO()
    with pd.ExcelWriter(output, engine="xlsxwriter") as writer:
        writer.book.worksheet_class = Texts
        df.to_excel(writer, **options)
    return output.getvalue()
