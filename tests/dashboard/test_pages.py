"""What the pages say, run by Streamlit without a browser."""

from __future__ import annotations

import re
import sqlite3
from base64 import b64decode
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from inspector.describing.words import Position, Source
from inspector.frames import decode_image
from inspector.records import StoredFacts
from inspector.results import Verdict
from tests.dashboard.app_pages import html, text
from tests.dashboard.line import Line, bare_inspection, dark_frame, seconds


def card_ids(page: AppTest) -> list[str]:
    return re.findall(r'class="card-facts" data-frame-id="([^"]*)"', html(page))


def frame_page(page: AppTest, frame_id: str | None, **query: str) -> AppTest:
    page.run().switch_page("views/frame.py")
    if frame_id is not None:
        page.query_params["frame"] = frame_id
    for name, value in query.items():
        page.query_params[name.replace("_", "-")] = value
    return page.run()


def test_an_empty_line_says_what_to_do(page: AppTest) -> None:
    said = text(page.run())
    assert "No frames yet" in said
    assert "Start the box with inspector edge run" in said
    assert "inspector/v1/plant-7/LINE/CAMERA/frame" in said
    assert "<code>inspector edge run</code>" in html(page)


def test_the_newest_frame_comes_first_with_its_facts(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    line.inspect("old", at=now - seconds(90), camera="cam-2")
    bad = line.inspect("bad", defect=True, at=now - seconds(5))
    assert card_ids(page.run()) == ["bad", "old"]
    said = text(page)
    assert re.search(r"Reject \d\d:\d\d:\d\d Being described… washer line-1 / cam-1 Score", said)
    assert bad.reason in said
    assert "Last frame 5 s ago" in said or "Last frame 6 s ago" in said
    assert html(page).count("data:image/jpeg;base64,") == 2


def test_no_more_cards_than_fit_are_drawn(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    first = line.inspect("f-00", at=now - seconds(100))
    for number in range(1, 20):
        line.add(bare_inspection(f"f-{number:02}", now - seconds(100 - number), first))
    assert card_ids(page.run()) == [f"f-{number:02}" for number in range(19, 7, -1)]


def tiles(page: AppTest) -> dict[Verdict | None, str]:
    """The figure of each verdict; that of None is the reject rate."""
    found = re.findall(r'class="tile (\w+)">.*?class="tile-number">([^<]*)<', html(page))
    return {None if kind == "rate" else Verdict(kind): figure for kind, figure in found}


def test_tiles_count_today_only(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    good = line.inspect("good", at=now)
    line.inspect("bad", defect=True, at=now)
    line.inspect("dark", image=dark_frame(), at=now)
    line.add(bare_inspection("good-2", now, good))
    line.add(bare_inspection("yesterday", now - timedelta(hours=20), good))
    assert tiles(page.run()) == {
        Verdict.PASS: "2",
        Verdict.REJECT: "1",
        Verdict.UNSURE: "1",
        None: "25.0 %",
    }


def test_filters_narrow_the_cards_and_a_product_or_camera_the_tiles_too(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    line.inspect("a", at=now - seconds(4), camera="cam-1", product="washer")
    line.inspect("b", defect=True, at=now - seconds(3), camera="cam-2", product="washer")
    line.inspect("c", defect=True, at=now - seconds(2), camera="cam-1", product="gasket")
    line.inspect("d", image=dark_frame(), at=now - seconds(1), camera="cam-2", product="gasket")
    page.run()
    assert [box.options for box in page.selectbox] == [["gasket", "washer"], ["cam-1", "cam-2"]]

    page.button_group(key="verdict").set_value(["Reject", "Unsure"]).run()
    assert card_ids(page) == ["d", "c", "b"]
    assert tiles(page)[Verdict.PASS] == "1"

    page.selectbox(key="camera").set_value("cam-1").run()
    assert card_ids(page) == ["c"]
    assert tiles(page) == {
        Verdict.PASS: "1",
        Verdict.REJECT: "1",
        Verdict.UNSURE: "0",
        None: "50.0 %",
    }

    page.selectbox(key="product").set_value("washer").run()
    assert card_ids(page) == []
    assert "There is no frame of reject or unsure, washer, cam-1. Clear a filter above." in text(page)


def test_a_held_page_stays_as_it_is_until_the_choice_changes(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    line.inspect("a", defect=True, at=now - seconds(2))
    page.run().toggle(key="hold").set_value(True).run()
    held = text(page)
    line.inspect("b", defect=True, at=now)
    assert text(page.run()) == held
    page.button_group(key="verdict").set_value(["Reject"]).run()
    assert card_ids(page) == ["b", "a"]
    line.inspect("c", defect=True, at=now + seconds(1))
    page.toggle(key="hold").set_value(False).run()
    assert card_ids(page) == ["c", "b", "a"]


def test_a_frame_that_cannot_be_judged_is_shown_without_overlay(line: Line, page: AppTest) -> None:
    line.inspect("dark", image=dark_frame())
    assert "Unsure" in text(page.run())
    (encoded,) = re.findall(r'src="data:image/jpeg;base64,([^"]*)"', html(page))
    assert decode_image(b64decode(encoded)).max() < 10


def test_what_a_camera_or_box_wrote_is_text_and_not_markup(line: Line, page: AppTest) -> None:
    first = line.inspect("a", defect=True)
    evil = "<img src=x onerror=alert(1)>"
    line.add(
        replace(first, frame_id="b", reason=evil, product=evil, camera=evil, model_version=evil, box=evil)
    )
    line.describe(first, sentence=evil, kind=(evil, 0.5))
    for shown in (html(page.run()), html(frame_page(page, "a")), html(frame_page(page, "b"))):
        assert evil not in shown
        assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_a_frames_page_tells_everything_that_was_recorded(line: Line, page: AppTest) -> None:
    taken = datetime.now(UTC) - seconds(60)
    stored = line.inspect("bad", defect=True, at=taken)
    line.add(replace(stored, frame_id="late", inspected_at=taken + seconds(2), latency_ms=2012.34))
    page.context["timezone"] = "Europe/Berlin"
    said = text(frame_page(page, "late"))
    region = stored.regions[0]
    assert stored.reason in said
    assert f"{region.centre_px[0]:.0f}, {region.centre_px[1]:.0f}" in said
    assert f"{region.box_px[2]} \N{MULTIPLICATION SIGN} {region.box_px[3]}" in said
    assert f"{region.area_fraction * 100:.2f} %" in said
    assert re.search(r"Captured \d\d \w{3} \d{4}, \d\d:\d\d:\d\d CES?T", said)
    assert "Latency 2012.3 ms" in said
    assert f"Model {stored.model_version}" in said
    assert "Box plant-7 / box-1" in said
    assert "Frame late" in said


def test_a_reject_is_shown_with_its_sentence_and_who_wrote_it(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    by_template = line.inspect("by-template", defect=True, at=now - seconds(3))
    told = line.describe(by_template)
    written = line.inspect("written", defect=True, at=now - seconds(2))
    line.describe(written, sentence="A scratch, says the model.", source=Source.LLM_RETRY)
    line.inspect("good", at=now - seconds(1))
    said = text(page.run())
    assert f"{told.sentence} Template" in said
    assert "A scratch, says the model. Language model" in said
    assert by_template.reason not in said, "the score bar says it"
    assert html(page).count('class="sentence"') == 2
    said = text(frame_page(page, "by-template"))
    assert f"{told.sentence} Template" in said
    assert by_template.reason in said
    assert "Described by Template, 0.2 s after the verdict" in said
    assert "Described by Language model, 0.2 s after the verdict" in text(frame_page(page, "written"))


def test_a_sentence_that_the_facts_contradict_is_shown_to_nobody(line: Line, page: AppTest) -> None:
    stored = line.inspect("bad", defect=True)
    line.describe(stored, rejected_sentence="Two holes at the bottom.")
    for shown in (html(page.run()), html(frame_page(page, "bad"))):
        assert "Two holes" not in shown


def test_the_facts_of_a_region_are_told_in_plain_words(line: Line, page: AppTest) -> None:
    stored = line.inspect("bad", defect=True)
    told = line.describe(stored, kind=("stain", 0.624))
    [facts] = told.facts
    assert facts.place is not None
    assert facts.core_px is not None
    said = text(frame_page(page, "bad"))
    assert f"Stain (62 %), {facts.place}" in said
    assert f"{facts.size}, {facts.shape}, darker; {facts.severity}" in said
    # The area that the sentence speaks of, and not the wider region that the map shows.
    assert f"{100 * facts.core_px / (stored.width_px * stored.height_px):.2f} %" in said
    assert f"{100 * stored.regions[0].area_fraction:.2f} %" not in said


def test_facts_that_were_not_measured_are_left_out(line: Line, page: AppTest) -> None:
    stored = line.inspect("bad", defect=True)
    line.describe(stored, facts=(StoredFacts(place=Position.LEFT),), sentence="One defect at the left.")
    said = text(frame_page(page, "bad"))
    assert "1 Left at " in said
    assert f"{100 * stored.regions[0].area_fraction:.2f} %" in said
    assert "None" not in said


def test_a_reject_that_is_being_described_says_so_until_the_sentence_comes(line: Line, page: AppTest) -> None:
    stored = line.inspect("bad", defect=True)
    line.inspect("good")
    assert text(page.run()).count("Being described…") == 1
    assert "Being described…" in text(frame_page(page, "bad"))
    assert "Being described…" not in text(frame_page(page, "good"))
    line.describe(stored)
    assert "Being described…" not in text(frame_page(page, "bad"))


def test_an_old_reject_without_a_sentence_promises_none(line: Line, page: AppTest) -> None:
    stored = line.inspect("bad", defect=True, at=datetime.now(UTC) - seconds(600))
    assert "Being described…" not in text(page.run())
    said = text(frame_page(page, "bad"))
    assert "Being described…" not in said
    assert stored.reason in said


def test_a_box_that_describes_nothing_promises_no_sentence(line: Line, page: AppTest) -> None:
    line.inspect("bad", defect=True)
    config = line.config.read_text(encoding="utf-8")
    line.config.write_text(f"{config}enabled = false\n", encoding="utf-8")
    assert "Being described…" not in text(page.run())


def test_the_numbers_on_the_picture_are_those_of_the_table(line: Line, page: AppTest) -> None:
    stored = line.inspect("bad", defect=True)
    shown = html(frame_page(page, "bad"))
    (x, y) = stored.regions[0].centre_px
    mark = re.search(r'<span class="region-number" style="left:([\d.]+)%;top:([\d.]+)%">1</span>', shown)
    assert mark is not None
    assert float(mark[1]) == pytest.approx(100 * x / stored.width_px, abs=0.01)
    assert float(mark[2]) == pytest.approx(100 * y / stored.height_px, abs=0.01)
    assert '<span class="region-number">1</span>' in shown


def test_views_change_the_picture(line: Line, page: AppTest) -> None:
    line.inspect("bad", defect=True)
    frame_page(page, "bad")
    shown = {}
    for view in ("Overlay", "Picture", "Heat map"):
        page.button_group(key="view").set_value(view).run()
        (shown[view],) = re.findall(r'src="(data:[^"]*)" alt="(\w[\w ]*) of frame bad"', html(page))
        assert shown[view][1] == view
    assert len({source for source, _ in shown.values()}) == 3
    assert "the mark is the limit" in text(page)


def test_a_frame_whose_picture_was_not_kept_says_so(line: Line, page: AppTest) -> None:
    stored = line.inspect("kept")
    line.add(bare_inspection("bare", stored.inspected_at, stored))
    said = text(frame_page(page, "bare"))
    assert "Picture not kept Only a share of passed frames keeps its picture" in said
    assert not page.button_group
    assert "No regions were found." in said


def test_a_frame_whose_picture_is_gone_says_so_and_keeps_its_facts(line: Line, page: AppTest) -> None:
    stored = line.inspect("bad", defect=True)
    assert stored.evidence is not None
    (line.data_dir / stored.evidence).unlink()
    said = text(frame_page(page, "bad"))
    assert f"the evidence {stored.evidence} is gone: there is no such file. Check data_dir" in said
    assert stored.reason in said


@pytest.mark.parametrize(
    ("frame_id", "said"), [("nope", "There is no frame nope"), (None, "No frame is chosen")]
)
def test_an_unknown_frame_says_so(line: Line, page: AppTest, frame_id: str | None, said: str) -> None:
    line.inspect("a")
    assert said in text(frame_page(page, frame_id))


def test_stepping_moves_to_the_neighbours_and_stops_at_the_ends(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    for number in range(3):
        line.inspect(f"f-{number}", defect=number != 1, at=now + seconds(number))
    frame_page(page, "f-1")
    page.button(key="older").click().run()
    assert page.query_params["frame"] == "f-0"
    assert page.button(key="older").disabled
    page.button(key="newer").click().run()
    page.button(key="newer").click().run()
    assert page.query_params["frame"] == "f-2"
    assert page.button(key="newer").disabled


def test_stepping_keeps_to_what_the_live_page_showed(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    for number in range(3):
        line.inspect(f"f-{number}", defect=number != 1, at=now + seconds(number))
    frame_page(page, "f-0", among_verdict="Reject")
    assert "Stepping through: reject" in text(page)
    page.button(key="newer").click().run()
    assert page.query_params["frame"] == "f-2"
    assert page.query_params["among-verdict"] == "Reject"


def test_the_overview_has_a_row_for_each_camera_and_product(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    good = line.inspect("good", at=now)
    line.add(bare_inspection("good-2", now, good))
    line.inspect("bad", defect=True, at=now)
    line.inspect("other", at=now, product="gasket", camera="cam-2")
    line.add(bare_inspection("yesterday", now - timedelta(hours=20), good))
    page.run().switch_page("views/overview.py").run()
    said = text(page)
    assert "cam-1 line-1 washer 3 2 0 1 33.3 %" in said
    assert "cam-2 line-1 gasket 1 1 0 0 0.0 %" in said

    page.button_group(key="period").set_value("24 hours").run()
    assert "cam-1 line-1 washer 4 3 0 1 25.0 %" in text(page)


def test_an_overview_without_frames_says_so(page: AppTest) -> None:
    page.run().switch_page("views/overview.py").run()
    assert "Nothing was inspected today. Choose a longer period above." in text(page)


@pytest.mark.parametrize("view", ["live", "overview", "history", "frame"])
def test_a_database_that_fails_is_told_with_the_remedy_and_comes_back(
    line: Line, page: AppTest, view: str
) -> None:
    line.inspect("a")
    line.records.close()
    away = line.database.with_name("away.db")
    line.database.rename(away)
    for leftover in line.database.parent.glob("inspector.db-*"):
        leftover.unlink()
    line.database.mkdir()

    page.run().switch_page(f"views/{view}.py")
    page.query_params["frame"] = "a"
    said = text(page.run())
    assert f"{line.database} cannot be opened." in said
    assert (
        "Give this user the right to write the file and its folder. This page tries again by itself." in said
    )
    assert "Traceback" not in said

    line.database.rmdir()
    away.rename(line.database)
    said = text(page.run())
    assert "cannot be opened" not in said
    assert "washer" in said


def test_a_database_that_was_replaced_is_opened_anew(line: Line, page: AppTest, tmp_path: Path) -> None:
    line.inspect("old")
    assert card_ids(page.run()) == ["old"]
    line.records.close()
    for file in tmp_path.glob("inspector.db*"):
        file.unlink()
    with Line(tmp_path / "new") as other:
        other.inspect("new")
    (tmp_path / "new" / "inspector.db").rename(line.database)
    assert card_ids(page.run()) == ["new"]


def test_a_database_that_lost_its_tables_gets_them_again(line: Line, page: AppTest) -> None:
    line.inspect("old")
    assert card_ids(page.run()) == ["old"]
    with closing(sqlite3.connect(line.database)) as connection:
        # SQLite's own tables cannot be dropped.
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        names = [name for (name,) in connection.execute(query)]
        for name in names:
            connection.execute(f"DROP TABLE {name}")
    assert "Inspections cannot be read" in text(page.run())
    assert "No frames yet" in text(page.run())


def test_wrong_settings_are_told(page: AppTest, line: Line) -> None:
    line.config.write_text("[dashboard]\ncolour = 'red'\n", encoding="utf-8")
    said = text(page.run())
    assert "are wrong." in said
    assert "colour" in said


def test_the_time_zone_of_the_visitor_decides_what_is_today(line: Line, page: AppTest) -> None:
    now = datetime.now(UTC)
    line.inspect("earlier", at=now - timedelta(hours=2))
    assert tiles(page.run())[Verdict.PASS] == "1"
    # Where it is one in the morning, two hours ago was yesterday.
    hours = (1 - now.hour + 12) % 24 - 12
    page.context["timezone"] = f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"
    assert tiles(page.run())[Verdict.PASS] == "0"


def test_heat_is_drawn_as_strongly_as_chosen_and_the_choice_stays(page: AppTest, line: Line) -> None:
    line.inspect("bad", defect=True)

    def picture() -> str:
        found = re.search(r'<img src="(data:[^"]+)"', html(page))
        assert found is not None
        return found.group(1)

    usual = (page.run(), picture())[1]
    page.slider(key="heat-live").set_value(0).run()
    without = picture()
    page.slider(key="heat-live").set_value(100).run()
    strong = picture()
    assert len({usual, without, strong}) == 3
    frame_page(page, "bad")
    assert page.slider(key="heat-frame").value == 100
