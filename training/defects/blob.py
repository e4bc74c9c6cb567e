"""Spots: dark holes, bright stains and dirt with an irregular, soft edge."""

from __future__ import annotations

import numpy as np

from training.defects.colour import random_contrast, shifted
from training.defects.noise import perlin_noise
from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SHARE_SEVERAL = 0.3
SHARE_TRANSPARENT = 0.45
"""Share of stains through which the surface's texture shows; the others hide it like a hole or dirt."""


def paint_blob(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Paint one spot or a group of spots of the same colour; see `PaintDefect`."""
    painted = image.astype(np.float32)
    several = rng.random() < SHARE_SEVERAL
    area_px = random_area(rng, largest=0.01 if several else 0.12) * image.shape[0] * image.shape[1]
    centre = random_centre(image.shape, foreground, rng)
    transparent = rng.random() < SHARE_TRANSPARENT
    contrast, colour = random_contrast(rng, weakest=20), None
    softness = float(np.exp(rng.uniform(np.log(0.08), np.log(1.2))))
    for _ in range(int(rng.integers(2, 7)) if several else 1):
        shape = irregular_shape(image.shape, centre, area_px * rng.uniform(0.4, 1), rng, softness=softness)
        place = painted[shape.window.slices]
        surface = image[shape.window.slices].mean(axis=(0, 1)).astype(np.float32)
        colour = shifted(surface, contrast, rng) if colour is None else colour
        opacity = shape.opacity * np.float32(rng.uniform(0.75, 1))
        if foreground is not None and foreground.any():
            opacity = opacity * foreground[shape.window.slices]
        if transparent:
            place += opacity[..., None] * (colour - surface)
        else:
            grain = rng.uniform(0, 0.25) * contrast
            cells = (shape.window.height / 5, shape.window.width / 5)
            texture = (
                colour + grain * perlin_noise(shape.window.height, shape.window.width, cells, rng)[..., None]
            )
            place += opacity[..., None] * (texture - place)
        reach = rng.normal(0, 3 * np.sqrt(area_px) + 4, 2)
        centre = (
            float(np.clip(centre[0] + reach[0], 0, image.shape[0] - 1)),
            float(np.clip(centre[1] + reach[1], 0, image.shape[1] - 1)),
        )
    return finish(image, painted, DefectKind.BLOB)
