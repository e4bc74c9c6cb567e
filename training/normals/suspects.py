"""Normals that look defective once decoders have scored them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OUTLIER_DEVIATIONS = 3.5
"""Modified z-score above which a normal is a suspect (Iglewicz & Hoaglin, "How to Detect Outliers", 1993)."""
MOST_SUSPECTS = 0.05
"""At most one normal and this share of them are suspected; more would be a heavy tail, not some mistakes."""
FEWEST_FOR_SUSPECTS = 20


def suspects(scores: NDArray[np.float64], painted_scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of normals that look defective, worst first.

    Their score is far above the others' by median and MAD, and above that of half the synthetic defects.
    Where defects score much higher than any normal, an unusual normal is only unusual: to leave it out would
    put the limit below good parts like it.

    Args:
        scores: [N] of held-out normals.
        painted_scores: [S] of synthetic defects on held-out normals.
    """
    if len(scores) < FEWEST_FOR_SUSPECTS:
        return np.empty(0, np.int64)
    median = np.median(scores)
    deviation = 1.4826 * np.median(np.abs(scores - median))
    outlying = scores > median + OUTLIER_DEVIATIONS * max(float(deviation), 1e-9)
    found = np.flatnonzero(outlying & (scores > np.median(painted_scores)))
    return found[np.argsort(-scores[found])][: 1 + int(MOST_SUSPECTS * len(scores))]
