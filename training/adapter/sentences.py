"""What the adapter learns to have said: one frame's facts in dozens of ways, none of which contradicts them.

Every sentence passes `inspector.describing.check.check_sentence`, which a property test holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspector.describing.facts import Facts, RegionFacts
from inspector.describing.words import Contrast, Kind, Position, Shape, Size
from inspector.results import Verdict

GOOD = (
    "No defect found.",
    "The part has no defect.",
    "There is no defect on this part.",
    "The part is flawless.",
    "No defect is visible.",
    "Nothing unusual was found on the part.",
    "The part shows no flaw.",
    "The part is without a defect.",
    "No flaw was found.",
    "The part is intact, no defect was found.",
    "This part is free of defects.",
    "No defect is seen on the part.",
)

ONE = (
    "One defect: {thing} {place}.",
    "There is {thing} {place}.",
    "There is {thing} {place} of the part.",
    "The part has {thing} {place}.",
    "The part shows {thing} {place}.",
    "{Thing} {place}.",
    "{Thing} is {place}.",
    "{Thing} is {place} of the part.",
    "{Thing} was found {place}.",
    "{Thing} was found {place} of the part.",
    "One defect was found: {thing} {place}.",
    "A single defect, {thing} {place}.",
    "One defect {place}: {thing}.",
    "{Place} there is {thing}.",
    "{Place} of the part there is {thing}.",
    "{Place}: {thing}.",
    "Rejected: {thing} {place}.",
    "The part was rejected for {thing} {place}.",
    "The defect is {thing} {place}.",
    "One defect, {place}: {thing}.",
    "Only one defect: {thing} {place}.",
    "The part is damaged by {thing} {place}.",
    "Look {place} for {thing}.",
    "The only defect is {thing} {place}.",
)

TWO = (
    "Two defects: {thing} {place} and {thing2} {place2}.",
    "There are two defects: {thing} {place} and {thing2} {place2}.",
    "The part has two defects: {thing} {place}, and {thing2} {place2}.",
    "Two defects were found: {thing} {place}; and {thing2} {place2}.",
    "{Thing} {place} and {thing2} {place2}.",
    "There is {thing} {place} and {thing2} {place2}.",
    "The part shows {thing} {place} and {thing2} {place2}.",
    "Rejected: {thing} {place} and {thing2} {place2}.",
    "Two defects: {place}, {thing}; {place2}, {thing2}.",
    "The worse of two defects is {thing} {place}; the other is {thing2} {place2}.",
    "{Place} there is {thing}, and {place2} {thing2}.",
    "Two defects, {thing} {place} and {thing2} {place2}.",
)

MORE = (
    "{Count} defects: {thing} {place}; {thing2} {place2}; and {others} more.",
    "{Count} defects: {thing} {place}, {thing2} {place2} and {others} more.",
    "There are {count} defects: {thing} {place}, {thing2} {place2} and {others} more.",
    "The part has {count} defects, the worst is {thing} {place}.",
    "{Count} defects, the worst is {thing} {place}.",
    "{Count} defects were found; the worst is {thing} {place}.",
    "The worst of {count} defects is {thing} {place}.",
    "{Thing} {place}, {thing2} {place2} and {others} more defects.",
    "{Count} defects: the worst is {thing} {place}, another is {thing2} {place2}.",
    "The part shows {count} defects: {thing} {place}, {thing2} {place2} and {others} more.",
    "Rejected for {count} defects: {thing} {place}, {thing2} {place2} and {others} more.",
    "There are {count} defects, the worst is {thing} {place}.",
)

COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

SIZES = {
    Size.TINY: ("tiny", "very small", "minute"),
    Size.SMALL: ("small", "little"),
    Size.MEDIUM: ("medium-sized",),
    Size.LARGE: ("large", "big"),
}
SHAPES = {
    Shape.ROUND: ("round", "rounded"),
    Shape.ELONGATED: ("long", "elongated", "narrow"),
    Shape.RING_LIKE: ("ring-shaped", "ring-like"),
    Shape.DIFFUSE: ("diffuse", "blurred"),
    Shape.IRREGULAR: ("irregular", "jagged"),
}
CONTRASTS = {
    Contrast.DARKER: ("dark",),
    Contrast.BRIGHTER: ("bright", "pale"),
    Contrast.OTHER_COLOUR: ("off-colour",),
    Contrast.SIMILAR: ("faint",),
}
KINDS = {
    Kind.SCRATCH: ("scratch",),
    Kind.CRACK: ("crack",),
    Kind.DENT: ("dent",),
    Kind.HOLE: ("hole",),
    Kind.STAIN: ("stain",),
    Kind.CONTAMINATION: ("spot of contamination", "piece of foreign matter"),
    Kind.MISSING_PART: ("missing part",),
    Kind.BROKEN_EDGE: ("broken edge",),
    Kind.MISPRINT: ("misprint",),
    Kind.DEFORMATION: ("deformation",),
    Kind.COLOUR_CHANGE: ("colour change",),
    Kind.TEXTURE_CHANGE: ("texture change",),
    Kind.UNKNOWN: ("mark of unknown kind", "spot of unknown kind"),
}
PLACES = {
    Position.UPPER_LEFT: ("at the upper left", "in the upper left corner", "in the upper left"),
    Position.TOP: ("at the top", "at the top edge"),
    Position.UPPER_RIGHT: ("at the upper right", "in the upper right corner", "in the upper right"),
    Position.LEFT: ("at the left", "on the left", "on the left side"),
    Position.CENTRE: ("in the centre", "at the centre", "in the middle"),
    Position.RIGHT: ("at the right", "on the right", "on the right side"),
    Position.LOWER_LEFT: ("at the lower left", "in the lower left corner", "in the lower left"),
    Position.BOTTOM: ("at the bottom", "at the bottom edge"),
    Position.LOWER_RIGHT: ("at the lower right", "in the lower right corner", "in the lower right"),
}
USUAL_SHARE = 0.6
"""Share of words that are the first of their row: a model that learns its favourites says them surely."""
VOWELS = "aeiou"


def say(facts: Facts, rng: np.random.Generator) -> str:
    """One sentence about a frame, its wording chosen at random.

    Args:
        facts: of a rejected frame with regions, or of a frame that passed.
        rng: source of every choice.

    Raises:
        ValueError: a rejected frame has no regions, or the verdict is unsure: there is nothing to learn from.
    """
    if facts.verdict == Verdict.PASS:
        return str(rng.choice(GOOD))
    if not facts.regions:
        raise ValueError(f"a frame with the verdict {facts.verdict} and no regions teaches no sentence")
    worst, second = facts.regions[0], facts.regions[min(1, len(facts.regions) - 1)]
    patterns = (ONE, TWO, MORE)[min(facts.count, 3) - 1]
    count, others = _count(facts.count), _count(facts.count - 2)
    words = {"count": count, "others": others}
    for suffix, region in (("", worst), ("2", second)):
        words |= {
            f"thing{suffix}": _thing(region, rng),
            f"place{suffix}": _pick(PLACES[region.position], rng),
        }
    words |= {name.capitalize(): _capitalised(word) for name, word in words.items()}
    return str(rng.choice(patterns)).format(**words)


def _count(count: int) -> str:
    return COUNTS[count] if 0 <= count < len(COUNTS) else "many"


def _thing(region: RegionFacts, rng: np.random.Generator) -> str:
    """Such as "a small dark scratch": the kind, and most of its looks."""
    looks: list[str] = []
    if rng.random() < 0.8:  # noqa: PLR2004
        looks.append(_pick(SIZES[region.size], rng))
    if region.kind != Kind.MISSING_PART:
        thin = region.shape == Shape.ELONGATED and region.kind in (Kind.SCRATCH, Kind.CRACK)
        if rng.random() < 0.5:  # noqa: PLR2004
            looks.append("thin" if thin else _pick(SHAPES[region.shape], rng))
        if region.contrast != Contrast.SIMILAR and rng.random() < 0.8:  # noqa: PLR2004
            looks.append(_pick(CONTRASTS[region.contrast], rng))
    noun = _pick(KINDS[Kind(region.kind)], rng) if region.kind in tuple(Kind) else region.kind
    phrase = " ".join((*looks, noun))
    return f"{'an' if phrase[0] in VOWELS else 'a'} {phrase}"


def _pick(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[0] if rng.random() < USUAL_SHARE else str(rng.choice(list(words)))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
