"""Connections follow the published snapshot while queries run."""

import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from conftest import MAKE_SITE
from oars_superset import snapshot


def publish(folder: Path, number: int) -> None:
    """A new snapshot whose one row is its number, and the link to it, as `oars publish` does."""
    statements = [
        "create database oars",
        f"create table oars.version engine = MergeTree order by () as select {number} as number",
    ]
    target = folder / str(number)
    subprocess.run([sys.executable, "-c", MAKE_SITE, target, *statements], check=True)
    new = folder / "next"
    new.symlink_to(str(number))
    new.replace(folder / "current")


def test_eight_threads_follow_the_link_without_an_error(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    module = snapshot.dbapi(lambda sql, schema: None, str(tmp_path / "current"))
    seen: Counter[int] = Counter()
    errors: list[BaseException] = []
    stop = threading.Event()
    slowest = 0.0

    def ask() -> None:
        nonlocal slowest
        while not stop.is_set():
            newest = int((tmp_path / "current").readlink().name)
            started = time.monotonic()
            try:
                connection = module.connect(interface="chdb", database="oars")
                cursor = connection.cursor()
                cursor.execute("select number, sleepEachRow(0.02) from version")
                number = cursor.fetchall()[0][0]
                connection.close()
                assert number >= newest
            except BaseException as error:
                errors.append(error)
                return
            slowest = max(slowest, time.monotonic() - started)
            seen[number] += 1

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in (2, 3, 4):
        time.sleep(1)
        publish(tmp_path, number)
    time.sleep(2)
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors
    assert set(seen) == {1, 2, 3, 4}
    assert slowest < 10
    print(f"{sum(seen.values())} queries, the slowest {slowest:.2f} s")


def test_without_a_snapshot_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    module = snapshot.dbapi(lambda sql, schema: None, str(tmp_path / "current"))
    with pytest.raises(OperationalError, match="run `oars publish`"):
        module.connect(interface="chdb")
    assert not (tmp_path / "current").exists()  # The engine would have made an empty one.


def test_a_query_that_does_not_end_does_not_block_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SECONDS_TO_WAIT", 0.5)
    publish(tmp_path, 1)
    module = snapshot.dbapi(lambda sql, schema: None, str(tmp_path / "current"))
    old = module.connect(interface="chdb", database="oars")
    publish(tmp_path, 2)
    with pytest.raises(OperationalError, match="try again in a minute"):
        module.connect(interface="chdb", database="oars")
    old.close()
    new = module.connect(interface="chdb", database="oars")
    cursor = new.cursor()
    cursor.execute("select number from version")
    assert cursor.fetchall()[0][0] == 2
    new.close()


def test_every_statement_passes_the_check(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    asked = []

    def refuse(sql: str, schema: str | None) -> None:
        asked.append((sql, schema))
        raise PermissionError(sql)

    module = snapshot.dbapi(refuse, str(tmp_path / "current"))
    cursor = module.connect(interface="chdb", database="oars").cursor()
    with pytest.raises(PermissionError):
        cursor.execute("select 1")
    with pytest.raises(PermissionError):
        cursor.executemany("insert into version values", [(1,)])
    assert asked == [("select 1", "oars"), ("insert into version values", "oars")]


def test_limits_of_the_embedded_engine_hold(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    module = snapshot.dbapi(lambda sql, schema: None, str(tmp_path / "current"))
    connection = module.connect(interface="chdb", database="oars")
    cursor = connection.cursor()
    names = list(snapshot.SETTINGS)
    cursor.execute("select " + ", ".join(f"getSetting('{name}')" for name in names))
    assert dict(zip(names, cursor.fetchall()[0], strict=True)) == snapshot.SETTINGS
    for too_much in (
        "select number from numbers(1000001)",
        "select arrayMap(x -> sipHash64(x), range(1000000000))",
    ):
        with pytest.raises(DatabaseError):
            cursor.execute(too_much)
    connection.close()
