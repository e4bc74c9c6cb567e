"""A piece that is missing: broken off at the part's border, or a gap in the middle."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SHARE_AT_BORDER = 0.7
"""Share of missing pieces that break off at the part's border, where the part is known."""


def paint_missing_part(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Fill an irregular place with what surrounds it, or with the background; see `PaintDefect`."""
    known = foreground is not None and foreground.any() and not foreground.all()
    at_border = foreground is not None and known and rng.random() < SHARE_AT_BORDER
    where = _border(foreground) if at_border and foreground is not None else foreground
    centre = random_centre(image.shape, where, rng)
    area_px = random_area(rng, smallest=0.001) * image.shape[0] * image.shape[1]
    shape = irregular_shape(
        image.shape, centre, area_px, rng, softness=rng.uniform(0, 0.15), irregularity=0.5
    )
    opacity = np.zeros(image.shape[:2], np.float32)
    opacity[shape.window.slices] = shape.opacity
    if foreground is not None and known:
        opacity *= foreground
        source = ~foreground if at_border or rng.random() < 0.5 else opacity < 0.01  # noqa: PLR2004
    else:
        source = opacity < 0.01  # noqa: PLR2004
    filling = fill(image, source)
    # Behind a gap it is darker, or the ground is lit: rarely exactly the surrounding's brightness.
    filling *= np.float32(np.exp(rng.normal(-0.1, 0.25)))
    filling += rng.normal(0, rng.uniform(0, 4), image.shape[:2]).astype(np.float32)[..., None]
    return finish(image, image + opacity[..., None] * (filling - image), DefectKind.MISSING_PART)


def _border(foreground: Mask) -> Mask:
    eroded = cv2.erode(foreground.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1)
    border = foreground & (eroded == 0)
    return border if border.any() else foreground


def fill(image: Image, source: Mask) -> NDArray[np.float32]:
    """Extend the colours of some pixels smoothly over the whole frame, by a pull-push pyramid.

    S. J. Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.5; a hundred times faster than inpainting.

    Args:
        image: uint8 `[H, W, 3]`.
        source: bool `[H, W]`, the pixels whose colour counts; all of them when none is set.

    Returns:
        float32 `[H, W, 3]`; equal to the image at the source pixels.
    """
    if not source.any():
        source = np.ones_like(source)
    weight = source.astype(np.float32)
    levels = [(image * weight[..., None], weight)]
    while max(levels[-1][1].shape) > 1:
        colours, weight = levels[-1]
        size = (max(1, (weight.shape[1] + 1) // 2), max(1, (weight.shape[0] + 1) // 2))
        colours = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
        weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
        # A coarse pixel that is covered by a quarter already knows its colour.
        scale = 1 / np.maximum(weight, 0.25)
        levels.append((colours * scale[..., None], weight * scale))
    colours, weight = levels.pop()
    filled = colours / np.maximum(weight, 1e-6)[..., None]
    for colours, weight in reversed(levels):
        filled = cv2.resize(filled, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        filled = colours + (1 - weight[..., None]) * filled
    return np.asarray(filled, np.float32)
