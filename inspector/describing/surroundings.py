"""A region beside its surroundings: structure by scale, levels, and whether an edge runs there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.describing.pixels import Mask

SURROUNDINGS_CUES = (
    "distance to the frame's border",
    "cut off by the frame",
    *(f"structure at {sigma} px" for sigma in (1, 2, 4, 8)),
    "levels moved",
    "levels differ",
    "surroundings' range",
    "surroundings' two levels",
    "distance to the nearer level",
)
SIGMAS_PX = (1, 2, 4, 8)
LEVELS = 20


def measure_surroundings(lightness: NDArray[np.float32], core: Mask, ring: Mask) -> tuple[float, ...]:
    """The cues `SURROUNDINGS_CUES` of a region.

    Args:
        lightness: float32 `[h, w]`, 0..100, at working size.
        core: bool `[h, w]`, at least one pixel.
        ring: bool `[h, w]`, its surroundings.
    """
    return (
        *_place(core),
        *_bands(lightness, core, ring),
        *_histograms(lightness[core], lightness[ring]),
        *_levels(lightness[core], lightness[ring]),
    )


def _place(core: Mask) -> tuple[float, float]:
    height, width = core.shape
    rows, columns = np.nonzero(core)
    y, x = float(rows.mean()) / height, float(columns.mean()) / width
    cut = float(core[0].sum() + core[-1].sum() + core[:, 0].sum() + core[:, -1].sum())
    return 2 * min(y, x, 1 - y, 1 - x), min(cut / float(np.sqrt(core.sum())), 3.0)


def _bands(lightness: NDArray[np.float32], core: Mask, ring: Mask) -> list[float]:
    """Logarithm of a band's mean amplitude in the core over that in the surroundings, fine bands first."""
    ratios, finer = [], lightness
    for sigma in SIGMAS_PX:
        coarser = np.asarray(cv2.GaussianBlur(lightness, (0, 0), sigma), np.float32)
        band, finer = np.abs(finer - coarser), coarser
        ratios.append(float(np.log((band[core].mean() + 0.1) / (band[ring].mean() + 0.1))))
    return ratios


def _histograms(core: NDArray[np.float32], ring: NDArray[np.float32]) -> tuple[float, float]:
    """Earth mover's distance and total difference of the histograms of lightness."""
    counts = [np.histogram(values, LEVELS, (0, 100))[0] for values in (core, ring)]
    difference = counts[0] / max(counts[0].sum(), 1) - counts[1] / max(counts[1].sum(), 1)
    return float(np.abs(np.cumsum(difference)).sum()) / 5, float(np.abs(difference).sum())


def _levels(core: NDArray[np.float32], ring: NDArray[np.float32]) -> tuple[float, float, float]:
    """Range of the surroundings, how far their halves are apart, how far the core is from the nearer one.

    Where a piece is missing, the core looks like one side of an edge that ran there.
    """
    low, high = ring[ring < ring.mean()], ring[ring >= ring.mean()]
    means = [float(half.mean()) for half in (low, high) if half.size]
    apart = (max(means) - min(means)) / (float(ring.std()) + 1)
    nearest = min(abs(float(np.median(core)) - mean) for mean in means)
    return float(np.percentile(ring, 95) - np.percentile(ring, 5)) / 50, apart, nearest / 20
