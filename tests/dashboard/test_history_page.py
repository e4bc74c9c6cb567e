"""What the history page says, run by Streamlit without a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.past import ROWS
from inspector.records import Decision, Review
from tests.dashboard.app_pages import html, text
from tests.dashboard.line import Line, bare_inspection, dark_frame, seconds
from tests.dashboard.test_pages import frame_page

NOW = datetime.now(UTC)


def rows(page: AppTest) -> list[str]:
    return re.findall(r'class="past-row" data-frame-id="([^"]*)"', html(page))


def history(page: AppTest, **query: str | list[str]) -> AppTest:
    page.run().switch_page("views/history.py")
    for name, value in query.items():
        page.query_params[{"first_day": "from", "last_day": "to"}.get(name, name)] = value
    return page.run()


def many(line: Line, count: int) -> list[str]:
    """Passed frames, one a second; their ids, the newest first."""
    first = line.inspect("f-00", at=NOW - seconds(count))
    line.records.add_all(
        [bare_inspection(f"f-{n:02}", NOW - seconds(count - n), first) for n in range(1, count)]
    )
    return [f"f-{n:02}" for n in range(count - 1, -1, -1)]


def test_an_empty_history_says_so(page: AppTest) -> None:
    assert "No frames yet" in text(history(page))
    assert "0 frames" in text(page)


def test_a_row_tells_verdict_sentence_kind_place_score_model_and_review(line: Line, page: AppTest) -> None:
    old = NOW - timedelta(days=3)
    bad = line.inspect("bad", defect=True, at=old)
    told = line.describe(bad, kind=("scratch", 0.8))
    assert told.facts[0].place is not None
    line.inspect("dark", image=dark_frame(), at=old + seconds(1))
    good = line.inspect("good", at=old + seconds(2))
    line.add(bare_inspection("bare", old + seconds(3), good))
    line.records.reviews.add(Review("bad", Decision.TRUE_DEFECT, "anna", NOW, "see the edge", "crack"))
    line.records.reviews.add(Review("good", Decision.WITHDRAWN, "bert", NOW))
    assert rows(history(page)) == ["bare", "good", "dark", "bad"]
    said = text(page)
    assert "4 frames" in said
    assert re.search(rf"Reject {old:%d} \w+ \d\d:\d\d:\d\d {re.escape(told.sentence)} Template", said)
    assert f"Scratch (80 %), {told.facts[0].place}" in said
    assert f"Model {bad.model_version}" in said
    assert "True defect, crack, by anna see the edge" in said
    assert "bert" not in said
    assert "Picture not kept" in said
    assert html(page).count("data:image/jpeg;base64,") == 3


def test_filters_of_the_address_are_those_of_the_page(line: Line, page: AppTest) -> None:
    for n, (camera, product, defect) in enumerate(
        [("cam-1", "washer", False), ("cam-2", "washer", True), ("cam-1", "gasket", True)]
    ):
        at = NOW - seconds(10 - n)
        stored = line.inspect(f"f-{n}", defect=defect, at=at, camera=camera, product=product)
        if defect:
            line.describe(stored, kind=("scratch" if n == 1 else "dent", 0.9))
    line.records.reviews.add(Review("f-1", Decision.TRUE_DEFECT, "anna", NOW))
    assert rows(history(page, verdicts=["Reject"])) == ["f-2", "f-1"]
    assert page.button_group(key="verdicts").value == ["Reject"]
    page.button_group(key="verdicts").set_value([]).run()
    page.multiselect(key="products").set_value(["washer"]).run()
    assert rows(page) == ["f-1", "f-0"]
    page.multiselect(key="cameras").set_value(["cam-2"]).run()
    assert rows(page) == ["f-1"]
    page.multiselect(key="cameras").set_value([]).run()
    page.multiselect(key="products").set_value([]).run()
    page.multiselect(key="kinds").set_value(["dent"]).run()
    assert rows(page) == ["f-2"]
    page.multiselect(key="kinds").set_value([]).run()
    page.selectbox(key="review").set_value("True defect").run()
    assert rows(page) == ["f-1"]
    page.selectbox(key="review").set_value("Undecided").run()
    assert rows(page) == ["f-2", "f-0"]
    page.button_group(key="verdicts").set_value(["Unsure"]).run()
    assert "No frame matches" in text(page)
    assert "Clear a filter above." in text(page)


def test_days_are_those_of_the_visitor(line: Line, page: AppTest) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    like = line.inspect("noon", at=noon)
    for frame_id, hours in (("early", -11), ("late", 11), ("before", -13)):
        line.add(bare_inspection(frame_id, noon + timedelta(hours=hours), like))
    page.context["timezone"] = "Etc/GMT"
    assert rows(history(page, first_day="2026-03-10", last_day="2026-03-10")) == ["late", "noon", "early"]
    page.context["timezone"] = "Etc/GMT+2"
    assert rows(page.run()) == ["late", "noon"]


def test_words_find_facts_and_sentences(line: Line, page: AppTest) -> None:
    said = [("scratch", "Near the thread."), ("dent", "x"), ("dent", "By 100%.")]
    for n, (kind, sentence) in enumerate(said):
        stored = line.inspect(f"f-{n}", defect=True, at=NOW + seconds(n))
        told = line.describe(stored, kind=(kind, 0.9), sentence=sentence)
    place = told.facts[0].place
    assert rows(history(page, search="scratch")) == ["f-0"]
    assert "Searched for: kind scratch." in [each.value for each in page.text]
    page.text_input(key="search").set_value(f"dent {place} 100%").run()
    assert rows(page) == ["f-2"]
    assert f"Searched for: kind dent; place {place}; “100%” in the sentence." in [e.value for e in page.text]
    page.text_input(key="search").set_value("%").run()
    assert rows(page) == ["f-2"]
    page.text_input(key="search").set_value("").run()
    assert rows(page) == ["f-2", "f-1", "f-0"]
    assert not page.text


def test_pages_lead_there_and_back_and_stand_in_the_address(line: Line, page: AppTest) -> None:
    ids = many(line, 2 * ROWS + 5)
    assert rows(history(page)) == ids[:ROWS]
    assert [page.button(key=key).disabled for key in ("newest", "newer", "older")] == [True, True, False]
    page.button(key="older").click().run()
    assert rows(page) == ids[ROWS : 2 * ROWS]
    address = page.query_params["before"]
    page.button(key="older").click().run()
    assert rows(page) == ids[2 * ROWS :]
    assert page.button(key="older").disabled
    page.button(key="newer").click().run()
    assert rows(page) == ids[ROWS : 2 * ROWS]
    page.button(key="newer").click().run()
    assert rows(page) == ids[:ROWS]
    assert page.button(key="newer").disabled

    del page.query_params["after"]
    page.query_params["before"] = address
    assert rows(page.run()) == ids[ROWS : 2 * ROWS]
    page.button(key="newest").click().run()
    assert rows(page) == ids[:ROWS]
    assert "before" not in page.query_params


def test_a_filter_leads_to_the_first_page(line: Line, page: AppTest) -> None:
    ids = many(line, ROWS + 5)
    history(page).button(key="older").click().run()
    assert rows(page) == ids[ROWS:]
    page.button_group(key="verdicts").set_value(["Pass"]).run()
    assert rows(page) == ids[:ROWS]


@pytest.mark.parametrize(
    "cursor", ["", "~", "yesterday~f", "2026-01-01T00:00:00~f", "2026-01-01T00:00:00Z~\0"]
)
def test_an_address_that_cannot_be_read_shows_the_first_page(line: Line, page: AppTest, cursor: str) -> None:
    line.inspect("a")
    assert rows(history(page, before=cursor, first_day="soon", review="perhaps", search="\0")) == ["a"]


def test_a_page_behind_the_last_frame_says_so(line: Line, page: AppTest) -> None:
    line.inspect("a")
    assert "No older frames" in text(history(page, before="2000-01-01T00:00:00Z~a"))
    page.button(key="newest").click().run()
    assert rows(page) == ["a"]


def test_a_search_that_looked_at_some_sentences_only_says_how_far(
    line: Line, page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        line.describe(line.inspect(f"f-{n}", defect=True, at=NOW + seconds(n)), sentence="Odd.")
    monkeypatch.setattr("inspector.records.history.SEARCHED", 2)
    assert rows(history(page, search="odd")) == ["f-2", "f-1"]
    assert "Sentences were searched back to" in page.text[0].value


def test_what_others_wrote_is_text_and_not_markup(line: Line, page: AppTest) -> None:
    evil = '<img src=x onerror=alert(1)>"&'
    stored = line.inspect("a", defect=True, at=NOW)
    line.add(
        replace(
            stored,
            frame_id=evil,
            inspected_at=NOW + seconds(1),
            product=evil,
            line=evil,
            camera=evil,
            model_version=evil,
            reason=evil,
        )
    )
    line.describe(replace(stored, frame_id=evil), sentence=evil, kind=(evil, 0.5))
    line.add(bare_inspection(f"{evil}2", NOW + seconds(2), replace(stored, reason=evil)))
    line.records.reviews.add(Review(evil, Decision.TRUE_DEFECT, evil, NOW, evil, evil))
    shown = html(history(page, search=evil, kinds=[evil]))
    assert "<img src=x" not in shown
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;&quot;&amp;") >= 9
    page.text_input(key="search").set_value("").run()
    page.multiselect(key="kinds").set_value([]).run()
    assert len(rows(page)) == 3
    assert "<img src=x" not in html(page)
    shown = html(frame_page(page, evil, past="1", past_search=evil, past_kinds=evil))
    assert "<img src=x" not in shown
    assert "Stepping through: &lt;img" in shown


def test_a_picture_that_is_gone_leaves_the_row(line: Line, page: AppTest) -> None:
    stored = line.inspect("bad", defect=True)
    assert stored.evidence is not None
    (line.data_dir / stored.evidence).unlink()
    assert rows(history(page)) == ["bad"]
    assert "Picture cannot be shown" in text(page)


def test_an_export_is_prepared_and_belongs_to_the_filter(line: Line, page: AppTest) -> None:
    line.inspect("a", defect=True, at=NOW)
    line.inspect("b", at=NOW - seconds(1))
    history(page)
    assert not page.get("download_button")
    for form in ("csv", "parquet"):
        page.button(key=f"prepare-{form}").click().run()
        assert len(page.get("download_button")) == 1
        assert any("with 2 frames" in each.value for each in page.markdown)
    page.button_group(key="verdicts").set_value(["Reject"]).run()
    assert not page.get("download_button")


def test_a_frame_opened_from_the_history_steps_through_what_was_found(line: Line, page: AppTest) -> None:
    for n, kind in enumerate(("scratch", "dent", "scratch", "scratch")):
        line.describe(line.inspect(f"f-{n}", defect=True, at=NOW + seconds(n)), kind=(kind, 0.9))
    frame_page(page, "f-2", past="1", past_search="scratch")
    assert "Stepping through: scratch" in text(page)
    page.button(key="older").click().run()
    assert page.query_params["frame"] == "f-0"
    assert page.button(key="older").disabled
    page.button(key="newer").click().run()
    page.button(key="newer").click().run()
    assert page.query_params["frame"] == "f-3"
    assert page.query_params["past-search"] == "scratch"
    assert page.button(key="newer").disabled
