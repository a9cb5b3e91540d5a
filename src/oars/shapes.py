"""What the files that describe dashboards may say: every key and every name, or one sentence.

A word that is not known would be passed over otherwise, and a chart whose `where` is mistyped shows
figures without its condition.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from oars.connection import OarsError

Tree = dict[str, Any]

# What each must have, and what it may have besides.
Shape = tuple[set[str], set[str]]
DASHBOARD: Shape = ({"charts", "filters"}, {"cross_filters", "only", "pii", "rows", "tabs"})
TAB: Shape = ({"tab", "rows"}, set())
ROW: Shape = ({"charts", "height"}, {"widths"})
CONDITION: Shape = ({"column", "op"}, {"value"})
FILTER: Shape = ({"kind"}, {"dataset", "column", "single", "sort", "within"})
LINK: Shape = ({"dashboard"}, {"when", "tab", "filter", "column"})
SERIES = {"ascending", "by", "format", "grain", "limit", "max", "metric", "metrics"}
SERIES |= {"orientation", "sort", "stack", "x_title"}
OF_A_KIND: dict[str, Shape] = {
    "number": ({"metric"}, {"format"}),
    "bar": ({"x"}, SERIES),
    "line": ({"x"}, SERIES),
    "area": ({"x"}, SERIES),
    "table": ({"columns", "order"}, {"limit", "metrics", "page", "search", "time_format"}),
    "pivot": ({"rows", "columns"}, {"metric", "metrics", "totals"}),
}
OF_NO_VALUE = {"IS NULL", "IS NOT NULL"}
OPERATORS = {"==", "!=", "<", "<=", ">", ">=", "IN", "NOT IN"} | OF_NO_VALUE


def refuse_unknown(place: str, given: Iterable[Any], known: Iterable[str], what: str) -> None:
    """Refuse a name that there is not, with the nearest that there is."""
    names = sorted(known)
    for name in given:
        if name not in names:
            near = get_close_matches(str(name), names, 1)
            remedy = f"did you mean {near[0]}?" if near else f"choose of {', '.join(names)}."
            raise OarsError(f"{place}: there is no {what} {name}: {remedy}")


def check_mapping(place: str, tree: Any) -> None:
    """Refuse what has no keys."""
    if not isinstance(tree, dict):
        raise OarsError(f"{place}: keys are missing here, as in `kind: bar`; there is {tree}.")


def check_shape(place: str, tree: Any, shape: Shape) -> None:
    """Refuse keys that there are not, and the lack of one that there must be."""
    needed, other = shape
    check_mapping(place, tree)
    refuse_unknown(place, tree, needed | other, "key")
    if lacking := sorted(needed - tree.keys()):
        raise OarsError(f"{place}: the key {lacking[0]} is missing.")


def check_dashboard(file: str, spec: Tree, filters: Tree) -> None:
    """Look at a file of `superset/dashboards`; columns and metrics are the contract's matter."""
    check_shape(file, spec, DASHBOARD)
    refuse_unknown(file, spec["filters"], filters, "filter")
    refuse_unknown(f"{file}, only", spec.get("only", {}), spec["filters"], "filter")
    for charts in spec.get("only", {}).values():
        refuse_unknown(f"{file}, only", charts or [], spec["charts"], "chart")
    for tab in spec.get("tabs", []):
        check_shape(f"{file}, tabs", tab, TAB)
    for row in (row for tab in spec.get("tabs", [spec]) for row in tab.get("rows", [])):
        check_shape(f"{file}, rows", row, ROW)
        refuse_unknown(f"{file}, rows", row["charts"], spec["charts"], "chart")
    for name, chart in spec["charts"].items():
        check_chart(f"{file}, chart {name}", chart)


def check_chart(place: str, chart: Tree) -> None:
    """Look at what a chart says."""
    check_mapping(place, chart)
    refuse_unknown(place, [chart.get("kind")], OF_A_KIND, "kind of chart")
    needed, other = OF_A_KIND[chart["kind"]]
    check_shape(place, chart, ({"kind", "dataset"} | needed, {"where"} | other))
    if chart["kind"] != "table" and not (chart.get("metric") or chart.get("metrics")):
        raise OarsError(f"{place}: the key metric is missing, or metrics.")
    for condition in chart.get("where", []):
        check_shape(f"{place}, where", condition, CONDITION)
        refuse_unknown(f"{place}, where", [condition["op"]], OPERATORS, "operator")
        if ("value" in condition) == (condition["op"] in OF_NO_VALUE):
            wanted = "no value" if condition["op"] in OF_NO_VALUE else "a value"
            raise OarsError(f"{place}, where: {condition['op']} takes {wanted}.")
    turned = [chart["orientation"]] if "orientation" in chart else []
    refuse_unknown(place, turned, ("horizontal", "vertical"), "orientation")


def check_filters(file: str, filters: Tree, datasets: Iterable[str]) -> None:
    """Look at `filters.yml`."""
    for name, spec in filters.items():
        place = f"{file}, {name}"
        check_shape(place, spec, FILTER)
        refuse_unknown(place, [spec["kind"]], ("filter_select", "filter_time"), "kind of filter")
        if spec["kind"] == "filter_select":
            check_shape(place, spec, (FILTER[0] | {"dataset", "column"}, FILTER[1]))
            refuse_unknown(place, [spec["dataset"]], datasets, "public mart")
        within = spec.get("within", [])
        refuse_unknown(place, within if isinstance(within, list) else [within], filters, "filter")


def check_links(file: str, links: Tree, datasets: Iterable[str], dashboards: Tree) -> None:
    """Look at `links.yml`."""
    refuse_unknown(file, links, datasets, "public mart")
    for mart, each in links.items():
        for link in each:
            place = f"{file}, {mart}"
            check_shape(place, link, LINK)
            refuse_unknown(place, [link["dashboard"]], dashboards, "dashboard")
            there = dashboards[link["dashboard"]]
            tabs = [tab["tab"] for tab in there.get("tabs", [])]
            refuse_unknown(place, [link["tab"]] if "tab" in link else [], tabs, "tab")
            chosen = [link["filter"]] if "filter" in link else []
            refuse_unknown(place, chosen, there["filters"], "filter")
            if ("filter" in link) != ("column" in link):
                raise OarsError(f"{place}: a link has a filter and a column, or neither.")
