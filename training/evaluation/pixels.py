"""Pixel figures of any number of maps in constant memory: AUROC and the area under the per-region overlap.

Scores are counted in 2^20 equal bins over their range, which grows by doubling. Pixels of one bin count as
equal, so the AUROC is off by at most half the share of (defective, normal) pixel pairs that fell into the
same bin; `PixelFigures` states that bound, usually below 1e-6.
"""

from __future__ import annotations

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
        weights = 1 / stats[:, cv2.CC_STAT_AREA].astype(np.float64)
        self._count(self._overlap, bins[mask], weights[labels[mask]])
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
        return np.minimum(places.astype(np.int64), BINS - 1)

    @staticmethod
    def _count(
        histogram: NDArray[np.float64], bins: NDArray[np.int64], weights: NDArray[np.float64] | None = None
    ) -> None:
        if bins.size:
            first = int(bins.min())
            counts = np.bincount(bins - first, weights)
            histogram[first : first + counts.size] += counts

    def _cover(self, lowest: float, highest: float) -> None:
        """Double the range until it holds the scores; two bins become one each time, so nothing is lost."""
        if self._span == 0:
            self._low = lowest
            self._span = max(highest - lowest, 1e-6 * max(abs(lowest), abs(highest)), 1e-12)
        while lowest < self._low:
            self._low -= self._span
            self._double(upwards=False)
        while highest > self._low + self._span:
            self._double(upwards=True)

    def _double(self, *, upwards: bool) -> None:
        self._span *= 2
        half = slice(0, BINS // 2) if upwards else slice(BINS // 2, BINS)
        for histogram in (self._normal, self._defective, self._overlap):
            merged = histogram.reshape(-1, 2).sum(axis=1)
            histogram[:] = 0
            histogram[half] = merged
