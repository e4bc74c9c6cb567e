"""Sentences that the adapter learns to have said: many wordings, none of which contradicts the facts."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.describing.check import MOST_DESCRIBED, check_sentence
from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.reading import read_sentence
from inspector.describing.words import Contrast, Kind, Position, Shape, Size
from inspector.describing.writer import MOST_TOKENS
from inspector.results import Verdict
from tests.inspector.describing.random_facts import OWN_KINDS, rejects
from tests.inspector.describing.test_slots import HOLE, SCRATCH
from training.adapter import sentences
from training.adapter.sentences import GOOD, MORE, ONE, TWO, say

VOCABULARIES = [
    (sentences.SIZES, Size, "size"),
    (sentences.SHAPES, Shape, "shape"),
    (sentences.CONTRASTS, Contrast, "contrast"),
    (sentences.KINDS, Kind, "kind"),
    (sentences.PLACES, Position, "position"),
]
SHARES = {Size.TINY: 0.0005, Size.SMALL: 0.005, Size.MEDIUM: 0.02, Size.LARGE: 0.2}
DOZEN = 12
STAIN = replace(SCRATCH, kind=Kind.STAIN)


def reject(*regions: RegionFacts, count: int | None = None) -> Facts:
    return Facts(Verdict.REJECT, len(regions) if count is None else count, regions)


def said(facts: Facts, times: int = 200) -> set[str]:
    rng = np.random.default_rng(0)
    return {say(facts, rng) for _ in range(times)}


@settings(max_examples=150, deadline=None)
@given(rejects(least=1, most=14), st.integers(0, 2**32 - 1))
def test_no_sentence_contradicts_the_facts_that_it_was_made_from(facts: Facts, seed: int) -> None:
    if not facts.regions:
        return
    rng = np.random.default_rng(seed)
    for _ in range(6):
        sentence = say(facts, rng)
        assert check_sentence(sentence, facts, kinds=OWN_KINDS) == (), sentence


@pytest.mark.parametrize("patterns", [ONE, TWO, MORE], ids=["one", "two", "more"])
def test_no_wording_contradicts_any_place_and_kind(patterns: tuple[str, ...]) -> None:
    """Every wording of a sentence with every place, kind and size, their own wordings at random."""
    rng = np.random.default_rng(0)
    count = {ONE: 1, TWO: 2, MORE: 5}[patterns]
    for number, place in enumerate(Position):
        for kind in Kind:
            size = list(Size)[number % len(Size)]
            shape, contrast = list(Shape)[number % len(Shape)], list(Contrast)[number % len(Contrast)]
            region = replace(
                SCRATCH,
                position=place,
                kind=kind,
                size=size,
                area_fraction=SHARES[size],
                shape=shape,
                contrast=contrast,
            )
            facts = reject(*[region, HOLE, SCRATCH][: min(count, 3)], count=count)
            for _ in range(3):
                sentence = say(facts, rng)
                assert check_sentence(sentence, facts) == (), sentence


def test_a_good_part_is_said_to_be_good_in_a_dozen_ways() -> None:
    facts = Facts(Verdict.PASS, 0, ())
    assert said(facts) == set(GOOD)
    assert len(GOOD) >= DOZEN
    for sentence in GOOD:
        assert check_sentence(sentence, facts) == (), sentence


@pytest.mark.parametrize("facts", [Facts(Verdict.UNSURE, 0, ()), Facts(Verdict.REJECT, 3, ())])
def test_what_was_not_measured_teaches_nothing(facts: Facts) -> None:
    with pytest.raises(ValueError, match="teaches no sentence"):
        say(facts, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("facts", "patterns"),
    [(reject(SCRATCH), ONE), (reject(HOLE, SCRATCH), TWO), (reject(HOLE, SCRATCH, SCRATCH), MORE)],
)
def test_the_same_facts_are_said_in_dozens_of_ways(facts: Facts, patterns: tuple[str, ...]) -> None:
    assert len(patterns) >= DOZEN
    assert len(said(facts)) > 60


@pytest.mark.parametrize(("words", "vocabulary", "name"), VOCABULARIES)
def test_every_word_of_the_vocabulary_is_said_and_read_back(
    words: dict[str, tuple[str, ...]], vocabulary: type[Size], name: str
) -> None:
    assert set(words) == set(vocabulary)
    for word, wordings in words.items():
        assert len(set(wordings)) == len(wordings)
        region = replace(STAIN, **{name: word})  # type: ignore[arg-type]
        if name == "size":
            region = replace(region, area_fraction=SHARES[Size(word)])
        heard = " ".join(said(reject(region), 400)).lower()
        for wording in wordings:
            # What looks like its surroundings is not worth a word.
            assert (wording in heard) == (word != Contrast.SIMILAR)


@pytest.mark.parametrize("position", Position)
def test_a_place_is_read_back_from_each_of_its_wordings(position: Position) -> None:
    for wording in sentences.PLACES[position]:
        assert read_sentence(f"There is a scratch {wording}.", "en").positions == (position,)


@pytest.mark.parametrize("count", [3, 4, 9, 10, 31])
def test_more_defects_than_are_spelled_out_are_counted(count: int) -> None:
    facts = reject(HOLE, SCRATCH, SCRATCH, count=count)
    for sentence in said(facts, 60):
        assert check_sentence(sentence, facts) == ()
        assert len(read_sentence(sentence, "en").mentions) <= MOST_DESCRIBED


@settings(max_examples=40, deadline=None)
@given(rejects(least=1, most=12), st.integers(0, 2**32 - 1))
def test_a_sentence_looks_like_one(facts: Facts, seed: int) -> None:
    if not facts.regions:
        return
    sentence = say(facts, np.random.default_rng(seed))
    assert sentence[0] == sentence[0].upper()
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert not re.search(r"[{}]|\s\s|\bNone\b", sentence)
    assert not re.search(r"\ba [aeio]|\ban [^aeiou]", sentence)
    assert len(sentence.split()) < MOST_TOKENS * 0.75


def test_the_same_generator_says_the_same() -> None:
    facts = reject(HOLE, SCRATCH)
    first, second = ([say(facts, rng) for _ in range(5)] for rng in map(np.random.default_rng, (3, 3)))
    assert first == second
    assert first != [say(facts, np.random.default_rng(4)) for _ in range(5)]
