"""Figures of an evaluation, from scores, labels, maps and masks alone: the same code measures any scorer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import beta
from sklearn.metrics import precision_recall_curve, roc_auc_score

from inspector.results import Verdict
from training.evaluation.pixels import PixelCounter, PixelFigures

CONFIDENCE = 0.95

Interval = tuple[float, float]
"""Exact 95 % confidence interval of a rate (C. Clopper and E. Pearson, Biometrika 26, 1934)."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Counts(_Part):
    """How many frames there were and what became of them; None where no limit was given."""

    frames: int
    good: int
    defective: int
    with_mask: int = Field(description="Defective frames with a mask, behind the pixel figures")
    rejected_good: int | None
    rejected_defective: int | None
    unsure_good: int | None
    unsure_defective: int | None


class KindFigures(_Part):
    """One kind of defect."""

    count: int
    rejected: int | None
    unsure: int | None
    recall: float | None
    recall_interval: Interval | None
    image_auroc: float | None = Field(description="This kind against all good frames")


class Figures(_Part):
    """How well good and defective frames are told apart. A figure that cannot be computed is None.

    AUROC and the best F1 look at scores only. Recall, false-reject rate and F1 are at the limit: a frame is
    rejected when its score is above it. An unsure frame is neither passed nor rejected: it stays in the
    denominators and is counted on its own.
    """

    image_auroc: float | None
    pixel_auroc: float | None
    pixel_auroc_error: float | None = Field(description="Bound on the error that counting in bins makes")
    aupro: float | None = Field(description="Per-region overlap up to 30 % false-positive rate")
    f1: float | None = Field(description="At the limit")
    f1_max: float | None = Field(description="At the best limit for this very test set; optimistic")
    recall: float | None = Field(description="Share of defective frames that are rejected")
    recall_interval: Interval | None
    false_reject_rate: float | None = Field(description="Share of good frames that are rejected")
    false_reject_rate_interval: Interval | None
    limit: float | None
    counts: Counts
    per_kind: dict[str, KindFigures]


def evaluate_scores(
    image_scores: Sequence[float] | NDArray[np.floating],
    labels: Sequence[bool] | NDArray[np.bool_],
    maps: Iterable[NDArray[np.floating]] | None = None,
    masks: Iterable[NDArray[np.bool_] | None] | None = None,
    *,
    kinds: Sequence[str] | None = None,
    limit: float | None = None,
) -> Figures:
    """Measure any scorer.

    Args:
        image_scores: N finite scores, higher is more abnormal.
        labels: N labels, True for a defective frame.
        maps: N anomaly maps, float `[H, W]`, each of its mask's size; taken one at a time, so that a
            generator needs the memory of one map.
        masks: N masks, bool `[H, W]`, True where defective; None for a good frame, and for a defective one
            without a mask, whose map is left out.
        kinds: N names; the kind of each defective frame. Without it all are of the kind `defective`.
        limit: scores above it are rejected; without it the figures at a limit are None.

    Raises:
        ValueError: lengths differ, there is no frame, or a score is not finite.
    """
    label_list = [bool(label) for label in labels]
    counter, with_mask = PixelCounter(), 0
    if maps is not None and masks is not None:
        for anomaly_map, mask, defective in zip(maps, masks, label_list, strict=True):
            if defective and mask is None:
                continue
            counter.add(anomaly_map, mask)
            with_mask += defective
    verdicts = None
    if limit is not None:
        verdicts = [Verdict.REJECT if score > limit else Verdict.PASS for score in image_scores]
    return figures_of(
        image_scores,
        label_list,
        kinds=kinds,
        limit=limit,
        verdicts=verdicts,
        pixels=counter.figures(),
        with_mask=with_mask,
    )


def figures_of(
    image_scores: Sequence[float] | NDArray[np.floating],
    labels: Sequence[bool],
    *,
    kinds: Sequence[str] | None,
    limit: float | None,
    verdicts: Sequence[Verdict] | None,
    pixels: PixelFigures | None,
    with_mask: int,
) -> Figures:
    """The same as `evaluate_scores` where verdicts were given and pixels were counted before.

    Args:
        image_scores: N finite scores.
        labels: N labels, True for a defective frame.
        kinds: N names, or None.
        limit: the limit that the verdicts come from, or None.
        verdicts: N verdicts, or None.
        pixels: what `PixelCounter.figures` gave.
        with_mask: number of defective frames that were counted there.

    Raises:
        ValueError: lengths differ, there is no frame, or a score is not finite.
    """
    scores, defective = np.asarray(image_scores, np.float64), np.asarray(labels, bool)
    names = np.array(["defective"] * defective.size if kinds is None else list(kinds), dtype=object)
    decided = None if verdicts is None else np.array(verdicts, dtype=object)
    if scores.ndim != 1 or not scores.size:
        raise ValueError("an evaluation needs a list of at least one score")
    if not scores.size == defective.size == names.size == (scores.size if decided is None else decided.size):
        raise ValueError("scores, labels, kinds and verdicts are of different lengths")
    if not np.isfinite(scores).all():
        raise ValueError("a score is NaN or infinite")
    per_kind = {
        str(name): _kind_figures(scores, defective, decided, defective & (names == name))
        for name in sorted(set(names[defective]))
    }
    rejected = None if decided is None else decided == Verdict.REJECT
    unsure = None if decided is None else decided == Verdict.UNSURE
    good_count, defective_count = int((~defective).sum()), int(defective.sum())
    rejected_good, rejected_defective = _count(rejected, ~defective), _count(rejected, defective)
    return Figures(
        image_auroc=image_auroc(scores, defective),
        pixel_auroc=pixels.auroc if pixels else None,
        pixel_auroc_error=pixels.auroc_error if pixels else None,
        aupro=pixels.aupro if pixels else None,
        f1=_f1(rejected_defective, rejected_good, defective_count),
        f1_max=f1_max(scores, defective),
        recall=_rate(rejected_defective, defective_count),
        recall_interval=_interval(rejected_defective, defective_count),
        false_reject_rate=_rate(rejected_good, good_count),
        false_reject_rate_interval=_interval(rejected_good, good_count),
        limit=limit,
        counts=Counts(
            frames=scores.size,
            good=good_count,
            defective=defective_count,
            with_mask=with_mask,
            rejected_good=rejected_good,
            rejected_defective=rejected_defective,
            unsure_good=_count(unsure, ~defective),
            unsure_defective=_count(unsure, defective),
        ),
        per_kind=per_kind,
    )


def image_auroc(scores: NDArray[np.float64], defective: NDArray[np.bool_]) -> float | None:
    """Chance that a defective frame scores higher than a good one; None when one of the two is missing."""
    if defective.all() or not defective.any():
        return None
    return float(roc_auc_score(defective, scores))


def f1_max(scores: NDArray[np.float64], defective: NDArray[np.bool_]) -> float | None:
    """The highest F1 that any limit reaches on these frames; None without a defective frame."""
    if not defective.any():
        return None
    precision, recall, _ = precision_recall_curve(defective, scores)
    both = precision + recall
    return float(np.max(2 * precision * recall / np.where(both > 0, both, 1)))


def _kind_figures(
    scores: NDArray[np.float64],
    defective: NDArray[np.bool_],
    verdicts: NDArray[np.object_] | None,
    of_kind: NDArray[np.bool_],
) -> KindFigures:
    count = int(of_kind.sum())
    rejected = None if verdicts is None else int((verdicts[of_kind] == Verdict.REJECT).sum())
    unsure = None if verdicts is None else int((verdicts[of_kind] == Verdict.UNSURE).sum())
    compared = of_kind | ~defective
    return KindFigures(
        count=count,
        rejected=rejected,
        unsure=unsure,
        recall=_rate(rejected, count),
        recall_interval=_interval(rejected, count),
        image_auroc=image_auroc(scores[compared], defective[compared]),
    )


def _count(what: NDArray[np.bool_] | None, among: NDArray[np.bool_]) -> int | None:
    return None if what is None else int((what & among).sum())


def _rate(count: int | None, total: int) -> float | None:
    return None if count is None or not total else count / total


def _interval(count: int | None, total: int) -> Interval | None:
    if count is None or not total:
        return None
    tail = (1 - CONFIDENCE) / 2
    low = beta.ppf(tail, count, total - count + 1) if count else 0.0
    high = beta.ppf(1 - tail, count + 1, total - count) if count < total else 1.0
    return float(low), float(high)


def _f1(true_rejects: int | None, false_rejects: int | None, defective: int) -> float | None:
    if true_rejects is None or false_rejects is None or not defective:
        return None
    return 2 * true_rejects / (true_rejects + false_rejects + defective)
