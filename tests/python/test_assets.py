"""Superset's assets are those of the dbt contract, and say nothing that the contract refuses."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from oars.assets import (
    KINDS,
    NO_TAG,
    Chart,
    Mart,
    Parts,
    Texts,
    colors_of,
    in_words,
    link_sql,
    load_yaml,
    make_assets,
    marts_read,
    read_marts,
    read_parts,
    refuse_wrong_sum,
    uuid_of,
)
from oars.connection import OarsError
from oars.shapes import check_filters
from oars_site import PROJECT, Site

LANGUAGES = sorted(path.stem for path in (PROJECT / "superset" / "text").glob("*.yml"))


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profiles")
    (folder / "profiles.yml").write_text((PROJECT / "profiles.yml.example").read_text())
    return folder


@pytest.fixture(scope="module")
def marts(profiles: Path) -> dict[str, Mart]:
    return read_marts(PROJECT, profiles)


@pytest.fixture(scope="module")
def parts(marts: dict[str, Mart]) -> Parts:
    return read_parts(PROJECT, marts)


def paths_of(tree: Any, above: str = "") -> dict[str, str]:
    """Every text by its place."""
    if not isinstance(tree, dict):
        return {above: tree}
    return {
        path: text
        for name, below in tree.items()
        for path, text in paths_of(below, f"{above}.{name}").items()
    }


def test_assets_are_those_of_the_contract(marts: dict[str, Mart]) -> None:
    """After an edit of a mart, a dashboard or a text: `oars assets`."""
    made = make_assets(PROJECT, marts)
    for bundle, files in made.items():
        folder = PROJECT / "superset" / bundle
        found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}
        assert [
            name for name in files.keys() | found.keys() if files.get(name) != found.get(name)
        ] == []


def test_each_public_mart_is_a_dataset_of_its_name(marts: dict[str, Mart]) -> None:
    described = {path.stem for path in (PROJECT / "models" / "marts").rglob("[!_]*.sql")}
    datasets = {path.stem for path in (PROJECT / "superset").rglob("datasets/*/*.yaml")}
    assert datasets == marts.keys() == described - {"course_staff"}


def test_personal_data_are_in_a_bundle_of_their_own() -> None:
    text = "".join(path.read_text() for path in (PROJECT / "superset/assets").rglob("*.yaml"))
    assert "schema: oars_pii" not in text
    assert "full_name" not in text


def test_a_sum_of_what_does_not_add_up_is_refused(marts: dict[str, Mart]) -> None:
    mart = marts["agg_video_engagement"]
    for wrong in (
        "sum(viewer_count)",
        "sumIf(viewer_count, play_count > 0)",
        "SUM( viewer_count )",
    ):
        planted = replace(mart, own_metrics={"wrong": wrong})
        with pytest.raises(OarsError, match="sums viewer_count, which does not add up"):
            refuse_wrong_sum("wrong", planted)
    refuse_wrong_sum("sum_play_count", mart)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"x": "no_such_column", "metric": "rows"}, "has no column no_such_column"),
        ({"x": "block_id", "metric": "sum_viewer_count"}, "has no metric sum_viewer_count"),
        ({"x": "block_id", "metric": "value_viewer_count"}, "add course_key"),
        ({"x": "course_title", "metric": "value_viewer_count"}, "add block_id"),
    ],
)
def test_a_chart_that_the_contract_does_not_have_is_refused(
    marts: dict[str, Mart], spec: dict[str, str], reason: str
) -> None:
    chart = Chart("some", "chart", {"kind": "bar", **spec}, marts["agg_video_engagement"])
    with pytest.raises(OarsError, match=reason):
        chart.check(set())


@pytest.mark.parametrize(
    ("file", "written", "instead", "reason"),
    [
        ("dashboards/video.yml", "charts:\n", "chart:\n", "no key chart: did you mean charts?"),
        ("dashboards/video.yml", "only:", "olny:", "no key olny: did you mean only?"),
        ("dashboards/video.yml", "height:", "hight:", "rows: there is no key hight"),
        ("dashboards/grades.yml", "where:", "were:", "no key were: did you mean where?"),
        ("dashboards/grades.yml", "op:", "operator:", "where: there is no key operator"),
        ("dashboards/learners.yml", "op: IN,", "op: INN,", "no operator INN: did you mean IN?"),
        ("dashboards/learners.yml", "kind: table", "kind: tabel", "did you mean table?"),
        (
            "dashboards/learners.yml",
            "- tab: group",
            "- tap: group",
            "no key tap: did you mean tab?",
        ),
        (
            "dashboards/learners.yml",
            "learner: [status,",
            "learner: [statsu,",
            "did you mean status?",
        ),
        ("dashboards/learners.yml", "filters: [", "filters: [cours, ", "did you mean course?"),
        ("dashboards/enrollments.yml", ", value: country}", "}", "where: == takes a value"),
        (
            "dashboards/grades.yml",
            "    metrics: [value_learner_count, value_passed_count]\n",
            "",
            "key metric",
        ),
        (
            "dashboards/grades.yml",
            "graded: {kind: number, dataset: fct_learner_grades, metric: graded_learners}",
            "graded:",
            "keys are missing here",
        ),
        ("filters.yml", "single:", "singel:", "no key singel: did you mean single?"),
        ("filters.yml", "within: org", "within: orgs", "no filter orgs: did you mean org?"),
        ("filters.yml", "column: org}", "column: organ}", "no column organ: did you mean org?"),
        ("filters.yml", "first_by_viewer_count", "first_by_viewers", "there is no column viewers"),
        ("filters.yml", "dataset: agg_programs", "dataset: agg_program", "mean agg_programs?"),
        ("links.yml", "tab: answers", "tab: answer", "no tab answer: did you mean answers?"),
        ("links.yml", "filter: problem", "filter: problems", "did you mean problem?"),
        ("links.yml", "dashboard: pages", "dashboard: page", "did you mean pages?"),
        ("links.yml", "when:", "wen:", "no key wen: did you mean when?"),
    ],
)
def test_a_word_that_nothing_reads_is_refused_with_the_nearest(
    marts: dict[str, Mart], tmp_path: Path, file: str, written: str, instead: str, reason: str
) -> None:
    shutil.copytree(PROJECT / "superset" / "dashboards", tmp_path / "superset" / "dashboards")
    for name in ("filters.yml", "links.yml"):
        shutil.copy(PROJECT / "superset" / name, tmp_path / "superset")
    path = tmp_path / "superset" / file
    assert written in path.read_text()
    path.write_text(path.read_text().replace(written, instead, 1))

    def read() -> None:
        filters = yaml.safe_load((tmp_path / "superset" / "filters.yml").read_text())
        check_filters("superset/filters.yml", filters, marts)
        read_parts(tmp_path, marts)

    with pytest.raises(OarsError, match=re.escape(reason)) as refused:
        read()

    assert f"superset/{file}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_value_of_one_row_wants_the_whole_key(marts: dict[str, Mart]) -> None:
    spec = {"kind": "bar", "x": "block_label", "metric": "value_viewer_count"}
    Chart("some", "chart", spec, marts["agg_video_engagement"]).check(
        {"course_label", "course_run"}
    )


def test_metrics_side_by_side_have_their_own_colors(parts: Parts) -> None:
    for slug in parts.dashboards:
        charts = [chart for chart in parts.charts if chart.dashboard == slug]
        colors = colors_of(charts, Texts({}))
        for chart in charts:
            if len(chart.metrics) > 1 and chart.spec["kind"] != "table":
                assert len({colors[name] for name in chart.metrics}) == len(chart.metrics), chart


def test_values_are_shown_in_the_readers_words(tmp_path: Path, marts: dict[str, Mart]) -> None:
    texts = Texts(
        {
            "values": {
                "true_false": {"true": "Oui", "false": "Non"},
                "risk_level": {"high": "C'est haut"},
            },
            "columns": {"is_passed": "P", "risk_level": "R"},
        }
    )
    chart = Chart("some", "chart", {"kind": "table"}, marts["fct_learner_course_status"])
    passed, risk = (in_words(chart, name, texts) for name in ("is_passed", "risk_level"))
    assert isinstance(passed, dict)
    assert isinstance(risk, dict)
    rows = Site(tmp_path).query(
        f"""select {passed["sqlExpression"]} as p, {risk["sqlExpression"]} as r
        from values('n UInt8, is_passed Nullable(Bool), risk_level String',
            (1, true, 'high'), (2, false, 'watch'), (3, null, '')) order by n"""
    )
    assert [(row["p"], row["r"]) for row in rows] == [
        ("Oui", "C'est haut"),
        ("Non", "watch"),
        (None, ""),
    ]
    assert in_words(chart, "actor_id", texts) == "actor_id"


def test_no_table_draws_html_of_what_somebody_wrote(marts: dict[str, Mart]) -> None:
    bundles = make_assets(PROJECT, marts).values()
    texts = [text for files in bundles for name, text in files.items() if name[:7] == "charts/"]
    charts = [load_yaml(text) for text in texts]
    assert {chart["viz_type"] for chart in charts} <= {viz_type for viz_type, _ in KINDS.values()}
    drawn = 0
    for chart in charts:
        params = chart["params"]
        if chart["viz_type"] == "pivot_table_v2":
            assert params["allowRenderHtml"] is False, chart["slice_name"]
        if chart["viz_type"] != "table":
            continue
        columns = params.get("all_columns", params.get("groupby"))
        assert params["allow_render_html"] is ("link" in columns), chart["slice_name"]
        if "link" in columns:
            drawn += 1
            [mart] = [
                m for m in marts.values() if uuid_of("dataset", m.name) == chart["dataset_uuid"]
            ]
            text = {column.name for column in mart.columns if "String" in column.type}
            text |= {column.name for column in mart.joined} - {"link"}
            assert not text & {column for column in columns if isinstance(column, str)}
            made = [column["sqlExpression"] for column in columns if isinstance(column, dict)]
            assert made
            assert all(sql.startswith("replaceAll(") and sql.endswith(f"{NO_TAG})") for sql in made)
    assert drawn == 3


def test_a_text_that_begins_no_tag_reads_as_before(tmp_path: Path) -> None:
    [row] = Site(tmp_path).query(f"select replaceAll('a <b>', '<', {NO_TAG}) as text")
    assert row["text"] == "a <\u2060b>"


def test_a_link_names_the_row_whatever_is_in_its_names(tmp_path: Path) -> None:
    sql = link_sql(
        {"dashboard": "learners", "tab": "learner", "filter": "learner", "column": "actor_id"}
    )
    [row] = Site(tmp_path).query(
        f"""select {sql} as link
        from (select 'It''s @1! A & B' as course_label, 'r+1' as course_run) as c
        cross join (select '"><b>@0' as actor_id) as m"""
    )
    address = re.fullmatch('<a href="([^"<>]*)">→</a>', row["link"])
    assert address
    before, chosen, tab = re.split(r"\?native_filters=|#", address[1])
    assert (before, tab) == ("../learners/", "TAB-learner")
    # In Rison `!` escapes `!` and `'`.
    for name, column, value in [
        ("course", "course_label", "It!'s @1!! A & B"),
        ("run", "course_run", "r+1"),
        ("learner", "actor_id", '"><b>@0'),
    ]:
        id_ = f"NATIVE_FILTER-learners-{name}"
        assert (
            f"{id_}:(id:{id_},filterState:(value:!('{value}')),"
            f"extraFormData:(filters:!((col:{column},op:IN,val:!('{value}')))))"
        ) in unquote(chosen)


def test_every_language_has_every_text() -> None:
    texts = {
        each: paths_of(load_yaml((PROJECT / "superset" / "text" / f"{each}.yml").read_text()))
        for each in LANGUAGES
    }
    assert len(LANGUAGES) > 1
    for found in texts.values():
        assert found.keys() == texts["en"].keys()
        assert [path for path, text in found.items() if not isinstance(text, str)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_changes_the_words_and_nothing_else(
    language: str, marts: dict[str, Mart]
) -> None:
    said = {"dashboard_title", "slice_name", "verbose_name", "name", "text", "code", "sliceName"}
    said |= {"description", "y_axis_title", "x_axis_title", "x_axis_sort", "label", "sqlExpression"}

    def wordless(tree: Any) -> Any:
        if isinstance(tree, dict):
            if "label_colors" in tree:
                tree = tree | {"label_colors": list(tree["label_colors"].values())}
            return {
                name: wordless(below)
                for name, below in tree.items()
                if name not in said or not isinstance(below, str)
            }
        return [wordless(each) for each in tree] if isinstance(tree, list) else tree

    english, other = (make_assets(PROJECT, marts, each)["assets"] for each in ("en", language))
    assert english.keys() == other.keys()
    for name in english:
        assert wordless(load_yaml(english[name])) == wordless(load_yaml(other[name]))


def test_each_dashboard_is_an_exposure_with_its_address_and_marts(
    marts: dict[str, Mart], parts: Parts
) -> None:
    exposures = {
        re.findall(r"/dashboard/([\w-]+)/$", exposure["url"])[0]: {
            name[5:-2] for name in exposure["depends_on"]
        }
        for path in (PROJECT / "models" / "marts").rglob("_*__exposures.yml")
        for exposure in load_yaml(path.read_text())["exposures"]
    }
    read = {slug: marts_read(slug, marts, parts) for slug in parts.dashboards}
    shown = set().union(*read.values())
    # An exposure may also name a mart of a site's own that no dashboard shows yet.
    assert {slug: named & shown for slug, named in exposures.items()} == read


def test_operators_dashboards_read_nothing_that_course_staff_may_read(parts: Parts) -> None:
    """Superset lists a dashboard to who may read one of its datasets: so it is all or nothing."""
    for slug in parts.dashboards:
        has_course = {
            "course_key" in chart.mart.names for chart in parts.charts if chart.dashboard == slug
        }
        assert len(has_course) == 1, slug
