"""A defect's own pixels: those inside a region that differ from its surroundings.

A map sees patches, and draws a hair crack as a blob. Where the region is, the picture itself tells more:
pixels that are unlike nearly all of the surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.describing.pixels import Mask, RegionPixels

WORKING_PX = 256
"""The frame's longer side at which own pixels are looked for: a reduced picture has no grain."""
RING_SHARE, NARROWEST_RING_PX = 0.35, 4
"""Width of the surroundings, as a share of the region's mean diameter."""
REACH_PX = 2
"""Own pixels are looked for so far around the core."""
LEAST_DIFFERENCE = 4.0
"""CIELAB units between surroundings and a defect's own pixels."""
USUAL_PERCENT = 95
"""Percent of the surroundings' pixels that are usual."""


@dataclass(frozen=True, slots=True)
class OwnPixels:
    """A region beside its surroundings, at working size.

    Attributes:
        mask: bool `[h, w]`, the piece of own pixels that differs most in all; empty where none differ.
        pieces: number of pieces.
        difference: float32 `[h, w]`, distance of each pixel to the surroundings' median in CIELAB.
        limit: difference from which a pixel is no usual one.
        ring: bool `[h, w]`, the surroundings.
        near: bool `[h, w]`, where own pixels were looked for.
        usual: float32 `[3]`, the surroundings' median in CIELAB.
    """

    mask: Mask
    pieces: int
    difference: NDArray[np.float32]
    limit: float
    ring: Mask
    near: Mask
    usual: NDArray[np.float32]


def find_own_pixels(lab: NDArray[np.float32], core: Mask) -> OwnPixels:
    """Look for the own pixels of a region.

    Args:
        lab: float32 `[h, w, 3]`, a frame in CIELAB at working size, or a part of it.
        core: bool `[h, w]`, at least one pixel.
    """
    distance = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    ring = (distance <= ring_px(core) + REACH_PX) & (distance > 1.5)  # noqa: PLR2004 - not the core's soft edge
    if ring.sum() < 8:  # noqa: PLR2004 - too few pixels to compare with
        ring = ~core if not core.all() else core
    near = np.asarray(distance <= REACH_PX)
    usual = np.median(lab[ring], axis=0)
    # Grain of one pixel is no defect.
    difference = np.linalg.norm(cv2.GaussianBlur(lab, (0, 0), 0.7) - usual, axis=2)
    limit = max(float(np.percentile(difference[ring], USUAL_PERCENT)), LEAST_DIFFERENCE)
    mask, pieces = _most_different(difference, limit, near)
    return OwnPixels(mask, pieces, difference, limit, np.asarray(ring), near, usual)


def own_mask(image: NDArray[np.uint8], box_px: tuple[int, int, int, int], pixels: RegionPixels) -> Mask:
    """The own pixels of one region, bool `[h, w]` at working size, of the region's place only.

    Args:
        image: uint8 `[H, W, 3]` RGB, the frame.
        box_px: `(x, y, width, height)` of the region.
        pixels: the region's pixels in this box.
    """
    scale = WORKING_PX / max(image.shape[:2])
    x, y, width, height = box_px
    margin = round((max(NARROWEST_RING_PX, RING_SHARE * scale * float(np.sqrt(pixels.core_px))) + 6) / scale)
    top, left = max(y - margin, 0), max(x - margin, 0)
    place = image[top : y + height + margin, left : x + width + margin]
    core = np.zeros(place.shape[:2], bool)
    core[y - top : y - top + height, x - left : x - left + width] = pixels.core
    place, core = resized(place, core, scale)
    return find_own_pixels(to_lab(place), core).mask


def ring_px(core: Mask) -> int:
    """Width of a core's surroundings."""
    return max(NARROWEST_RING_PX, round(RING_SHARE * float(np.sqrt(core.sum()))))


def resized(image: NDArray[np.uint8], core: Mask, scale: float) -> tuple[NDArray[np.uint8], Mask]:
    """A picture and a core in it, enlarged or reduced; a core of few pixels does not vanish."""
    if abs(scale - 1) <= 0.01:  # noqa: PLR2004
        return image, core
    height, width = image.shape[:2]
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    covered = cv2.resize(core.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
    return small, np.asarray(covered >= min(0.5, float(covered.max())))


def to_lab(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 `[H, W, 3]` RGB to CIELAB, float32: lightness 0..100, then the two axes of colour."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _most_different(difference: NDArray[np.float32], limit: float, near: Mask) -> tuple[Mask, int]:
    unusual = ((difference > limit) & near).astype(np.uint8)
    closed = cv2.morphologyEx(unusual, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(closed, connectivity=8)
    if count == 1:
        return np.zeros_like(near), 0
    excess = np.maximum(difference - limit, 0).ravel()
    sums = np.bincount(labels.ravel(), weights=excess, minlength=count)
    return np.asarray(labels == 1 + int(sums[1:].argmax())), count - 1
