"""Whose rows a query reads: each table becomes the user's own rows of it, before all else.

Superset adds row-level security to the WHERE of the SELECT that it makes itself. That leaves gaps:

- Custom SQL can hold a SELECT of its own: Superset 6.1 looks for sub-queries there, and misses
  `x union all select ... from t` and `exists (select ...)`.
- ClickHouse chooses in which order it computes the conditions of a WHERE, also across sub-queries.
  What a user wrote could be computed for rows of others: whether it fails, or how long it takes,
  tells of them bit by bit.

So each table that has rules is read by a sub-query, `(select * from t where <rules> limit <all>)`.
A LIMIT is what no condition is moved across: it could change which rows are in the limit.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

from oars_superset.guard import Refused, is_defined_above, relations

ALL_ROWS = 2**63 - 1
MOST_TABLES = 100  # in one query


def own_rows(tree: exp.Query, database: Any) -> exp.Query:
    """Give the query over the current user's rows; the tree itself if it is that already.

    Raises Refused if the query reads a table of which the user was granted no dataset, and if there
    is no user: Superset's own command line and jobs of somebody who is gone read nothing.
    """
    from flask import g
    from superset import security_manager

    if not getattr(g, "user", None):
        raise Refused("Nobody is logged in.")
    # One question for all that was granted: to ask Superset for each table takes 0.02 s.
    granted = security_manager.user_view_menu_names("datasource_access")

    def is_granted(datasets: list[Any]) -> bool:
        each = (d.perm in granted or security_manager.can_access_datasource(d) for d in datasets)
        return (bool(datasets) and all(each)) or security_manager.can_access_database(database)

    own = tree.copy()
    read = _tables(own)
    datasets = _datasets(database, {table.name for table in read} | {c.alias for c in _ctes(own)})
    rules = {dataset: _rules(dataset) for dataset in datasets}
    conditions = [rule for each in rules.values() for rule in each]
    known = {dataset.table_name for dataset in datasets}
    known |= {table.name for rule in conditions for table in rule.find_all(exp.Table)}
    for cte in _ctes(own):
        if cte.alias in known:
            raise Refused(f"A WITH cannot be called {cte.alias}, as a dataset is: rename it.")
    # The rules that stand in the query read who is staff, which no user may.
    of_rules = {id(table) for rule in _found(own, conditions) for table in rule.find_all(exp.Table)}
    changed = False
    for table in read:
        if id(table) in of_rules:
            continue
        of_table = [d for d in datasets if d.table_name == table.name]
        # A bare name may be of any schema: then all of the name count.
        of_table = [d for d in of_table if not table.db or d.schema == table.db]
        if not is_granted(of_table):
            name = table.sql("clickhouse")
            raise Refused(f"{name} cannot be read: no dataset of it was granted to you.")
        changed |= _narrow(table, [rule for dataset in of_table for rule in rules[dataset]])
    return own if changed else tree


def _narrow(table: exp.Table, conditions: list[exp.Expression]) -> bool:
    """Put the rows of the table that meet the conditions in its place, unless they stand there."""
    whole = table.parent if isinstance(table.parent, exp.Final) else table
    inner = whole.copy()
    inner.find(exp.Table).set("alias", None)
    rows = exp.select("*").from_(inner).where(*conditions).limit(ALL_ROWS)
    stands = table.parent_select
    # Looked at only where the table is all that is read, for the whole SELECT is compared.
    if not conditions or (
        stands
        and not stands.args.get("joins")
        and _without_brackets(stands) == _without_brackets(rows)
    ):
        return False
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name))
    whole.replace(exp.Subquery(this=rows, alias=alias.copy()))
    return True


def _tables(tree: exp.Query) -> list[exp.Table]:
    """The tables that the query names; Refused if one is not simply in a FROM or JOIN."""
    placed = {
        id(relation) for select in tree.find_all(exp.Select) for relation in relations(select)
    }
    tables = [
        table for table in tree.find_all(exp.Table) if table.db or not is_defined_above(table)
    ]
    if len(tables) > MOST_TABLES:
        raise Refused(f"A query can read {MOST_TABLES} tables, and this one has {len(tables)}.")
    if any(id(table) not in placed or table.args.get("joins") for table in tables):
        raise Refused("A table stands in brackets by itself: write it without.")
    return tables


def _ctes(tree: exp.Query) -> list[exp.CTE]:
    return list(tree.find_all(exp.CTE))


def _datasets(database: Any, names: set[str]) -> list[Any]:
    """The datasets of tables of these names, also where they add columns by SQL of their own."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable

    query = db.session.query(SqlaTable).filter_by(database_id=database.id)
    return list(query.filter(SqlaTable.table_name.in_(names)).all())


def _rules(dataset: Any) -> list[exp.Expression]:
    """The current user's row-level security on a dataset, as Superset would write it."""
    return [
        _parsed(str(clause.compile(compile_kwargs={"literal_binds": True})))
        for clause in dataset.get_sqla_row_level_filters()
    ]


@lru_cache(maxsize=500)
def _parsed(rule: str) -> exp.Expression:
    where: exp.Expression = sqlglot.parse_one(f"SELECT 1 WHERE {rule}", read="clickhouse")
    return where.args["where"].this


def _found(tree: exp.Query, rules: list[exp.Expression]) -> Iterator[exp.Expression]:
    """Where Superset wrote the rules into the query: they read who is staff, which no user may."""
    bare = [_without_brackets(rule) for rule in rules]
    kinds = tuple({type(rule) for rule in bare})
    for node in tree.find_all(*kinds) if kinds else ():
        if _without_brackets(node) in bare:
            yield node


def _without_brackets(condition: exp.Expression) -> exp.Expression:
    """A copy to compare: the tree says what belongs together, brackets do not count."""
    bare = condition.copy().unnest()
    for brackets in list(bare.find_all(exp.Paren)):
        brackets.replace(brackets.this)
    return bare
