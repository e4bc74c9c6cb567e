"""What the adapter learns to have said: one frame's facts in dozens of ways, none of which contradicts them.

Every sentence passes `inspector.describing.check.check_sentence`, which a property test holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

# Usually only the worst is told: a sentence that names two defects is twice as often wrong.
TWO = (
    "Two defects, the worse is {thing} {place}.",
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
    "{Count} defects, the worst is {thing} {place}.",
    "{Count} defects: {thing} {place}; {thing2} {place2}; and {others} more.",
    "{Count} defects: {thing} {place}, {thing2} {place2} and {others} more.",
    "There are {count} defects: {thing} {place}, {thing2} {place2} and {others} more.",
    "The part has {count} defects, the worst is {thing} {place}.",
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
"""Share of words and patterns that are the first of their row: what a model says most, it says surely."""
LEAST_TOLD = 0.8
"""Share of looks that are told at least."""
VOWELS = "aeiou"


def say(facts: Facts, rng: np.random.Generator, usual_share: float = USUAL_SHARE) -> str:
    """One sentence about a frame, its wording chosen at random.

    Args:
        facts: of a rejected frame with regions, or of a frame that passed.
        rng: source of every choice.
        usual_share: how often the usual wording is taken; 1 always says the same, and everything.

    Raises:
        ValueError: a rejected frame has no regions, or the verdict is unsure: there is nothing to learn from.
    """
    wording = _Wording(rng, usual_share)
    if facts.verdict == Verdict.PASS:
        return wording.pick(GOOD)
    if not facts.regions:
        raise ValueError(f"a frame with the verdict {facts.verdict} and no regions teaches no sentence")
    worst, second = facts.regions[0], facts.regions[min(1, len(facts.regions) - 1)]
    patterns = (ONE, TWO, MORE)[min(facts.count, 3) - 1]
    words = {"count": _count(facts.count), "others": _count(facts.count - 2)}
    for suffix, region in (("", worst), ("2", second)):
        place = wording.pick(PLACES[region.position])
        words |= {f"thing{suffix}": _thing(region, wording), f"place{suffix}": place}
    words |= {name.capitalize(): _capitalised(word) for name, word in words.items()}
    return wording.pick(patterns).format(**words)


@dataclass(frozen=True, slots=True)
class _Wording:
    """Chooses words: the usual one, or any."""

    rng: np.random.Generator
    usual_share: float

    def pick(self, words: Sequence[str]) -> str:
        """The first of some words, or a random one."""
        return words[0] if self.rng.random() < self.usual_share else str(self.rng.choice(list(words)))

    def tells(self) -> bool:
        """Whether a look is told."""
        return bool(self.rng.random() < max(self.usual_share, LEAST_TOLD))


def _count(count: int) -> str:
    return COUNTS[count] if 0 <= count < len(COUNTS) else "many"


def _thing(region: RegionFacts, wording: _Wording) -> str:
    """Such as "a small dark scratch": the kind, and most of its looks."""
    looks: list[str] = []
    if wording.tells():
        looks.append(wording.pick(SIZES[region.size]))
    if region.kind != Kind.MISSING_PART:
        thin = region.shape == Shape.ELONGATED and region.kind in (Kind.SCRATCH, Kind.CRACK)
        if wording.tells():
            looks.append("thin" if thin else wording.pick(SHAPES[region.shape]))
        if region.contrast != Contrast.SIMILAR and wording.tells():
            looks.append(wording.pick(CONTRASTS[region.contrast]))
    noun = wording.pick(KINDS[Kind(region.kind)]) if region.kind in tuple(Kind) else region.kind
    phrase = " ".join((*looks, noun))
    return f"{'an' if phrase[0] in VOWELS else 'a'} {phrase}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
