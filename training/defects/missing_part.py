"""A piece that is missing: broken off at the part's border, or a gap in the middle."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.defects.fracture import paint_fracture
from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

FILLING_PX = 128
"""The longer side at which gaps are filled: the filling is smooth anyway."""

SHARE_TO_GROUND = 0.8
"""Share of the other gaps through which the background is seen, where the part is known."""

SHARE_FRACTURES = 0.6
"""Share of broken edges that show the fracture and not the background."""

SHARE_AT_BORDER = 0.7
"""Share of missing pieces that break off at the part's border, where the part is known."""


def paint_missing_part(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Fill an irregular place with what surrounds it, or with the background; see `PaintDefect`."""
    at_border = _is_known(foreground) and rng.random() < SHARE_AT_BORDER
    return _paint(image, rng, foreground, DefectKind.MISSING_PART, at_border=at_border)


def paint_broken_edge(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Break a piece off at an edge: to the ground where the part's border is known, or a fracture.

    See `PaintDefect` and `training.defects.fracture`.
    """
    if not _is_known(foreground) or rng.random() < SHARE_FRACTURES:
        return paint_fracture(image, rng, foreground)
    return _paint(image, rng, foreground, DefectKind.BROKEN_EDGE, at_border=True)


def _is_known(foreground: Mask | None) -> bool:
    return foreground is not None and bool(foreground.any()) and not foreground.all()


def _paint(
    image: Image, rng: np.random.Generator, foreground: Mask | None, kind: DefectKind, *, at_border: bool
) -> SyntheticDefect:
    known = _is_known(foreground)
    where = _border(foreground) if at_border and foreground is not None else foreground
    centre = random_centre(image.shape, where, rng)
    area_px = random_area(rng, smallest=0.001) * image.shape[0] * image.shape[1]
    shape = irregular_shape(
        image.shape, centre, area_px, rng, softness=rng.uniform(0, 0.15), irregularity=0.5
    )
    opacity = np.zeros(image.shape[:2], np.float32)
    opacity[shape.window.slices] = shape.opacity
    if foreground is not None and known:
        # The estimated outline runs a little inside the part; a piece breaks off with its rim.
        rim = 2 * max(1, min(image.shape[:2]) // 85) + 1
        opacity *= cv2.dilate(foreground.astype(np.uint8), np.ones((rim, rim), np.uint8))
        to_ground = at_border or rng.random() < SHARE_TO_GROUND
        source = ~foreground if to_ground else opacity == 0
    else:
        source = opacity == 0
    filling = fill(image, source)
    # Behind a gap it is darker, or the ground is lit: rarely exactly the surrounding's brightness.
    filling *= np.float32(np.exp(rng.normal(-0.1, 0.25)))
    painted = image.astype(np.float32)
    place = painted[shape.window.slices]
    grain = rng.normal(0, rng.uniform(0, 4), (*place.shape[:2], 1)).astype(np.float32)
    place += opacity[shape.window.slices][..., None] * (filling[shape.window.slices] + grain - place)
    return finish(image, painted, kind)


def _border(foreground: Mask) -> Mask:
    eroded = cv2.erode(foreground.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1)
    border = foreground & (eroded == 0)
    return border if border.any() else foreground


def fill(image: Image, source: Mask) -> NDArray[np.float32]:
    """Extend the colours of some pixels smoothly over the whole frame, by a pull-push pyramid.

    S. J. Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.5; a hundred times faster than inpainting.
    Only the smooth part of the colours is kept.

    Args:
        image: uint8 `[H, W, 3]`.
        source: bool `[H, W]`, the pixels whose colour counts; all of them when none is set.

    Returns:
        float32 `[H, W, 3]` on the scale 0..255.
    """
    height, width = image.shape[:2]
    shrink = max(1.0, max(height, width) / FILLING_PX)
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    weight = np.asarray(cv2.resize(source.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)
    # Pixels on the outline of the source are a mixture of both sides.
    weight = (weight == 1).astype(np.float32)
    if not weight.any():
        weight[:] = 1
    colours = (
        np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32) * weight[..., None]
    )
    levels = [(colours, weight)]
    while max(levels[-1][1].shape) > 1:
        colours, weight = levels[-1]
        size = (max(1, (weight.shape[1] + 1) // 2), max(1, (weight.shape[0] + 1) // 2))
        colours = np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), np.float32)
        weight = np.asarray(cv2.resize(weight, size, interpolation=cv2.INTER_AREA), np.float32)
        # A coarse pixel that is covered by a quarter already knows its colour.
        scale = 1 / np.maximum(weight, np.float32(0.25))
        levels.append((colours * scale[..., None], weight * scale))
    colours, weight = levels.pop()
    filled = colours / np.maximum(weight, np.float32(1e-6))[..., None]
    for colours, weight in reversed(levels):
        coarse = cv2.resize(filled, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        filled = colours + (1 - weight[..., None]) * coarse.reshape(colours.shape)
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
