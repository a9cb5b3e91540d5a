"""Readers send no SQL of their own: what they ask for stands in a dataset, a chart or a dashboard.

No guard and no limit of time holds against all that SQL can do: a function may take hours for one
row, a short text become an answer of gigabytes. So of a reader's request each text that Superset
would take for SQL has to be one that somebody who may write charts has stored: an expression of a
chart, a condition of it, a filter of a dashboard. Columns, metrics and what they are sorted by are
names. Filters, dates and all that is chosen from a list are values, and free.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from oars_superset.readers import may_write, refusal

OWN_SQL = (
    "Only who writes charts sends SQL: choose columns, metrics and filters, or ask for a chart."
)
OF_SUPERSET = "count(*)"
"""What Superset writes itself, to say how many samples there are."""

NAMES = ("columns", "groupby", "metrics", "series_columns")
ONE_NAME = (
    *("granularity", "granularity_sqla"),
    *("series_limit_metric", "timeseries_limit_metric"),
)


def refuse_own_sql(request: dict[str, Any], is_guarded: Callable[[Any], bool]) -> None:
    """Refuse a reader's query context with SQL that is not stored, on a guarded database."""
    dataset = None if may_write("Chart") else _dataset(request.get("datasource"))
    if dataset is None or not is_guarded(dataset.database):
        return  # Superset says that there is no such dataset.
    texts = {text for query in _dicts(request.get("queries")) for text in sql_of(query)}
    names = {each.column_name for each in dataset.columns}
    names |= {each.metric_name for each in dataset.metrics}
    texts = {each for each in texts - names if each.lower() != OF_SUPERSET}
    if texts and texts - stored():
        raise refusal(OWN_SQL)


def sql_of(query: dict[str, Any]) -> Iterator[str]:
    """What Superset reads as SQL of a query: names too, for it takes an unknown name for SQL."""
    asked = [each for name in NAMES for each in _list(query.get(name))]
    labels = {each.get("label") for each in _dicts(asked)}
    asked += [query.get(name) for name in ONE_NAME]
    ordered = [_list(each)[0] for each in _list(query.get("orderby")) if _list(each)]
    asked += [each for each in ordered if not isinstance(each, str) or each not in labels]
    for name in ("filters", "filter"):
        asked += [each.get("col") for each in _dicts(query.get(name))]
    yield from (each for each in asked if isinstance(each, str) and each)
    yield from _expressions([asked, query])
    extras = query.get("extras")
    for clause in ("where", "having"):
        for holder in (query, extras if isinstance(extras, dict) else {}):
            if isinstance(holder.get(clause), str) and holder[clause].strip():
                yield holder[clause]


def stored() -> set[str]:
    """All SQL in charts and dashboards, in each form in which a browser sends it."""
    from superset import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    found: set[str] = set()
    columns = (Slice.params, Slice.query_context, Dashboard.json_metadata)
    for column in columns:
        for (text,) in db.session.query(column).filter(column.isnot(None)):
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                continue
            found.update(_expressions(document))
            found.update(_conditions(document))
    return found


def _expressions(document: Any) -> Iterator[str]:
    """The expressions that stand in a document, at any depth."""
    for holder in _holders(document):
        if isinstance(holder.get("sqlExpression"), str) and holder["sqlExpression"]:
            yield holder["sqlExpression"]


def _conditions(document: Any) -> Iterator[str]:
    """The conditions of a chart: those that are written as SQL, put together as a browser does."""
    for holder in _holders(document):
        for name, value in holder.items():
            if name.startswith("adhoc_filters"):
                for clause in ("WHERE", "HAVING"):
                    written = [
                        f"({each['sqlExpression']})"
                        for each in _dicts(value)
                        if each.get("clause", "WHERE") == clause and each.get("sqlExpression")
                    ]
                    yield " AND ".join(written)
            elif name == "extras" and isinstance(value, dict):
                yield from (value[key] for key in ("where", "having") if value.get(key))


def _holders(document: Any) -> Iterator[dict[str, Any]]:
    left = [document]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            yield each
            left += each.values()
        elif isinstance(each, (list, tuple)):
            left += each


def _dataset(datasource: Any) -> Any:
    """The dataset that is asked for, or None."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable

    if not isinstance(datasource, dict) or not str(datasource.get("id")).isdecimal():
        return None
    return db.session.query(SqlaTable).filter_by(id=int(datasource["id"])).one_or_none()


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]
