"""`oars backup` and `oars restore`: what no run can build again comes back, and nobody with it."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from oars_site import WITHOUT_TESTS, Run, Site
from test_forget import NEW_OF_OLD, tables_with
from test_targets import HttpSite, digests

SIMULATED = ("simulate", "--statements", "2000", "--learners", "30", "--courses", "2")
OF_THE_PROJECT = (
    *("oars", "oars_ops", "oars_staging", "oars_intermediate", "oars_seeds", "oars_operator"),
)
DROPPED = [f"drop database if exists {database} sync" for database in OF_THE_PROJECT]
# As an older release made it.
OLDER = ["create database oars_ops"] + [
    f"create table oars_ops.{table} engine = MergeTree order by {key}"
    for table, key in (
        ("forgotten (actor_hash String)", "actor_hash"),
        ("salt (salt String)", "salt"),
    )
]
MONTHS = "select distinct toYYYYMM(emission_time) as month from {} order by month"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """With a learner who was forgotten, staff, and a month that raw has let go of."""
    site = Site(tmp_path_factory.mktemp("backup"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED, "--out", "sent").code == 0
    assert site.oars(*SIMULATED, "--load").code == 0
    built = site.dbt("build", *WITHOUT_TESTS)
    assert built.code == 0, built.out
    month = site.query(MONTHS.format("xapi.xapi_events_all"))[0]["month"]
    # Of that month some come late.
    site.execute(
        "create table xapi.late as xapi.xapi_events_all",
        NEW_OF_OLD.format(where=f"toYYYYMM(emission_time) = {month} limit 2").replace(
            "insert into xapi.xapi_events_all", "insert into xapi.late"
        ),
        f"alter table xapi.xapi_events_all drop partition {month}",
        "insert into xapi.xapi_events_all select * from xapi.late",
        "drop table xapi.late sync",
    )
    assert site.dbt("run").code == 0
    (site.folder / "learner").write_text(learner(site))
    forgotten = site.oars("forget", "--actor", forgotten_learner(site), "--yes")
    assert forgotten.code == 0, forgotten.err
    made = site.oars("backup", "saved")
    assert made.code == 0, made.err
    assert "oars_ops.salt: 1 row\n" in made.out
    return site


def learner(site: Site) -> str:
    """Who was active in all of the time."""
    [row] = site.query(
        "select actor_id from oars.fct_learner_course_days group by actor_id "
        "order by dateDiff('day', min(date), max(date)) desc, actor_id limit 1"
    )
    return str(row["actor_id"])


def forgotten_learner(site: Site) -> str:
    return (site.folder / "learner").read_text()


def tables(folder: Path) -> list[tuple[Any, ...]]:
    """What a backup has."""
    index = json.loads((folder / "backup.json").read_text())
    return [
        tuple(table[what] for what in ("name", "columns", "row_count", "digest"))
        for table in index["tables"]
    ]


def one_sentence(run: Run) -> str:
    assert (run.code, len(run.err.splitlines())) == (1, 1), run.out + run.err
    return run.err.removeprefix("Error: ").strip()


def test_backup_has_what_raw_has_not_and_is_for_its_owner_alone(site: Site) -> None:
    saved = site.folder / "saved"
    counts = {name: count for name, _, count, _ in tables(saved)}
    [kept] = site.query(
        "select count() as n from oars_staging.base_xapi__statements final "
        "where event_id not in (select event_id from xapi.xapi_events_all)"
    )
    assert counts.pop("base_xapi__statements") == int(kept["n"]) > 100
    # Of the learner each pseudonym and the user's number.
    assert counts.pop("forgotten") > 1
    assert counts == {"salt": 1, "kept_months": 1, "course_staff": 2, "programs": 3}
    assert saved.stat().st_mode & 0o777 == 0o700
    for file in saved.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        content = file.read_bytes()
        text = gzip.decompress(content) if file.suffix == ".gz" else content
        assert forgotten_learner(site).encode() not in text


def test_restored_database_has_the_same_marts_and_brings_nobody_back(
    site: Site, tmp_path: Path
) -> None:
    other = Site(tmp_path)
    shutil.copytree(site.data, other.data, symlinks=True)
    # All is lost but raw, and another release has been there.
    other.execute(*DROPPED, *OLDER)
    assert other.oars("init").code == 0

    restored = other.oars("restore", site.folder / "saved")

    assert restored.code == 0, restored.err
    assert "already there" not in restored.out
    [older] = other.query(
        "select countIf(comment = '') as n from system.tables where database = 'oars_ops'"
    )
    assert int(older["n"]) == 0
    built = other.dbt("build", *WITHOUT_TESTS)
    assert built.code == 0, built.out
    assert digests(other) == digests(site)
    assert other.oars("backup", "again").code == 0
    assert tables(tmp_path / "again") == tables(site.folder / "saved")

    # Everything comes again: what was forgotten, and the month that had left.
    assert other.oars("load", site.folder / "sent" / "statements.ndjson.gz").code == 0
    assert other.dbt("run").code == 0
    assert tables_with(other, forgotten_learner(site)) == {"xapi.xapi_events_all"}
    learners = "select count() as n from oars.dim_learners"
    assert other.query(learners) == site.query(learners)


def test_backup_of_a_server_is_the_same_and_is_restored_there(site: Site, tmp_path: Path) -> None:
    server = HttpSite(tmp_path, "server")
    shutil.copytree(site.data, server.data, symlinks=True)
    with server:
        made = server.oars("backup", "saved")
        assert made.code == 0, made.err
        assert tables(tmp_path / "saved") == tables(site.folder / "saved")
        for statement in DROPPED:
            server.over_http(statement)
        assert server.oars("init").code == 0

        restored = server.oars("restore", "saved")
        again = server.oars("restore", site.folder / "saved")

    assert restored.code == 0, restored.err
    assert again.code == 0, again.err
    assert again.out.count("already there") == len(tables(tmp_path / "saved"))
    months = MONTHS.format("oars_staging.base_xapi__statements")
    assert len(server.query(months)) == 1
    assert server.query("select name from system.tables where match(name, '__dbt_tmp')") == []


def test_nothing_is_overwritten(site: Site, tmp_path: Path) -> None:
    before = digests(site)
    saved = site.folder / "saved"
    site.execute("insert into oars_operator.programs values ('new', 'New', 'c')")
    refused = one_sentence(site.oars("restore", saved))
    site.execute("alter table oars_operator.programs delete where program_key = 'new'")
    assert refused.startswith("oars_operator.programs has rows that are not the backup's")
    assert "base_xapi__statements has rows" in one_sentence(site.oars("restore", saved))
    assert digests(site) == before

    assert "name a new folder" in one_sentence(site.oars("backup", saved))
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert "name a new folder" in one_sentence(site.oars("backup", link))


def test_what_is_no_whole_backup_is_one_sentence_and_restores_nothing(
    site: Site, tmp_path: Path
) -> None:
    assert "is no backup" in one_sentence(site.oars("restore", tmp_path))
    damaged = tmp_path / "damaged"
    shutil.copytree(site.folder / "saved", damaged)
    (damaged / "salt.tsv.gz").write_bytes(gzip.compress(b"salt\nother\n"))
    assert "salt.tsv.gz is missing or damaged" in one_sentence(site.oars("restore", damaged))
    index = json.loads((damaged / "backup.json").read_text())
    (damaged / "backup.json").write_text(json.dumps(index | {"kind": 2}))
    assert "by a newer release" in one_sentence(site.oars("restore", damaged))


def test_backup_is_of_a_database_at_rest(site: Site, tmp_path: Path) -> None:
    assert "Nothing has run" in one_sentence(Site(tmp_path).oars("backup", "saved"))
    other = Site(tmp_path)
    shutil.rmtree(other.data)
    shutil.copytree(site.data, other.data, symlinks=True)
    note = "insert into oars_ops.being_forgotten select generateUUIDv4(), 'users', '7'"
    other.execute(note)
    assert "Somebody is being forgotten" in one_sentence(other.oars("backup", "saved"))
    month = other.query(MONTHS.format("xapi.xapi_events_all"))[1]["month"]
    other.execute(
        "truncate table oars_ops.being_forgotten",
        f"alter table xapi.xapi_events_all drop partition {month}",
    )
    left = one_sentence(other.oars("backup", "saved"))
    assert left == f"{month} has left raw since the last run: run `dbt run` first."
    assert not (tmp_path / "saved").exists()
    assert not list(tmp_path.glob(".unfinished*"))
