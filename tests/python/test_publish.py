"""`oars publish`: dashboards read a copy of the marts that is whole, and has nothing else."""

import fcntl
import json
import subprocess
import sys
import time
from copy import copy
from pathlib import Path

import pytest

from oars_site import WITHOUT_TESTS, Site

SIMULATED = ("simulate", "--statements", "2000", "--learners", "20", "--courses", "2", "--load")
# Only raw has it, and no compression finds anything like it.
MARK = b"qZ7_Wk!pXv9~Jm#Ty2|Bf$Gh6^Ru*Ln"
ADDRESS = b"@example.com"
WITH_PERSONS = ("--vars", "{pii_enabled: true}")

# Opens a folder, and answers a query for each line that it is sent.
READ = """
import sys, clickhouse_connect
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
for query in sys.stdin:
    print(client.command(query), flush=True)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Built with personal data, and published once."""
    site = Site(tmp_path_factory.mktemp("publish"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED).code == 0
    body = {"id": "00000000-0000-0000-0000-000000000001", "mark": MARK.decode()}
    site.insert([(body["id"], "2026-05-01 10:00:00", json.dumps(body).encode())])
    built = site.dbt("build", *WITHOUT_TESTS, *WITH_PERSONS)
    assert built.code == 0, built.out
    published = site.oars("publish")
    assert published.code == 0, published.err
    return site


def current(site: Site) -> Path:
    """Where the link leads."""
    return (site.folder / "chdb_published" / "current").resolve()


def snapshots(site: Site) -> list[Path]:
    found = (site.folder / "chdb_published").iterdir()
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def at(site: Site, folder: Path) -> Site:
    """The site with another data folder."""
    other = copy(site)
    other.data = folder
    return other


def marts(site: Site) -> dict[str, tuple[object, ...]]:
    """Of each mart its columns, how many rows and a sum of their hashes."""
    tables = site.query(
        "select database, table, groupArray((name, type)) as columns from "
        "(select * from system.columns where database in ('oars', 'oars_pii') "
        "and not startsWith(table, 'stg_') order by database, table, position) "
        "group by database, table order by all"
    )
    each = [
        f"select '{table['database']}.{table['table']}' as mart, count() as n, "
        f"sum(cityHash64(tuple(*))) as hash from {table['database']}.{table['table']}"
        for table in tables
    ]
    found = {row["mart"]: row for row in site.query(" union all ".join(each))}
    return {
        name: (table["columns"], found[name]["n"], found[name]["hash"])
        for table in tables
        for name in [f"{table['database']}.{table['table']}"]
    }


def has(folder: Path, text: bytes) -> bool:
    return any(text in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_snapshot_has_each_mart_with_its_types_its_rows_and_its_key(site: Site) -> None:
    snapshot = at(site, current(site))
    expected = marts(site)
    assert {"oars.dim_courses", "oars.course_staff", "oars_pii.dim_learners_pii"} <= set(expected)
    assert marts(snapshot) == expected
    tables = (
        "select database, name, sorting_key from system.tables "
        "where database in ('oars', 'oars_pii') and engine = 'MergeTree' order by all"
    )
    copied = snapshot.query(tables)
    # Views are tables now, without a key.
    assert [table for table in copied if table["sorting_key"]] == site.query(tables)
    assert len(copied) == len(expected)


def test_snapshot_has_nothing_of_raw_and_of_staging(site: Site) -> None:
    databases = at(site, current(site)).query(
        "select name from system.databases where lower(name) not in "
        "('information_schema', 'system', 'default') order by name"
    )
    assert [row["name"] for row in databases] == ["oars", "oars_pii"]
    assert has(site.data, MARK)
    assert not has(site.folder / "chdb_published", MARK)


def test_folder_in_use_is_one_sentence_and_changes_nothing(site: Site) -> None:
    before = current(site)
    with site.held():
        run = site.oars("publish")
    assert run.code == 1
    assert run.err.startswith(f"Error: The data folder {site.data} is in use by another process")
    assert len(run.err.splitlines()) == 1
    assert (current(site), snapshots(site)) == (before, [before])


def test_two_do_not_publish_at_once(site: Site) -> None:
    published = site.folder / "chdb_published"
    with (published / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = site.oars("publish")
    assert (run.code, run.err) == (
        1,
        f"Error: Another process is publishing to {published}: wait until it has finished.\n",
    )


def test_run_that_is_killed_changes_nothing_and_the_next_clears_up(site: Site) -> None:
    before = current(site)
    unfinished = site.folder / "chdb_published" / ".new"
    run = subprocess.Popen(
        [sys.executable, "-m", "oars", "publish"],
        cwd=site.folder,
        env=site.env,
        stdout=subprocess.DEVNULL,
    )
    while not (unfinished / "chdb" / "metadata").exists():
        assert run.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    run.kill()
    run.wait()
    assert unfinished.exists()
    assert (current(site), "oars.dim_courses" in marts(at(site, before))) == (before, True)

    again = site.oars("publish")

    assert again.code == 0, again.err
    assert not unfinished.exists()
    assert snapshots(site) == [before, current(site)]
    assert marts(at(site, current(site))) == marts(site)


def test_reader_keeps_what_it_has_open_and_the_next_one_sees_the_news(site: Site) -> None:
    old = current(site)
    count = "select sum(event_count) from oars.agg_instance_daily\n"
    reader = subprocess.Popen(
        [sys.executable, "-c", READ, str(old)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin is not None
    assert reader.stdout is not None

    def ask(query: str) -> str:
        assert reader.stdin is not None
        assert reader.stdout is not None
        reader.stdin.write(query)
        reader.stdin.flush()
        return reader.stdout.readline().strip()

    before = ask(count)
    assert site.oars(*SIMULATED, "--seed", "2").code == 0
    run = site.dbt("run", *WITH_PERSONS)
    assert run.code == 0, run.out

    published = site.oars("publish")

    assert published.code == 0, published.err
    assert str(current(site)) in published.out
    # A table that it has not read yet is there too.
    assert ask(count) == before
    assert int(ask("select count() from oars.fct_learner_problems\n")) > 0
    reader.communicate()
    snapshot = at(site, current(site))
    assert marts(snapshot) == marts(site)
    [row] = snapshot.query(count.strip().replace("sum(event_count)", "sum(event_count) as n"))
    assert int(row["n"]) > int(before)
    assert snapshots(site) == [old, current(site)]
    assert site.oars("publish").code == 0
    assert old not in snapshots(site)
    assert len(snapshots(site)) == 2


def test_snapshots_with_persons_are_gone_once_personal_data_is_turned_off(site: Site) -> None:
    assert all(has(snapshot, ADDRESS) for snapshot in snapshots(site))
    assert site.dbt("run").code == 0

    published = site.oars("publish")

    assert "2 older snapshots are gone" in published.out
    assert snapshots(site) == [current(site)]
    assert has(site.data, ADDRESS)
    assert not has(current(site), ADDRESS)


def test_snapshots_with_a_learner_are_gone_once_the_learner_was_forgotten(site: Site) -> None:
    [learner] = site.query("select min(actor_id) as actor_id from oars.fct_enrollments")
    assert site.oars("publish").code == 0
    before = snapshots(site)
    assert len(before) == 2

    assert site.oars("forget", "--actor", learner["actor_id"], "--yes").code == 0
    published = site.oars("publish")

    assert "2 older snapshots are gone" in published.out
    assert snapshots(site) == [current(site)]
    # Nobody was forgotten since.
    assert site.oars("publish").code == 0
    assert len(snapshots(site)) == 2


def test_what_cannot_be_published_is_one_sentence(site: Site, tmp_path: Path) -> None:
    server = site.oars("publish", "--target", "server")
    assert (server.code, server.err) == (
        1,
        "Error: There is nothing to publish from a server: there the dashboards read the marts "
        "themselves.\n",
    )
    empty = Site(tmp_path).oars("publish")
    assert (empty.code, empty.err) == (
        1,
        "Error: Nothing has run on this database yet: run `dbt build` first.\n",
    )
    assert not list((tmp_path / "chdb_published").glob("[!.]*"))


def test_folders_are_for_their_owner_alone(site: Site) -> None:
    folders = [site.data, site.data.with_name("chdb_published"), current(site)]
    assert [oct(folder.stat().st_mode & 0o777) for folder in folders] == ["0o700"] * 3


def test_only_snapshots_are_removed_and_no_link_is_followed(site: Site) -> None:
    published = site.data.with_name("chdb_published")
    own = published / "notes of the operator"
    own.mkdir()
    lock, other = published / ".lock", site.folder / "other"
    other.write_text("of somebody else")
    lock.unlink()
    lock.symlink_to(other)

    refused = site.oars("publish")
    lock.unlink()
    again = site.oars("publish")

    assert refused.code == 1
    assert other.read_text() == "of somebody else"
    assert again.code == 0, again.err
    assert own.is_dir()
