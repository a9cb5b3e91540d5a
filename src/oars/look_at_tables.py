"""What `oars doctor` looks at of tables: those of raw, how raw lies on disk, parts, bookkeeping."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jinja2

from oars.finding import OK, PROBLEM, WARNING, Finding, Findings, Place
from oars.raw_tables import NOT_READ, OPTIONAL, column_types

MANY_PARTS, TOO_MANY_PARTS = 300, 1000
"""In one partition. ClickHouse slows inserts down at 1,000, as shipped, and then refuses them."""
BY_MONTH = ("toYYYYMM(emission_time)", "(toYYYYMM(emission_time))")
"""What macros/engine/months/month_signatures.sql takes for partitions by month."""

OPS_TABLES = Path("macros/engine/run/ops_tables.sql")


def family(kind: str) -> str:
    """What a type holds: width, zone, NULL and how it is stored do not matter."""
    while wrapped := re.fullmatch(r"(?:Nullable|LowCardinality)\((.*)\)", kind):
        kind = wrapped[1]
    kind = kind.partition("(")[0]
    if re.fullmatch(r"U?Int\d+|Bool", kind):
        return "integer"
    if kind in ("String", "FixedString"):
        return "text"
    return "time" if kind.startswith("DateTime") else kind


def raw_tables(place: Place) -> Findings:
    """Whether each table that is read is there, with its columns and what they hold."""
    names, well = place.names, 0
    for database, table, body in names.tables():
        if table in NOT_READ:
            continue
        name, wanted = f"{database}.{table}", column_types(body)
        there = dict(
            place.rows(
                "select name, type from system.columns "
                "where database = {database:String} and table = {table:String}",
                database=database,
                table=table,
            )
        )
        if not there and database == names.operator_database:
            says = f"{name} is missing, or hidden from this user: the seed alone counts"
            yield Finding("raw tables", OK, says)
        elif not there and table in OPTIONAL:
            says = f"{name} is missing, or hidden from this user: what it would tell is empty"
            yield Finding("raw tables", WARNING, says, "let the LMS send it, or grant select on it")
        elif not there:
            says = f"{name} is missing, or hidden from this user; each run stops"
            remedy = f"run `oars init --create {name}`, or grant select on it"
            yield Finding("raw tables", PROBLEM, says, remedy)
        if not there:
            continue
        wrong = [column for column in wanted if column not in there]
        if wrong:
            says = f"{name} has no column {', '.join(wrong)}"
            remedy = "bring it up to the table that the LMS or the record store makes today"
            yield Finding("raw tables", PROBLEM, says, remedy)
        for column in (each for each in wanted if each in there):
            found, kind = family(there[column]), family(wanted[column])
            # A statement of type JSON is read as its text.
            if found != kind and (column, found) != ("event", "JSON"):
                wrong.append(column)
                says = f"{name}.{column} is {there[column]}"
                remedy = f"make it {wanted[column]}, or another type for {kind}"
                yield Finding("raw tables", PROBLEM, says, remedy)
        well += not wrong
    unread = ", ".join(sorted(NOT_READ))
    says = f"{well} tables have the columns that are read; no model reads {unread}"
    yield Finding("raw tables", OK, says)


def layout(place: Place) -> Findings:
    """Whether a run can tell from raw's parts what is new."""
    [(zone,)] = place.rows("select timezone()")
    names = place.names
    found = place.rows(
        "select engine, partition_key, sorting_key, (select any(type) from system.columns where "
        "database = {database:String} and table = {table:String} and name = 'emission_time') "
        "from system.tables where database = {database:String} and name = {table:String}",
        database=names.xapi_database,
        table=names.xapi_table,
    )
    if not found:
        return
    [(engine, partitions, order, kind)] = found
    name = f"{names.xapi_database}.{names.xapi_table}"
    costs = "each run reads the ids of all of it"
    remedy = "`oars init` makes it so where it is missing; the marts are right either way"
    if not engine.endswith("MergeTree"):
        says = f"{name} is of the engine {engine}, no MergeTree: {costs}"
        yield Finding("layout of raw", WARNING, says, f"read the table below it; {remedy}")
        return
    if partitions not in BY_MONTH:
        says = f"{name} is not partitioned by toYYYYMM(emission_time): {costs}"
        yield Finding("layout of raw", WARNING, says, remedy)
    elif "'UTC'" not in kind and zone not in ("UTC", "Etc/UTC"):
        says = f"{name} has months of {zone}, the server's time zone: {costs}"
        yield Finding("layout of raw", WARNING, says, "set the server's time zone to UTC")
    else:
        yield Finding("layout of raw", OK, f"{name} is partitioned by months in UTC")
    if order.partition(",")[0] != "emission_time":
        says = f"{name} is not sorted by emission_time: news are read with all of their month"
        yield Finding("layout of raw", WARNING, says, remedy)


def time_zone(place: Place) -> Findings:
    """For who wonders: models ask for UTC or for the var, and the layout of raw says the rest."""
    [(zone,)] = place.rows("select timezone()")
    says = f"the server's is {zone}; days are those of the var reporting_timezone"
    yield Finding("time zone", OK, says)


def parts(place: Place) -> Findings:
    """Whether there are too many small parts."""
    found = place.rows(
        "select concat(database, '.', table), max(parts) from (select database, table, count() as "
        "parts from system.parts where active and (match(database, {own:String}) or database in "
        "{raw:Array(String)}) group by database, table, partition_id) group by database, table "
        "having max(parts) > {many:UInt32} order by 1",
        own=place.own(),
        raw=place.names.databases(),
        many=MANY_PARTS,
    )
    for table, count in found:
        level = PROBLEM if count > TOO_MANY_PARTS else WARNING
        says = f"{table} has {count:,} parts in a partition: inserts slow down and then fail"
        remedy = "let the record store write larger batches, and see whether merges are stopped"
        yield Finding("parts", level, says, remedy)
    if not found:
        yield Finding("parts", OK, f"no partition has more than {MANY_PARTS} parts")


def digests(project: Path) -> dict[str, str]:
    """Bookkeeping table -> the comment that this release gives it; see create_ops_tables."""
    found: list[dict[str, Any]] = []
    macros = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(
        (project / OPS_TABLES).read_text(), {"return": found.append}
    )
    macros.module.ops_tables()  # type: ignore[attr-defined]
    return {
        name: "oars " + hashlib.md5(json.dumps(table, sort_keys=True).encode()).hexdigest()[:8]
        for name, table in found[0].items()
    }


def bookkeeping(place: Place) -> Findings:
    """Whether the bookkeeping tables are of this release."""
    there = dict(
        place.rows(
            "select name, comment from system.tables where database = {o:String}", o=place.ops
        )
    )
    if not there:
        yield Finding(
            "bookkeeping", OK, "nothing has run yet, or its tables are hidden from this user"
        )
        return
    project = place.target.project_dir
    packaged = project / "dbt_packages" / "oars"
    wanted = digests(packaged if (packaged / OPS_TABLES).exists() else project)
    other = sorted(name for name, comment in wanted.items() if there.get(name) != comment)
    if other:
        says = f"tables of {place.ops} are of another release: {', '.join(other)}"
        remedy = "the next run brings older ones up to date; let none of an older release run"
        yield Finding("bookkeeping", WARNING, says, remedy)
    else:
        yield Finding("bookkeeping", OK, f"the tables of {place.ops} are of this release")
