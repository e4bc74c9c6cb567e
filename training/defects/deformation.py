"""Deformations: a place that is bent or bulged, its colours kept."""

from __future__ import annotations

import cv2
import numpy as np

from training.defects.noise import perlin_noise
from training.defects.placing import random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish


def paint_deformation(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Push the picture sideways around one place, smoothly; see `PaintDefect`."""
    height, width = image.shape[:2]
    radius = np.sqrt(random_area(rng, smallest=0.006) * height * width)
    centre_y, centre_x = random_centre(image.shape, foreground, rng)
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    falloff = np.exp(-((rows - centre_y) ** 2 + (columns - centre_x) ** 2) / (2 * radius**2))
    push = falloff * np.float32(radius * rng.uniform(0.3, 0.9))
    cells = (height / (2 * radius), width / (2 * radius))
    down, right = (
        push * (np.float32(rng.normal(0, 0.8)) + perlin_noise(height, width, cells, rng)) for _ in range(2)
    )
    bent = cv2.remap(
        image,
        np.asarray(columns + right, np.float32),
        np.asarray(rows + down, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return finish(image, np.asarray(bent, np.uint8), DefectKind.DEFORMATION)
