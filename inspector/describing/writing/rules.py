"""What a template says and what it leaves out: rules for all languages."""

from __future__ import annotations

from inspector.describing.facts import RegionFacts
from inspector.describing.words import Contrast, Kind

SPELLED_OUT = 2
"""Defects that are described one by one; an operator has half a minute, the others are only counted."""

LARGEST_COUNT = 9
"""More defects than this are "many"."""

SMALLEST_AMOUNT = 0.1
"""Percent or millimetres; below it, only "less than"."""


def rounded(amount: float) -> str:
    """An amount without false precision: `2` for 1.7, `0.3` for 0.2871.

    Args:
        amount: percent or millimetres, at least `SMALLEST_AMOUNT`.
    """
    return f"{round(amount)}" if amount >= 1 else f"{round(amount, 1):g}"


def contrast_says_more(region: RegionFacts) -> bool:
    """Whether the contrast is worth a word: not where there is none, nor for an off-colour colour change.

    A broken edge may be plain to see and still have the colour of what is around it.
    """
    if region.contrast == Contrast.SIMILAR:
        return False
    return (region.kind, region.contrast) != (Kind.COLOUR_CHANGE, Contrast.OTHER_COLOUR)
