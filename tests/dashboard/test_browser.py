"""The pages in a real Chromium, served by the real command over a real database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from inspector.describing.words import Source
from tests.dashboard.browser import DESKTOP_PX, TABLET_PX, chromium, show_at
from tests.dashboard.line import Line, bare_inspection, dark_frame, noon_zone, seconds
from tests.dashboard.serving import serving
from tests.dashboard.visit import WAIT_S, Visit
from tests.services import HOST, free_port, postgres_server, running

CARD = "[class*='st-key-card-']"
GLOVE_PX = 44
"""Smallest target for a finger, WCAG 2.2 success criterion 2.5.5."""
TARGETS = ".stButtonGroup button, .stButton button, .stSelectbox [role='group'], .stPageLink a"


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    # For the browser it is noon, so that no test runs over midnight.
    with chromium(tmp_path_factory.mktemp("profile"), noon_zone(datetime.now(UTC))) as browser:
        yield browser


@contextmanager
def visiting(chrome: Chrome, line: Line, folder: Path) -> Iterator[Visit]:
    """Serve a line's pages; afterwards neither the browser nor the server may have complained."""
    port = free_port()
    with serving(line.config, port, folder):
        show_at(chrome, DESKTOP_PX)
        visit = Visit(chrome, f"http://{HOST}:{port}", line)
        visit.complaints()
        yield visit
        assert not visit.all(".stException")
        assert not visit.complaints()
        chrome.get("about:blank")
    said = re.sub(r"\x1b\[[\d;]*m", "", (folder / "dashboard.err").read_text(encoding="utf-8"))
    # Streamlit has tracebacks of its own where a browser leaves in the middle of an update.
    assert not re.search(r"\bdashboard/[\w/]+\.py", said), said


@pytest.fixture
def visit(chrome: Chrome, line: Line, tmp_path: Path) -> Iterator[Visit]:
    with visiting(chrome, line, tmp_path) as visit:
        yield visit


def test_frames_appear_by_themselves_as_they_are_inspected(visit: Visit) -> None:
    visit.open()
    visit.until(lambda: "No frames yet" in visit.text())
    visit.run("window.sameDocument = true")

    visit.line.inspect("first", defect=True)
    visit.until_cards_are("first")
    visit.line.inspect("second")
    visit.until_cards_are("second", "first")

    assert visit.run("return window.sameDocument") is True
    visit.until(lambda: visit.one(".tile.reject .tile-number").text == "1")
    visit.until(lambda: visit.one(".tile.pass .tile-number").text == "1")
    assert not visit.error_boxes()
    widths = "return [...document.querySelectorAll('.card-picture img')].map(e => e.naturalWidth)"
    assert visit.run(widths) == [160, 160]
    loaded = visit.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert not [name for name in loaded if not name.startswith((visit.address, "data:"))]


def test_a_card_opens_its_frame_whose_address_can_be_shared(visit: Visit) -> None:
    bad = visit.line.inspect("bad", defect=True)
    visit.line.inspect("good", at=bad.inspected_at + seconds(1))
    visit.open()
    visit.until_cards_are("good", "bad")
    visit.press(f"{CARD}:has([data-frame-id='bad']) a")
    visit.see(".frame-verdict[data-frame-id='bad']")
    address = visit.browser.current_url
    assert address == f"{visit.address}/frame?frame=bad"

    visit.browser.get(address)
    visit.see(".frame-verdict[data-frame-id='bad']")
    assert bad.reason.lower() in visit.text().lower()
    assert len(visit.all("table.regions tbody tr")) == len(bad.regions)

    visit.press(".stButton button", "Newer")
    visit.see(".frame-verdict[data-frame-id='good']")
    visit.until(lambda: visit.browser.current_url == f"{visit.address}/frame?frame=good")
    assert not visit.error_boxes()


def test_a_sentence_appears_by_itself_on_the_card_and_on_the_frames_page(visit: Visit) -> None:
    first = visit.line.inspect("first", defect=True)
    visit.open()
    visit.until_cards_are("first")
    visit.see(".sentence p", "Being described…")
    told = visit.line.describe(first)
    visit.see(".card-facts .sentence p", told.sentence)
    assert visit.one(".card-facts .sentence small").text == "Template"

    second = visit.line.inspect("second", defect=True)
    visit.open("/frame?frame=second")
    visit.see(".sentence p", "Being described…")
    told = visit.line.describe(second, kind=("scratch", 0.8), source=Source.LLM)
    visit.see(".sentence p", told.sentence)
    visit.see(".sentence small", "Language model")
    visit.until(lambda: visit.one("table.regions .words b").text.startswith("Scratch (80"))
    assert not visit.error_boxes()


def test_the_picture_can_be_seen_alone_and_as_a_heat_map(visit: Visit) -> None:
    visit.line.inspect("bad", defect=True)
    visit.open("/frame?frame=bad")
    seen = set()
    for view in ("Picture", "Heat map", "Overlay"):
        visit.press(".stButtonGroup button", view)
        seen.add(visit.see(f".figure img[alt='{view} of frame bad']").get_attribute("src"))
    assert len(seen) == 3
    assert not visit.error_boxes()


def test_filters_narrow_the_cards_and_stay_in_the_address(visit: Visit) -> None:
    now = datetime.now(UTC)
    visit.line.inspect("a", at=now - seconds(3), camera="cam-1")
    visit.line.inspect("b", defect=True, at=now - seconds(2), camera="cam-1")
    visit.line.inspect("c", defect=True, at=now - seconds(1), camera="cam-2")
    visit.open()
    visit.until_cards_are("c", "b", "a")
    visit.press(".stButtonGroup button", "Reject")
    visit.until_cards_are("c", "b")
    visit.press(".st-key-camera input")
    visit.press("[role='option']", "cam-1")
    visit.until_cards_are("b")
    visit.until(lambda: "verdict=Reject" in visit.browser.current_url)

    visit.line.inspect("d", camera="cam-1")
    visit.line.inspect("e", defect=True, camera="cam-1")
    visit.until_cards_are("e", "b")
    visit.browser.refresh()
    visit.until_cards_are("e", "b")

    visit.press(f"{CARD}:has([data-frame-id='e']) a")
    visit.see(".frame-verdict[data-frame-id='e']")
    visit.press(".stButton button", "Older")
    visit.see(".frame-verdict[data-frame-id='b']")
    visit.press(".stPageLink a", "Live")
    visit.until_cards_are("e", "b")
    assert not visit.error_boxes()


def test_the_page_can_be_held_still(visit: Visit) -> None:
    visit.line.inspect("a")
    visit.open()
    visit.until_cards_are("a")
    visit.press(".st-key-hold label")
    visit.until(lambda: "On hold, not updating" in visit.text())
    clock = visit.one(".state time").text
    visit.line.inspect("b")
    # Twice the refresh: the page's own timer says when it would have updated.
    visit.browser.set_script_timeout(WAIT_S)
    visit.browser.execute_async_script("setTimeout(arguments[0], 2000)")
    assert visit.cards() == ["a"]
    assert visit.one(".state time").text == clock
    visit.press(".st-key-hold label")
    visit.until_cards_are("b", "a")


def test_an_open_page_tells_that_the_database_fails_and_recovers(visit: Visit) -> None:
    visit.line.inspect("a", defect=True)
    visit.open("/?verdict=Reject")
    visit.until_cards_are("a")
    visit.line.records.close()
    away = visit.line.database.rename(visit.line.database.with_name("away.db"))
    visit.line.database.mkdir()
    visit.see(".notice.failed")
    assert "This page tries again by itself." in visit.text()
    assert "Traceback" not in visit.text()

    visit.line.database.rmdir()
    away.rename(visit.line.database)
    visit.until_cards_are("a")
    visit.until(lambda: not visit.error_boxes())
    assert "verdict=Reject" in visit.browser.current_url


def test_an_open_page_outlives_a_restart_of_postgresql(chrome: Chrome, tmp_path: Path) -> None:
    with (
        running(postgres_server()) as server,
        Line(tmp_path, database_url=server.create_database()) as line,
        visiting(chrome, line, tmp_path) as visit,
    ):
        line.inspect("a", defect=True)
        visit.open()
        visit.until_cards_are("a")
        server.stop()
        visit.see(".notice.failed")
        assert server.password not in visit.text()
        server.start()
        visit.until_cards_are("a")
        line.inspect("b")
        visit.until_cards_are("b", "a")
        assert not visit.error_boxes()


def test_a_frames_page_comes_back_by_itself_after_a_failure(visit: Visit) -> None:
    stored = visit.line.inspect("a", defect=True)
    visit.line.records.close()
    database = visit.line.database
    away = database.rename(database.with_name("away.db"))
    database.mkdir()
    visit.open("/frame?frame=a")
    visit.see(".notice.failed")
    database.rmdir()
    away.rename(database)
    visit.see(".frame-verdict[data-frame-id='a']")
    assert stored.reason.lower() in visit.text().lower()
    assert not visit.error_boxes()


def test_the_overview_can_be_the_first_page_after_a_start(visit: Visit) -> None:
    now = datetime.now(UTC)
    first = visit.line.inspect("a", at=now)
    for hours in range(1, 8):
        visit.line.add(bare_inspection(f"b-{hours}", now - timedelta(hours=hours), first))
    visit.open("/overview")
    charts = "[class*='st-key-chart-'] :is(canvas, svg.marks)"
    visit.until(lambda: len(visit.all(charts)) == 2)
    assert visit.one("table.figures tbody tr").text == "cam-1 line-1 washer 8 8 0 0 0.0 %"
    assert [link.text for link in visit.all("[data-testid='stTopNavLink'] p")] == [
        "Live",
        "Overview",
        "History",
    ]
    assert not visit.error_boxes()


@pytest.mark.parametrize("size_px", [DESKTOP_PX, TABLET_PX], ids=["desktop", "tablet"])
def test_pages_fit_the_screen_and_gloves(visit: Visit, size_px: tuple[int, int]) -> None:
    now = datetime.now(UTC)
    visit.line.inspect("dark", image=dark_frame(), at=now - seconds(1))
    bad = visit.line.inspect("bad", defect=True, at=now)
    worst = "b" * 128
    long = replace(bad, frame_id=worst, reason="because " * 30)
    visit.line.add(replace(long, product="p" * 64, camera="c" * 64, line="l" * 64))
    visit.line.describe(bad, sentence="Many defects: " + "a large irregular off-colour misprint; " * 9)
    visit.line.describe(replace(bad, frame_id=worst), sentence="w" * 400, kind=("k" * 64, 0.5))
    width, height = size_px
    show_at(visit.browser, size_px)
    for path, ready in (("/", CARD), ("/overview", "table.figures"), (f"/frame?frame={worst}", ".facts")):
        visit.open(path)
        visit.see(ready)
        widths = "return ['html', '.stMain'].map(e => document.querySelector(e).scrollWidth)"
        assert max(visit.run(widths)) <= width, path
        for target in visit.all(TARGETS):
            assert target.size["height"] >= GLOVE_PX, (path, target.text)

    visit.open()
    visit.until_cards_are(worst, "bad", "dark")
    spills = "return [...document.querySelectorAll('.card-facts')].map(e => e.scrollWidth - e.clientWidth)"
    assert visit.run(spills) == [0, 0, 0]
    verdict = visit.see(".card-facts .verdict").rect
    assert verdict["y"] + verdict["height"] <= height, "the newest verdict is below the screen"
    assert float(visit.one(".tile-number").value_of_css_property("font-size").removesuffix("px")) >= 48
