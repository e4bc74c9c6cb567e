"""Banned words are found as words, when they are complete, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.describing.banned_words import BannedWords


@pytest.mark.parametrize(
    ("banned", "text", "start"),
    [
        (["left"], "at the left.", 7),
        (["left"], "at the LEFT side", 7),
        (["left"], "Left of it", 0),
        (["left"], "the left-hand side", 4),
        (["left"], "leftover", None),
        (["left"], "a cleft.", None),
        (["left"], "nothing", None),
        (["upper left"], "the upper  left corner", 4),
        (["upper left"], "the upper corner", None),
        (["left", "upper left"], "the upper left corner", 4),
        (["scratch", "dark"], "a dark scratch, one", 2),
        (["é"], "café et é.", 8),
        (["划痕"], "左上角有一条划痕。", 6),
        (["左"], "左上角", 0),
        ([], "left", None),
        (["", "  "], "left", None),
        (["c++"], "a c++ part", 2),
    ],
)
def test_the_first_banned_word_of_a_text_is_found(banned: list[str], text: str, start: int | None) -> None:
    assert BannedWords(banned).start_in(text, ended=False) == start


def test_a_word_at_the_end_is_complete_only_when_nothing_follows() -> None:
    words = BannedWords(["left"])
    assert words.start_in("at the left", ended=False) is None
    assert words.start_in("at the left", ended=True) == 7


def test_a_chinese_word_at_the_end_is_complete_at_once() -> None:
    assert BannedWords(["划痕"]).start_in("一条划痕", ended=False) == 2


@given(st.text("lefto 左. ", max_size=20), st.lists(st.text("lefto ", min_size=1, max_size=5), max_size=3))
def test_what_is_found_begins_with_a_banned_word(text: str, banned: list[str]) -> None:
    start = BannedWords(banned).start_in(text, ended=True)
    if start is not None:
        rest = " ".join(text[start:].split()) + " "
        assert any(rest.startswith(" ".join(word.split())) for word in banned if word.strip())
