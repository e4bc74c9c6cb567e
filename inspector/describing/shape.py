"""The shape of a region, told from its core by second moments, inner width, holes and solidity."""

from __future__ import annotations

import cv2
import numpy as np

from inspector.describing.pixels import Mask, RegionPixels
from inspector.describing.words import Shape

LEAST_HOLE = 0.1
"""A ring's hole covers at least this share of ring and hole together."""

LEAST_ELONGATION = 2.0
"""Length over width from which a straight region is elongated. Maps round things off: a scratch of 1 : 20 may
arrive as 1 : 2."""

LEAST_SLENDERNESS = 2.5
"""Area in squares of its own width, from which a bent region is elongated."""

LEAST_SOLIDITY = 0.85
"""Share of its convex hull that a region without notches fills."""

LARGEST_DIFFUSE_CORE = 0.15
"""Of a spot with soft edges, the core covers 20 to 50 %, whatever its height; of a diffuse region, less."""

LEAST_DIFFUSE_AREA = 0.01
"""Share of the frame; below it a core of few pixels says nothing about the whole."""

LARGEST_PLACE = 0.5
"""Share of the frame; a region that covers more is everywhere, and its outline is the frame's: diffuse."""

SMALLEST_PX = 9
"""Smaller regions have no shape, they are called round."""


def shape_of(pixels: RegionPixels, frame_px: int, own: Mask | None = None) -> Shape:
    """The shape's word; the first that applies of diffuse, ring-like, elongated, round, irregular.

    Args:
        pixels: the region's pixels in its box.
        frame_px: number of the frame's pixels.
        own: bool `[h, w]` of any size, the defect's own pixels: a map blunts thin things, so where some were
            found, they tell whether it is elongated. See `inspector.describing.own_pixels`.
    """
    core = pixels.core
    if pixels.core_px > LARGEST_PLACE * frame_px:
        return Shape.DIFFUSE
    if pixels.core_px < SMALLEST_PX:
        return Shape.ROUND
    area_px = int(pixels.mask.sum())
    if area_px >= LEAST_DIFFUSE_AREA * frame_px and pixels.core_px <= LARGEST_DIFFUSE_CORE * area_px:
        return Shape.DIFFUSE
    hole_px = largest_hole(core)
    if hole_px >= LEAST_HOLE * (pixels.core_px + hole_px):
        return Shape.RING_LIKE
    outline = own if own is not None and own.sum() >= SMALLEST_PX else core
    if elongation(outline) >= LEAST_ELONGATION or slenderness(outline) >= LEAST_SLENDERNESS:
        return Shape.ELONGATED
    return Shape.ROUND if solidity(core) >= LEAST_SOLIDITY else Shape.IRREGULAR


def elongation(mask: Mask) -> float:
    """Length over width of the ellipse with the same second moments, at least 1.

    Args:
        mask: bool `[h, w]`, at least one pixel.
    """
    points = np.argwhere(mask).astype(np.float64)
    centred = points - points.mean(axis=0)
    # A pixel is a square and not a point: its own variance is 1/12 along either axis.
    short, long = np.linalg.eigvalsh(centred.T @ centred / len(points) + np.eye(2) / 12)
    return float(np.sqrt(long / short))


def slenderness(mask: Mask) -> float:
    """Area over the square of the greatest inner width: 0.8 for a disc, length over width for a bent line.

    Args:
        mask: bool `[h, w]`, at least one pixel.
    """
    padded = np.pad(mask.astype(np.uint8), 1)
    # From the middle of a pixel to the middle of the nearest outside; half a pixel nearer is the outline.
    inner_radius = float(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max()) - 0.5
    return float(mask.sum()) / (2 * inner_radius) ** 2


def largest_hole(mask: Mask) -> int:
    """Pixels of the largest place that the region encloses entirely; 0 where there is none.

    Args:
        mask: bool `[h, w]`.
    """
    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    # The region's pixels touch at corners, so its background may not.
    count, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=4)
    around = int(labels[0, 0])
    holes = [int(stats[label, cv2.CC_STAT_AREA]) for label in range(1, count) if label != around]
    return max(holes, default=0)


def solidity(mask: Mask) -> float:
    """Share of the convex hull's pixels that belong to the region, 0..1.

    Args:
        mask: bool `[h, w]`, at least one pixel.
    """
    rows, columns = np.nonzero(mask)
    hull = cv2.convexHull(np.stack((columns, rows), axis=1).astype(np.int32))
    # Pick's theorem counts the pixels in a polygon; drawing it would add those that its sides only touch.
    sides = np.abs(hull - np.roll(hull, 1, axis=0)).reshape(-1, 2)
    on_sides = int(np.gcd(sides[:, 0], sides[:, 1]).sum())
    return float(mask.sum()) / (cv2.contourArea(hull) + on_sides / 2 + 1)


def longest_extent(mask: Mask) -> float:
    """Longer side, in pixels, of the smallest rectangle at any angle around the region.

    Args:
        mask: bool `[h, w]`, at least one pixel.
    """
    rows, columns = np.nonzero(mask)
    _, sides, _ = cv2.minAreaRect(np.stack((columns, rows), axis=1).astype(np.float32))
    return float(max(sides)) + 1  # from the first pixel's edge to the last one's, not between their middles
