"""Pixel figures of any number of maps in constant memory: AUROC and the area under the per-region overlap.

Scores are counted in 2^20 equal bins over their range, which grows by powers of two. Pixels of one bin count
as equal, so the AUROC is off by at most half the share of (defective, normal) pixel pairs that fell into the
same bin; `PixelFigures` states that bound, usually below 1e-6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BINS = 2**20
AUPRO_FALSE_POSITIVE_RATE = 0.3
"""The area is taken up to this false-positive rate, see P. Bergmann et al., "The MVTec Anomaly Detection
Dataset", IJCV 2021."""


@dataclass(frozen=True, slots=True)
class PixelFigures:
    """How well maps mark the defective pixels.

    Attributes:
        auroc: area under the receiver operating characteristic over all pixels.
        auroc_error: the largest possible difference to the AUROC without bins.
        aupro: area under the per-region-overlap curve up to a false-positive rate of 30 %, over 0.3.
        regions: number of connected defective regions (8-neighbourhood).
    """

    auroc: float
    auroc_error: float
    aupro: float
    regions: int


class PixelCounter:
    """Counts the scores of normal and of defective pixels, map by map.

    A region adds one unit of weight, spread evenly over its pixels: the sum above a limit is the per-region
    overlap, in which a small defect counts as much as a large one.
    """

    def __init__(self) -> None:
        self._normal = np.zeros(BINS)
        self._defective = np.zeros(BINS)
        self._overlap = np.zeros(BINS)
        self._regions = 0
        self._low = 0.0
        self._span = 0.0

    def add(self, anomaly_map: NDArray[np.floating], mask: NDArray[np.bool_] | None) -> None:
        """Count one map.

        Args:
            anomaly_map: float `[H, W]`.
            mask: bool `[H, W]`, True where the picture is defective; None for a good part.

        Raises:
            ValueError: shapes differ, or a score is not finite.
        """
        if mask is not None and mask.shape != anomaly_map.shape:
            raise ValueError(f"the map is {list(anomaly_map.shape)} and the mask {list(mask.shape)}")
        lowest, highest = float(anomaly_map.min()), float(anomaly_map.max())
        if not np.isfinite((lowest, highest)).all():
            raise ValueError("the anomaly map holds NaN or infinite scores")
        self._cover(lowest, highest)
        bins = self._bins(anomaly_map)
        if mask is None or not mask.any():
            self._count(self._normal, bins.ravel())
            return
        self._count(self._normal, bins[~mask])
        self._count(self._defective, bins[mask])
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        weights = 1 / stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
        self._count(self._overlap, bins[mask], weights[labels[mask] - 1])
        self._regions += count - 1

    def figures(self) -> PixelFigures | None:
        """The figures of all maps so far; None while normal or defective pixels are missing."""
        normals, defectives = self._normal.sum(), self._defective.sum()
        if normals == 0 or defectives == 0:
            return None
        normals_below = np.cumsum(self._normal) - self._normal
        pairs = normals * defectives
        ties = self._defective @ self._normal / 2
        return PixelFigures(
            auroc=float((self._defective @ normals_below + ties) / pairs),
            auroc_error=float(ties / pairs),
            aupro=self._aupro(),
            regions=self._regions,
        )

    def _aupro(self) -> float:
        used = np.flatnonzero((self._normal > 0) | (self._overlap > 0))[::-1]
        rate = np.concatenate(((0.0,), np.cumsum(self._normal[used]) / self._normal.sum()))
        overlap = np.concatenate(((0.0,), np.cumsum(self._overlap[used]) / self._regions))
        # The curve's points lie where they lie: the one at the end of the area is interpolated. Where it is
        # vertical, its upper end counts.
        end = int(np.searchsorted(rate, AUPRO_FALSE_POSITIVE_RATE, side="right"))
        last = np.interp(AUPRO_FALSE_POSITIVE_RATE, rate[max(0, end - 1) :], overlap[max(0, end - 1) :])
        rate = np.append(rate[:end], AUPRO_FALSE_POSITIVE_RATE)
        overlap = np.append(overlap[:end], last)
        return float(np.trapezoid(overlap, rate) / AUPRO_FALSE_POSITIVE_RATE)

    def _bins(self, scores: NDArray[np.floating]) -> NDArray[np.int64]:
        places = (scores.astype(np.float64) - self._low) * (BINS / self._span)
        # Rounding may push the lowest and the highest score out of the range by a hair.
        return np.clip(places.astype(np.int64), 0, BINS - 1)

    @staticmethod
    def _count(
        histogram: NDArray[np.float64], bins: NDArray[np.int64], weights: NDArray[np.float64] | None = None
    ) -> None:
        if bins.size:
            first = int(bins.min())
            counts = np.bincount(bins - first, weights)
            histogram[first : first + counts.size] += counts

    def _cover(self, lowest: float, highest: float) -> None:
        """Widen the range by a power of two until it holds the scores; whole bins merge, nothing is lost."""
        if self._span == 0:
            self._low = lowest
            self._span = max(highest - lowest, 1e-6 * max(abs(lowest), abs(highest)), 1e-12)
        if lowest < self._low:
            factor = _power_of_two((self._low + self._span - lowest) / self._span)
            self._low -= self._span * (factor - 1)
            self._widen(factor, upwards=False)
        if highest > self._low + self._span:
            self._widen(_power_of_two((highest - self._low) / self._span), upwards=True)

    def _widen(self, factor: int, *, upwards: bool) -> None:
        self._span *= factor
        factor = min(factor, BINS)
        kept = slice(0, BINS // factor) if upwards else slice(BINS - BINS // factor, BINS)
        for histogram in (self._normal, self._defective, self._overlap):
            merged = histogram.reshape(-1, factor).sum(axis=1)
            histogram[:] = 0
            histogram[kept] = merged


def _power_of_two(ratio: float) -> int:
    """The smallest power of two that is not below a ratio above 1."""
    return 1 << math.ceil(math.log2(ratio))
