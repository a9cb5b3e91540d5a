"""How long the engine takes for each chart on the marts of a large site.

Opens every dashboard in a browser, as an operator or as course staff, keeps the queries that
Superset sent for its charts, and times these by themselves: the middle one of five. Beside them
stand the seconds until the browser had the last chart of the dashboard. It wants Superset's
environment, Chromium and a published snapshot of a built site:

    make bench-charts
    make bench-charts READER=staff_of_one
    OARS_PUBLISHED_PATH=/data/chdb_published/current make bench-charts
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.append(str(PROJECT / "tests" / "superset"))

TIMES = 5


def queries(user: str) -> tuple[dict[str, dict[str, list[str]]], dict[str, float], Path]:
    """Dashboard -> chart -> its queries, dashboard -> seconds, and a copy of the marts."""
    from test_dashboards import SEEN_BY, Browser, published, showing

    folder = Path(tempfile.mkdtemp(prefix="oars-charts-"))
    asked: dict[str, dict[str, list[str]]] = {}
    drawn_in: dict[str, float] = {}
    with showing(folder, published()) as shown:
        browser = Browser(shown.address, user, shown.passwords[user])
        for slug in sorted(SEEN_BY[user]):
            page = browser.open(slug, shown.names[slug])
            asked[slug] = {name: drawn.queries for name, drawn in page.charts.items()}
            drawn_in[slug] = max(drawn.seconds for drawn in page.charts.values())
            print(f"opened {slug}", file=sys.stderr, flush=True)
        browser.close()
    return asked, drawn_in, shown.marts


def main() -> None:
    """Time each chart's queries and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--as", dest="user", choices=["operator", "staff_of_one"], default="operator"
    )
    asked, drawn_in, marts = queries(parser.parse_args().user)

    import clickhouse_connect
    from oars_superset.snapshot import SETTINGS

    client = clickhouse_connect.get_client(interface="chdb", path=str(marts), settings=SETTINGS)

    def seconds(sql: str) -> float:
        def once() -> float:
            start = time.perf_counter()
            client.raw_query(sql, fmt="Native")
            return time.perf_counter() - start

        return statistics.median(once() for _ in range(TIMES))

    print("| dashboard | drawn in, s | together, ms | each chart, ms |")
    print("|---|---|---|---|")
    for slug, charts in asked.items():
        taken = {name: sum(map(seconds, queries)) * 1000 for name, queries in charts.items()}
        slowest_first = sorted(taken.items(), key=lambda item: -item[1])
        each = ", ".join(f"{name} {time_:.0f}" for name, time_ in slowest_first)
        together = sum(taken.values())
        print(f"| {slug} | {drawn_in[slug]:.1f} | {together:.0f} | {each} |", flush=True)
    client.close()


if __name__ == "__main__":
    main()
