"""Whose rows a query reads: each table has to be the user's, with the user's row-level security.

Superset adds row-level security to the SELECT that it makes itself. What a user writes into a
metric or an ORDER BY can hold a SELECT of its own: Superset 6.1 looks for sub-queries there, and
misses `x union all select ... from t` and `exists (select ...)`. So the whole query is looked at
once more: a table is read if the user was granted a dataset of it, and by a SELECT that has each
rule of that dataset among the conditions of its WHERE.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

from oars_superset.guard import Refused, is_defined_above, relations


def check_rows(tree: exp.Query, database: Any) -> None:
    """Raise Refused if the query reads rows that the current user may not see.

    Without a user (Superset's own command line) nothing is checked.
    """
    from flask import g, has_request_context
    from superset import security_manager

    if getattr(g, "user", None) is None and not has_request_context():
        return
    # One question for all that was granted: to ask Superset for each table takes 0.02 s.
    granted = security_manager.user_view_menu_names("datasource_access")
    needed: dict[int, list[exp.Expression]] = {}  # id of a table's node -> conditions
    for table in _tables(tree):
        conditions = []
        datasets = _datasets(database, table)
        for dataset in datasets:
            conditions += _conditions(dataset)
        needed[id(table)] = conditions
        may_read = datasets and all(
            dataset.perm in granted or security_manager.can_access_datasource(dataset)
            for dataset in datasets
        )
        if not (may_read or security_manager.can_access_database(database)):
            needed[id(table)] = [exp.false()]  # no SELECT has it: only a rule may read this table
    rules = [condition for conditions in needed.values() for condition in conditions]
    allowed = {id(table) for rule in _found(tree, rules) for table in rule.find_all(exp.Table)}
    for select in tree.find_all(exp.Select):
        for table in relations(select):
            if isinstance(table, exp.Table) and id(table) in needed and id(table) not in allowed:
                _check_select(select, table, needed[id(table)])


def _check_select(select: exp.Select, table: exp.Table, conditions: list[exp.Expression]) -> None:
    if not conditions:
        return
    where = select.args.get("where")
    present = list(_conjuncts(_without_brackets(where.this))) if where else []
    first, *others = relations(select)
    # `course_key` in the WHERE has to be that of this table and of no other.
    if (
        first is not table
        or any(condition not in present for condition in conditions)
        or any(not _hides_course(other) for other in others)
    ):
        name = table.sql("clickhouse")
        raise Refused(f"Custom SQL cannot read {name}: it would show rows that are not yours.")


def _hides_course(relation: exp.Expression) -> bool:
    names = relation.named_selects if isinstance(relation, exp.Subquery) else ["*"]
    return not {"*", "course_key"} & set(names)


def _tables(tree: exp.Query) -> Iterator[exp.Table]:
    """The tables that the query names; Refused if one is not simply in a FROM or JOIN."""
    placed = {
        id(relation) for select in tree.find_all(exp.Select) for relation in relations(select)
    }
    for table in tree.find_all(exp.Table):
        if not table.db and is_defined_above(table):
            continue
        if id(table) not in placed:
            raise Refused("A table stands in brackets by itself: write it without.")
        yield table


def _datasets(database: Any, table: exp.Table) -> list[Any]:
    """The datasets of a table: those of its name, also where they add columns by SQL of their own.

    A bare name may be of any schema: then all of the name count.
    """
    from superset import db
    from superset.connectors.sqla.models import SqlaTable

    query = db.session.query(SqlaTable).filter_by(database_id=database.id, table_name=table.name)
    if table.db:
        query = query.filter_by(schema=table.db)
    return list(query.all())


def _conditions(dataset: Any) -> list[exp.Expression]:
    """The current user's row-level security on a dataset, as Superset would write it."""
    found: list[exp.Expression] = []
    for clause in dataset.get_sqla_row_level_filters():
        found += _parsed(str(clause.compile(compile_kwargs={"literal_binds": True})))
    return found


@lru_cache(maxsize=500)
def _parsed(rule: str) -> list[exp.Expression]:
    tree = sqlglot.parse_one(f"SELECT 1 WHERE {rule}", read="clickhouse")
    return list(_conjuncts(_without_brackets(tree.args["where"].this)))


def _found(tree: exp.Query, rules: list[exp.Expression]) -> Iterator[exp.Expression]:
    """Where the rules stand in the query: what they read is not the user's own reading."""
    kinds = tuple({type(rule) for rule in rules})
    for node in tree.find_all(*kinds) if kinds else ():
        if _without_brackets(node) in rules:
            yield node


def _conjuncts(condition: exp.Expression) -> Iterator[exp.Expression]:
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _without_brackets(condition: exp.Expression) -> exp.Expression:
    """A copy to compare: the tree says what belongs together, brackets do not count."""
    return condition.copy().transform(
        lambda node: node.unnest() if isinstance(node, exp.Paren) else node
    )
