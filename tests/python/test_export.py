"""`oars export`: files have the rows of the marts, of learners only where that is asked for."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from oars_site import PROJECT, WITHOUT_TESTS, Run, Site
from test_contract import MARTS, columns_of
from test_targets import HttpSite

SIMULATED = ("simulate", "--statements", "2000", "--learners", "20", "--courses", "2", "--load")
OF_LEARNERS = {mart for mart in MARTS if "actor_id" in columns_of(mart)}
PERSONAL = {"dim_learners_pii", "course_staff"}
PUBLIC = MARTS.keys() - OF_LEARNERS - PERSONAL
OF_COURSES = {mart for mart in PUBLIC if "course_key" in columns_of(mart)}
NOTEBOOK = PROJECT / "examples" / "notebook" / "course_report.ipynb"

# Runs the cells of code in their order; the last line says what the notebook found.
IN_ORDER = """
import json
import sys
scope = {}
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), scope)
print(json.dumps({name: scope[name] for name in ("courses", "weeks", "problems", "pages")}))
"""
# The rows of a mart in other parts and another order than a run leaves them in.
SHUFFLED = (
    "create table oars.shuffled as oars.agg_video_segments",
    "insert into oars.shuffled select * from oars.agg_video_segments order by rand() limit 100",
    "insert into oars.shuffled select * from oars.agg_video_segments "
    "where tuple(*) not in (select tuple(*) from oars.shuffled) order by rand()",
    "exchange tables oars.shuffled and oars.agg_video_segments",
    "drop table oars.shuffled sync",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("export"))
    assert site.oars("init").code == 0
    assert site.oars(*SIMULATED).code == 0
    built = site.dbt("build", *WITHOUT_TESTS)
    assert built.code == 0, built.out
    return site


@pytest.fixture(scope="module")
def exported(site: Site) -> Path:
    """All that is exported unless something is asked for."""
    exported = site.oars("export", "new/marts")
    assert exported.code == 0, exported.err
    (site.folder / "said").write_text(exported.out)
    return site.folder / "new" / "marts"


def one_sentence(run: Run) -> str:
    assert (run.code, len(run.err.splitlines())) == (1, 1), run.out + run.err
    return run.err.removeprefix("Error: ").strip()


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_files_are_the_marts_without_learners_and_have_their_rows(
    site: Site, exported: Path
) -> None:
    assert {file.name for file in exported.iterdir()} == {f"{mart}.parquet" for mart in PUBLIC}
    each = [
        f"select '{mart}' as mart, (select count() from oars.{mart}) as n, (select count() from "
        f"(select * from oars.{mart} except select * from file('{file}', Parquet))) as lost, "
        f"(select count() from file('{file}', Parquet)) as written"
        for mart in sorted(PUBLIC)
        for file in [exported / f"{mart}.parquet"]
    ]
    found = site.query(" union all ".join(each))
    assert [row for row in found if int(row["lost"]) or row["n"] != row["written"]] == []
    said = (site.folder / "said").read_text().splitlines()
    assert len(said) == len(found)
    for row in found:
        file = exported / f"{row['mart']}.parquet"
        rows = "row" if int(row["n"]) == 1 else "rows"
        size = file.stat().st_size
        [line] = [line for line in said if line.startswith(f"oars.{row['mart']}: ")]
        assert f": {int(row['n']):,} {rows}, {size:,} bytes, " in line
    [times] = site.query(
        "select toTypeName(any(last_event_at)) as type from "
        f"file('{exported / 'agg_courses.parquet'}', Parquet)"
    )
    assert "'UTC'" in times["type"]


def test_files_are_for_their_owner_alone_and_no_link_is_followed(
    site: Site, exported: Path, tmp_path: Path
) -> None:
    for folder in (exported, exported.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    for file in exported.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    (tmp_path / "other").write_text("of somebody else")
    link = tmp_path / "agg_courses.parquet"
    link.symlink_to("other")
    kept = tmp_path / "notes"
    kept.write_text("of the operator")

    assert site.oars("export", tmp_path, "--mart", "agg_courses").code == 0

    assert not link.is_symlink()
    assert link.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == [link.name, "notes", "other"]
    assert (tmp_path / "other").read_text() == "of somebody else"

    before = link.read_bytes()
    with site.held():
        assert "is in use" in one_sentence(site.oars("export", tmp_path, "--mart", "agg_courses"))
    assert link.read_bytes() == before


def test_learners_are_exported_where_they_are_named_and_names_of_people_never(
    site: Site, tmp_path: Path
) -> None:
    named = ("--mart", "fct_enrollments", "--mart", "agg_courses")
    assert site.oars("export", tmp_path, "--format", "csv", *named).code == 0
    assert {file.name for file in tmp_path.iterdir()} == {"fct_enrollments.csv", "agg_courses.csv"}
    [learners] = site.query("select count() as n from oars.fct_enrollments")
    assert len(rows_of(tmp_path / "fct_enrollments.csv")) == int(learners["n"]) > 0

    for mart in sorted(PERSONAL):
        refused = one_sentence(site.oars("export", tmp_path, "--mart", mart))
        assert refused == f"{mart} is never exported: it has names of people."
    unknown = one_sentence(site.oars("export", tmp_path, "--mart", "fct_enrolments"))
    assert unknown.startswith("No mart is called fct_enrolments; close to it: fct_enrollments")


def test_course_limits_the_rows_to_it(site: Site, tmp_path: Path) -> None:
    [course] = site.query("select max(course_key) as course_key from oars.dim_courses")
    key = course["course_key"]

    run = site.oars("export", tmp_path, "--format", "csv", "--course", key)

    assert run.code == 0, run.err
    assert {file.stem for file in tmp_path.iterdir()} == OF_COURSES
    for mart in OF_COURSES:
        rows = rows_of(tmp_path / f"{mart}.csv")
        assert {row["course_key"] for row in rows} <= {key}
    assert len(rows_of(tmp_path / "agg_courses.csv")) == 1
    unknown = one_sentence(site.oars("export", tmp_path, "--course", f"{key}1"))
    assert unknown == f"No course has the key {key}1; close to it: {key}."
    instance = ("--mart", "agg_instance_daily", "--course", key)
    refused = one_sentence(site.oars("export", tmp_path, *instance))
    assert refused == "agg_instance_daily is not of courses: export it without --course."


def test_server_gives_the_same_bytes_in_whatever_order_the_rows_lie(
    site: Site, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    assert site.oars("export", here, "--format", "csv").code == 0
    server = HttpSite(tmp_path, "server")
    shutil.copytree(site.data, server.data, symlinks=True)
    with server:
        for statement in SHUFFLED:
            server.over_http(statement)
        run = server.oars("export", "there", "--format", "csv")
        parquet = server.oars("export", "parquet", "--mart", "agg_video_segments")

    assert run.code == 0, run.err
    assert parquet.code == 0, parquet.err
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o700
    for file in here.iterdir():
        other = tmp_path / "there" / file.name
        assert other.stat().st_mode & 0o777 == 0o600
        assert other.read_bytes() == file.read_bytes(), file.name
    assert parquet.out.split(" rows")[0] in run.out
    # Who was not graded has no grade, which is nothing at all in the file.
    learners = tmp_path / "learners"
    grades = ("--format", "csv", "--mart", "fct_learner_course_status")
    assert site.oars("export", learners, *grades).code == 0
    text = (learners / "fct_learner_course_status.csv").read_text()
    assert ",," in text
    assert "\\N" not in text


def test_nothing_is_exported_while_somebody_is_being_forgotten(site: Site, tmp_path: Path) -> None:
    note = "insert into oars_ops.being_forgotten select generateUUIDv4(), 'users', '7'"
    site.execute(note)
    refused = one_sentence(site.oars("export", tmp_path / "marts"))
    site.execute("truncate table oars_ops.being_forgotten")
    assert refused.startswith("Somebody is being forgotten")
    assert not (tmp_path / "marts").exists()


def test_cells_of_the_notebook_find_what_the_marts_say(site: Site, exported: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_ORDER, NOTEBOOK],
        capture_output=True,
        check=True,
        text=True,
        env=site.env | {"OARS_EXPORT": str(exported)},
    )
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout.splitlines()[-1])
    largest = site.query(
        "select course_key, course_name, enrolled_count, passed_count, at_risk_count "
        "from oars.agg_courses order by enrolled_count desc, course_key"
    )
    assert [{name: str(value) for name, value in row.items()} for row in found["courses"]] == [
        {name: str(value) for name, value in row.items()} for row in largest
    ]
    assert all(found.values())
