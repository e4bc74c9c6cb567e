"""English template sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.words import Contrast, Kind, Position, Shape, Size
from inspector.describing.writing.rules import (
    LARGEST_COUNT,
    SMALLEST_AMOUNT,
    SPELLED_OUT,
    contrast_says_more,
    rounded,
)
from inspector.results import Verdict

WORDS: Mapping[str, str] = {
    Size.MEDIUM: "medium-sized",
    Contrast.DARKER: "dark",
    Contrast.BRIGHTER: "bright",
    Contrast.OTHER_COLOUR: "off-colour",
    Kind.CONTAMINATION: "spot of contamination",
}
"""What a word of the vocabulary becomes inside a sentence; all others stay as they are."""

NOUN_OF_UNKNOWN: Mapping[Shape, str] = {
    Shape.ROUND: "spot",
    Shape.ELONGATED: "mark",
    Shape.RING_LIKE: "mark",
    Shape.DIFFUSE: "area",
    Shape.IRREGULAR: "mark",
}
"""What a defect is called whose kind is unknown."""

LINES = frozenset({Kind.SCRATCH, Kind.CRACK})
"""Kinds of which an operator says "thin" where others are "elongated"."""

WITHOUT_REGIONS: Mapping[Verdict, str] = {
    Verdict.PASS: "No defect found.",
    Verdict.UNSURE: "The picture cannot be judged; a person must look.",
    Verdict.REJECT: "A defect was found, but its place is not known.",
}
COUNTS = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
VOWELS = "aeiou"
CONSONANT_SOUNDS = ("uni", "use", "eu", "one")
"""Beginnings that are written with a vowel and take "a"."""


def describe(facts: Facts, part: str | None) -> str:
    """One sentence; see `inspector.describing.templates.describe_by_template`."""
    if not facts.regions:
        return WITHOUT_REGIONS[facts.verdict]
    if facts.count == 1:
        (region,) = facts.regions
        return f"One defect: {_region(region, with_size=False)}, {_amount(region, part)}."
    spelled = [_region(region, with_size=True) for region in facts.regions[:SPELLED_OUT]]
    others = facts.count - len(spelled)
    if facts.count > LARGEST_COUNT:
        return f"Many defects: {'; '.join(spelled)}; and many more."
    heading = f"{COUNTS[facts.count - 1]} defects"
    if others:
        return f"{heading}: {'; '.join(spelled)}; and {COUNTS[others - 1].lower()} more."
    return f"{heading}: {'; and '.join(spelled)}."


def describe_places(places: Sequence[Position]) -> str:
    """One sentence; see `inspector.describing.templates.describe_places`."""
    if not places:
        return WITHOUT_REGIONS[Verdict.REJECT]
    if len(places) == 1:
        return f"One defect at the {_word(places[0])}."
    count = "Many" if len(places) > LARGEST_COUNT else COUNTS[len(places) - 1]
    return f"{count} defects; the worst one is at the {_word(places[0])}."


def _region(region: RegionFacts, *, with_size: bool) -> str:
    looks = [_word(region.size)] if with_size else []
    if region.kind != Kind.MISSING_PART:
        thin = region.shape == Shape.ELONGATED and region.kind in LINES
        looks.append("thin" if thin else _word(region.shape))
        if contrast_says_more(region):
            looks.append(_word(region.contrast))
    if region.kind == Kind.UNKNOWN:
        noun = f"{NOUN_OF_UNKNOWN[region.shape]} of unknown kind"
    else:
        noun = _word(region.kind)
    words = " ".join((*looks, noun))
    return f"{_article(words)} {words} at the {_word(region.position)}"


def _word(word: str) -> str:
    return WORDS.get(word, str(word))


def _amount(region: RegionFacts, part: str | None) -> str:
    if region.length_mm is not None:
        direction = "long" if region.shape == Shape.ELONGATED else "across"
        return f"{_about(region.length_mm, 'mm')} {direction}"
    return f"{_about(100 * region.area_fraction, '%')} of the {part or 'part'}"


def _about(amount: float, unit: str) -> str:
    if amount < SMALLEST_AMOUNT:
        return f"less than {SMALLEST_AMOUNT} {unit}"
    return f"about {rounded(amount)} {unit}"


def _article(words: str) -> str:
    lower = words.lower()
    return "an" if lower[0] in VOWELS and not lower.startswith(CONSONANT_SOUNDS) else "a"
