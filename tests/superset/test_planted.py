"""What learners, authors and senders wrote is shown as text: no browser makes an element of it."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from test_dashboards import DASHBOARDS, OF_PII, Browser, Shown, published, showing

PLANTED = (
    "<img src=/planted.png alt=planted onerror=window.planted=1><b>planted</b>"
    "<a href=javascript:window.planted=1>planted</a><svg onload=window.planted=1></svg>"
    "<script>window.planted=1</script>"
)
# Words of the project's own, which no statement and no course brings. All others are planted.
OWN_WORDS = {
    *("attribute", "block_type", "change", "completion_band", "enrollment_source", "event_family"),
    *("event_type", "grade_band", "reasons", "rejection_reason", "risk_level", "risk_reasons"),
}
PLANT = """
import sys, clickhouse_connect
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
planted, own_words = sys.argv[2], sys.argv[3].split()
columns = client.query(
    "select database || '.' || table, groupArray((name, type like '%Array%')) from system.columns "
    "where database like 'oars%' and type like '%String%' group by 1").result_rows
for table, names in columns:
    if table != "oars.course_staff":
        new = ", ".join(
            f"arrayMap(x -> x || '{planted}', {name}) as {name}" if is_list
            else f"if({name} = '', '', {name} || '{planted}') as {name}"
            for name, is_list in names if name not in own_words)
        if new:
            client.command(f"create table {table}_new as {table}")
            client.command(f"insert into {table}_new select * replace({new}) from {table}")
            client.command(f"drop table {table}")
            client.command(f"rename table {table}_new to {table}")
client.close()
"""
# Whatever a page holds that was made of what is planted, and not of its text.
FOUND = """
return [...document.querySelectorAll('b, img, a, svg, script')].filter(
    e => (e.tagName !== 'SCRIPT' || e.textContent.length < 100)
        && (e.textContent.startsWith('planted') || /planted/.test(e.getAttribute('alt') ?? '')
            || /planted/.test(e.getAttribute('src') ?? '')
            || /^javascript/.test(e.getAttribute('href') ?? '')
            || e.hasAttribute('onload'))
).map(e => e.outerHTML).concat(window.planted ? ['a script ran'] : [])
"""
# Where it is shown as text: in tables, in tooltips and elsewhere.
SHOWN = """
return [...document.querySelectorAll('body *')].filter(
    e => e.children.length === 0 && e.tagName !== 'SCRIPT'
        && e.textContent.replaceAll('\\u2060', '').includes('<b>planted</b>')
).map(e => e.closest('table, [role=grid]') && !e.closest('.zr-tip') ? 'table' : e.tagName)
"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("planted")
    marts = folder / "published" / "1"
    shutil.copytree(published().resolve(), marts, symlinks=True)
    (folder / "published" / "current").symlink_to("1")
    command = [sys.executable, "-c", PLANT, marts, PLANTED, " ".join(OWN_WORDS)]
    subprocess.run(command, check=True)
    with showing(folder / "site", folder / "published" / "current", "--pii") as opened:
        yield opened


@pytest.fixture(scope="module", params=["operator", "pii_reader"])
def browser(request: pytest.FixtureRequest, planted: Shown) -> Iterator[Browser]:
    opened = Browser(planted.address, request.param, planted.passwords[request.param])
    yield opened
    opened.close()


@pytest.mark.parametrize("slug", DASHBOARDS)
def test_nothing_is_made_of_what_somebody_wrote(
    browser: Browser, planted: Shown, slug: str
) -> None:
    if (slug in OF_PII) != (browser.name == "pii_reader"):
        pytest.skip("for others")
    found: list[str] = []
    shown: list[str] = []

    def look() -> None:
        shown.extend(browser.driver.execute_script(SHOWN))
        found.extend(browser.driver.execute_script(FOUND))

    def look_at_charts() -> None:
        look()
        for chart in browser.find("[data-test-chart-id] canvas"):
            if chart.is_displayed():  # A tooltip shows what is below the pointer.
                ActionChains(browser.driver).move_to_element(chart).perform()
                time.sleep(0.3)
                look()

    browser.open(slug, planted.names[slug], look_at_charts)
    for field in browser.find("input[id^=NATIVE_FILTER-]"):
        if field.is_displayed():
            field.send_keys(Keys.ARROW_DOWN)
            time.sleep(1)
            look()
            field.send_keys(Keys.ESCAPE)
    assert sorted(set(found)) == []
    kinds = {chart["kind"] for chart in DASHBOARDS[slug]["charts"].values()}
    assert shown
    assert "table" in shown or not kinds & {"table", "pivot"}
