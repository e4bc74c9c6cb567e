"""Texture changes: a place where the surface's own structure is turned, coarser, finer or worn away."""

from __future__ import annotations

import cv2
import numpy as np

from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, FloatMap, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SHARE_WORN = 0.35
LARGEST_AREA = 0.4
"""Share of the frame: wear and uneven grinding cover much of a surface."""


def paint_texture_change(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Replace the structure of a place and keep its mean colour; see `PaintDefect`."""
    height, width = image.shape[:2]
    area_px = random_area(rng, smallest=0.004, largest=LARGEST_AREA) * height * width
    centre = random_centre(image.shape, foreground, rng)
    shape = irregular_shape(
        image.shape, centre, area_px, rng, softness=rng.uniform(0.1, 0.8), largest_aspect=5
    )
    surface = image.astype(np.float32)
    tone = cv2.GaussianBlur(surface, (0, 0), max(1.0, np.sqrt(area_px) / 4))
    structure = _worn(surface, rng) if rng.random() < SHARE_WORN else _turned(surface, rng)
    changed = tone + np.float32(rng.uniform(0.8, 1.8)) * structure
    opacity = shape.opacity
    if foreground is not None and foreground.any():
        opacity = opacity * foreground[shape.window.slices]
    painted = surface.copy()
    place = painted[shape.window.slices]
    place += opacity[..., None] * (changed[shape.window.slices] - place)
    return finish(image, painted, DefectKind.TEXTURE_CHANGE)


def _turned(surface: FloatMap, rng: np.random.Generator) -> FloatMap:
    """What is left of the picture over its own smooth part, turned by 30 to 150 degrees and resized."""
    height, width = surface.shape[:2]
    scale = float(np.exp(rng.uniform(np.log(1.0), np.log(2.5))))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(30, 150), scale)
    detail = surface - cv2.GaussianBlur(surface, (0, 0), min(height, width) / 24)
    return np.asarray(
        cv2.warpAffine(detail, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101), np.float32
    )


def _worn(surface: FloatMap, rng: np.random.Generator) -> FloatMap:
    """Little structure, or grain in its place, as rubbing leaves."""
    grain = rng.normal(0, rng.uniform(2, 18), (*surface.shape[:2], 1)).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.6, 1.6)), np.float32)
    return np.repeat(soft[..., None], 3, axis=2)
