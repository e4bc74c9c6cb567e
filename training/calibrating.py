"""The limits of a learned product, from its held-out normals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.bundle import Limits
from inspector.limits import conformal_limit, cross_conformal_limit, worst_case_rate
from training.learning import Learned
from training.normals import suspects

FEWEST_FOR_LIMIT = 4
"""Below this many normals their scores alone make no limit."""
PIXEL_QUANTILE = 0.995
"""Of all places on held-out normals; a region begins half-way between it and the worst of a good part."""


def limits_of(
    learned: Learned,
    normals: int,
    false_reject_rate: float,
    confirmed: Sequence[int] = (),
    chosen: Sequence[int] = (),
) -> Limits:
    """The reject limit from held-out normals' scores, and the pixel limit from their maps.

    Normals that look defective are left out: one forgotten defect among a hundred normals would put the limit
    above all defects like it. They are named to the person who trains, who may confirm that they are good. Of
    very few normals the highest score is far too low for the next good part; the limit then lies half-way to
    what synthetic defects score.

    Args:
        learned: a product.
        normals: pictures it was learned from.
        false_reject_rate: share of good parts that may be rejected.
        confirmed: places of normals that count whatever they score.
        chosen: places of normals that never count: they were chosen for their scores, so that they do not
            show how often a good part scores so high.
    """
    ranking, outlining = learned.choice.ranking, learned.choice.outlining
    suspected_places = suspected_of(learned, confirmed)
    left_out = sorted({*suspected_places, *chosen})
    scores, folds = np.delete(ranking.normal_scores, left_out), np.delete(learned.folds, left_out)
    reject = cross_conformal_limit(scores, folds, false_reject_rate)
    highest = conformal_limit(np.delete(outlining.normal_scores, left_out), false_reject_rate)
    worst = worst_case_rate(len(scores), len(np.unique(folds)), false_reject_rate)
    method = (
        f"cross-conformal over held-out normals ({learned.held_out}), {100 * worst:.1f} % in the worst case"
    )
    if suspected_places:
        method += f", {len(suspected_places)} suspects left out"
    if normals < FEWEST_FOR_LIMIT:
        reject = _half_way(reject, ranking.painted_scores)
        highest = _half_way(highest, outlining.painted_scores)
        method = f"half-way from held-out normals ({learned.held_out}) to synthetic defects"
    return Limits(
        reject=reject,
        false_reject_rate=false_reject_rate,
        # Copies of a single normal are no sample of good parts.
        normals=len(scores) if normals > 1 else 0,
        method=method,
        pixel=pixel_limit(np.delete(np.asarray(outlining.normal), left_out, axis=0), highest),
    )


def pixel_limit(maps: NDArray[np.float32], highest: float) -> float:
    """Where a region begins.

    Args:
        maps: float32 [N, h, w] of held-out normals.
        highest: what the worst good part shows.
    """
    usual = float(np.quantile(maps, PIXEL_QUANTILE))
    return (min(usual, highest) + highest) / 2


def suspected(paths: Sequence[Path], learned: Learned, confirmed: Sequence[int]) -> list[str]:
    """What a person should know of normals that look defective to the decoders, one sentence each.

    Args:
        paths: file of each normal.
        learned: a product.
        confirmed: places of normals that are good, whatever they look like.
    """
    scores = learned.choice.ranking.normal_scores
    if len(scores) != len(paths):
        return []
    return [
        f"{paths[index]} looks defective (score {scores[index]:.2f}, the median is"
        f" {np.median(scores):.2f}): it was learned, but has no part in the limit; remove it and train"
        f" again, or --keep {paths[index].name} if it is good"
        for index in suspected_of(learned, confirmed)
    ]


def _half_way(limit: float, painted_scores: NDArray[np.float64]) -> float:
    return max(limit, (limit + float(np.median(painted_scores))) / 2)


def suspected_of(learned: Learned, confirmed: Sequence[int]) -> list[int]:
    """Places of suspects that nobody has confirmed, worst first."""
    found = suspects(learned.choice.ranking.normal_scores, learned.choice.ranking.painted_scores)
    return [int(index) for index in found if index not in confirmed]
