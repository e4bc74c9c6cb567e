"""Dents: a hollow whose one flank is brighter and whose other is darker; the surface goes on inside."""

from __future__ import annotations

import numpy as np

from training.defects.colour import random_contrast
from training.defects.placing import Window, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish


def paint_dent(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Shade a round or oval hollow under light from a random side; see `PaintDefect`."""
    area_px = random_area(rng, smallest=0.001, largest=0.06) * image.shape[0] * image.shape[1]
    y, x = random_centre(image.shape, foreground, rng)
    radius, aspect = float(np.sqrt(area_px / np.pi)), float(np.exp(rng.uniform(-0.35, 0.35)))
    window = Window.around((y, x), radius * max(aspect, 1 / aspect) * 1.3 + 1, image.shape)
    rows = (np.arange(window.top, window.bottom, dtype=np.float32)[:, None] - y) / (radius * aspect)
    columns = (np.arange(window.left, window.right, dtype=np.float32)[None, :] - x) / (radius / aspect)
    distance = np.sqrt(rows**2 + columns**2)
    # A bowl (1 - d²)² falls fastest between centre and rim, and so is shaded there.
    slope = 4 * distance * np.clip(1 - distance**2, 0, 1)
    light = rng.uniform(0, 2 * np.pi)
    facing = (np.cos(light) * columns + np.sin(light) * rows) / np.maximum(distance, 1e-3)
    shading = slope * (facing + rng.uniform(-0.4, 0.2)) * random_contrast(rng, weakest=25)
    if foreground is not None and foreground.any():
        shading = shading * foreground[window.slices]
    painted = image.astype(np.float32)
    painted[window.slices] += shading[..., None].astype(np.float32)
    return finish(image, painted, DefectKind.DENT)
