"""The page of the shift report, by Streamlit's AppTest over a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from streamlit.testing.v1 import AppTest

from inspector.records import Decision
from tests.dashboard.app_pages import html, text
from tests.dashboard.line import Line, noon_zone, seconds
from tests.dashboard.report.shift import HOSTILE, decide


def visit(page: AppTest) -> AppTest:
    return page.run().switch_page("views/report.py").run()


def test_this_shift_is_shown_with_its_parts_and_both_files(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    line.inspect("good", at=now - seconds(20))
    bad = line.inspect("bad", defect=True, at=now - seconds(10))
    line.describe(bad, kind=("scratch", 0.9))
    decide(line, "bad", Decision.TRUE_DEFECT, "deep")
    said = text(visit(page))
    assert "Shift report: early" in said
    assert "still running" in said
    assert "1 of 2 frames were rejected (50.0 %)." in said
    assert "scratch 1 100.0 % 100.0 % 0" in said
    assert "One defect: " in said
    assert "Review: Defect confirmed, anna: “deep”" in said
    assert html(page).count("data:image/jpeg;base64,") == 2
    assert [button.label for button in page.download_button] == ["Download PDF", "Download HTML"]


def test_another_time_shows_other_frames(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    # For the visitor it is between noon and one: the early shift began six hours ago, the night before it.
    line.inspect("this", at=now - seconds(10))
    for number in range(2):
        line.inspect(f"last-{number}", at=now - timedelta(hours=7, minutes=1 + number))
    assert "0 of 1 frames were rejected" in text(visit(page))
    page.button_group(key="report-time").set_value("Last shift").run()
    assert "Shift report: night" in text(page)
    assert "0 of 2 frames were rejected" in text(page)
    page.button_group(key="report-time").set_value("Today").run()
    assert "0 of 3 frames were rejected" in text(page)


def test_an_own_time_is_kept_and_a_wrong_one_is_told(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    line.inspect("a", at=now - timedelta(hours=1))
    visit(page).button_group(key="report-time").set_value("Own time").run()
    assert "0 of 1 frames were rejected" in text(page)
    begin, end = page.datetime_input
    assert begin.value is not None
    end.set_value(begin.value).run()
    assert "The span of the report is empty" in text(page)
    assert "Choose an end that is after the begin" in text(page)
    page.datetime_input[0].set_value(begin.value - timedelta(days=1)).run()
    assert "Nothing to report" in text(page)


def test_lines_and_products_narrow_the_report(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    for number, product in enumerate(("washer", "washer", "gasket")):
        line.inspect(f"f-{number}", at=now - seconds(10 + number), product=product)
    visit(page).multiselect(key="report-products").set_value(["gasket"]).run()
    assert "0 of 1 frames were rejected" in text(page)
    assert "products gasket" in text(page)
    page.multiselect(key="report-products").set_value([]).run()
    assert "0 of 3 frames were rejected" in text(page)


def test_the_language_can_be_chosen_and_begins_with_that_of_the_settings(line: Line, page: AppTest) -> None:
    line.inspect("a", at=datetime.now(UTC) - seconds(10))
    line.config.write_text(
        line.config.read_text(encoding="utf-8") + '[report]\nlanguage = "zh"\n', encoding="utf-8"
    )
    assert "共检测 1 帧" in text(visit(page))
    page.button_group(key="report-language").set_value("en").run()
    assert "0 of 1 frames were rejected" in text(page)


def test_the_shifts_of_a_plant_are_in_its_zone(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    line.inspect("a", at=now - seconds(10))
    # For the visitor it is noon; in the plant it is midnight.
    zone = noon_zone(now - timedelta(hours=12))
    line.config.write_text(
        line.config.read_text(encoding="utf-8") + f'[report]\nzone = "{zone}"\n', encoding="utf-8"
    )
    assert "Shift report: night" in text(visit(page))


def test_an_empty_database_says_so_and_offers_no_file(page: AppTest) -> None:
    assert "Nothing to report" in text(visit(page))
    assert not page.download_button


def test_a_missing_picture_is_said(line: Line, page: AppTest) -> None:
    bad = line.inspect("bad", defect=True, at=datetime.now(UTC) - seconds(10))
    assert bad.evidence is not None
    (line.data_dir / bad.evidence).unlink()
    said = text(visit(page))
    assert "Picture cannot be read" in said
    assert "is gone: there is no such file" in said


def test_a_font_that_cannot_be_used_takes_the_pdf_away_and_nothing_else(line: Line, page: AppTest) -> None:
    line.inspect("a", at=datetime.now(UTC) - seconds(10))
    line.config.write_text(
        line.config.read_text(encoding="utf-8") + '[report]\nfont = "nowhere.ttf"\n', encoding="utf-8"
    )
    said = text(visit(page))
    assert "The font nowhere.ttf cannot be used." in said
    assert "0 of 1 frames were rejected" in said
    assert [button.label for button in page.download_button] == ["Download HTML"]


def test_hostile_names_are_nothing_but_text(line: Line, page: AppTest) -> None:
    at = datetime.now(UTC) - seconds(10)
    bad = line.inspect("bad", defect=True, at=at, product="p", camera=HOSTILE)
    line.describe(bad, sentence=HOSTILE, kind=(HOSTILE, 0.9))
    decide(line, "bad", Decision.TRUE_DEFECT, HOSTILE, HOSTILE)
    visit(page)
    assert "<script" not in html(page)
    assert "<img src=x" not in html(page)
    assert text(page).count("<script>alert(1)</script>") >= 4


def test_a_database_that_fails_is_told_and_comes_back(line: Line, page: AppTest) -> None:
    line.inspect("a", at=datetime.now(UTC) - seconds(10))
    line.records.close()
    away = line.database.with_name("away.db")
    line.database.rename(away)
    for leftover in line.database.parent.glob("inspector.db-*"):
        leftover.unlink()
    line.database.mkdir()
    said = text(visit(page))
    assert f"{line.database} cannot be opened." in said
    assert "This page tries again by itself." in said
    line.database.rmdir()
    away.rename(line.database)
    assert "0 of 1 frames were rejected" in text(page.run())
