from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.scores import bar_shares, number, score_bar
from inspector.results import Verdict

SCORES = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.314, "2.31"), (0.0421, "0.0421"), (13.649, "13.6"), (1234.5, "1234"), (0.0, "0"), (-2.5, "-2.5")],
)
def test_a_number_has_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_no_number_is_a_dash() -> None:
    assert number(math.nan) == "\N{EN DASH}"


@given(score=SCORES, limit=SCORES)
def test_the_bar_holds_score_and_limit_in_their_order(score: float, limit: float) -> None:
    at_score, at_limit = bar_shares(score, limit)
    assert 0 <= at_score < 1
    assert 0 <= at_limit < 1
    if score < limit:
        assert at_score <= at_limit
    if score > limit:
        assert at_score >= at_limit


def test_a_score_of_twice_the_limit_is_twice_as_long() -> None:
    at_score, at_limit = bar_shares(4.0, 2.0)
    assert at_score == pytest.approx(2 * at_limit)


def test_the_bar_is_coloured_by_the_verdict() -> None:
    assert 'class="score-fill reject"' in score_bar(2.0, 1.0, Verdict.REJECT)
    assert 'class="score-fill pass"' in score_bar(0.5, 1.0, Verdict.PASS)


@pytest.mark.parametrize(("score", "limit"), [(math.nan, 1.0), (1.0, math.nan), (math.inf, 1.0)])
def test_a_frame_without_score_has_no_bar(score: float, limit: float) -> None:
    html = score_bar(score, limit, Verdict.UNSURE)
    assert "Not scored" in html
    assert "score-fill" not in html
