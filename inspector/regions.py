"""An anomaly map turned into regions: where a frame is abnormal, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_EXCESS = 0.4
"""Share of the worst region's height over the limit that a slight region needs to count beside it."""
SURE_RATIO = 2.0
"""Peak over the limit from which a region counts, however strong the worst is."""


@dataclass(frozen=True, slots=True)
class Region:
    """One connected abnormal place, in pixels of the frame as captured.

    Attributes:
        box_px: `(x, y, width, height)` of the smallest upright rectangle around it.
        centre_px: `(x, y)`, the centroid weighted by score.
        area_px: number of pixels above the limit.
        area_fraction: `area_px` over the frame's pixels, 0..1.
        peak_score: the highest score inside.
    """

    box_px: tuple[int, int, int, int]
    centre_px: tuple[float, float]
    area_px: int
    area_fraction: float
    peak_score: float


def find_regions(
    anomaly_map: NDArray[np.float32], limit: float, *, max_regions: int = 32
) -> tuple[Region, ...]:
    """Connected places (8-neighbourhood) whose score is above a limit, the highest peak first.

    Args:
        anomaly_map: float32 `[H, W]` in the frame's own size.
        limit: pixels strictly above it belong to a region.
        max_regions: only the regions with the highest peaks are returned.

    Raises:
        ValueError: the map is not two-dimensional or holds NaN or infinity.
    """
    if anomaly_map.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise ValueError(f"an anomaly map is [H, W], not {list(anomaly_map.shape)}")
    if not np.isfinite(anomaly_map).all():
        raise ValueError("the anomaly map holds NaN or infinite scores")
    above = (anomaly_map > limit).astype(np.uint8)
    if not above.any():
        return ()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
    regions = []
    for label in range(1, count):
        x, y, width, height, area = (int(v) for v in stats[label])
        rows, columns = np.nonzero(labels[y : y + height, x : x + width] == label)
        scores = anomaly_map[y + rows, x + columns].astype(np.float64)
        # Weights start at zero on the limit, so that the centre sits on the peak and not on the halo.
        weights = scores - limit
        weights /= weights.sum()
        regions.append(
            Region(
                box_px=(x, y, width, height),
                centre_px=(float(x + columns @ weights), float(y + rows @ weights)),
                area_px=area,
                area_fraction=area / anomaly_map.size,
                peak_score=float(scores.max()),
            )
        )
    regions.sort(key=lambda region: region.peak_score, reverse=True)
    return tuple(regions[:max_regions])


def without_satellites(regions: Sequence[Region], limit: float) -> tuple[Region, ...]:
    """The regions that are defects of their own, the worst first.

    A network's map ripples around a strong defect, and its ripples barely reach over the limit: counted, they
    made three defects of one. A region counts that is far above the limit, or not much lower than the worst.

    Args:
        regions: the worst first, as `find_regions` gives them.
        limit: that they were found with.
    """
    if not regions:
        return ()
    least = LEAST_EXCESS * (regions[0].peak_score - limit)
    return tuple(
        region
        for region in regions
        if region.peak_score - limit >= least or 0 < SURE_RATIO * limit <= region.peak_score
    )
