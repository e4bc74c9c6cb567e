"""The pixels behind a region: a region is stored as a box, its outline is in the anomaly map."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.regions import Region

Mask = NDArray[np.bool_]
"""bool `[h, w]`."""

CORE_HEIGHT = 0.5
"""A region's core is above this share of the way from the limit to its peak."""


@dataclass(frozen=True, slots=True)
class RegionPixels:
    """A region's pixels inside its box.

    A network sees patches, and its map spreads a strong defect far around it: at a pixel limit that is a
    fifth of the peak, regions measured three times the area of the outlined defects in real bottles. The full
    width at half maximum, the core, measured 1.3 times as much, and overlapped the outline best.

    Attributes:
        mask: bool `[h, w]` in the box's size, all pixels above the limit; at least one.
        core: bool `[h, w]`, those at half the height of the peak or more; at least one.
    """

    mask: Mask
    core: Mask

    @property
    def core_px(self) -> int:
        """Number of the core's pixels."""
        return int(self.core.sum())


def region_limit(anomaly_map: NDArray[np.float32], pixel_limit: float) -> float:
    """The score above which the pixels of a rejected frame's regions lie.

    It is the pixel limit; or, where no pixel is above it, half the height of the peak over the map's median,
    like in `inspector.inspecting.regions_of_reject`.

    Args:
        anomaly_map: float32 `[H, W]`, finite.
        pixel_limit: pixels above it belong to a region.
    """
    peak = np.float32(anomaly_map.max())
    if peak > pixel_limit:
        return pixel_limit
    half = (float(np.median(anomaly_map)) + float(peak)) / 2
    return min(half, float(np.nextafter(peak, np.float32(-np.inf))))


def region_pixels(anomaly_map: NDArray[np.float32], region: Region, limit: float) -> RegionPixels:
    """Find a region's pixels again.

    Where the map was changed since the region was found, and no connected place fills the box, the largest
    place in the box is taken, or else the whole box.

    Args:
        anomaly_map: float32 `[H, W]`, finite, in the size that the box refers to.
        region: its box lies inside the map.
        limit: the score that the region was found with.
    """
    x, y, width, height = region.box_px
    scores = anomaly_map[y : y + height, x : x + width].astype(np.float64)
    mask = _place_that_fills_the_box(scores > limit)
    peak = float(scores[mask].max())
    half = min(limit, peak) * (1 - CORE_HEIGHT) + peak * CORE_HEIGHT
    return RegionPixels(mask, mask & (scores >= half))


def core_box(pixels: RegionPixels, region: Region) -> tuple[int, int, int, int]:
    """`(x, y, width, height)` around a region's core, in pixels of the frame."""
    rows, columns = (np.flatnonzero(pixels.core.any(axis=axis)) for axis in (1, 0))
    x, y = region.box_px[0] + int(columns[0]), region.box_px[1] + int(rows[0])
    return x, y, int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1


def _place_that_fills_the_box(above: Mask) -> Mask:
    if not above.any():
        return np.ones_like(above)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    # Places that belong to other regions may reach into the box; only one touches all of its four sides.
    areas = stats[:, cv2.CC_STAT_WIDTH] * stats[:, cv2.CC_STAT_HEIGHT]
    label = max(range(1, count), key=lambda index: (areas[index], stats[index, cv2.CC_STAT_AREA]))
    return np.asarray(labels == label)
