"""Misprints: a place printed twice or out of register, its structure doubled or moved."""

from __future__ import annotations

import cv2
import numpy as np

from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SHARE_DOUBLE = 0.6
"""Share of misprints that show both prints; the others show the moved one only."""


def paint_misprint(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Print a place anew, moved by 1 to 5 % of the frame; see `PaintDefect`."""
    height, width = image.shape[:2]
    area_px = random_area(rng, smallest=0.01) * height * width
    centre = random_centre(image.shape, foreground, rng)
    shape = irregular_shape(image.shape, centre, area_px, rng, softness=rng.uniform(0.05, 0.4))
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.01, 0.05) * min(height, width)
    move = np.array(((1, 0, distance * np.cos(angle)), (0, 1, distance * np.sin(angle))), np.float32)
    moved = cv2.warpAffine(image, move, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    again = moved.astype(np.float32)
    if rng.random() < SHARE_DOUBLE:
        # Ink on ink: the darker print shows.
        again = np.minimum(again, image.astype(np.float32))
    opacity = shape.opacity
    if foreground is not None and foreground.any():
        opacity = opacity * foreground[shape.window.slices]
    painted = image.astype(np.float32)
    place = painted[shape.window.slices]
    place += opacity[..., None] * (again[shape.window.slices] - place)
    return finish(image, painted, DefectKind.MISPRINT)
