"""Words that a second try may not write: those that would say again what was not measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from inspector.describing.facts import Facts
from inspector.describing.slots import COUNTS, NOTHING, TOLD_REGIONS
from inspector.describing.words import Contrast, Kind, Position, Shape, Size

KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    Kind.SCRATCH: ("scratch", "scratches", "scuff", "scrape"),
    Kind.CRACK: ("crack", "cracks", "fracture", "fissure"),
    Kind.DENT: ("dent", "dents", "indentation"),
    Kind.HOLE: ("hole", "holes", "pinhole", "puncture"),
    Kind.STAIN: ("stain", "stains", "smear", "smudge"),
    Kind.CONTAMINATION: ("contamination", "contaminant", "foreign", "dirt", "dust", "debris"),
    Kind.MISSING_PART: ("missing",),
    Kind.BROKEN_EDGE: ("broken", "chip", "chipped"),
    Kind.MISPRINT: ("misprint", "print", "printing"),
    Kind.DEFORMATION: ("deformation", "deformed", "distortion", "bent"),
    # Not "colour" alone: any defect may be off-colour.
    Kind.COLOUR_CHANGE: (
        *("colour change", "color change", "change of colour", "change of color"),
        *("discolouration", "discoloration", "discoloured", "discolored"),
    ),
    Kind.TEXTURE_CHANGE: ("texture", "rough", "roughness"),
    Kind.UNKNOWN: ("unknown",),
}
"""Words by which a kind is known in a sentence."""

PLACE_WORDS = ("upper", "lower", "top", "bottom", "left", "right", "centre", "center", "middle", "central")
CENTRE_WORDS = ("centre", "center", "middle", "central")

SIZE_WORDS: Mapping[Size, tuple[str, ...]] = {
    Size.TINY: ("tiny", "minute", "very"),
    Size.SMALL: ("small", "little"),
    Size.MEDIUM: ("medium", "medium-sized", "moderate"),
    Size.LARGE: ("large", "big", "huge"),
}
OPPOSITE_LOOKS: Mapping[Contrast | Shape, tuple[str, ...]] = {
    Contrast.DARKER: ("bright", "brighter", "pale", "light", "white"),
    Contrast.BRIGHTER: ("dark", "darker", "black"),
    Shape.ROUND: ("long", "elongated", "thin", "narrow", "linear"),
    Shape.ELONGATED: ("round", "rounded", "circular", "oval"),
}


def banned_words(facts: Facts) -> tuple[str, ...]:
    """English words that contradict a rejected frame's facts, whatever they are said of.

    The rules are those of `inspector.describing.check`: places that a region touches may be named, sizes one
    class away too.
    """
    told = facts.regions[:TOLD_REGIONS]
    places = {place for region in told for place in (region.position, *region.near)}
    kinds = {str(region.kind) for region in told}
    allowed = _place_words(places)
    allowed |= {word for kind in kinds for word in KIND_WORDS.get(kind, tuple(kind.split()))}
    allowed |= {COUNTS[min(count, len(COUNTS) - 1)] for count in (1, facts.count, max(facts.count - 2, 1))}
    sizes = tuple(Size)
    for region in told:
        rank = sizes.index(region.size)
        allowed |= {word for size in sizes[max(rank - 1, 0) : rank + 2] for word in SIZE_WORDS[size]}
    candidates = [*PLACE_WORDS, *(word for word in COUNTS if word != NOTHING)]
    candidates += [word for words in (*KIND_WORDS.values(), *SIZE_WORDS.values()) for word in words]
    banned = [word for word in candidates if word not in allowed]
    for look, opposites in OPPOSITE_LOOKS.items():
        # What is opposite to one of two defects may be true of the other.
        if told and all(look in (region.contrast, region.shape) for region in told):
            banned += [word for word in opposites if word not in allowed]
    return tuple(dict.fromkeys(banned))


def _place_words(places: Collection[Position]) -> set[str]:
    words: set[str] = set()
    for place in places:
        for word in place.value.split():
            words.add(word)
            words |= {"upper": {"top"}, "top": {"upper"}, "lower": {"bottom"}, "bottom": {"lower"}}.get(
                word, set()
            )
        if place == Position.CENTRE:
            words |= set(CENTRE_WORDS)
    return words
