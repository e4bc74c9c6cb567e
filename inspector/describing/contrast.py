"""How a region's colour differs from its surroundings, as an eye compares them: in CIELAB.

A thin scratch covers a few percent of the place where the map sees it, and leaves that place's median as it
was. So the first question is how many of its pixels are darker, brighter or of another colour than nearly all
around it; only where that is no notable share, the medians are compared.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.describing.pixels import Mask, RegionPixels
from inspector.describing.words import Contrast

LEAST_DIFFERENCE = 5.0
"""CIELAB units; an untrained eye sees about 2 side by side on an even surface."""

USUAL_PERCENT = 95.0
"""Percent of the surroundings' pixels that are called usual, on either side."""

LEAST_SHARE = 0.06
"""Share of pixels that are not usual from which they are the contrast."""

COLOUR_ROUGHNESS, LIGHTNESS_ROUGHNESS = 1.0, 0.5
"""The medians have to differ by more than the surroundings' own spread, multiplied by this. Light falls
unevenly on a surface: its lightness spreads without being rough, its colour does not."""

NARROWEST_RING_PX = 4
RING_SHARE = 0.35
"""Width of the ring of surroundings, as a share of the core's mean diameter."""

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


def contrast_of(
    image: NDArray[np.uint8], cores: Mask, box_px: tuple[int, int, int, int], pixels: RegionPixels
) -> Contrast:
    """The contrast's word; `SIMILAR` too where a region leaves no surroundings to compare with.

    Args:
        image: uint8 `[H, W, 3]` RGB.
        cores: bool `[H, W]`, the cores of all regions: none of them counts as surroundings.
        box_px: `(x, y, width, height)` of the region.
        pixels: the region's pixels in this box.
    """
    ring_px = max(NARROWEST_RING_PX, round(RING_SHARE * float(np.sqrt(pixels.core_px))))
    x, y, width, height = box_px
    top, left = max(y - ring_px, 0), max(x - ring_px, 0)
    window = np.s_[top : y + height + ring_px, left : x + width + ring_px]
    core = np.zeros(cores[window].shape, bool)
    core[y - top : y - top + height, x - left : x - left + width] = pixels.core
    distance = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    ring = (distance <= ring_px) & ~core & ~cores[window]
    if not ring.any():
        return Contrast.SIMILAR
    scaled = image[window].astype(np.float32) / 255
    lab = np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)
    return _unusual_pixels(lab[core], lab[ring]) or _medians(lab[core], lab[ring])


def _unusual_pixels(core: NDArray[np.float32], ring: NDArray[np.float32]) -> Contrast | None:
    """Core and ring are float32 `[N, 3]`: lightness 0..100, then the two axes of colour."""
    darkest, brightest = np.percentile(ring[:, 0], (100 - USUAL_PERCENT, USUAL_PERCENT))
    usual_colour = np.median(ring[:, 1:], axis=0)
    core_colour, ring_colour = (np.linalg.norm(part[:, 1:] - usual_colour, axis=1) for part in (core, ring))
    shares = {
        Contrast.DARKER: (core[:, 0] < darkest - LEAST_DIFFERENCE).mean(),
        Contrast.BRIGHTER: (core[:, 0] > brightest + LEAST_DIFFERENCE).mean(),
        Contrast.OTHER_COLOUR: (
            core_colour > np.percentile(ring_colour, USUAL_PERCENT) + LEAST_DIFFERENCE
        ).mean(),
    }
    largest = max(shares, key=lambda contrast: float(shares[contrast]))
    return largest if shares[largest] >= LEAST_SHARE else None


def _medians(core: NDArray[np.float32], ring: NDArray[np.float32]) -> Contrast:
    usual = np.median(ring, axis=0)
    spread = MAD_TO_SIGMA * np.median(np.abs(ring - usual), axis=0)
    lightness, *colours = np.median(core, axis=0) - usual
    colour = float(np.hypot(*colours))
    colour_limit = max(LEAST_DIFFERENCE, COLOUR_ROUGHNESS * float(np.hypot(*spread[1:])))
    if colour > max(colour_limit, abs(lightness)):
        return Contrast.OTHER_COLOUR
    if abs(lightness) <= max(LEAST_DIFFERENCE, LIGHTNESS_ROUGHNESS * spread[0]):
        return Contrast.SIMILAR
    return Contrast.DARKER if lightness < 0 else Contrast.BRIGHTER
