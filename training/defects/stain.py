"""Stains: a soft-edged spot of another tone through which the surface is seen, sometimes with a dried rim."""

from __future__ import annotations

import numpy as np

from training.defects.colour import random_contrast, shifted
from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SHARE_RIM = 0.3
"""Share of stains that dried from outside in, with a darker rim."""


def paint_stain(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Tint an irregular place and keep its texture; see `PaintDefect`."""
    area_px = random_area(rng, smallest=0.001, largest=0.08) * image.shape[0] * image.shape[1]
    centre = random_centre(image.shape, foreground, rng)
    softness = float(np.exp(rng.uniform(np.log(0.25), np.log(1.2))))
    shape = irregular_shape(image.shape, centre, area_px, rng, softness=softness, irregularity=0.5)
    opacity = shape.opacity * np.float32(rng.uniform(0.6, 1))
    if rng.random() < SHARE_RIM:
        # Highest where the opacity is one half, which is the outline.
        opacity = 0.4 * opacity + 2.4 * opacity * (1 - opacity)
    if foreground is not None and foreground.any():
        opacity = opacity * foreground[shape.window.slices]
    painted = image.astype(np.float32)
    surface = image[shape.window.slices].mean(axis=(0, 1)).astype(np.float32)
    tone = shifted(surface, random_contrast(rng, weakest=18, strongest=90), rng, darker=0.75)
    painted[shape.window.slices] += opacity[..., None] * (tone - surface)
    return finish(image, painted, DefectKind.STAIN)
