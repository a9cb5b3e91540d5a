"""Every dashboard in a real browser, for each role: all charts are drawn, and tell the truth.

Screenshots are kept in target/screenshots. Wants the snapshot of a built demo, which
`make test-dashboards` makes, and Debian's chromium and chromium-driver.
"""

import base64
import json
import math
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROJECT, User, environment, run, serving
from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

SCREENSHOTS = PROJECT / "target" / "screenshots"
SECONDS_TO_WAIT = 120
WIDTH, HEIGHT = 1500, 3600
DASHBOARDS = {
    path.stem: yaml.safe_load(path.read_text())
    for path in sorted((PROJECT / "superset" / "dashboards").glob("*.yml"))
}
OF_PII = {slug for slug, spec in DASHBOARDS.items() if spec.get("pii")}
OF_OPERATORS = DASHBOARDS.keys() - OF_PII
SEEN_BY = {
    "operator": OF_OPERATORS,
    "staff_of_one": OF_OPERATORS - {"instance-admin", "programs"},
    "pii_reader": OF_PII,
}
NUMBERS: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "numbers.yml").read_text()
)
CHROMIUM = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", f"--window-size={WIDTH},{HEIGHT}"),
)
ROWS = {"expressionType": "SQL", "sqlExpression": "count(*)", "label": "rows"}
# What is shown comes from the engine and not from a cache.
UNCACHED = """
import local_config
from local_config import *
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
"""
MOVING = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
QUERY = """
import sys, clickhouse_connect
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
sys.stdout.buffer.write(client.raw_query(sys.argv[2], fmt="JSONCompactEachRow"))
"""


@dataclass
class Drawn:
    """What the browser got for a chart."""

    name: str
    status: int
    rows: list[dict[str, Any]]
    message: str
    seconds: float
    queries: list[str]
    request: dict[str, Any]


@dataclass
class Page:
    """A dashboard as it was opened."""

    charts: dict[str, Drawn]
    errors: list[str]
    empty: list[str]
    texts: dict[str, str] = field(default_factory=dict)


class Browser:
    """A headless Chromium in which somebody is logged in."""

    def __init__(self, address: str, name: str, password: str) -> None:
        options = webdriver.ChromeOptions()
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        options.add_experimental_option("perfLoggingPrefs", {"enablePage": False})
        for argument in CHROMIUM:
            options.add_argument(argument)
        self.address, self.name = address, name
        # A reader's browser is on a machine of its own: here it leaves the server its core.
        service = Service(
            shutil.which("chromedriver"), popen_kw={"preexec_fn": partial(os.nice, 15)}
        )
        self.driver = webdriver.Chrome(service=service, options=options)
        self.asked: dict[str, tuple[str, dict[str, Any]]] = {}
        self.answered: dict[str, int] = {}
        self.asked_at: dict[str, float] = {}
        # Superset's form may drop what is typed while it loads, so the session comes by HTTP.
        session = User(address, name, password)
        self.driver.get(f"{address}/health")
        for cookie in session.cookies:
            self.driver.add_cookie({"name": cookie.name, "value": cookie.value, "path": "/"})

    def find(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def wait(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + SECONDS_TO_WAIT
        while not condition():
            assert time.monotonic() < deadline, f"{self.name} waited in vain for {what}"
            time.sleep(1)  # Each look takes of the time that is measured.

    def open(
        self, slug: str, names: dict[int, str], look: Callable[[], object] = lambda: None
    ) -> Page:
        """Open a dashboard with all its tabs; wait until every chart is drawn, then look."""
        self.forget()
        self.driver.get(f"{self.address}/superset/dashboard/{slug}/")
        page = Page({}, [], [])
        for number, tab in enumerate(DASHBOARDS[slug].get("tabs", [DASHBOARDS[slug]])):
            if number:
                self.find(".dashboard-component-tabs [role=tab]")[number].click()
            charts = {chart for row in tab["rows"] for chart in row["charts"]}
            self.wait(partial(self.is_drawn, page, charts, names), f"all charts of {slug}")
            time.sleep(1.5)  # The last chart's animation.
            self.see(page)
            look()
            file = SCREENSHOTS / self.name / f"{slug}-{tab.get('tab', 'all')}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.picture())
        return page

    def picture(self) -> bytes:
        """The page down to its last chart, as PNG."""
        bottom = self.driver.execute_script(
            "return Math.max(...[...document.querySelectorAll('[data-test-chart-id]')].map("
            "chart => chart.getBoundingClientRect().bottom))"
        )
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": bottom + 40, "scale": 1}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
        return base64.b64decode(shot["data"])

    def is_drawn(self, page: Page, wanted: set[str], names: dict[int, str]) -> bool:
        """Whether all charts have their rows and nothing is loading any more."""
        self.listen(page, names)
        # Asked of the page at once: an element that was found may be gone when it is looked at.
        is_loading = self.driver.execute_script(
            "return [...document.querySelectorAll('[data-test=loading-indicator], .loading')]"
            ".some(each => each.checkVisibility())"
        )
        return wanted <= page.charts.keys() and not is_loading

    def forget(self) -> None:
        """Drop what the browser's log has, and what it was asked and has not answered yet."""
        self.driver.get_log("performance")
        for waiting in (self.asked, self.answered, self.asked_at):
            waiting.clear()

    def listen(self, page: Page, names: dict[int, str]) -> None:
        """Take from the browser's log what it asked for charts, and what it was answered."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            event, params = message["method"], message["params"]
            id_ = params.get("requestId", "")
            if event == "Network.requestWillBeSent":
                if "/api/v1/chart/data" in params["request"]["url"]:
                    form = json.loads(params["request"].get("postData") or "{}")
                    slice_id = int((form.get("form_data") or {}).get("slice_id") or 0)
                    if slice_id in names:
                        self.asked[id_] = names[slice_id], params["request"]
                        self.asked_at[id_] = params["timestamp"]
            elif event == "Network.responseReceived" and id_ in self.asked:
                self.answered[id_] = params["response"]["status"]
            elif event == "Network.loadingFinished" and id_ in self.asked:
                name, request = self.asked.pop(id_)
                status = self.answered.pop(id_)
                seconds = params["timestamp"] - self.asked_at.pop(id_)
                try:
                    body = self.driver.execute_cdp_cmd(
                        "Network.getResponseBody", {"requestId": id_}
                    )
                except WebDriverException:  # The page that asked for it was left.
                    continue
                answer = json.loads(body["body"])
                results = answer.get("result") or [{}]
                page.charts[name] = Drawn(
                    name,
                    status,
                    results[0].get("data") or [],
                    str(answer.get("message") or answer.get("errors") or ""),
                    seconds,
                    [result["query"] for result in results if result.get("query")],
                    request,
                )

    def see(self, page: Page) -> None:
        """Read from the page what went wrong, and the figures of charts of one figure."""
        for shown in self.find("[role=alert], .ant-alert-error, [data-test=error-message]"):
            if shown.is_displayed() and shown.text.strip():
                page.errors.append(shown.text.strip()[:300])
        for holder in self.find("[data-test-chart-id]"):
            name = holder.get_attribute("data-test-chart-name") or ""
            for shown in holder.find_elements(By.CSS_SELECTOR, ".ant-empty"):
                if shown.is_displayed():
                    page.empty.append(name)
            for figure in holder.find_elements(By.CSS_SELECTOR, ".header-line"):
                page.texts[name] = figure.text

    def choose(self, slug: str, **values: str) -> None:
        """Choose values of filters, by the filters' names, and apply them."""
        for name, value in values.items():
            [field] = self.find(f"input#NATIVE_FILTER-{slug}-{name}")
            field.send_keys(value)
            option = f".ant-select-item-option[title='{value}']"
            self.wait(partial(self.is_clicked, option), f"{value} in the filter {name}")
            field.send_keys(Keys.ESCAPE)
        [button] = self.find("[data-test=filter-bar__apply-button]")
        self.wait(button.is_enabled, "the button that applies filters")
        button.click()

    def is_clicked(self, selector: str) -> bool:
        """Whether one of the elements is there, stands still, and is clicked now."""
        for each in self.find(selector):
            # A list that opens or closes moves, and may be drawn anew under the pointer.
            with suppress(*MOVING):
                each.click()
                return True
        return False

    def close(self) -> None:
        self.driver.quit()


@dataclass
class Dataset:
    """A dataset in Superset."""

    name: str
    number: int
    columns: set[str]


@dataclass
class Shown:
    """A Superset with the shipped dashboards, on the demo's snapshot."""

    address: str
    passwords: dict[str, str]
    names: dict[str, dict[int, str]]
    """Dashboard -> number of a chart -> its name in the dashboard's file."""
    datasets: dict[str, Dataset]
    marts: Path

    def query(self, sql: str) -> list[list[Any]]:
        """Ask the marts themselves."""
        done = subprocess.run(
            [sys.executable, "-c", QUERY, self.marts, sql], capture_output=True, check=True
        )
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with showing(tmp_path_factory.mktemp("dashboards"), published(), "--pii") as opened:
        yield opened


def published() -> Path:
    """The link to the snapshot of the demo."""
    return Path(os.environ["OARS_PUBLISHED_PATH"])


@contextmanager
def showing(folder: Path, published: Path, *options: str) -> Iterator[Shown]:
    """Serve the shipped dashboards on a snapshot; files in a folder.

    The options are further ones of apply.py.
    """
    if not shutil.which("chromedriver"):
        pytest.fail("chromedriver is not here: apt-get install chromium chromium-driver")
    folder.mkdir(exist_ok=True)
    # The engine lets one process into a folder: the tests' own questions go to a copy.
    shutil.copytree(published.resolve(), folder / "marts", symlinks=True)
    home = folder / "home"
    (folder / "config.py").write_text(UNCACHED)
    env = environment(home, published, folder / "config.py")
    superset = Path(sys.executable).parent / "superset"
    run(env, superset, "db", "upgrade")
    run(env, superset, "init")
    run(env, PROJECT / "superset" / "apply.py", "--demo-users", *options)
    with sqlite3.connect(home / "superset.db") as database:
        ids = dict(database.execute("select uuid, id from slices").fetchall())
        datasets = {
            name: Dataset(name, number, set(columns.split(",")))
            for name, number, columns in database.execute(
                "select table_name, tables.id, group_concat(column_name) from tables "
                "join table_columns on table_id = tables.id group by tables.id"
            )
        }
    names: dict[str, dict[int, str]] = {slug: {} for slug in DASHBOARDS}
    uuids = {as_hex(key): id_ for key, id_ in ids.items()}
    for path in (PROJECT / "superset").glob("assets*/charts/*/*.yaml"):
        uuid = yaml.safe_load(path.read_text())["uuid"].replace("-", "")
        if uuid in uuids:
            names[path.parent.name][uuids[uuid]] = path.stem
    passwords = json.loads((home / "users.json").read_text())
    with serving(env, folder / "server.log") as address:
        yield Shown(address, passwords, names, datasets, folder / "marts")


def as_hex(key: Any) -> str:
    """An id as SQLite has it, bytes or text, in hexadecimal digits."""
    return key.hex() if isinstance(key, bytes) else str(key).replace("-", "")


@pytest.fixture(scope="module", params=SEEN_BY)
def browser(request: pytest.FixtureRequest, shown: Shown) -> Iterator[Browser]:
    opened = Browser(shown.address, request.param, shown.passwords[request.param])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pages() -> dict[tuple[str, str], Page]:
    return {}


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_every_chart_is_drawn(
    browser: Browser, shown: Shown, slug: str, pages: dict[tuple[str, str], Page]
) -> None:
    if slug not in SEEN_BY[browser.name]:
        pytest.skip("for others")
    page = browser.open(slug, shown.names[slug])
    pages[browser.name, slug] = page
    assert page.errors == []
    wrong = {c.name: c.message for c in page.charts.values() if c.status != 200 or c.message}
    assert wrong == {}
    # A course may have nothing of a kind; the demo's largest, which operators see first, has all.
    if browser.name != "staff_of_one":
        assert [chart.name for chart in page.charts.values() if not has_values(chart)] == []
        assert page.empty == []


def has_values(chart: Drawn) -> bool:
    """Whether there is more to see than NULL."""
    return any(value is not None for row in chart.rows for value in row.values())


def test_each_role_is_listed_its_dashboards(browser: Browser, shown: Shown) -> None:
    browser.driver.get(f"{shown.address}/dashboard/list/")
    browser.wait(lambda: browser.find("table a[href*='/dashboard/']"), "the list of dashboards")
    links = browser.driver.execute_script(
        "return [...document.querySelectorAll('table a')].map(link => link.href)"
    )
    found = (re.search(r"/superset/dashboard/([\w-]+)/", link) for link in links)
    listed = {match[1] for match in found if match}
    assert listed == SEEN_BY[browser.name]


def test_course_staff_get_their_courses_of_every_dataset(shown: Shown) -> None:
    scoped = [name for name in shown.datasets if "course_key" in shown.datasets[name].columns]
    held = dict(
        shown.query(
            " union all ".join(
                f"select '{name}', groupUniqArray(course_key) from oars.{name}" for name in scoped
            )
        )
    )
    listed = shown.query(
        "select username, groupArray(course_key) from oars.course_staff group by 1"
    )
    for name, courses in listed:
        user = User(shown.address, name, shown.passwords[name])
        for dataset in shown.datasets.values():
            answer = user.data(dataset.number, columns=["course_key"], metrics=[ROWS])
            if dataset.name not in scoped or dataset.name == "course_staff":
                assert not answer.ok, (name, dataset.name)
            else:
                assert answer.ok, (name, dataset.name, answer.text[:500])
                seen = {row["course_key"] for row in answer.json()["result"][0]["data"]}
                assert seen == set(courses) & set(held[dataset.name]), (name, dataset.name)
    assert {name for name, _ in listed} == {"staff_of_one", "staff_of_two"}


def test_filters_that_are_chosen_reach_the_charts(shown: Shown) -> None:
    [[course, verified]] = shown.query(
        "select course_label, countIf(is_enrolled and enrollment_mode = 'verified') "
        "from oars.fct_enrollments inner join oars.dim_courses using (course_key) "
        "group by course_label order by count() desc limit 1 offset 1"
    )
    browser = Browser(shown.address, "operator", shown.passwords["operator"])
    slug = "course-overview"
    before = browser.open(slug, shown.names[slug])
    assert before.texts["Enrolled now"] != f"{int(verified):,}"
    browser.choose(slug, course=course, mode="verified")

    def is_shown() -> bool:
        page = Page({}, [], [])
        browser.see(page)
        return page.texts.get("Enrolled now") == f"{int(verified):,}"

    browser.wait(is_shown, f"the {verified} learners on the verified track of {course}")
    browser.close()


@pytest.mark.parametrize(
    ("slug", "title", "target", "chart"),
    [
        ("learners", "Learners who need help", "learners", "status"),
        ("course-overview", "Learners who need help", "learners", "activity"),
        ("course-overview", "Content that needs work", "problem-difficulty", "answers_listed"),
        ("course-overview", "Content that needs work", "video", "retention"),
    ],
)
def test_an_arrow_leads_to_what_a_dashboard_has_about_the_row(
    browser: Browser, shown: Shown, slug: str, title: str, target: str, chart: str
) -> None:
    if browser.name != "operator":
        pytest.skip("a look as one role is enough")
    browser.open(slug, shown.names[slug])
    if target == "video":
        # All videos of the course that is shown first may do well.
        [[course]] = shown.query(
            "select course_label from oars.agg_content_attention inner join oars.dim_courses "
            "using (course_key) where block_type = 'video' order by attention_score desc limit 1"
        )
        browser.choose(slug, course=course)
    if "tabs" in DASHBOARDS[slug]:
        browser.find(".dashboard-component-tabs [role=tab]")[0].click()
    rows = f"[data-test-chart-name='{title}'] tbody tr:has(a[href*='../{target}/'])"
    browser.wait(
        lambda: any(row.is_displayed() for row in browser.find(rows)), f"arrows in {title}"
    )
    browser.forget()
    # Not the first row, which the dashboard may choose by itself.
    named = browser.driver.execute_script(
        "const row = [...document.querySelectorAll(arguments[0])].at(-1);"
        "row.querySelector('a').click();"
        "return row.cells[0].textContent",
        rows,
    )
    page = Page({}, [], [])

    def is_shown() -> bool:
        browser.is_drawn(page, {chart}, shown.names[target])
        return (
            chart in page.charts
            and json.dumps([named], ensure_ascii=False) in page.charts[chart].request["postData"]
        )

    browser.wait(is_shown, f"{chart} of {named}")
    browser.see(page)
    assert (page.errors, has_values(page.charts[chart])) == ([], True)
    shot = SCREENSHOTS / "arrows" / f"{slug}-{target}.png"
    shot.parent.mkdir(parents=True, exist_ok=True)
    shot.write_bytes(browser.picture())


@pytest.mark.parametrize("slug", sorted(DASHBOARDS))
def test_numbers_on_charts_are_those_of_the_marts(
    shown: Shown, slug: str, pages: dict[tuple[str, str], Page]
) -> None:
    """Three charts of each dashboard, by SQL of their own in numbers.yml."""
    page = pages["pii_reader" if slug in OF_PII else "operator", slug]
    assert len(NUMBERS[slug]) >= min(3, len(page.charts))
    for name, sql in NUMBERS[slug].items():
        expected = comparable(shown.query(sql))
        assert comparable([list(row.values()) for row in page.charts[name].rows]) == expected, name
        assert expected, f"{slug}, {name}: nothing is compared"


def comparable(rows: list[list[Any]]) -> list[list[Any]]:
    """Rows in one order; numbers as far as a chart shows them."""

    def plain(value: Any) -> Any:
        if isinstance(value, bool) or value is None:
            return str(value)
        try:
            number = float(value)
        except (TypeError, ValueError):
            return str(value)
        # Times are milliseconds, more of which than whole ones no float holds alike.
        places = 4 if abs(number) < 1e9 else 0
        return str(round(number, places)) if math.isfinite(number) else "None"

    return sorted([plain(value) for value in row] for row in rows)


def test_a_figure_on_the_page_is_the_one_that_was_asked_for(
    shown: Shown, pages: dict[tuple[str, str], Page]
) -> None:
    [[enrolled]] = shown.query(NUMBERS["course-overview"]["enrolled_now"])
    assert pages["operator", "course-overview"].texts["Enrolled now"] == f"{int(enrolled):,}"
