"""A score beside its limit, as numbers and as a plain bar."""

from __future__ import annotations

import math
from typing import Final

from dashboard.language import _
from inspector.results import Verdict

DASH: Final = "\N{EN DASH}"
"""Stands for a number that there is none of."""
_HEADROOM: Final = 1.15
"""The bar ends a little right of the larger value, so that the limit's mark is never on the edge."""


def number(value: float) -> str:
    """Three significant digits without an exponent where that is short; a dash for NaN."""
    if math.isnan(value):
        return DASH
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - "1.23e+03" is hard to read


def bar_shares(score: float, limit: float) -> tuple[float, float]:
    """Where the score and the limit stand on the bar, each 0..1.

    The bar reaches from the lowest to the highest of zero, the score and the limit.
    """
    lowest = min(0.0, score, limit)
    span = max(0.0, score, limit) - lowest or 1.0
    # The headroom comes after the division: the smallest floats times it would be rounded back.
    return (score - lowest) / span / _HEADROOM, (limit - lowest) / span / _HEADROOM


def score_bar(score: float, limit: float, verdict: Verdict) -> str:
    """HTML of the bar: filled up to the score in the verdict's colour, with a mark at the limit."""
    if not (math.isfinite(score) and math.isfinite(limit)):
        return (
            '<div class="score"><div class="score-numbers"><span>' + _("Not scored") + "</span></div></div>"
        )
    filled, mark = bar_shares(score, limit)
    score_words = _("Score {score}").format(score=f"<b>{number(score)}</b>")
    limit_words = _("Limit {limit}").format(limit=f"<b>{number(limit)}</b>")
    both = _("Score {score}, limit {limit}").format(score=number(score), limit=number(limit))
    return (
        '<div class="score">'
        f'<div class="score-numbers"><span>{score_words}</span><span>{limit_words}</span></div>'
        f'<div class="score-bar" role="img" aria-label="{both}">'
        f'<div class="score-fill {verdict.value}" style="width:{filled:.1%}"></div>'
        f'<div class="score-limit" style="left:{mark:.1%}"></div></div></div>'
    )
