"""Frames that look like one: what the history and a frame's page say of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.language import catalogue
from dashboard.similar import similar_asked
from inspector.records import Decision, Review
from inspector.results import Verdict
from tests.dashboard.app_pages import html, text
from tests.dashboard.line import Line, bare_inspection, seconds
from tests.dashboard.test_history_page import history, rows
from tests.dashboard.test_pages import frame_page
from tests.tiny_bundle import tiny_part

NOW = datetime.now(UTC)


def test_the_most_alike_come_first_with_likeness_verdict_and_decision(line: Line, page: AppTest) -> None:
    bad = tiny_part(3, True)
    line.inspect("good", at=NOW - seconds(30))
    here = line.inspect("here", image=bad, at=NOW - seconds(20))
    line.inspect("twin", image=bad, at=NOW - seconds(10))
    line.inspect("other-product", image=bad, at=NOW, product="gasket")
    line.records.reviews.add(Review("twin", Decision.TRUE_DEFECT, "anna", NOW))
    assert here.verdict is Verdict.REJECT
    assert rows(history(page, similar="here")) == ["twin", "good"]
    said = text(page)
    assert "Compared with 2 other frames of washer" in said
    assert "Older ones" not in said
    assert re.search(r"Reject \S+( \w+ \S+)? Likeness 100\.0 %", said)
    assert re.search(r"Pass \S+( \w+ \S+)? Likeness 9\d\.\d %", said)
    assert "True defect, by anna" in said
    assert html(page).count("data:image/jpeg;base64,") == 2


def test_a_frame_without_an_embedding_says_so_plainly(line: Line, page: AppTest) -> None:
    first = line.inspect("first", at=NOW - seconds(9))
    line.add(bare_inspection("old", NOW, first))
    said = text(history(page, similar="old"))
    assert "No similar frames can be found for this one" in said
    assert "edge.evidence.embeddings" in said
    assert not rows(page)


def test_the_first_frame_has_nothing_to_compare_with_and_an_unknown_one_is_none(
    line: Line, page: AppTest
) -> None:
    line.inspect("first")
    assert "Nothing to compare with" in text(history(page, similar="first"))
    assert "There is no frame <b>&" in text(history(page, similar="<b>&"))


def test_a_frames_page_leads_to_its_like_and_a_like_frame_leads_back(line: Line, page: AppTest) -> None:
    line.inspect("a", at=NOW - seconds(5))
    line.inspect("b", at=NOW)
    links = [link.proto.query_string for link in frame_page(page, "a").get("page_link")]
    assert "similar=a" in links
    links = [link.proto.query_string for link in history(page, similar="a").get("page_link")]
    assert "frame=b&past=1&past-similar=a" in links
    page.query_params.clear()
    links = [
        link.proto.query_string for link in frame_page(page, "b", past="1", past_similar="a").get("page_link")
    ]
    assert "similar=a" in links


def test_an_address_without_a_usable_frame_asks_for_the_whole_history() -> None:
    assert similar_asked({}) is None
    assert similar_asked({"similar": [""]}) is None
    assert similar_asked({"similar": ["a\0b"]}) is None
    assert similar_asked({"similar": ["a"]}) == "a"


@pytest.mark.parametrize("one", ["Similar frames", "All frames", "Older ones were not compared."])
def test_the_words_are_translated(one: str) -> None:
    assert catalogue("zh").gettext(one) != one
