"""Superset's assets, in its import format: datasets from the dbt contract, charts and dashboards.

A dataset is a public mart: its columns and their descriptions are those of the contract. Which
charts there are is said in `superset/dashboards/*.yml`, every word that a reader sees in
`superset/text/<language>.yml`. The same input gives the same bytes.
"""

import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from oars.connection import OarsError
from oars.manifest import read_manifest
from oars.shapes import check_dashboard, check_filters, check_links, refuse_unknown

Tree = dict[str, Any]

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, "oars-dbt")
DATABASE = "OARS"
URI = "clickhousedb://default@localhost/{schema}"
SNAPSHOT = ".oars/chdb_published/current"
"""What `oars publish` keeps up to date; on a server the database gets another URI."""

# Columns that name what a key column keys: a chart by the one is a chart by the other.
KEY_OF = {
    "block_label": "block_id",
    "question_label": "question_id",
    "course_title": "course_key",
    "program_name": "program_key",
}
COURSE_COLUMNS = {"course_label": "String", "course_run": "String", "course_title": "String"}
SPELLED = ("event_type", "change")
"""Columns of names such as video_played, which are shown without underscores."""
BLOCK_COLUMNS = {"block_label": "String"}
BLOCK_LABEL = (
    "multiIf(b.block_label != '', b.block_label, m.block_name is null, m.block_id, "
    "concat(m.block_name, ' (', splitByChar('@', m.block_id)[-1], ')'))"
)
"""A block that the structure does not have, as of a CCX, by its name and the end of its key."""
COLORS = {
    **{"high": "#E04355", "watch": "#FCC700", "none": "#5AC189"},
    **{"gone": "#666666", "not_judged": "#A1A6BD"},
}
"""Of the values of risk_level: what a reader takes them for."""
PALETTE = (
    *("#1FA8C9", "#454E7C", "#5AC189", "#FF7F44", "#666666", "#A868B7"),
    *("#3CCCCB", "#A38F79", "#E04355", "#FCC700", "#8FD3E4", "#A1A6BD"),
)
"""Of measures side by side: Superset by itself may give two of a chart one color."""
NO_TAG = "concat('<', char(226, 129, 160))"
"""SQL of a `<` that begins no tag: U+2060, word joiner, is not seen and names none."""
GRID_WIDTH = 12
ROW_LIMIT = 10_000


def uuid_of(kind: str, name: str) -> str:
    """The id that an asset has in every installation, so that an import updates it."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


@dataclass(frozen=True)
class Column:
    """A column of a dataset."""

    name: str
    type: str
    description: str
    additive: bool | None = None
    """Whether it may be summed; None of what is no measure."""


def is_list(column: Column) -> bool:
    """Whether a column holds lists, which a chart shows as text."""
    return column.type.startswith("Array")


def shown(column: Column) -> str:
    """A column of a mart as its dataset has it, to be read by people."""
    if is_list(column):
        return f"arrayStringConcat(m.{column.name}, '; ')"
    if column.name in SPELLED:
        return f"replaceAll(m.{column.name}, '_', ' ')"
    return f"m.{column.name}"


def link_sql(link: Tree) -> str:
    """SQL of a link to a dashboard with course, run and the row's own value already chosen.

    What is chosen stands in the address in Rison, in which `!` escapes `!` and `'`.
    """
    slug = link["dashboard"]
    chosen = [("course", "course_label", "c.course_label"), ("run", "course_run", "c.course_run")]
    if "filter" in link:
        value = BLOCK_LABEL if link["column"] == "block_label" else f"m.{link['column']}"
        chosen.append((link["filter"], link["column"], value))
    states = []
    for number, (name, column, _) in enumerate(chosen):
        id_ = f"NATIVE_FILTER-{slug}-{name}"
        states.append(
            f"{id_}:(id:{id_},filterState:(value:!('@{number}')),"
            f"extraFormData:(filters:!((col:{column},op:IN,val:!('@{number}')))))"
        )
    tab = f"#TAB-{link['tab']}" if "tab" in link else ""
    state = quote(f"({','.join(states)})", safe="@:,()")
    sql = f"'<a href=\"../{slug}/?native_filters={state}{tab}\">→</a>'"
    for number, (_, _, value) in enumerate(chosen):
        # In what is encoded there is no `@`.
        escaped = f"replaceAll(encodeURLComponent({value}), '%21', '%21%21')"
        escaped = f"replaceAll({escaped}, '%27', '%21%27')"
        sql = f"replaceAll({sql}, '@{number}', {escaped})"
    return sql


@dataclass(frozen=True)
class Mart:
    """What the dbt contract says of a public mart."""

    name: str
    schema: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    own_metrics: dict[str, str]
    sorted_by: str = ""
    """A measure by which a filter offers its values, those of the largest course first."""
    links: tuple[Tree, ...] = ()
    """Where its rows lead to, as `superset/links.yml` says."""

    @property
    def is_pii(self) -> bool:
        """Whether it says who learners are."""
        return self.schema.endswith("_pii")

    @cached_property
    def names(self) -> set[str]:
        """The names of its own columns."""
        return {column.name for column in self.columns}

    @property
    def joined(self) -> list[Column]:
        """The names of course and block, which a reader sees in place of keys."""
        added = COURSE_COLUMNS if "course_key" in self.names else {}
        if "block_id" in self.names:
            added = added | BLOCK_COLUMNS
        if "question_id" in self.names:
            added = added | {"question_label": "String"}
        if self.sorted_by:
            added = added | {"course_size": "UInt64"}
        if self.links:
            added = added | {"link": "String"}
        return [Column(name, type_, "") for name, type_ in added.items() if name not in self.names]

    @property
    def known(self) -> set[str]:
        """The columns that its dataset has, those that are joined too."""
        return self.names | {column.name for column in self.joined}

    @property
    def metrics(self) -> dict[str, str]:
        """Metric -> SQL. `sum_x` of what adds up, `value_x` of the one row that there is."""
        found = {}
        for column in self.columns:
            if column.additive:
                found[f"sum_{column.name}"] = f"sum({column.name})"
            if column.additive is not None:
                found[f"value_{column.name}"] = f"max({column.name})"
        if "actor_id" in self.names:
            found["learners"] = "uniqExact(actor_id)"
        if self.sorted_by:
            # Superset takes the first value before it knows which course is chosen, so it has to be
            # one of the course that is chosen first.
            found["first"] = f"max(course_size) * 1000000 + max({self.sorted_by})"
        return found | {"rows": "count()"} | self.own_metrics

    @property
    def sql(self) -> str | None:
        """The mart with names of course and block, lists as text; None where it needs neither."""
        joined = [column.name for column in self.joined]
        if not joined and all(shown(column) == f"m.{column.name}" for column in self.columns):
            return None
        columns = [f"{shown(column)} as {column.name}" for column in self.columns]
        tables = [f"{self.schema}.{self.name} as m"]
        if "course_label" in joined:
            columns += [
                f"c.{name} as {name}" for name in ("course_label", "course_run") if name in joined
            ]
            columns.append("concat(c.course_label, ', ', c.course_run) as course_title")
            tables.append(
                f"left join {self.schema}.dim_courses as c on m.course_key = c.course_key"
            )
        elif "course_title" in joined:
            columns.append("concat(m.course_label, ', ', m.course_run) as course_title")
        if self.sorted_by:
            columns.append("s.enrolled_count as course_size")
            tables.append(
                f"left join {self.schema}.agg_courses as s on m.course_key = s.course_key"
            )
        if "block_label" in joined:
            columns.append(f"{BLOCK_LABEL} as block_label")
            tables.append(
                f"left join {self.schema}.dim_course_blocks as b\n"
                "    on m.course_key = b.course_key and m.block_id = b.block_id"
            )
        if self.links:
            cases = ", ".join(
                f"{each.get('when', 'true')}, {link_sql(each)}" for each in self.links
            )
            columns.append(f"multiIf({cases}, '') as link")
        if "question_label" in joined:
            # Two questions of a problem may have one text: a label stands for one question.
            columns.append(
                "coalesce(if(uniqExact(m.question_id) over (partition by m.course_key, m.block_id, "
                "m.question_text) > 1, concat(m.question_text, ' (', m.question_id, ')'), "
                "m.question_text), m.question_id) as question_label"
            )
        return "select\n    " + ",\n    ".join(columns) + "\nfrom " + "\n".join(tables)


@dataclass(frozen=True)
class Texts:
    """Every word that a reader sees, in one language."""

    tree: Tree
    missing: list[str] = field(default_factory=list)

    def __call__(self, *path: str) -> str:
        """The text at a place; a missing one is noted and is its own name."""
        here: Any = self.tree
        for step in path:
            here = here.get(step) if isinstance(here, dict) else None
        if not isinstance(here, str):
            self.missing.append(".".join(path))
            return path[-1]
        return here

    def values(self, column: str) -> dict[str, str]:
        """The words for a column's values, where they are not shown as they are."""
        words: dict[str, str] = self.tree.get("values", {}).get(column, {})
        return words


def load_yaml(text: str) -> Any:
    """What a YAML document says; by libyaml, where PyYAML has it, in a tenth of the time."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def read_yaml(path: Path) -> Tree:
    """A YAML file as a tree; an unreadable one is an OarsError."""
    try:
        tree = load_yaml(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise OarsError(f"{path} cannot be read: {error}.") from error
    if not isinstance(tree, dict):
        raise OarsError(f"{path} must be a mapping.")
    return tree


def read_marts(
    project: Path, profiles: Path | None = None, target: str | None = None
) -> dict[str, Mart]:
    """The public marts, as dbt reads the project, with that of personal data."""
    manifest = read_manifest(project, profiles, target, {"pii_enabled": True})
    keys: dict[str, tuple[str, ...]] = {}
    for node in manifest.nodes.values():
        test = getattr(node, "test_metadata", None)
        if test and test.name == "unique":
            keys.setdefault(node.attached_node, (node.column_name,))
        if test and test.name == "unique_key":
            keys[node.attached_node] = tuple(test.kwargs["columns"])
    marts = {}
    for node in manifest.nodes.values():
        is_mart = node.resource_type == "model" and node.fqn[1] == "marts"
        if (
            not is_mart
            or node.config.access != "public"
            or node.config.meta.get("dataset") is False
        ):
            continue
        columns = tuple(
            Column(
                column.name,
                column.data_type,
                " ".join(column.description.split()),
                column.config.meta.get("additive"),
            )
            for column in node.columns.values()
        )
        if node.unique_id not in keys:
            raise OarsError(
                f"{node.name} has no test of a unique key: say what its rows are one of."
            )
        marts[node.name] = Mart(
            node.name,
            node.schema,
            node.description.split("**Questions**")[0].strip(),
            keys[node.unique_id],
            columns,
            dict(node.config.meta.get("metrics", {})),
        )
    filters = read_yaml(project / "superset" / "filters.yml")
    check_filters("superset/filters.yml", filters, marts)
    for spec in filters.values():
        if spec.get("sort", "").startswith("first_by_"):
            name = spec["dataset"]
            sorted_by = spec["sort"].removeprefix("first_by_")
            marts[name] = replace(marts[name], sorted_by=sorted_by)
    links_of = read_yaml(project / "superset" / "links.yml")
    refuse_unknown("superset/links.yml", links_of, marts, "public mart")
    for name, links in links_of.items():
        marts[name] = replace(marts[name], links=tuple(links))
    return dict(sorted(marts.items()))


def marts_read(slug: str, marts: dict[str, Mart], parts: "Parts") -> set[str]:
    """The marts that a dashboard reads: those of its charts and filters, and what these join."""
    used = {chart.mart.name for chart in parts.charts if chart.dashboard == slug}
    used |= {parts.filters[name].get("dataset") for name in parts.dashboards[slug]["filters"]}
    joined = {
        found
        for name in used & marts.keys()
        for found in re.findall(r"join \w+\.(\w+)", marts[name].sql or "")
    }
    return (used & marts.keys()) | joined


METADATA: Tree = {
    "version": "1.0.0",
    "type": "assets",
    # A fixed time: the same input gives the same bytes.
    "timestamp": "2026-01-01T00:00:00+00:00",
}


def database_tree(schema: str) -> Tree:
    """The embedded database, read-only; for a server it gets another URI."""
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": URI.format(schema=schema),
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {
            "engine_params": {"connect_args": {"interface": "chdb", "path": SNAPSHOT}},
            "metadata_params": {},
            # Rows are the reader's, so what is kept of a query is too.
            "per_user_caching": True,
        },
        "uuid": uuid_of("database", DATABASE),
        "version": "1.0.0",
    }


# -- datasets --------------------------------------------------------------------------------


def is_time(column: Column) -> bool:
    """Whether a column is a day or a point in time."""
    return column.type.removeprefix("Nullable(").startswith("Date")


def dataset_tree(mart: Mart, texts: Texts) -> Tree:
    """A mart as a dataset: its columns, and the metrics that its measures allow."""
    labels = {name: label_of_metric(name, mart, texts) for name in mart.metrics}
    days = [name for name in ("date", "changed_at") if name in mart.names]
    return {
        "table_name": mart.name,
        "main_dttm_col": days[0] if days else None,
        "description": mart.description,
        "schema": mart.schema,
        "sql": mart.sql,
        "filter_select_enabled": True,
        "always_filter_main_dttm": False,
        "uuid": uuid_of("dataset", mart.name),
        "metrics": [
            {
                "metric_name": name,
                "verbose_name": labels[name],
                "expression": expression,
                "d3format": None if name.endswith("_at") else number_format(name),
            }
            for name, expression in mart.metrics.items()
        ],
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": texts("columns", column.name),
                "description": column.description or None,
                "type": "String" if is_list(column) else column.type,
                "is_dttm": is_time(column),
                "is_active": True,
                "groupby": True,
                "filterable": True,
            }
            for column in (*mart.columns, *mart.joined)
        ],
        "version": "1.0.0",
        "database_uuid": uuid_of("database", DATABASE),
    }


def label_of_metric(name: str, mart: Mart, texts: Texts) -> str:
    """What a reader sees: of a measure its column's name, else a text of its own."""
    measure = name.removeprefix("sum_").removeprefix("value_")
    if name not in mart.own_metrics and measure in mart.names:
        return texts("columns", measure)
    return texts("metrics", name)


def number_format(name: str) -> str:
    """How a number of this name is written."""
    if name.endswith(("_ratio", "_passing_grade")):
        return ".1%"
    if (
        name.startswith("avg_")
        or "_avg_" in name
        or name.endswith(("_hours", "_minutes", "_score"))
    ):
        return ",.1f"
    if name.endswith("_index"):
        return ".2f"
    return ",d"


# -- charts ----------------------------------------------------------------------------------

Spec = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A chart as its file describes it."""

    dashboard: str
    name: str
    spec: Spec
    mart: Mart

    @property
    def place(self) -> str:
        """Where a fault in its description is."""
        return f"superset/dashboards/{self.dashboard}.yml, chart {self.name}"

    @property
    def metrics(self) -> list[str]:
        """The metrics that it shows."""
        return as_list(self.spec.get("metric")) + as_list(self.spec.get("metrics"))

    @property
    def columns(self) -> list[str]:
        """The columns that it shows as they are or groups by."""
        found = as_list(self.spec.get("columns")) + as_list(self.spec.get("x"))
        return found + as_list(self.spec.get("by")) + as_list(self.spec.get("rows"))

    @property
    def filtered(self) -> list[str]:
        """The columns that its own conditions look at."""
        return [condition["column"] for condition in self.spec.get("where", [])]

    @property
    def known(self) -> set[str]:
        """The columns that its dataset has."""
        return self.mart.known

    @property
    def has_dates(self) -> bool:
        """Whether the filter of dates reaches it."""
        return bool({"date", "changed_at"} & self.mart.names)

    def check(self, single: set[str]) -> None:
        """Refuse what the contract does not have, and a sum of what does not add up.

        A metric `value_x` is the measure of one row: the chart's dimensions, its own equalities and
        the dashboard's filters of one value must make up the whole key of the mart.
        """
        order = [str(each).removeprefix("-") for each in as_list(self.spec.get("order"))]
        order += as_list(self.spec.get("sort"))
        for name in (*self.columns, *self.filtered, *order):
            if name not in self.known and name not in self.mart.metrics:
                raise OarsError(f"{self.place}: {self.mart.name} has no column {name}.")
        for name in self.metrics:
            if name not in self.mart.metrics:
                raise OarsError(f"{self.place}: {self.mart.name} has no metric {name}.")
            refuse_wrong_sum(name, self.mart)
        if any(name.startswith("value_") for name in self.metrics):
            given = {KEY_OF.get(name, name) for name in self.columns}
            given |= {each["column"] for each in self.spec.get("where", []) if each["op"] == "=="}
            given |= {KEY_OF.get(name, name) for name in single}
            if {"course_label", "course_run"} <= given:
                given |= {"course_key"}
            if self.spec.get("grain", "P1D") != "P1D":
                given -= {"date"}
            lacking = [name for name in self.mart.key if name not in given]
            if lacking:
                raise OarsError(
                    f"{self.place}: {', '.join(self.metrics)} is of one row of {self.mart.name}, "
                    f"but several have the same {', '.join(sorted(given)) or 'nothing'}: "
                    f"add {', '.join(lacking)}."
                )


def check_filter(place: str, spec: Spec, marts: dict[str, Mart]) -> None:
    """Refuse a filter by what its dataset does not have."""
    if "dataset" not in spec:
        return
    mart = marts[spec["dataset"]]
    refuse_unknown(place, [spec["column"]], mart.known, "column")
    sort = spec.get("sort")
    if sort and not sort.startswith("first_by_"):
        refuse_unknown(place, [sort], mart.metrics, "metric")
    elif sort:
        refuse_unknown(place, [sort.removeprefix("first_by_")], mart.names, "column")


def refuse_wrong_sum(name: str, mart: Mart) -> None:
    """Refuse a metric that sums a measure that is declared not to add up."""
    expression = mart.metrics[name]
    if not re.search(r"\bsum\w*\(", expression, re.IGNORECASE):
        return
    for column in mart.columns:
        # Wherever it stands in such a metric: brackets within a sum hide nothing.
        if column.additive is False and re.search(rf"\b{column.name}\b", expression):
            raise OarsError(
                f"The metric {name} of {mart.name} sums {column.name}, which does not add up."
            )


def in_words(chart: "Chart", name: str, texts: Texts) -> str | Spec:
    """A column of a chart; one with words for its values as SQL that gives them."""
    column = next(c for c in (*chart.mart.columns, *chart.mart.joined) if c.name == name)
    is_bool = column.type in ("Bool", "Nullable(Bool)")
    words = texts.values("true_false" if is_bool else name)
    if not words:
        return name
    quoted = {value: "'" + word.replace("'", "''") + "'" for value, word in words.items()}
    if is_bool:
        sql = f"multiIf({name}, {quoted['true']}, not {name}, {quoted['false']}, NULL)"
    else:
        values = ", ".join(f"'{value}'" for value in quoted)
        sql = f"transform({name}, [{values}], [{', '.join(quoted.values())}], {name})"
    return {"expressionType": "SQL", "sqlExpression": sql, "label": texts("columns", name)}


def as_text(chart: "Chart", name: str, texts: Texts) -> str | Spec:
    """A column of a table that draws HTML, for its links: a `<` in it begins no tag."""
    column = next(c for c in (*chart.mart.columns, *chart.mart.joined) if c.name == name)
    if name == "link" or not (is_list(column) or "String" in column.type):
        return in_words(chart, name, texts)
    words = in_words(chart, name, texts)
    sql = words if isinstance(words, str) else words["sqlExpression"]
    return {
        "expressionType": "SQL",
        "sqlExpression": f"replaceAll({sql}, '<', {NO_TAG})",
        "label": texts("columns", name),
    }


def as_list(value: Any) -> list[Any]:
    """A value, several or none, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def condition(where: Spec) -> Spec:
    """A condition of a chart in Superset's form."""
    return {
        "expressionType": "SIMPLE",
        "clause": "WHERE",
        "subject": where["column"],
        "operator": where["op"],
        "comparator": where.get("value"),
    }


def conditions(chart: Chart) -> list[Spec]:
    """All conditions of a chart; that of dates is there to be set by the dashboard."""
    found = [condition(each) for each in chart.spec.get("where", [])]
    if chart.has_dates:
        time = "date" if "date" in chart.mart.names else "changed_at"
        open_ended = {"column": time, "op": "TEMPORAL_RANGE", "value": "No filter"}
        found.append(condition(open_ended))
    return found


def number_params(chart: Chart, texts: Texts) -> Spec:
    """One figure."""
    [metric] = chart.metrics
    return {
        "metric": metric,
        "y_axis_format": chart.spec.get("format", number_format(metric)),
        "time_format": "%Y-%m-%d %H:%M",
        "header_font_size": 0.4,
        "subheader_font_size": 0.125,
    }


def series_params(chart: Chart, texts: Texts) -> Spec:
    """Bars, lines or areas over time or over names."""
    spec = chart.spec
    metrics = chart.metrics
    by = [in_words(chart, name, texts) for name in as_list(spec.get("by"))]
    [x] = as_list(spec["x"])
    kind = next(c for c in (*chart.mart.columns, *chart.mart.joined) if c.name == x)
    several = len(metrics) > 1 or bool(by)
    horizontal = spec.get("orientation") == "horizontal"
    has_title = len(metrics) == 1 and not horizontal
    y_title = label_of_metric(metrics[0], chart.mart, texts) if has_title else ""
    params: Spec = {
        "x_axis": (axis := in_words(chart, x, texts)),
        "metrics": metrics,
        "groupby": by,
        # Bars that lie are drawn from the bottom up.
        "x_axis_sort_asc": ("sort" in spec and not spec.get("ascending", False)) == horizontal,
        "row_limit": spec.get("limit", ROW_LIMIT),
        "truncate_metric": True,
        "show_empty_columns": True,
        "rich_tooltip": True,
        "showTooltipTotal": False,
        "show_legend": several,
        "legendType": "scroll",
        "legendOrientation": "top",
        "stack": "Stack" if spec.get("stack") else None,
        "orientation": spec.get("orientation", "vertical"),
        "y_axis_format": spec.get("format", number_format(metrics[0])),
        "y_axis_title": y_title,
        "y_axis_title_position": "Left",
        "y_axis_title_margin": 60 if y_title else 0,
        "x_axis_title": texts("columns", x) if spec.get("x_title") else "",
        "x_axis_title_margin": 30 if spec.get("x_title") else 0,
        "tooltipTimeFormat": "%Y-%m-%d",
        "color_scheme": "supersetColors",
        "sort_series_type": "name",
        "sort_series_ascending": True,
        "zoomable": False,
        "minorTicks": False,
        "opacity": 0.3,
        "markerEnabled": False,
        "seriesType": "line",
    }
    if is_time(kind):
        # Level, for of dates aslant none is left out where they overlap. No-break spaces keep two
        # dates from touching, which is not yet overlapping; Superset would trim them at the ends.
        params |= {
            "time_grain_sqla": spec.get("grain", "P1D"),
            "x_axis_time_format": "\u200b\u00a0\u00a0%Y-%m-%d\u00a0\u00a0\u200b",
            "xAxisLabelRotation": 0,
        }
    elif kind.additive is not None:
        # A measure as an axis: numbers in their distance.
        params |= {"xAxisForceCategorical": False, "x_axis_number_format": ",d"}
    else:
        params |= {"xAxisForceCategorical": True, "xAxisLabelRotation": 0 if horizontal else 45}
        params["x_axis_sort"] = spec.get("sort", axis["label"] if isinstance(axis, dict) else x)
    if "sort" in spec:
        params |= {
            "timeseries_limit_metric": spec["sort"],
            "order_desc": not spec.get("ascending", False),
        }
    if spec.get("max"):
        params |= {"truncateYAxis": True, "y_axis_bounds": [0, spec["max"]], "y_axis_format": ".0%"}
    return params


def table_params(chart: Chart, texts: Texts) -> Spec:
    """Rows as they are, or grouped where there are metrics."""
    spec = chart.spec
    columns = as_list(spec["columns"])
    order = [(str(each).removeprefix("-"), not str(each).startswith("-")) for each in spec["order"]]
    formats = {
        name: {"d3NumberFormat": number_format(name), "horizontalAlign": "right"}
        for name in (*columns, *chart.metrics)
        if name in chart.metrics
        or any(c.name == name and c.additive is not None for c in chart.mart.columns)
    }
    has_links = "link" in columns
    as_shown = as_text if has_links else in_words
    shown_columns = [as_shown(chart, name, texts) for name in columns]
    params: Spec = {
        "row_limit": spec.get("limit", 1000),
        "page_length": spec.get("page", 50),
        "server_pagination": False,
        "include_search": spec.get("search", False),
        # What others wrote is shown as it is; HTML is for the links of links.yml.
        "allow_render_html": has_links,
        "table_timestamp_format": spec.get("time_format", "%Y-%m-%d"),
        "show_cell_bars": False,
        "allow_rearrange_columns": False,
        "column_config": formats,
        "color_pn": False,
    }
    if not chart.metrics:
        return params | {
            "query_mode": "raw",
            "all_columns": shown_columns,
            "order_by_cols": [f'["{name}", {str(up).lower()}]' for name, up in order],
        }
    [(first, up)] = order
    return params | {
        "query_mode": "aggregate",
        "groupby": shown_columns,
        "metrics": chart.metrics,
        "timeseries_limit_metric": first,
        "order_desc": not up,
    }


def pivot_params(chart: Chart, texts: Texts) -> Spec:
    """A table of two dimensions."""
    spec = chart.spec

    def words(*parts: str) -> list[str | Spec]:
        return [in_words(chart, name, texts) for part in parts for name in as_list(spec[part])]

    return {
        "groupbyRows": words("rows"),
        "groupbyColumns": words("columns"),
        # Superset gives a dashboard the labels of the columns that it finds here.
        "groupby": words("rows", "columns"),
        "metrics": chart.metrics,
        "metricsLayout": "COLUMNS",
        "aggregateFunction": "Sum",
        "rowOrder": "key_a_to_z",
        "colOrder": "key_a_to_z",
        "valueFormat": number_format(chart.metrics[0]),
        "allowRenderHtml": False,
        "row_limit": ROW_LIMIT,
        "rowTotals": spec.get("totals", False),
        "colTotals": spec.get("totals", False),
        "date_format": "%Y-%m-%d",
    }


KINDS = {
    "number": ("big_number_total", number_params),
    "bar": ("echarts_timeseries_bar", series_params),
    "line": ("echarts_timeseries_line", series_params),
    "area": ("echarts_area", series_params),
    "table": ("table", table_params),
    "pivot": ("pivot_table_v2", pivot_params),
}


def chart_tree(chart: Chart, texts: Texts) -> Tree:
    """A chart in Superset's import format."""
    viz_type, params_of = KINDS[chart.spec["kind"]]
    params = params_of(chart, texts)
    return {
        "slice_name": texts("charts", chart.dashboard, chart.name, "title"),
        "description": texts("charts", chart.dashboard, chart.name, "description"),
        "viz_type": viz_type,
        "params": {
            "viz_type": viz_type,
            "adhoc_filters": conditions(chart),
            "annotation_layers": [],
            "extra_form_data": {},
            **params,
        },
        "cache_timeout": None,
        "uuid": uuid_of("chart", f"{chart.dashboard}/{chart.name}"),
        "version": "1.0.0",
        "dataset_uuid": uuid_of("dataset", chart.mart.name),
    }


# -- dashboards ------------------------------------------------------------------------------


def filter_tree(name: str, slug: str, spec: Spec, texts: Texts) -> Tree:
    """A filter of a dashboard in Superset's form."""
    tree: Tree = {
        "id": f"NATIVE_FILTER-{slug}-{name}",
        "name": texts("filters", name),
        "type": "NATIVE_FILTER",
        "filterType": spec["kind"],
        "description": "",
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
        "cascadeParentIds": [],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "controlValues": {"enableEmptyFilter": False},
        "targets": [{}],
    }
    if spec["kind"] == "filter_select":
        tree["targets"] = [
            {
                "column": {"name": spec["column"]},
                "datasetUuid": uuid_of("dataset", spec["dataset"]),
            }
        ]
        tree["controlValues"] = {
            "multiSelect": not spec.get("single", False),
            "defaultToFirstItem": spec.get("single", False),
            "enableEmptyFilter": spec.get("single", False),
            "searchAllOptions": True,
            "inverseSelection": False,
            "sortAscending": not spec.get("sort"),
        }
        # Charts wait for it: else they would be drawn once for all courses.
        tree["requiredFirst"] = spec.get("single", False)
        if spec.get("sort"):
            tree["sortMetric"] = "first" if spec["sort"].startswith("first_by_") else spec["sort"]
        tree["cascadeParentIds"] = [
            f"NATIVE_FILTER-{slug}-{parent}" for parent in as_list(spec.get("within"))
        ]
    return tree


class Layout:
    """The grid of a dashboard: rows of charts, in tabs where there are some."""

    def __init__(self, slug: str, title: str, note: str) -> None:
        """Begin with the note on top."""
        self.slug = slug
        self.tree: Tree = {
            "DASHBOARD_VERSION_KEY": "v2",
            "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
            "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": title}},
        }
        self.add("GRID_ID", "GRID", ["ROOT_ID"], {})
        self.add(
            "ROW-note", "ROW", ["ROOT_ID", "GRID_ID"], {"background": "BACKGROUND_TRANSPARENT"}
        )
        meta = {"code": note, "width": GRID_WIDTH, "height": 9}
        self.add("MARKDOWN-note", "MARKDOWN", ["ROOT_ID", "GRID_ID", "ROW-note"], meta)

    def add(self, id_: str, type_: str, parents: list[str], meta: Tree) -> None:
        """Put a component into the last of its parents."""
        self.tree[id_] = {
            "id": id_,
            "type": type_,
            "children": [],
            "parents": parents,
            "meta": meta,
        }
        self.tree[parents[-1]].setdefault("children", []).append(id_)

    def rows(self, rows: Iterable[Spec], parents: list[str], titles: dict[str, str]) -> None:
        """Put rows of charts into a grid or tab; the charts of a row share its width."""
        for number, row in enumerate(rows):
            row_id = f"ROW-{parents[-1]}-{number}"
            self.add(row_id, "ROW", parents, {"background": "BACKGROUND_TRANSPARENT"})
            widths = row.get("widths") or [GRID_WIDTH // len(row["charts"])] * len(row["charts"])
            for name, width in zip(row["charts"], widths, strict=True):
                meta = {
                    "uuid": uuid_of("chart", f"{self.slug}/{name}"),
                    "sliceName": titles[name],
                    "width": width,
                    "height": row["height"],
                    # Superset puts its own id in the place of this one when it imports.
                    "chartId": number_of(f"{self.slug}/{name}"),
                }
                self.add(f"CHART-{name}", "CHART", [*parents, row_id], meta)


def number_of(name: str) -> int:
    """A number for a chart that is the same in every generation."""
    return uuid.uuid5(NAMESPACE, name).int % 2**31


def rows_of(spec: Spec) -> Iterator[Spec]:
    """All rows of a dashboard, with or without tabs."""
    for tab in spec.get("tabs", [spec]):
        yield from tab["rows"]


def dashboard_tree(slug: str, spec: Spec, charts: list[Chart], filters: Tree, texts: Texts) -> Tree:
    """A dashboard in Superset's import format."""
    title = texts("dashboards", slug, "title")
    notes = [texts("dashboards", slug, "note"), texts("notes", "empty")]
    if "course" in spec["filters"]:
        notes.append(texts("notes", "no_course"))
    titles = {chart.name: texts("charts", slug, chart.name, "title") for chart in charts}
    layout = Layout(slug, title, " ".join(notes))
    grid = ["ROOT_ID", "GRID_ID"]
    if "tabs" in spec:
        layout.add("TABS-1", "TABS", grid, {})
        for tab in spec["tabs"]:
            id_ = f"TAB-{tab['tab']}"
            meta = {"text": texts("dashboards", slug, "tabs", tab["tab"]), "defaultText": ""}
            layout.add(id_, "TAB", [*grid, "TABS-1"], meta)
            layout.rows(tab["rows"], [*grid, "TABS-1", id_], titles)
    else:
        layout.rows(spec["rows"], grid, titles)
    natives = []
    for name in spec["filters"]:
        tree = filter_tree(name, slug, filters[name], texts)
        # A filter says which charts it reaches, to Superset and to the reader.
        reached = [chart for chart in charts if reaches(name, filters, spec, chart)]
        tree["scope"]["excluded"] = [
            number_of(f"{slug}/{chart.name}") for chart in charts if chart not in reached
        ]
        if len(reached) < len(charts):
            names = ", ".join(titles[chart.name] for chart in reached)
            tree["description"] = f"{texts('notes', 'reaches')} {names}."
        natives.append(tree)
    return {
        "dashboard_title": title,
        "description": texts("dashboards", slug, "description"),
        "css": "",
        "slug": slug,
        "certified_by": "",
        "certification_details": "",
        "published": True,
        "uuid": uuid_of("dashboard", slug),
        "position": layout.tree,
        "metadata": {
            "native_filter_configuration": natives,
            "cross_filters_enabled": spec.get("cross_filters", False),
            "chart_configuration": {},
            "global_chart_configuration": {
                "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
                "chartsInScope": [],
            },
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
            "expanded_slices": {},
            "label_colors": colors_of(charts, texts),
            "shared_label_colors": [],
            "color_scheme": "supersetColors",
            "color_scheme_domain": [],
            "map_label_colors": {},
            "filter_scopes": {},
            "default_filters": "{}",
        },
        "version": "1.0.0",
    }


def colors_of(charts: list[Chart], texts: Texts) -> dict[str, str]:
    """A color for each metric that stands beside another, the same in all charts; of each risk."""
    several = {
        metric: None
        for chart in charts
        if len(chart.metrics) > 1 and chart.spec["kind"] != "table"
        for metric in chart.metrics
    }
    levels = texts.values("risk_level")
    risks = {levels.get(level, level): color for level, color in COLORS.items()}
    return {metric: PALETTE[i % len(PALETTE)] for i, metric in enumerate(several)} | risks


def reaches(name: str, filters: Tree, spec: Spec, chart: Chart) -> bool:
    """Whether a filter of a dashboard reaches a chart: one that has its column."""
    if chart.name not in spec.get("only", {}).get(name, [chart.name]):
        return False
    column = filters[name].get("column")
    return chart.has_dates if column is None else column in chart.known


# -- all together ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """What the files of the folder `superset` describe."""

    filters: Tree
    dashboards: dict[str, Tree]
    charts: list[Chart]


def read_parts(project: Path, marts: dict[str, Mart]) -> Parts:
    """The filters, the dashboards by slug, and all charts, checked against the contract."""
    folder = project / "superset" / "dashboards"
    filters = read_yaml(project / "superset" / "filters.yml")
    dashboards = {path.stem: read_yaml(path) for path in sorted(folder.glob("*.yml"))}
    for slug, spec in dashboards.items():
        check_dashboard(f"superset/dashboards/{slug}.yml", spec, filters)
    for name, spec in filters.items():
        check_filter(f"superset/filters.yml, {name}", spec, marts)
    links = read_yaml(project / "superset" / "links.yml")
    check_links("superset/links.yml", links, marts, dashboards)
    charts = []
    for slug, spec in dashboards.items():
        for name, chart_spec in spec["charts"].items():
            place = f"superset/dashboards/{slug}.yml, chart {name}"
            refuse_unknown(place, [chart_spec["dataset"]], marts, "public mart")
            chart = Chart(slug, name, chart_spec, marts[chart_spec["dataset"]])
            chart.check(
                {
                    filters[each]["column"]
                    for each in spec["filters"]
                    if filters[each].get("single") and reaches(each, filters, spec, chart)
                }
            )
            charts.append(chart)
        placed = sorted(name for row in rows_of(spec) for name in row["charts"])
        if placed != sorted(spec["charts"]):
            raise OarsError(f"superset/dashboards/{slug}.yml: each chart must be in one row.")
    return Parts(filters, dashboards, charts)


def make_assets(
    project: Path, marts: dict[str, Mart], language: str = "en"
) -> dict[str, dict[str, str]]:
    """Two bundles, path -> file: `assets`, and `assets_pii` with what shows personal data."""
    path = project / "superset" / "text" / f"{language}.yml"
    if not path.exists():
        known = ", ".join(sorted(each.stem for each in path.parent.glob("*.yml")))
        raise OarsError(f"There are no texts in {language}: choose of {known}.")
    texts = Texts(read_yaml(path))
    parts = read_parts(project, marts)
    bundles: dict[str, dict[str, Tree]] = {"assets": {}, "assets_pii": {}}
    for trees in bundles.values():
        trees["metadata.yaml"] = METADATA
        trees[f"databases/{DATABASE}.yaml"] = database_tree(marts["dim_courses"].schema)
    for mart in marts.values():
        for name in mart.metrics:
            refuse_wrong_sum(name, mart)
        bundle = bundles["assets_pii" if mart.is_pii else "assets"]
        bundle[f"datasets/{DATABASE}/{mart.name}.yaml"] = dataset_tree(mart, texts)
    for slug, spec in parts.dashboards.items():
        of_it = [chart for chart in parts.charts if chart.dashboard == slug]
        bundle = bundles["assets_pii" if spec.get("pii") else "assets"]
        for chart in of_it:
            if chart.mart.is_pii and not spec.get("pii"):
                raise OarsError(f"{chart.place}: a dashboard of personal data says `pii: true`.")
            bundle[f"charts/{slug}/{chart.name}.yaml"] = chart_tree(chart, texts)
        bundle[f"dashboards/{slug}.yaml"] = dashboard_tree(slug, spec, of_it, parts.filters, texts)
    if texts.missing:
        raise OarsError(f"{path} lacks {', '.join(sorted(set(texts.missing)))}.")
    return {
        bundle: {
            name: yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)
            for name, tree in trees.items()
        }
        for bundle, trees in bundles.items()
    }


def write_assets(folder: Path, bundles: dict[str, dict[str, str]]) -> int:
    """Put the bundles into a folder, in place of those that were in it; how many files."""
    for bundle, files in bundles.items():
        shutil.rmtree(folder / bundle, ignore_errors=True)
        for name, content in files.items():
            path = folder / bundle / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    return sum(map(len, bundles.values()))
