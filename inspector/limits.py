"""Scores of normal frames turned into a reject limit with a stated false-reject rate.

Two ways, and what each promises of the next good part, if it is like the normals (exchangeable with them):

- split conformal, `conformal_limit`: the normals were not learned from. At most the rate, whatever the
  distribution of scores (Vovk et al., "Algorithmic Learning in a Random World", 2005).
- cross-conformal, `cross_conformal_limit`: every normal is learned from, and scored by decoders of the folds
  that it is not in (Vovk, "Cross-conformal predictors", 2015; CV+ of Barber et al., "Predictive inference
  with the jackknife+", 2021). At most twice the rate and a little, `worst_case_rate`; the rate in practice.
"""

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


def cross_conformal_limit(
    held_out_scores: NDArray[np.floating], folds: NDArray[np.integer], false_reject_rate: float
) -> float:
    """One limit for the final network, from scores of normals that it was learned from.

    CV+ lets a frame x pass unless the decoders without fold k find it stranger than they find normal i of
    fold k, for all but a share r of the normals: #{i: R_i < s₋ₖ₍ᵢ₎(x)} ≥ (1 - r)(n + 1) rejects. A box runs
    one network, learned from all folds, and compares its score s(x) with one number. That number is the same
    quantile of the pooled R_i, and it rejects no frame that CV+ would pass as long as s(x) ≤ s₋ₖ(x): a frame
    is no stranger to the network that has seen more normals. For the distance to a memory of normals this is
    so by construction; for a coreset of it, and for the image-text decoder, nearly so. Then CV+'s promise,
    `worst_case_rate`, holds for the one number too. As s(x) is usually the smaller one, the rate that is seen
    lies at or below `promised_rate`.

    Args:
        held_out_scores: [N], each normal's score by decoders that were fitted without its fold.
        folds: [N], fold of each normal; each alone in its own fold is leave-one-out (jackknife+).
        false_reject_rate: share of good parts that may be rejected.

    Raises:
        ValueError: as `conformal_limit`; or folds do not fit the scores, or all normals are in one.
    """
    if folds.shape != np.shape(held_out_scores):
        raise ValueError(f"{np.size(held_out_scores)} scores cannot be in {folds.size} folds")
    if folds.size and len(np.unique(folds)) == 1:
        raise ValueError("one fold holds nothing out: there must be two at least")
    return conformal_limit(held_out_scores, false_reject_rate)


def promised_rate(normals: int, false_reject_rate: float) -> float:
    """The false-reject rate that `conformal_limit` can promise with this many normals.

    It is the target where the normals suffice, and 1 / (n + 1) where they are too few.
    """
    return max(false_reject_rate, 1 / (normals + 1))


def worst_case_rate(normals: int, folds: int, false_reject_rate: float) -> float:
    """The false-reject rate that `cross_conformal_limit` never exceeds, however unstable the learning is.

    2 r + min{2 (1 - 1/K) / (n/K + 1), (1 - K/n) / (K + 1)}, theorem 4 of Barber et al. (2021) with the rate r
    that n normals can promise; 2 r where each normal is a fold of its own.

    Args:
        normals: held-out normals behind the limit, n.
        folds: folds that they were held out in, K, 2 to n.
        false_reject_rate: the target.
    """
    size = normals / folds
    few, many = 2 * (1 - 1 / folds) / (size + 1), (1 - folds / normals) / (folds + 1)
    return min(1.0, 2 * promised_rate(normals, false_reject_rate) + min(few, many))


def normals_needed(false_reject_rate: float) -> int:
    """The number of held-out normals from which on the target rate can be promised."""
    return math.ceil(1 / false_reject_rate - 1 - 1e-9)


def normals_missing(normals: int, false_reject_rate: float) -> int:
    """How many normals more the target rate needs; 0 where there are enough."""
    return max(0, normals_needed(false_reject_rate) - normals)
