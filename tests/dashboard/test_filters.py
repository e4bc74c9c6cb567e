from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters import AMONG, Filters
from dashboard.verdicts import BY_URGENCY
from inspector.results import Verdict

NAMES = st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,9}", fullmatch=True)


def as_query(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    return {name: [value for key, value in pairs if key == name] for name, _ in pairs}


@given(
    verdicts=st.sets(st.sampled_from(Verdict)),
    product=NAMES,
    camera=NAMES,
    prefix=st.sampled_from(["", AMONG]),
)
def test_a_choice_survives_the_address(
    verdicts: set[Verdict], product: str | None, camera: str | None, prefix: str
) -> None:
    chosen = Filters(tuple(v for v in BY_URGENCY if v in verdicts), product, camera)
    assert Filters.from_address(as_query(chosen.to_address(prefix)), prefix) == chosen


def test_words_that_are_no_verdict_are_left_out() -> None:
    assert Filters.from_address({"verdict": ["Reject", "maybe", ""]}) == Filters((Verdict.REJECT,))


def test_another_pages_names_are_not_read() -> None:
    assert not Filters.from_address({"verdict": ["Reject"]}, AMONG)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters((Verdict.REJECT, Verdict.UNSURE), "washer", "cam-1"), "reject or unsure, washer, cam-1"),
        (Filters(camera="cam-1"), "cam-1"),
        (Filters(), ""),
    ],
)
def test_a_choice_is_told_in_words(filters: Filters, words: str) -> None:
    assert str(filters) == words
