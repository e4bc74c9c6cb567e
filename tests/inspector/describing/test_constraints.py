"""Banned words: a second try can say all that was measured, and no other place, kind or size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.describing.banned_words import BannedWords
from inspector.describing.check import Fact, check_sentence
from inspector.describing.constraints import KIND_WORDS, PLACE_WORDS, SIZE_WORDS, banned_words
from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.slots import TOLD_REGIONS
from inspector.describing.words import Contrast, Kind, Position, Shape, Size
from inspector.results import Verdict
from tests.inspector.describing.random_facts import rejects
from tests.inspector.describing.test_slots import SCRATCH
from training.adapter.sentences import say

SYNONYMS = {"upper": {"top"}, "top": {"upper"}, "lower": {"bottom"}, "bottom": {"lower"}}


def reject(*regions: RegionFacts, count: int | None = None) -> Facts:
    return Facts(Verdict.REJECT, len(regions) if count is None else count, regions)


def true_place_words(facts: Facts) -> set[str]:
    told = facts.regions[:TOLD_REGIONS]
    words = {
        word for region in told for place in (region.position, *region.near) for word in place.value.split()
    }
    if "centre" in words:
        words |= {"center", "middle", "central"}
    return words.union(*(SYNONYMS.get(word, set()) for word in words))


@settings(max_examples=100, deadline=None)
@given(rejects(least=1, most=14), st.integers(0, 2**32 - 1))
def test_no_word_is_banned_that_a_true_sentence_needs(facts: Facts, seed: int) -> None:
    if not facts.regions:
        return
    banned = BannedWords(banned_words(facts))
    rng = np.random.default_rng(seed)
    for _ in range(5):
        sentence = say(facts, rng)
        start = banned.start_in(sentence, ended=True)
        assert start is None, (sentence, sentence[start:])


@settings(max_examples=100, deadline=None)
@given(rejects(least=1, most=14))
def test_every_place_word_is_banned_that_is_not_true(facts: Facts) -> None:
    if not facts.regions:
        return
    own = {word for region in facts.regions[:TOLD_REGIONS] for word in region.kind.split()}
    banned = set(banned_words(facts)) & set(PLACE_WORDS)
    assert banned == set(PLACE_WORDS) - true_place_words(facts) - own


@pytest.mark.parametrize("kind", [*Kind, "burr", "left label torn"])
def test_the_words_of_every_other_kind_are_banned(kind: str) -> None:
    banned = set(banned_words(reject(replace(SCRATCH, kind=kind))))
    for other, words in KIND_WORDS.items():
        if other != kind:
            assert set(words) <= banned, other
    assert not banned & set(KIND_WORDS.get(kind, ()))
    assert not banned & set(kind.split())


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.UNKNOWN])
def test_a_sentence_with_another_kinds_name_is_not_possible(kind: Kind) -> None:
    facts = reject(replace(SCRATCH, kind=Kind.SCRATCH if kind != Kind.SCRATCH else Kind.DENT))
    assert BannedWords(banned_words(facts)).start_in(f"There is a {kind} at the left.", ended=True)


@pytest.mark.parametrize(
    ("size", "allowed"),
    [
        (Size.TINY, {Size.TINY, Size.SMALL}),
        (Size.SMALL, {Size.TINY, Size.SMALL, Size.MEDIUM}),
        (Size.MEDIUM, {Size.SMALL, Size.MEDIUM, Size.LARGE}),
        (Size.LARGE, {Size.MEDIUM, Size.LARGE}),
    ],
)
def test_a_size_may_be_one_class_away_as_in_the_check(size: Size, allowed: set[Size]) -> None:
    facts = reject(replace(SCRATCH, size=size))
    banned = set(banned_words(facts))
    for other, words in SIZE_WORDS.items():
        assert bool(set(words) & banned) == (other not in allowed), other
        wrong = check_sentence(f"There is a {words[0]} scratch at the upper left.", facts)
        assert (Fact.SIZE in {one.fact for one in wrong}) == (other not in allowed), other


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contrast": Contrast.DARKER}, {"bright", "pale"}),
        ({"contrast": Contrast.BRIGHTER}, {"dark", "black"}),
        ({"shape": Shape.ROUND}, {"long", "thin"}),
        ({"shape": Shape.ELONGATED}, {"round", "oval"}),
    ],
)
def test_the_opposite_look_is_banned_unless_it_is_another_defects(
    changes: dict[str, object], words: set[str]
) -> None:
    plain = replace(SCRATCH, contrast=Contrast.SIMILAR, shape=Shape.IRREGULAR)
    looks = replace(plain, **changes)  # type: ignore[arg-type]
    assert words <= set(banned_words(reject(looks)))
    assert words <= set(banned_words(reject(looks, looks)))
    assert not words & set(banned_words(reject(plain)))
    assert not words & set(banned_words(reject(looks, plain)))


@pytest.mark.parametrize(
    ("count", "allowed"),
    [
        (1, {"one"}),
        (2, {"one", "two"}),
        (3, {"one", "three"}),
        (5, {"one", "three", "five"}),
        (9, {"one", "seven", "nine"}),
        (10, {"one", "eight", "many"}),
        (400, {"one", "many"}),
    ],
)
def test_counts_are_those_of_all_and_of_the_others(count: int, allowed: set[str]) -> None:
    counts = {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "many"}
    assert counts - set(banned_words(reject(SCRATCH, count=count))) == allowed


def test_places_that_a_defect_reaches_may_be_named_and_no_word_is_banned_twice() -> None:
    banned = banned_words(reject(replace(SCRATCH, near=(Position.CENTRE,))))
    assert not {"upper", "top", "left", "centre", "center", "middle"} & set(banned)
    assert {"lower", "bottom", "right"} <= set(banned)
    assert len(set(banned)) == len(banned)
