"""A snapshot of what dashboards may read, beside the live data folder.

One process at a time can have a data folder open. Dashboards read a copy, so that they and a run
do not lock each other out. What is not in the copy cannot be read through them.
"""

import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from clickhouse_connect.driver.client import Client

from oars.connection import OarsError, Target, connect, data_folder
from oars.files import open_private
from oars.raw_tables import qualified, table_exists
from oars.rows import quoted

# The marts, and of personal data the mart alone. Not what a run that was killed had staged.
MARTS = """
select database, name, sorting_key
from system.tables
where
    (
        database = {schema:String}
        or (database = concat({schema:String}, '_pii') and not startsWith(name, 'stg_'))
    )
    and not match(name, '__dbt_(new_data|tmp|backup)')
order by database, name
"""

COLUMNS = """
select name, type
from system.columns
where database = {database:String} and table = {name:String}
order by position
"""

NAME = "%Y%m%dT%H%M%S.%fZ"
MADE_HERE = re.compile(r"\d{8}T\d{6}\.\d{6}Z")
"""The name of a snapshot. No other folder is removed."""

UNFINISHED = ".new"
"""Folder in which a snapshot is made; what a killed run left there is removed by the next."""


@dataclass(frozen=True)
class Mart:
    """A table or view of the live folder, and the file with its rows."""

    database: str
    name: str
    definition: str
    file: Path

    @property
    def table(self) -> str:
        """Its name, quoted."""
        return qualified(self.database, self.name)


@dataclass(frozen=True)
class Snapshot:
    """What was published."""

    folder: Path
    relation_count: int
    row_count: int
    byte_count: int
    dropped_count: int
    """Snapshots from before that held persons who must not be in them any more."""


def publish(target: Target) -> Snapshot:
    """Copy the marts into a snapshot and let `current` be it; the one before it is kept.

    OarsError on a server target, before the first run, and while another process has the live
    folder or publishes. Whatever happens, `current` is a whole snapshot: it is switched last.
    """
    if target.credentials.type != "chdb":
        raise OarsError(
            "There is nothing to publish from a server: there the dashboards read the marts "
            "themselves."
        )
    published = published_folder(target)
    # A folder that is there keeps its mode; each snapshot in it is for its owner alone.
    published.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(published):
        unfinished = published / UNFINISHED
        _remove(unfinished)
        try:
            (unfinished / "export").mkdir(parents=True)
            with closing(connect(target)) as client:
                forgotten_at = _last_forgotten(client, target.schema)
                marts = _export(client, target.schema, unfinished / "export")
            # The engine opens one folder at a time.
            row_count = _fill(unfinished / "chdb", marts)
            folder = published / f"{datetime.now(UTC):{NAME}}"
            (unfinished / "chdb").rename(folder)
            previous = _switch(published / "current", folder.name, unfinished / "current")
        finally:
            _remove(unfinished)
        has_persons = any(mart.database == f"{target.schema}_pii" for mart in marts)
        dropped_count = 0
        for old in snapshots_of(target):
            is_dropped = old.name < forgotten_at or (
                not has_persons and (old / "metadata" / f"{target.schema}_pii").exists()
            )
            # Otherwise a reader may still have the previous one open.
            if old != folder and (is_dropped or old.name != previous):
                _remove(old)
                dropped_count += is_dropped
    return Snapshot(folder, len(marts), row_count, _size(folder), dropped_count)


def published_folder(target: Target) -> Path:
    """Where the snapshots of the target's data folder are."""
    live = data_folder(target)
    # Named after the data folder: that of a trial beside it has snapshots of its own.
    return live.with_name(f"{live.name}_published")


def snapshots_of(target: Target) -> list[Path]:
    """The folders of all snapshots, the oldest first."""
    found = published_folder(target).glob("*")
    return sorted(folder for folder in found if MADE_HERE.fullmatch(folder.name))


@contextmanager
def _alone(published: Path) -> Iterator[None]:
    """Hold a lock that goes with the process."""
    with open_private(published / ".lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OarsError(
                f"Another process is publishing to {published}: wait until it has finished."
            ) from error
        yield


def _last_forgotten(client: Client, schema: str) -> str:
    """When somebody was last forgotten, as a snapshot would be called; '' if never.

    OarsError while somebody is: the marts hold them until that has ended.
    """
    ops = f"{schema}_ops"
    if not table_exists(client, ops, "being_forgotten"):
        return ""
    if client.command(f"select count() from {ops}.being_forgotten"):
        raise OarsError(
            "Somebody is being forgotten: repeat the `oars forget` that was interrupted."
        )
    moment = client.query(f"select maxOrNull(forgotten_at) from {ops}.forgotten").result_rows[0][0]
    return f"{moment:{NAME}}" if moment else ""


def _export(client: Client, schema: str, folder: Path) -> list[Mart]:
    """Write the rows of each mart to a file; a view becomes a table."""
    marts = []
    found = client.query(MARTS, parameters={"schema": schema}).result_rows
    for number, (database, name, sorting_key) in enumerate(found):
        parameters = {"database": database, "name": name}
        columns = client.query(COLUMNS, parameters=parameters).result_rows
        definition = ", ".join(f"`{column}` {kind}" for column, kind in columns)
        # The key as it is, also where a mart of the site's own has NULL in it.
        definition = (
            f"({definition}) engine = MergeTree order by ({sorting_key}) "
            "settings allow_nullable_key = 1"
        )
        mart = Mart(database, name, definition, folder / f"{number}.native")
        client.command(
            f"insert into function file({quoted(mart.file)}, Native) select * from {mart.table}"
        )
        marts.append(mart)
    if not marts:
        raise OarsError("Nothing has run on this database yet: run `dbt build` first.")
    return marts


def _fill(folder: Path, marts: list[Mart]) -> int:
    """Make the marts in a new data folder from their files; say how many rows they have."""
    from dbt.adapters.chdb.connections import open_folder

    row_count = 0
    with closing(open_folder(str(folder))) as client:
        for mart in marts:
            client.command(f"create database if not exists `{mart.database}`")
            client.command(f"create table {mart.table} {mart.definition}")
            client.command(
                f"insert into {mart.table} select * from file({quoted(mart.file)}, Native)"
            )
            row_count += int(client.command(f"select count() from {mart.table}"))
            mart.file.unlink()
    return row_count


def _switch(current: Path, name: str, new_link: Path) -> str:
    """Let the link `current` lead to a snapshot, in one step; give where it led before, or ''."""
    previous = str(current.readlink()) if current.is_symlink() else ""
    # Relative, so that the folder can be moved as a whole.
    new_link.symlink_to(name)
    new_link.replace(current)
    return previous


def _remove(folder: Path) -> None:
    # Of a link the link, and not what it leads to.
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))
