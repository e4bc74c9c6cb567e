"""The history in a real Chromium, served by the real command over a real database."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.past import ROWS
from inspector.records import Decision, Review
from tests.dashboard.browser import DESKTOP_PX, GLOVE_PX, TABLET_PX, show_at
from tests.dashboard.line import bare_inspection, seconds
from tests.dashboard.visit import Visit

ROW = "[class*='st-key-past-row-']"
TARGETS = ".stButtonGroup button, .stButton button, .stPopover button, .stPageLink a"


def rows(visit: Visit) -> list[str | None]:
    return [row.get_attribute("data-frame-id") for row in visit.all(".past-row")]


def until_rows_are(visit: Visit, *frame_ids: str) -> None:
    visit.until(lambda: rows(visit) == list(frame_ids))


def test_a_search_finds_frames_opens_one_and_leads_back(visit: Visit) -> None:
    now = datetime.now(UTC)
    for n, kind in enumerate(("scratch", "dent", "scratch")):
        stored = visit.line.inspect(f"f-{n}", defect=True, at=now + seconds(n))
        visit.line.describe(stored, kind=(kind, 0.9))
    visit.open("/history")
    until_rows_are(visit, "f-2", "f-1", "f-0")
    box = visit.see(".st-key-search input")
    box.send_keys("scratch\n")
    until_rows_are(visit, "f-2", "f-0")
    visit.until(lambda: "search=scratch" in visit.browser.current_url)
    assert "Searched for: kind scratch." in visit.text()
    visit.browser.refresh()
    until_rows_are(visit, "f-2", "f-0")

    visit.press(f"{ROW}:has([data-frame-id='f-2']) a")
    visit.see(".frame-verdict[data-frame-id='f-2']")
    visit.press(".stButton button", "Older")
    visit.see(".frame-verdict[data-frame-id='f-0']")
    visit.press(".stPageLink a", "History")
    until_rows_are(visit, "f-2", "f-0")
    assert visit.see(".st-key-search input").get_attribute("value") == "scratch"
    assert not visit.error_boxes()


def test_the_name_of_a_frame_is_no_markdown_in_its_link(visit: Visit) -> None:
    name = "![x](/evil.png) [a](http://evil/) **b** :red[c] $d$ <b>e</b> :material/home: `f` ~g~"
    visit.line.add(replace(visit.line.inspect("a"), frame_id=name))
    words = "return [...document.querySelectorAll('.stPageLink a')].map(e => e.textContent)"
    for path in ("/history", "/"):
        visit.open(path)
        visit.until(lambda: f"Open frame {name}" in visit.run(words))
        assert not visit.all(".stPageLink a :is(img, a, strong, code, del, .katex)"), path


def test_pages_turn_and_can_be_bookmarked(visit: Visit) -> None:
    now = datetime.now(UTC)
    first = visit.line.inspect("f-00", at=now)
    ids = [f"f-{n:02}" for n in range(ROWS + 3)]
    visit.line.records.add_all([bare_inspection(f, now + seconds(n), first) for n, f in enumerate(ids) if n])
    visit.open("/history?verdicts=Pass")
    until_rows_are(visit, *reversed(ids[3:]))
    visit.press(".stButton button", "Older")
    until_rows_are(visit, *reversed(ids[:3]))
    visit.until(lambda: "before=" in visit.browser.current_url)
    assert "verdicts=Pass" in visit.browser.current_url
    visit.browser.get(visit.browser.current_url)
    until_rows_are(visit, *reversed(ids[:3]))
    visit.press(".stButton button", "Newer")
    until_rows_are(visit, *reversed(ids[3:]))
    assert not visit.error_boxes()


def test_an_export_arrives_as_a_file(visit: Visit, tmp_path: Path) -> None:
    visit.line.inspect("bad", defect=True, product="=1+1")
    visit.line.inspect("good")
    folder = {"behavior": "allow", "downloadPath": str(tmp_path)}
    visit.browser.execute_cdp_cmd("Browser.setDownloadBehavior", folder)
    visit.open("/history?verdicts=Reject")
    until_rows_are(visit, "bad")
    visit.press(".stPopover button")
    visit.press(".stButton button", "Prepare CSV")
    visit.press(".stDownloadButton button", "Download CSV")
    file = tmp_path / "inspections.csv"
    visit.until(file.is_file)
    [row] = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))
    assert (row["frame_id"], row["product"]) == ("bad", "'=1+1")


def test_an_open_history_tells_that_the_database_fails_and_recovers(visit: Visit) -> None:
    visit.line.inspect("a", defect=True)
    visit.open("/history?verdicts=Reject")
    until_rows_are(visit, "a")
    visit.line.records.close()
    away = visit.line.database.rename(visit.line.database.with_name("away.db"))
    visit.line.database.mkdir()
    visit.press(".stButtonGroup button", "Unsure")
    visit.see(".notice.failed")
    visit.line.database.rmdir()
    away.rename(visit.line.database)
    visit.until(lambda: not visit.error_boxes())
    until_rows_are(visit, "a")
    assert "verdicts=Reject" in visit.browser.current_url


@pytest.mark.parametrize("size_px", [DESKTOP_PX, TABLET_PX], ids=["desktop", "tablet"])
def test_the_history_fits_the_screen_and_gloves(visit: Visit, size_px: tuple[int, int]) -> None:
    now = datetime.now(UTC)
    bad = visit.line.inspect("bad", defect=True, at=now)
    visit.line.describe(bad, sentence="Many defects: " + "a large irregular off-colour misprint; " * 9)
    worst = replace(bad, frame_id="b" * 128, product="p" * 64, camera="c" * 64, line="l" * 64)
    visit.line.add(worst)
    visit.line.describe(worst, sentence="w" * 400, kind=("k" * 64, 0.5))
    long = Review(worst.frame_id, Decision.TRUE_DEFECT, "r" * 64, now, "n" * 900, "k" * 64)
    visit.line.records.reviews.add(long)
    visit.line.inspect("good", at=now - seconds(1))
    show_at(visit.browser, size_px)
    visit.open("/history")
    visit.until(lambda: len(rows(visit)) == 3)
    widths = "return ['html', '.stMain'].map(e => document.querySelector(e).scrollWidth)"
    # A browser lays a page out again when its style sheet and fonts have come.
    visit.until(lambda: max(visit.run(widths)) <= size_px[0])
    for target in visit.all(TARGETS):
        assert target.size["height"] >= GLOVE_PX, target.text
    spills = (
        "return [...document.querySelectorAll('.past-row > div')].map(e => e.scrollWidth - e.clientWidth)"
    )
    visit.until(lambda: set(visit.run(spills)) == {0})
    verdict = visit.see(".past-row .verdict").rect
    assert verdict["y"] + verdict["height"] <= size_px[1], "the newest verdict is below the screen"
