"""How the scores of good and of defective parts are spread: the geometry of a small chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 760, 220
"""Size of the plotting area, in the chart's own units."""

BARS = 48
LARGEST_REACH = 8.0
"""The axis ends this many times as far above the limit as the lowest score lies below it. What scores higher
is counted in the last bar, so that one extreme part does not squeeze all others into one bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: x, width and the heights of good and defective parts, stacked."""

    x: float
    width: float
    good_height: float
    defective_height: float
    good: int
    defective: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis with its label."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """A histogram of scores with the limit."""

    bars: tuple[Bar, ...]
    limit_x: float
    score_ticks: tuple[Tick, ...]
    count_ticks: tuple[Tick, ...]
    last_bar_is_open: bool


def score_chart(scores: Sequence[float], defective: Sequence[bool], limit: float) -> ScoreChart:
    """Lay out the chart.

    Args:
        scores: N finite scores, N ≥ 1.
        defective: N labels.
        limit: the reject limit.
    """
    values, labels = np.asarray(scores, float), np.asarray(defective, bool)
    low = float(min(values.min(), limit))
    reach = max(limit - low, 1e-6 * max(1.0, abs(limit)))
    high = float(max(values.max(), limit + 0.1 * reach))
    open_end = high > limit + LARGEST_REACH * reach
    if open_end:
        high = limit + LARGEST_REACH * reach
    edges = np.linspace(low, high, BARS + 1)
    clipped = np.clip(values, low, high)
    good, _ = np.histogram(clipped[~labels], edges)
    bad, _ = np.histogram(clipped[labels], edges)
    tallest = max(1, int((good + bad).max()))
    width = WIDTH / BARS
    bars = tuple(
        Bar(
            x=index * width,
            width=width - 1,
            good_height=HEIGHT * int(good[index]) / tallest,
            defective_height=HEIGHT * int(bad[index]) / tallest,
            good=int(good[index]),
            defective=int(bad[index]),
            low=float(edges[index]),
            high=float(edges[index + 1]),
        )
        for index in range(BARS)
        if good[index] or bad[index]
    )
    score_ticks = tuple(
        Tick(WIDTH * (value - low) / (high - low), _number(value)) for value in _round_steps(low, high, 7)
    )
    count_ticks = tuple(
        Tick(HEIGHT * (1 - value / tallest), f"{value:g}")
        for value in _round_steps(0, tallest, 4)
        if float(value).is_integer()
    )
    return ScoreChart(bars, WIDTH * (limit - low) / (high - low), score_ticks, count_ticks, open_end)


def _round_steps(low: float, high: float, about: int) -> list[float]:
    """Round numbers from low to high in steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / about
    magnitude = 10.0 ** np.floor(np.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough)
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [float(index * step) for index in range(first, last + 1)]


def _number(value: float) -> str:
    return f"{value:.3g}" if value else "0"
