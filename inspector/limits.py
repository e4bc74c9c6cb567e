"""Scores of normal frames turned into a reject limit with a stated false-reject rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def conformal_limit(normal_scores: NDArray[np.floating], false_reject_rate: float) -> float:
    """The split-conformal quantile: a new normal exceeds it with probability at most `false_reject_rate`.

    With n exchangeable normal scores and rate r the limit is the ⌈(n + 1)(1 - r)⌉-th smallest (Vovk et al.,
    "Algorithmic Learning in a Random World", 2005). Below n = 1/r - 1 no finite limit keeps the promise;
    the largest score is returned then, and `promised_rate` says what it is worth.

    Raises:
        ValueError: there is no score, a score is not finite, or the rate is not inside (0, 1).
    """
    scores = np.sort(np.asarray(normal_scores, dtype=np.float64))
    if scores.size == 0 or not np.isfinite(scores).all():
        raise ValueError("a limit needs at least one normal score, all of them finite")
    if not 0 < false_reject_rate < 1:
        raise ValueError(f"a false-reject rate lies between 0 and 1, not {false_reject_rate}")
    # The tiny term keeps 100 scores at 1 % from being pushed over a whole number by binary rounding.
    rank = math.ceil((scores.size + 1) * (1 - false_reject_rate) - 1e-9)
    return float(scores[min(rank, scores.size) - 1])


def promised_rate(normals: int, false_reject_rate: float) -> float:
    """The false-reject rate that `conformal_limit` can promise with this many normals.

    It is the target where the normals suffice, and 1 / (n + 1) where they are too few.
    """
    return max(false_reject_rate, 1 / (normals + 1))


def normals_needed(false_reject_rate: float) -> int:
    """The number of held-out normals from which on the target rate can be promised."""
    return math.ceil(1 / false_reject_rate - 1 - 1e-9)
