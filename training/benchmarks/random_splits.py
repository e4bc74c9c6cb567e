"""Whether limits keep the false-reject rate that they promise.

Held-out normals' scores are split at random, 200 times: one half makes the limit, the other is judged by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.limits import conformal_limit, promised_rate
from training.benchmarks.rows import Row

TARGETS = (0.005, 0.01, 0.05)
SPLITS = 200
LIMIT_SHARE = 0.5
"""Share of the scores that make the limit."""
NORMAL_95 = 1.959964
"""Quantile of the standard normal distribution for a two-sided band of 95 %."""


@dataclass(frozen=True, slots=True)
class SplitRate:
    """One target, measured.

    Attributes:
        target: false-reject rate that was asked for.
        behind: scores that made the limit, in each split.
        judged: scores that were judged by it, in each split.
        promised: what so many scores can promise; the target, or more.
        mean_rate: false rejects, mean over the splits.
        band: the highest mean that is taken for the target: the target and its binomial 95 % band for
            `judged` frames. The splits share their frames, so that more splits make no narrower band.
    """

    target: float
    behind: int
    judged: int
    promised: float
    mean_rate: float
    band: float

    @property
    def is_kept(self) -> bool:
        """Whether the mean is at most the target and its band."""
        return self.mean_rate <= self.band

    def row(self, name: str) -> Row:
        """Its line in a table."""
        promised = "" if self.promised <= self.target else f" ({100 * self.promised:.2f} % can be promised)"
        return Row(
            f"{name}: false rejects by a limit for {100 * self.target:g} % from {self.behind} normals"
            f"{promised}, mean over random splits, {self.judged} others judged",
            f"{100 * self.mean_rate:.2f} %",
            f"≤ {100 * self.band:.2f} %, the target and its binomial 95 % band",
            self.is_kept,
        )


def measure_splits(
    scores: NDArray[np.floating] | Sequence[float],
    targets: Sequence[float] = TARGETS,
    splits: int = SPLITS,
    seed: int = 0,
) -> list[SplitRate]:
    """The false-reject rate of limits over random splits of held-out normals' scores.

    Args:
        scores: [N] of normals that the network was not fitted on, N >= 4.
        targets: false-reject rates to measure.
        splits: how many.
        seed: of the splits; every target has the same ones.
    """
    values = np.asarray(scores, np.float64)
    behind = round(LIMIT_SHARE * len(values))
    judged = len(values) - behind
    rejected = np.zeros((splits, len(targets)))
    rng = np.random.default_rng(seed)
    for split in range(splits):
        mixed = rng.permutation(values)
        for number, target in enumerate(targets):
            rejected[split, number] = (mixed[behind:] > conformal_limit(mixed[:behind], target)).mean()
    return [
        SplitRate(target, behind, judged, promised_rate(behind, target), float(mean), _band(target, judged))
        for target, mean in zip(targets, rejected.mean(0), strict=True)
    ]


def _band(rate: float, frames: int) -> float:
    return rate + NORMAL_95 * math.sqrt(rate * (1 - rate) / frames)
