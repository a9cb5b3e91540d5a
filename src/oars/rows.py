"""Rows between relations and files, by the engine's own formats and without Python's objects.

The embedded engine reads and writes the files itself. A server sends and takes them over HTTP. A
file whose name ends in .gz is compressed.
"""

import gzip
import shutil
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from oars.connection import Target
from oars.files import open_private

COLUMNS = """
select name, type
from system.columns
where
    database = {database:String}
    and table = {name:String}
    and default_kind not in ('MATERIALIZED', 'ALIAS')
order by position
"""


def is_embedded(target: Target) -> bool:
    """Whether the engine runs in this process."""
    return bool(target.credentials.type == "chdb")


def columns_of(client: Client, database: str, name: str) -> dict[str, str]:
    """Columns of a relation, in their order, with their types; none of what is not there."""
    found = client.query(COLUMNS, parameters={"database": database, "name": name})
    return {str(row[0]): str(row[1]) for row in found.result_rows}


def write_rows(
    client: Client,
    target: Target,
    select: str,
    form: str,
    file: Path,
    parameters: dict[str, Any] | None = None,
) -> None:
    """Write what a select gives to a new file, for this user alone; its folder is to be private."""
    if is_embedded(target):
        into = f"insert into function file({quoted(file.resolve())}, {form})"
        client.command(f"{into} {select}", parameters=parameters)
        file.chmod(0o600)
        return
    # The server answers when it has all rows, so that an error is one, and no short file.
    settings = {"wait_end_of_query": 1}
    stream: Any = client.raw_stream(select, parameters=parameters, settings=settings, fmt=form)
    with closing(stream), open_private(file) as written:
        if file.suffix == ".gz":
            with gzip.GzipFile("", "wb", 6, written, mtime=0) as packed:
                shutil.copyfileobj(stream, packed)
        else:
            shutil.copyfileobj(stream, written)


def read_rows(
    client: Client, target: Target, file: Path, form: str, table: str, columns: dict[str, str]
) -> None:
    """Insert the rows of a compressed file, of which only these columns, into a table."""
    settings = {"max_partitions_per_insert_block": 0, "input_format_skip_unknown_fields": 1}
    if is_embedded(target):
        listed = ", ".join(map(name_of, columns))
        client.command(
            f"insert into {table} ({listed}) select {listed} "
            f"from file({quoted(file.resolve())}, {form}, {quoted(structure(columns))})",
            settings=settings,
        )
        return
    with gzip.open(file) as rows:
        client.raw_insert(table, list(columns), rows, settings=settings, fmt=form)  # type: ignore[arg-type]


def count_rows(
    client: Client, target: Target, file: Path, form: str, columns: Iterable[str]
) -> int:
    """How many rows a file has. It is read for that, so it is whole."""
    # Parquet says what its columns are; of a table without rows a text does not.
    types = "" if form == "Parquet" else f", {quoted(structure(dict.fromkeys(columns, 'String')))}"
    count = f"select count() from file({quoted(file.resolve())}, {form}{types})"
    if is_embedded(target):
        return int(client.query(count).result_rows[0][0])
    import chdb

    return int(str(chdb.query(count)))


def structure(columns: dict[str, str]) -> str:
    """Columns and types, as table functions take them."""
    return ", ".join(f"{name_of(name)} {kind}" for name, kind in columns.items())


def name_of(column: str) -> str:
    """A column's name, quoted."""
    return "`" + column.replace("\\", "\\\\").replace("`", "\\`") + "`"


def quoted(text: object) -> str:
    """A text as SQL has it."""
    return "'" + str(text).replace("\\", "\\\\").replace("'", "\\'") + "'"


def rows_said(count: int) -> str:
    """How many rows, as a person says it."""
    return f"{count:,} row{'s' * (count != 1)}"
