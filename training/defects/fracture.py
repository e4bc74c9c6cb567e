"""Fractures: material broken off along an edge, whose facets each catch the light in their own way.

Brittle material (glass, ceramics, cast metal) does not show the background where a piece is gone: it shows
the fracture's own surface, a mosaic of shells and facets, some in shadow and some glinting.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.defects.noise import perlin_noise
from training.defects.placing import irregular_shape, random_area
from training.defects.values import DefectKind, FloatMap, Image, Mask, SyntheticDefect
from training.defects.visible import finish

FEWEST_FACETS, MOST_FACETS = 6, 80
SHARE_GLINTS = 0.7
"""Share of fractures with a facet that mirrors a lamp."""
BORDER_SHARE = 0.02
"""Width of the frame's border, where a part that fills the frame may end."""
SHARE_INNER = 0.6
"""Share of fractures at edges inside the part's outline: the rim of an opening, a step."""
DARKEST_LEVEL = 12.0
"""Grey levels; noise in darker places makes no edge."""
EDGE_QUANTILE = 0.97
"""Of the gradients on the part; the steepest ones are edges of the part, or of an opening in it."""


def paint_fracture(image: Image, rng: np.random.Generator, foreground: Mask | None = None) -> SyntheticDefect:
    """Break material off along an edge inside the part, or at its border.

    Args:
        image: uint8 `[H, W, 3]` RGB, a normal picture; it is not changed.
        rng: source of every choice.
        foreground: bool `[H, W]`, where the part is; None means everywhere.
    """
    centre = _point_on_an_edge(image, foreground, rng)
    area_px = random_area(rng, smallest=0.001, largest=0.08) * image.shape[0] * image.shape[1]
    shape = irregular_shape(
        image.shape, centre, area_px, rng, softness=rng.uniform(0, 0.1), irregularity=0.6, largest_aspect=4
    )
    opacity = shape.opacity
    if foreground is not None and foreground.any():
        opacity = opacity * foreground[shape.window.slices]
    painted = image.astype(np.float32)
    place = painted[shape.window.slices]
    inside = opacity > 0.5  # noqa: PLR2004
    tone = place[inside].mean(axis=0) if inside.any() else place.reshape(-1, 3).mean(axis=0)
    facets = _facets(place.shape[:2], float(np.sqrt(area_px)), rng)
    # The old surface shines through a little: glass is clear, and dust of the fracture lies on both.
    kept = rng.uniform(0, 0.3)
    broken = kept * place + (1 - kept) * tone * np.exp(facets)[..., None]
    if rng.random() < SHARE_GLINTS:
        broken += _glints(facets, rng)[..., None]
    broken += rng.normal(0, rng.uniform(1, 6), (*place.shape[:2], 1))
    place += opacity[..., None] * (broken.astype(np.float32) - place)
    return finish(image, painted, DefectKind.BROKEN_EDGE)


def _point_on_an_edge(image: Image, foreground: Mask | None, rng: np.random.Generator) -> tuple[float, float]:
    """A pixel `(y, x)` where the picture's brightness is steepest, or near the frame's border."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), max(image.shape[:2]) / 128)
    # Of the logarithm: the edge of an opening in a dark part is as much an edge as that of a bright one.
    level = np.log(grey.astype(np.float32) + DARKEST_LEVEL)
    across, down = (cv2.Sobel(level, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    steepness = np.asarray(cv2.magnitude(across, down), np.float32)
    on_part = np.ones(grey.shape, bool) if foreground is None or not foreground.any() else foreground
    reach = max(image.shape[:2]) // 28
    inner = cv2.erode(on_part.astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(bool)
    if inner.any() and rng.random() < SHARE_INNER:
        on_part = inner
    edges = on_part & (steepness >= np.quantile(steepness[on_part], EDGE_QUANTILE))
    if on_part.all() and rng.random() < 0.5:  # noqa: PLR2004 - a part that fills the frame may end at its border
        rim = max(1, round(BORDER_SHARE * min(grey.shape)))
        edges = np.ones(grey.shape, bool)
        edges[rim:-rim, rim:-rim] = False
    pixels = np.flatnonzero(edges)
    y, x = divmod(int(pixels[rng.integers(pixels.size)]), grey.shape[1])
    return float(y), float(x)


def _facets(shape: tuple[int, int], extent_px: float, rng: np.random.Generator) -> FloatMap:
    """Logarithm of each pixel's brightness over the surface's, constant but for a slope inside a facet."""
    height, width = shape
    count = round(np.exp(rng.uniform(np.log(FEWEST_FACETS), np.log(MOST_FACETS))))
    seeds = rng.uniform(0, 1, (count, 2)) * (height, width)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    # Noise bends the straight borders of a Voronoi mosaic into shells.
    wobble = 0.1 * extent_px * perlin_noise(height, width, (3.0, 3.0), rng)
    stretched = np.exp(rng.uniform(-0.7, 0.7))
    distances = np.stack(
        [(rows + wobble - y) ** 2 * stretched + (columns - wobble - x) ** 2 / stretched for y, x in seeds]
    )
    nearest = distances.argmin(axis=0)
    levels = rng.normal(-0.15, rng.uniform(0.3, 0.9), count)
    slopes = rng.normal(0, 0.5, (count, 2)) / max(extent_px, 1)
    offset_y, offset_x = rows - seeds[nearest, 0], columns - seeds[nearest, 1]
    facets = levels[nearest] + slopes[nearest, 0] * offset_y + slopes[nearest, 1] * offset_x
    return np.asarray(np.clip(facets, -2, 1.2), np.float32)


def _glints(facets: FloatMap, rng: np.random.Generator) -> NDArray[np.float32]:
    """Grey levels that the brightest facets add where they mirror a lamp."""
    noise = perlin_noise(facets.shape[0], facets.shape[1], (6.0, 6.0), rng, octaves=2)
    bright = np.clip((facets - np.quantile(facets, 0.6)) * 2 + noise, 0, 1)
    return np.asarray(bright * rng.uniform(60, 255), np.float32)
