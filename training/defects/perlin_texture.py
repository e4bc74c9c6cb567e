"""Another texture inside a thresholded Perlin mask (V. Zavrtanik et al., "DRAEM", ICCV 2021)."""

from __future__ import annotations

import cv2
import numpy as np

from training.defects.colour import donor_texture
from training.defects.noise import perlin_noise
from training.defects.placing import random_area, random_centre, soften
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SHARE_LOCAL = 0.6
"""Share of masks that lie around one place; the others are spread over the part as in the paper."""


def paint_perlin_texture(
    image: Image, rng: np.random.Generator, foreground: Mask | None = None, donor: Image | None = None
) -> SyntheticDefect:
    """Blend a foreign texture into Perlin-shaped spots; see `PaintDefect`."""
    height, width = image.shape[:2]
    cells = np.exp2(rng.uniform(1, 5, 2))
    noise = perlin_noise(height, width, (float(cells[0]), float(cells[1])), rng)
    area = random_area(rng, smallest=0.001)
    if rng.random() < SHARE_LOCAL:
        y, x = random_centre(image.shape, foreground, rng)
        reach = np.sqrt(area * height * width) * rng.uniform(0.8, 2.0)
        rows = ((np.arange(height, dtype=np.float32) - y) / reach) ** 2
        columns = ((np.arange(width, dtype=np.float32) - x) / reach) ** 2
        noise -= rows[:, None] + columns[None, :]
    if foreground is not None and foreground.any():
        noise = np.where(foreground, noise, np.float32(-1e6))
    kept = max(4, round(area * height * width))
    limit = np.partition(noise.ravel(), -kept)[-kept] if kept < noise.size else noise.min()
    opacity = soften(
        (noise >= max(limit, -1e5)).astype(np.float32), rng.uniform(0, 1.5) * min(height, width) / 256
    )
    opacity *= np.float32(rng.uniform(0.2, 1.0))
    texture = donor_texture(image, donor, rng)
    painted = np.asarray(cv2.blendLinear(image, texture, 1 - opacity, opacity), np.uint8)
    return finish(image, painted, DefectKind.PERLIN_TEXTURE)
