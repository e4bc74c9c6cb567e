"""Holes: compact dark spots with a sharp edge, with nothing of the surface left inside."""

from __future__ import annotations

import numpy as np

from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

LARGEST_GROUP = 5
LARGEST_ASPECT = 2.6
"""Pores that were open while a surface was rolled or drawn are long."""
SHARE_RIM = 0.4
"""Share of holes whose upper or lower rim catches the light."""


def paint_hole(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Paint one hole or a small group; see `PaintDefect`."""
    painted = image.astype(np.float32)
    area_px = random_area(rng, largest=0.03) * image.shape[0] * image.shape[1]
    y, x = random_centre(image.shape, foreground, rng)
    count = int(rng.integers(2, LARGEST_GROUP + 1)) if rng.random() < 0.25 else 1  # noqa: PLR2004
    depth = rng.uniform(0.05, 0.55)
    for _ in range(count):
        softness, irregularity = rng.uniform(0.05, 0.35), rng.uniform(0.1, 0.45)
        shape = irregular_shape(
            image.shape,
            (y, x),
            area_px,
            rng,
            softness=softness,
            irregularity=irregularity,
            largest_aspect=LARGEST_ASPECT,
        )
        opacity = shape.opacity
        if foreground is not None and foreground.any():
            opacity = opacity * foreground[shape.window.slices]
        place = painted[shape.window.slices]
        dark = np.median(place.reshape(-1, 3), axis=0) * depth
        if rng.random() < SHARE_RIM:
            rim = np.clip(np.roll(opacity, int(rng.choice((-2, 2))), axis=0) - opacity, 0, 1)
            place += rim[..., None] * np.float32(rng.uniform(15, 60))
        place += opacity[..., None] * (dark.astype(np.float32) - place)
        reach = 4 * np.sqrt(area_px)
        y = float(np.clip(y + rng.normal(0, reach), 0, image.shape[0] - 1))
        x = float(np.clip(x + rng.normal(0, reach), 0, image.shape[1] - 1))
    return finish(image, painted, DefectKind.HOLE)
