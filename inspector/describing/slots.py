"""The fact words that stand between the adapter and a language model: which words, in which order.

A frame's facts are told to a language model as a short list of words: how many defects, and of the worst two
their size, shape, contrast, kind and place. The adapter reads them from maps, each as a probability of every
word; a retry takes them from what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.words import Contrast, Kind, Position, Shape, Size

NOTHING = "none"
"""The word of a slot that has nothing to say, as of a second defect that is not there."""

TOLD_REGIONS = 2
"""Defects that are told word by word, the worst ones; the others are counted."""

COUNTS = (NOTHING, "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "many")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in the list of fact words.

    Attributes:
        name: such as "count" or "second kind".
        words: what can stand there.
        tokens: soft tokens that say it.
    """

    name: str
    words: tuple[str, ...]
    tokens: int = 1


def _region_slots(prefix: str) -> tuple[Slot, ...]:
    return (
        Slot(f"{prefix}size", (NOTHING, *(size.value for size in Size))),
        Slot(f"{prefix}shape", (NOTHING, *(shape.value for shape in Shape))),
        Slot(f"{prefix}contrast", (NOTHING, *(contrast.value for contrast in Contrast))),
        Slot(f"{prefix}kind", (NOTHING, *(kind.value for kind in Kind)), tokens=2),
        Slot(f"{prefix}position", (NOTHING, *(position.value for position in Position)), tokens=2),
    )


SLOTS = (Slot("count", COUNTS), *_region_slots(""), *_region_slots("second "))
"""In the order in which a language model reads them."""

SOFT_TOKENS = sum(slot.tokens for slot in SLOTS)
WORDS = sum(len(slot.words) for slot in SLOTS)
"""Words of all slots together."""


def words_of(facts: Facts) -> tuple[str, ...]:
    """A frame's fact words, one for each slot; a product's own kind stands as it is."""
    return tuple(_words(facts))


def indices_of(facts: Facts) -> NDArray[np.int64]:
    """Index of each slot's word, int64 `[len(SLOTS)]`; a product's own kind counts as unknown."""
    return np.array(
        [
            slot.words.index(word if word in slot.words else Kind.UNKNOWN.value)
            for slot, word in zip(SLOTS, _words(facts), strict=True)
        ]
    )


def _words(facts: Facts) -> Iterator[str]:
    yield COUNTS[min(facts.count, len(COUNTS) - 1)]
    for number in range(TOLD_REGIONS):
        yield from _region_words(facts.regions[number] if number < len(facts.regions) else None)


def _region_words(region: RegionFacts | None) -> tuple[str, ...]:
    if region is None:
        return (NOTHING,) * 5
    return (
        region.size.value,
        region.shape.value,
        region.contrast.value,
        str(region.kind),
        region.position.value,
    )
