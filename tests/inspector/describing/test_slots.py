"""Fact words: what is told of a frame, slot by slot."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.slots import (
    COUNTS,
    NOTHING,
    SLOTS,
    SOFT_TOKENS,
    TOLD_REGIONS,
    WORDS,
    indices_of,
    words_of,
)
from inspector.describing.words import Contrast, Kind, Position, Severity, Shape, Size
from inspector.results import Verdict
from tests.inspector.describing.random_facts import ALL_FACTS

SCRATCH = RegionFacts(
    position=Position.UPPER_LEFT,
    box_px=(0, 0, 1, 1),
    centre_px=(0, 0),
    area_px=1,
    area_fraction=0.002,
    size=Size.SMALL,
    shape=Shape.ELONGATED,
    contrast=Contrast.DARKER,
    severity=Severity.CLEAR,
    kind=Kind.SCRATCH,
    kind_probability=0.8,
)
HOLE = replace(
    SCRATCH,
    position=Position.CENTRE,
    size=Size.LARGE,
    shape=Shape.ROUND,
    contrast=Contrast.OTHER_COLOUR,
    kind=Kind.HOLE,
)
SCRATCH_WORDS = ("small", "elongated", "darker", "scratch", "upper left")
HOLE_WORDS = ("large", "round", "other colour", "hole", "centre")
NONE = (NOTHING,) * 5


def reject(count: int, *regions: RegionFacts) -> Facts:
    return Facts(Verdict.REJECT, count, regions)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (Facts(Verdict.PASS, 0, ()), (NOTHING, *NONE, *NONE)),
        (Facts(Verdict.UNSURE, 0, ()), (NOTHING, *NONE, *NONE)),
        (reject(1, SCRATCH), ("one", *SCRATCH_WORDS, *NONE)),
        (reject(2, HOLE, SCRATCH), ("two", *HOLE_WORDS, *SCRATCH_WORDS)),
        (reject(3, HOLE, SCRATCH, SCRATCH), ("three", *HOLE_WORDS, *SCRATCH_WORDS)),
        (reject(4, HOLE), ("four", *HOLE_WORDS, *NONE)),
        (reject(9, HOLE), ("nine", *HOLE_WORDS, *NONE)),
        (reject(10, HOLE), ("many", *HOLE_WORDS, *NONE)),
        (reject(500, HOLE), ("many", *HOLE_WORDS, *NONE)),
        (
            reject(1, replace(SCRATCH, kind="weld spatter")),
            ("one", "small", "elongated", "darker", "weld spatter", "upper left", *NONE),
        ),
    ],
)
def test_a_frame_is_told_by_its_count_and_its_two_worst_defects(facts: Facts, words: tuple[str, ...]) -> None:
    assert words_of(facts) == words


@settings(max_examples=50)
@given(ALL_FACTS)
def test_every_frame_has_a_word_in_every_slot_and_its_index(facts: Facts) -> None:
    words, indices = words_of(facts), indices_of(facts)
    assert indices.shape == (len(SLOTS),)
    for slot, word, index in zip(SLOTS, words, indices, strict=True):
        if slot.name.endswith("kind") and word not in slot.words:
            assert slot.words[index] == Kind.UNKNOWN
        else:
            assert slot.words[index] == word
    assert COUNTS[indices[0]] == words[0]


def test_a_slot_says_nothing_by_its_first_word_and_no_word_twice() -> None:
    for slot in SLOTS:
        assert slot.words[0] == NOTHING
        assert len(set(slot.words)) == len(slot.words)


def test_every_word_of_the_vocabulary_can_be_told_of_either_defect() -> None:
    words = {slot.name: set(slot.words[1:]) for slot in SLOTS}
    for prefix in ("", "second "):
        for name, vocabulary in (
            ("size", Size),
            ("shape", Shape),
            ("contrast", Contrast),
            ("kind", Kind),
            ("position", Position),
        ):
            assert words[prefix + name] == set(vocabulary)


def test_soft_tokens_and_words_are_those_of_all_slots() -> None:
    assert 1 + TOLD_REGIONS * (1 + 1 + 1 + 2 + 2) == SOFT_TOKENS
    assert len(COUNTS) + TOLD_REGIONS * (5 + 6 + 5 + 14 + 10) == WORDS
