"""A backup read into a database on which nothing has run: the next run builds the rest."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from clickhouse_connect.driver.client import Client

from oars.backup import (
    BASE,
    FORM,
    INDEX,
    KIND,
    Backup,
    Saved,
    digest_of,
    file_of,
    place_of,
    sum_of,
)
from oars.claim import live_claims
from oars.connection import OarsError, Target, connect
from oars.forget import being_forgotten
from oars.invoke import invoke_dbt
from oars.raw_tables import OPERATOR, qualified, table_exists
from oars.rows import columns_of, read_rows

# Who was forgotten comes before what is read of raw, and base before what says that it is kept: a
# run after a restore that was killed then brings nobody back, and notes months of base itself.
ORDER = (*OPERATOR, "salt", "forgotten", BASE, "kept_months")


def restore(
    target: Target, profiles_dir: Path | None, target_name: str | None, folder: Path
) -> Iterator[tuple[str, int, bool]]:
    """Read a backup back; yields each table with its rows, and whether they were there already.

    Nothing is overwritten: OarsError, before anything is written, where a table has other rows.
    Restored again, it does what is left.
    """
    saved = read_index(folder)
    with closing(connect(target)) as client:
        _refuse_others(client, target, saved)
    _prepare(target, profiles_dir, target_name)
    with closing(connect(target)) as client:
        for each in sorted(saved.tables, key=lambda table: ORDER.index(table.name)):
            is_there = _is_there(client, target, each)
            if not is_there:
                _fill(client, target, each, folder / file_of(each.name))
            yield ".".join(place_of(each.name, target.schema)), each.row_count, is_there
        client.command(f"drop table if exists {_beside(target)}{_on_cluster(target)} sync")


def read_index(folder: Path) -> Backup:
    """What the backup has; OarsError where it is none, or not all of it is there."""
    try:
        found = json.loads((folder / INDEX).read_text())
        if found["kind"] > KIND:
            raise OarsError(f"{folder} was made by a newer release: restore it with that one.")
        saved = Backup(found["made_at"], [Saved(**each) for each in found["tables"]], found["kind"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OarsError(f"{folder} is no backup: `oars backup` writes {INDEX} there.") from error
    if not {each.name for each in saved.tables} <= set(ORDER):
        raise OarsError(f"{folder} is no backup: {INDEX} has tables that none has.")
    for each in saved.tables:
        if sum_of(folder / file_of(each.name)) != each.sha256:
            raise OarsError(
                f"{folder / file_of(each.name)} is missing or damaged: nothing was restored."
            )
    return saved


def _refuse_others(client: Client, target: Target, saved: Backup) -> None:
    """OarsError where a run is at work, or a table has rows that are not those of the backup."""
    ops = f"{target.schema}_ops"
    if table_exists(client, ops, "lease") and live_claims(client, ops):
        raise OarsError("A run is at work on this database: wait until it has ended.")
    if being_forgotten(client, target.schema)[1]:
        raise OarsError("Somebody is being forgotten: repeat `oars forget` and back that up.")
    for each in saved.tables:
        database, table = place_of(each.name, target.schema)
        if each.name in OPERATOR and not table_exists(client, database, table):
            raise OarsError(f"There is no table {database}.{table}: run `oars init` first.")
        if not _is_free(client, target, each) and not _is_there(client, target, each):
            raise OarsError(
                f"{database}.{table} has rows that are not the backup's, and nothing is "
                "overwritten: restore into a database on which nothing has run yet."
            )


def _is_free(client: Client, target: Target, saved: Saved) -> bool:
    """Whether the table has nothing that counts. A salt means nothing while nobody is forgotten."""
    name = "forgotten" if saved.name == "salt" else saved.name
    database, table = place_of(name, target.schema)
    if not table_exists(client, database, table):
        return True
    return not int(client.command(f"select count() from {qualified(database, table)}"))  # type: ignore[arg-type]


def _is_there(client: Client, target: Target, saved: Saved) -> bool:
    """Whether the table has the backup's rows and no others."""
    database, table = place_of(saved.name, target.schema)
    columns = columns_of(client, database, table)
    if not set(saved.columns) <= columns.keys():
        return False
    return _holds(client, qualified(database, table), saved)


def _holds(client: Client, table: str, saved: Saved) -> bool:
    final = " final" if saved.name in ("kept_months", BASE) else ""
    return digest_of(client, table + final, saved.columns) == (saved.row_count, saved.digest)


def _prepare(target: Target, profiles_dir: Path | None, target_name: str | None) -> None:
    """Have dbt make the tables, or bring those of another release up to date."""
    arguments = ["run-operation", "oars.prepare_restore", "--quiet"]
    arguments += ["--project-dir", str(target.project_dir)]
    arguments += ["--profiles-dir", str(profiles_dir)] if profiles_dir else []
    arguments += ["--target", target_name] if target_name else []
    if not invoke_dbt(arguments).success:
        raise OarsError("The tables cannot be made: see what dbt says above, and restore again.")


def _fill(client: Client, target: Target, saved: Saved, file: Path) -> None:
    database, table = place_of(saved.name, target.schema)
    known = columns_of(client, database, table)
    columns = {name: known[name] for name in saved.columns if name in known}
    place = qualified(database, table)
    # Base is read beside itself, and there at once: half of a kept month would count as all of it.
    into = _beside(target) if saved.name == BASE else place
    if saved.name == "salt":
        client.command(f"truncate table {into}")
    if saved.row_count:
        read_rows(client, target, file, FORM, into, columns)
    is_same = len(columns) == len(saved.columns)
    if is_same and not _holds(client, into, saved):
        raise OarsError(f"{database}.{table} has not become what was saved: see {file}.")
    if saved.name == BASE:
        client.command(f"exchange tables {place} and {into}{_on_cluster(target)}")


def _beside(target: Target) -> str:
    """The table beside base. A run would drop it, should it be left."""
    return qualified(f"{target.schema}_staging", f"{BASE}__dbt_tmp")


def _on_cluster(target: Target) -> str:
    return f" on cluster '{target.cluster}'" if target.cluster else ""
