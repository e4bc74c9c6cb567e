from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from inspector.results import Verdict
from tests.tiny_bundle import tiny_part, write_tiny_bundle
from tests.training.evaluation.drawn_set import put, write_drawn_set
from training.evaluation.dataset import Sample
from training.evaluation.evaluating import ScoredSample
from training.evaluation.report import MOST_EXAMPLES, MOST_MISTAKES, figure, percent, select_parts
from training.evaluation.running import run_evaluation

LIMIT = 1.0


def scored(kind: str, score: float, verdict: Verdict | None = None) -> ScoredSample:
    name = f"test/{kind}/{score}.png"
    decided = verdict or (Verdict.REJECT if score > LIMIT else Verdict.PASS)
    return ScoredSample(Sample(Path(name), name, kind, None), score, decided, "because", 1.0)


def shown(parts: list[ScoredSample], anchor: str) -> list[tuple[str, float]]:
    selection = next(one for one in select_parts(parts, LIMIT) if one.anchor == anchor)
    return [(one.sample.kind, one.score) for one in selection.shown]


def test_parts_are_sorted_into_sections_the_most_telling_first() -> None:
    parts = [
        *(scored("good", score) for score in (0.1, 0.9, 1.1, 3.0)),
        *(scored("crack", score) for score in (0.7, 0.2, 4.0, 5.0)),
        *(scored("hole", score) for score in (1.5, 2.0)),
        scored("hole", 9.0, Verdict.UNSURE),
    ]
    assert shown(parts, "missed") == [("crack", 0.2), ("crack", 0.7)]
    assert shown(parts, "false-rejects") == [("good", 3.0), ("good", 1.1)]
    assert shown(parts, "narrow")[:3] == [("good", 0.9), ("hole", 1.5), ("good", 0.1)]
    assert shown(parts, "catches") == [("crack", 5.0), ("hole", 2.0), ("crack", 4.0), ("hole", 1.5)]
    assert shown(parts, "unsure") == [("hole", 9.0)]


def test_a_section_shows_few_of_many_and_knows_how_many_there_are() -> None:
    parts = [scored("crack", number / 1000) for number in range(100)]
    missed, *_ = select_parts(parts, LIMIT)
    assert missed.total == 100
    assert len(missed.shown) == MOST_MISTAKES
    catches = select_parts([scored("hole", 2 + number) for number in range(50)], LIMIT)[3]
    assert catches.total == 50
    assert len(catches.shown) == MOST_EXAMPLES


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "-"), (0, "0 %"), (1, "100 %"), (0.9999, "99.9 %"), (0.0001, "0.1 %"), (0.625, "62.5 %")],
)
def test_percentages_never_claim_all_or_none(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (1, "1.000"), (0.99999, "0.999"), (0.5, "0.500")])
def test_figures_never_round_up_to_perfect(value: float | None, text: str) -> None:
    assert figure(value) == text


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1240,1600"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tmp_path / 'browser'}")
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def test_the_report_is_one_file_that_a_browser_shows_whole(tmp_path: Path, browser: webdriver.Chrome) -> None:
    dataset = write_drawn_set(tmp_path / "washers & <rings>")
    faint = tiny_part(200).copy()
    faint[60:63, 20:30] -= 20
    put(dataset / "test/faint <b>/000.png", faint)
    put(dataset / "test/dark/000.png", np.zeros((160, 160, 3), np.uint8))
    bundle = write_tiny_bundle(tmp_path / "bundle")
    run_evaluation(bundle.path, dataset, tmp_path / "out")
    report = tmp_path / "alone" / "report.html"
    report.parent.mkdir()
    shutil.move(tmp_path / "out/report.html", report)
    browser.get(report.as_uri())

    text = browser.find_element(By.TAG_NAME, "main").text
    assert "5 of 7 defective parts were rejected (71.4 %)" in text
    assert "0 of 6 good parts were rejected by mistake (0 %)" in text
    assert "Missed defects (1)" in text
    assert "No good part was rejected." in text
    assert "test/faint <b>/000.png" in text
    assert "washers & <rings>" in text
    pictures = browser.find_elements(By.CSS_SELECTOR, "figure img")
    assert len(pictures) == 2 * (1 + 8 + 5 + 1)
    assert all(picture.get_property("naturalWidth") == 160 for picture in pictures)
    assert len(browser.find_elements(By.CSS_SELECTOR, "svg g rect")) >= 4
    wide = browser.execute_script("return document.documentElement.scrollWidth > window.innerWidth")
    assert wide is False
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []
