"""The page of the shift report, and the file that it gives, in a real Chromium."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader
from selenium.webdriver import Chrome

from dashboard.report.html import document
from dashboard.report.telling import tell
from inspector.records import Decision
from tests.dashboard.browser import DESKTOP_PX, GLOVE_PX, TABLET_PX, show_at
from tests.dashboard.line import Line, seconds
from tests.dashboard.report.shift import HOSTILE, decide, report_of, work, work_with_hostile_names
from tests.dashboard.visit import Visit

PHONE_PX = (420, 900)
WIDTHS = "return ['html', '.stMain'].map(e => document.querySelector(e).scrollWidth)"
LOADED = "return [...document.images].map(e => e.complete && e.naturalWidth > 0)"


def test_a_manager_reads_the_report_and_takes_both_files_along(visit: Visit, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    visit.line.inspect("good", at=now - seconds(20))
    bad = visit.line.inspect("bad", defect=True, at=now - seconds(10), product=HOSTILE[:40])
    visit.line.add(replace(bad, frame_id="w" * 128, product="p" * 64, line="l" * 64, camera="c" * 64))
    visit.line.describe(bad, sentence=HOSTILE, kind=("k" * 64, 0.9))
    decide(visit.line, "bad", Decision.TRUE_DEFECT, HOSTILE, HOSTILE)
    for size_px in (DESKTOP_PX, TABLET_PX):
        show_at(visit.browser, size_px)
        visit.open("/report")
        visit.see(".shift-report")
        assert max(visit.run(WIDTHS)) <= size_px[0]
        for target in visit.all(".stButtonGroup button, .stDownloadButton button"):
            assert target.size["height"] >= GLOVE_PX, target.text
    assert "2 of 3 frames were rejected (66.7 %)." in visit.text()
    assert visit.text().count("<script>alert(1)</script>") >= 2
    # The bars are really drawn: the page takes out what it does not trust.
    assert visit.one(".sr-column i.sr-reject").size["height"] > 50
    assert visit.one("td.sr-bar i").size["width"] > 50
    assert all(visit.run(LOADED))

    folder = tmp_path / "downloads"
    folder.mkdir()
    behaviour = {"behavior": "allow", "downloadPath": str(folder)}
    visit.browser.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    visit.press(".st-key-report-pdf button")
    (paper,) = visit.until(lambda: list(folder.glob("shift-report-*.pdf")))
    assert "2 of 3 frames were rejected" in PdfReader(paper).pages[0].extract_text()
    visit.press(".st-key-report-html button")
    (page,) = visit.until(lambda: list(folder.glob("shift-report-*.html")))
    assert "2 of 3 frames were rejected" in page.read_text(encoding="utf-8")
    assert not visit.error_boxes()


@pytest.mark.parametrize("size_px", [DESKTOP_PX, PHONE_PX], ids=["desktop", "phone"])
def test_the_file_shows_itself_without_anything_else(
    chrome: Chrome, line: Line, tmp_path: Path, size_px: tuple[int, int]
) -> None:
    work(line)
    work_with_hostile_names(line)
    file = tmp_path / "shift.html"
    file.write_text(document(tell(report_of(line), "en")), encoding="utf-8")
    show_at(chrome, size_px)
    chrome.get(file.as_uri())
    assert chrome.execute_script("return document.documentElement.scrollWidth") <= size_px[0]
    assert chrome.execute_script(LOADED) == [True] * 12
    assert chrome.execute_script("return document.scripts.length") == 0
    loaded = chrome.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []
    log = chrome.get_log("browser")  # type: ignore[no-untyped-call]
    assert [entry for entry in log if entry["level"] == "SEVERE"] == []
