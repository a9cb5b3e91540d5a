"""What cannot be built again, as files: who was forgotten, kept months, the operator's lists.

All else follows from raw with the next run. The rows are texts (TabSeparatedWithNames), so that
another release, another version of ClickHouse and a server beside an embedded engine read them.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path

from clickhouse_connect.driver.client import Client

from oars.connection import OarsError, Target, connect
from oars.files import make_private_folder, open_private, unfinished_folder
from oars.forget import being_forgotten
from oars.raw_tables import OPERATOR, qualified, raw_names, table_exists
from oars.rows import columns_of, name_of, write_rows

FORM = "TabSeparatedWithNames"
INDEX = "backup.json"
KIND = 1
"""Of the files and their index: to be raised where an older release could not read them."""

BASE = "base_xapi__statements"
OF_OPS = ("salt", "forgotten", "kept_months")

# What base had of a month by when raw let go of it, as macros/engine/months/is_kept.sql says it.
# What came later raw has still.
IS_KEPT = """
toYYYYMM(emission_time) in (select month from {ops}.kept_months)
and loaded_at < (
    select mapFromArrays(groupArray(month), groupArray(kept_at)) from {ops}.kept_months final
)[toYYYYMM(emission_time)]
"""

# Rows of base, and changes to them, in months that are kept; a merge changes neither.
STATE = """
select
    (select toString(groupArray((month, kept_at))) from (
        select * from {ops}.kept_months final order by month
    )) as kept,
    (select count() from {ops}.forgotten) as forgotten_count,
    (select toString(groupArray((month, row_count, mutation))) from (
        select
            toUInt32(partition_id) as month,
            sum(rows) as row_count,
            max(toUInt64OrZero(splitByChar('_', name)[5])) as mutation
        from system.parts
        where
            active
            and database = {{database:String}}
            and table = {{base:String}}
            and month in (select month from {ops}.kept_months)
        group by month
        order by month
    )) as base
"""

# Months of base that have left raw, of which no run has noted that they are kept.
LEFT = """
with

raw_months as (

    select toYYYYMM(toTimeZone(emission_time, 'UTC')) as month, count() as row_count
    from {raw}
    group by month

),

base_months as (

    select toYYYYMM(emission_time) as month, count() as row_count
    from {base}
    where month not in (select month from {ops}.kept_months)
    group by month

),

fewer as (

    select base_months.month as month
    from base_months
    left join raw_months on base_months.month = raw_months.month
    where raw_months.row_count < base_months.row_count
    settings join_use_nulls = 0

),

in_both as (

    select distinct toYYYYMM(toTimeZone(emission_time, 'UTC')) as month
    from {raw}
    where
        month in (select month from fewer)
        and event_id in (
            select event_id from {base} where toYYYYMM(emission_time) in (select month from fewer)
        )

)

select month
from fewer
where month not in (select month from in_both)
order by month
"""


@dataclass(frozen=True)
class Saved:
    """A table's rows in a backup."""

    name: str
    columns: list[str]
    row_count: int
    digest: str
    """Of the rows as texts, whatever their order."""
    sha256: str
    """Of the file."""


@dataclass(frozen=True)
class Backup:
    """What a backup has, as its index says it."""

    made_at: str
    tables: list[Saved]
    kind: int = KIND


def backup(target: Target, folder: Path) -> Backup:
    """Write what cannot be built again to a new folder, which is there whole or not at all.

    OarsError where the folder has files, nothing has run yet, somebody is being forgotten, or it is
    not of one moment.
    """
    if folder.is_symlink() or (folder.exists() and not _is_empty(folder)):
        raise OarsError(f"{folder} is there already: name a new folder for each backup.")
    with closing(connect(target)) as client:
        _require_rest(client, target.schema)
        before = _state(client, target.schema)
        make_private_folder(folder.parent)
        with unfinished_folder(folder.parent) as unfinished:
            written = unfinished / "backup"
            written.mkdir(mode=0o700)
            tables = [*_written(client, target, written)]
            _require_rest(client, target.schema)
            if _state(client, target.schema) != before:
                raise OarsError("A run has changed what is saved meanwhile: repeat the backup.")
            made = Backup(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", tables)
            with open_private(written / INDEX) as index:
                index.write(json.dumps(asdict(made), indent=2).encode() + b"\n")
            written.rename(folder)
    return made


def file_of(name: str) -> str:
    """What the file of a table is called."""
    return f"{name}.tsv.gz"


def sum_of(file: Path) -> str:
    """What tells that a file is as it was written; '' of none."""
    if not file.is_file():
        return ""
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def place_of(name: str, schema: str) -> tuple[str, str]:
    """Database and table of what a backup has."""
    if name in OF_OPS:
        return f"{schema}_ops", name
    if name == BASE:
        return f"{schema}_staging", name
    return raw_names().operator_database, name


def digest_of(client: Client, source: str, columns: list[str]) -> tuple[int, str]:
    """How many rows there are, and the sum of their hashes."""
    listed = ", ".join(map(name_of, columns))
    [(count, digest)] = client.query(
        "select count(), toString(sum(cityHash64(formatRowNoNewline('TSV', "
        f"{listed})))) from {source}"
    ).result_rows
    return int(count), str(digest)


def _written(client: Client, target: Target, folder: Path) -> Iterator[Saved]:
    for name in (*OF_OPS, *OPERATOR, BASE):
        database, table = place_of(name, target.schema)
        # The operator's are optional.
        if not (columns := list(columns_of(client, database, table))):
            continue
        source = qualified(database, table)
        if name in ("kept_months", BASE):
            source += " final"
        if name == BASE:
            source += f" where {IS_KEPT.format(ops=f'{target.schema}_ops')}"
        row_count, digest = digest_of(client, source, columns)
        file = folder / file_of(name)
        select = f"select {', '.join(map(name_of, columns))} from {source}"
        write_rows(client, target, select, FORM, file)
        yield Saved(name, columns, row_count, digest, sum_of(file))


def _require_rest(client: Client, schema: str) -> None:
    ops, base = f"{schema}_ops", qualified(f"{schema}_staging", BASE)
    if not table_exists(client, f"{schema}_staging", BASE):
        raise OarsError("Nothing has run on this database yet: run `dbt build` first.")
    if not all(table_exists(client, ops, name) for name in OF_OPS):
        raise OarsError("An older release ran on this database last: run `dbt run` first.")
    if being_forgotten(client, schema)[1]:
        raise OarsError(
            "Somebody is being forgotten: repeat the `oars forget` that was interrupted."
        )
    query = LEFT.format(raw=raw_names().statements, base=base, ops=ops)
    if months := [str(row[0]) for row in client.query(query).result_rows]:
        raise OarsError(
            f"{', '.join(months)} has left raw since the last run: run `dbt run` first."
        )


def _state(client: Client, schema: str) -> list[object]:
    found = client.query(
        STATE.format(ops=f"{schema}_ops"),
        parameters={"database": f"{schema}_staging", "base": BASE},
    )
    return list(found.result_rows)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
