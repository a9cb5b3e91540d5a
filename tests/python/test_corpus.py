"""The real models on the known shapes of statements: each is read as the corpus says."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import xapi_corpus as corpus
from oars.assets import load_yaml
from oars_site import PROJECT, VIEWS, WITHOUT_TESTS, Site
from xapi_corpus import Case

BASE = "base_xapi__statements_final"
# A list that nothing is in is empty, not NULL.
EMPTY: dict[str, dict[str, Any]] = {"problem": {"response_choices": []}}
Rows = dict[str, dict[str, Any]]


def put_in(site: Site, cases: Iterable[Case]) -> None:
    site.insert((case.event_id, case.emission_time, case.body) for case in cases)


def build(site: Site) -> None:
    """Run the staging models; that succeeds whatever was inserted."""
    run = site.dbt(
        *("build", "--select", "+path:models/staging/xapi", "path:seeds"),
        *WITHOUT_TESTS,
    )
    assert run.code == 0, run.out


def read(site: Site) -> dict[str, Rows]:
    """Relation -> id -> row of all but the time of reading."""
    rows: dict[str, Rows] = {view: {} for view in (*VIEWS.values(), BASE)}
    for line in site.query(
        " union all ".join(
            f"select '{view}' as view, formatRowNoNewline('JSONEachRow', *) as row "
            f"from (select * except (loaded_at) from oars_staging.{view})"
            for view in rows
        )
    ):
        row = json.loads(line["row"])
        assert rows[line["view"]].setdefault(row["event_id"], row) is row, "a row twice"
    return rows


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """The whole corpus, read in one run."""
    site = Site(tmp_path_factory.mktemp("corpus"))
    assert site.oars("init").code == 0
    put_in(site, corpus.ALL)
    build(site)
    return read(site)


def check(case: Case, rows: dict[str, Rows]) -> None:
    """The statement is in its family, and its row is the expected one in every column."""
    family = rows[BASE][case.event_id]["event_family"]
    assert family == case.family, f"{case.name}: read as {rows[BASE][case.event_id]}"
    row = rows[VIEWS[family]][case.event_id]
    expected = dict.fromkeys(row) | EMPTY.get(family, {}) | case.columns
    expected |= {"event_id": case.event_id, "emission_time": case.emission_time}
    differing = {
        column: {"expected": expected[column], "read": row.get(column, "no such column")}
        for column in expected
        if column not in row or row[column] != expected[column]
    }
    assert not differing, case.name


def each(cases: list[Case]) -> pytest.MarkDecorator:
    """A test for each of the cases, under its name."""
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


@each(corpus.SHAPE_CASES)
def test_shape_is_read_with_all_that_it_can_have_and_with_the_least(
    case: Case, rows: dict[str, Rows]
) -> None:
    check(case, rows)


@each(corpus.ACTORS)
def test_actor_of_any_form_is_one_pseudonym_and_never_an_address(
    case: Case, rows: dict[str, Rows]
) -> None:
    check(case, rows)


@each(corpus.COURSE_KEYS)
def test_course_key_of_any_form_has_its_org_and_run(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.COURSES)
def test_course_is_what_an_activity_of_type_course_names(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.BLOCKS)
def test_usage_key_of_any_form_is_the_block(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.SUBMISSIONS)
def test_submission_is_single_or_a_parent_or_a_child(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.FIGURES)
def test_figure_is_the_number_that_was_sent_or_null(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.DIALECTS)
def test_older_dialect_is_read_as_far_as_it_goes(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.WRITINGS)
def test_same_statement_written_otherwise_is_read_alike(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.REPAIRED)
def test_what_python_writes_and_json_forbids_is_repaired(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.INCOMPLETE)
def test_incomplete_statement_has_nulls_and_is_not_malformed(
    case: Case, rows: dict[str, Rows]
) -> None:
    check(case, rows)


@each(corpus.UNCLASSIFIED)
def test_statement_that_is_not_listed_is_unclassified(case: Case, rows: dict[str, Rows]) -> None:
    check(case, rows)


@each(corpus.MALFORMED)
def test_statement_that_cannot_be_used_is_malformed_for_the_first_reason(
    case: Case, rows: dict[str, Rows]
) -> None:
    check(case, rows)


def test_every_statement_is_in_base_and_in_one_view(rows: dict[str, Rows]) -> None:
    ids = sorted(case.event_id for case in corpus.ALL)
    assert sorted(rows[BASE]) == ids
    assert sorted(id_ for view in VIEWS.values() for id_ in rows[view]) == ids


def test_every_known_shape_is_recognised(rows: dict[str, Rows]) -> None:
    unrecognised = [
        case.name
        for case in corpus.SHAPE_CASES
        if rows[BASE][case.event_id]["event_family"] in ("unclassified", "malformed")
    ]
    assert unrecognised == []


def test_every_line_of_the_list_of_event_types_is_hit(rows: dict[str, Rows]) -> None:
    listed = load_yaml((PROJECT / "dbt_project.yml").read_text())["vars"]["oars"]
    lines = {
        (line["verb"], line["object_type"], line["family"], line["event_type"])
        for line in listed["xapi_event_types"]
    }
    hit = {
        (row["verb_id"], row["object_type"], row["event_family"], row["event_type"])
        for row in (rows[BASE][case.event_id] for case in corpus.SHAPE_CASES)
    }
    assert hit == lines


def test_every_reason_of_rejection_occurs(rows: dict[str, Rows]) -> None:
    described = load_yaml(
        (PROJECT / "models/staging/xapi/stg_xapi__malformed_statements.yml").read_text()
    )
    columns = {column["name"]: column for column in described["models"][0]["columns"]}
    listed = columns["rejection_reason"]["data_tests"][0]["accepted_values"]["arguments"]
    reasons = {row["rejection_reason"] for row in rows[VIEWS["malformed"]].values()}
    # Nobody has been forgotten here: test_forget.py has that.
    assert reasons == set(listed["values"]) - {"", "forgotten"}


@pytest.mark.parametrize("view", VIEWS.values())
def test_every_column_of_a_view_is_filled_by_some_statement(
    view: str, rows: dict[str, Rows]
) -> None:
    of_view = list(rows[view].values())
    assert [c for c in of_view[0] if all(row[c] is None for row in of_view)] == []


def test_no_address_is_left(rows: dict[str, Rows]) -> None:
    assert "@example.com" not in json.dumps(rows)


def test_row_does_not_depend_on_what_was_read_with_it(
    rows: dict[str, Rows], tmp_path: Path
) -> None:
    site = Site(tmp_path)
    assert site.oars("init").code == 0
    for first in (1, 0):
        put_in(site, corpus.ALL[first::2])
        build(site)
    assert read(site) == rows
