from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.searching import LONGEST, Search
from inspector.describing.words import Kind, Position, Severity, Shape, Size
from inspector.records import HistoryFilter

UPPER_LEFT = Position.UPPER_LEFT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Search()),
        ("scratch upper left", Search(kinds=("scratch",), places=(UPPER_LEFT,))),
        ("Scratch, Upper-Left", Search(kinds=("scratch",), places=(UPPER_LEFT,))),
        ("a scratch at the upper left", Search(kinds=("scratch",), places=(UPPER_LEFT,))),
        ("top left", Search(places=(UPPER_LEFT,))),
        ("left", Search(places=(Position.LEFT,))),
        ("scratch or", Search(kinds=("scratch",), texts=("or",))),
        ("scratch dent", Search(kinds=("scratch", "dent"))),
        ("missing part", Search(kinds=("missing part",))),
        ("missing screw", Search(texts=("missing screw",))),
        (
            "severe tiny ring-like hole",
            Search(
                kinds=("hole",), sizes=(Size.TINY,), shapes=(Shape.RING_LIKE,), severities=(Severity.SEVERE,)
            ),
        ),
        ("beside the seam stain blue", Search(kinds=("stain",), texts=("beside the seam", "blue"))),
        ("dent near the seam", Search(kinds=("dent",), texts=("seam",))),
        ('"near the seam"', Search(texts=("near the seam",))),
        ('"upper left" scratch', Search(kinds=("scratch",), texts=("upper left",))),
        ('say "50% off"', Search(texts=("say", "50% off"))),
        ('"', Search(texts=('"',))),
        ('3/4" scratch', Search(kinds=("scratch",), texts=('3/4"',))),
        ('""', Search()),
        ("burr", Search(texts=("burr",))),
        ("nul\0l", Search(texts=("nul l",))),
        ("划痕", Search(texts=("划痕",))),
        ("<b>", Search(texts=("<b>",))),
    ],
)
def test_words_of_the_vocabulary_ask_for_facts_and_the_rest_is_sought_as_text(
    text: str, expected: Search
) -> None:
    assert Search.of(text, ()) == expected


def test_kinds_that_only_this_plant_knows_are_found_as_it_writes_them() -> None:
    assert Search.of("burr BENT pin", ("Burr", "bent pin", " ")) == Search(kinds=("Burr", "bent pin"))


@given(st.text(max_size=300))
def test_any_text_can_be_searched_for(text: str) -> None:
    search = Search.of(text, ("bent pin",))
    assert all(each and "\0" not in each for each in search.texts)
    assert sum(map(len, search.texts)) <= LONGEST


@given(
    st.lists(
        st.sampled_from([*Kind, *Position, *Size, *Shape, *Severity]), min_size=1, max_size=6, unique=True
    )
)
def test_every_word_of_the_vocabulary_is_understood(words: list[str]) -> None:
    search = Search.of(", ".join(words), ())
    found = (*search.kinds, *search.places, *search.sizes, *search.shapes, *search.severities)
    assert sorted(map(str, found)) == sorted(map(str, words))
    assert search.texts == ()


def test_a_search_narrows_what_was_chosen() -> None:
    wanted = HistoryFilter(kinds=("dent",), lines=("line-1",))
    assert Search.of("scratch top seam", ()).narrow(wanted) == HistoryFilter(
        kinds=("dent", "scratch"), lines=("line-1",), places=(Position.TOP,), texts=("seam",)
    )


def test_it_is_told_how_a_search_was_understood() -> None:
    assert str(Search.of("scratch stain top 'x' hole", ())) == (
        "kind scratch or stain or hole; place top; “'x'” in the sentence"
    )
    assert str(Search()) == ""
