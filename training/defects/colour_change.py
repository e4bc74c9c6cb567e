"""A place with another colour or brightness: discolouring, burns, uneven coating."""

from __future__ import annotations

import numpy as np

from training.defects.placing import irregular_shape, random_area, random_centre
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish, is_grey


def paint_colour_change(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Change the colour of a place and keep its texture; see `PaintDefect`."""
    height, width = image.shape[:2]
    area_px = random_area(rng, smallest=0.003) * height * width
    centre = random_centre(image.shape, foreground, rng)
    softness = float(np.exp(rng.uniform(np.log(0.1), np.log(1.5))))
    shape = irregular_shape(image.shape, centre, area_px, rng, softness=softness, largest_aspect=5)
    opacity = shape.opacity
    if foreground is not None and foreground.any():
        opacity = opacity * foreground[shape.window.slices]
    painted = image.astype(np.float32)
    place = painted[shape.window.slices]
    strength = float(np.exp(rng.uniform(np.log(0.15), np.log(0.9))))
    brightness = rng.choice((-1, 1)) * strength * rng.uniform(0.4, 1)
    if is_grey(image):
        gain = np.full(3, np.exp(brightness))
    else:
        tint = rng.normal(0, 1, 3)
        gain = np.exp(rng.uniform(0, 1) * brightness + strength * (tint - tint.mean()) / np.abs(tint).max())
    changed = place * gain.astype(np.float32)
    if rng.random() < 0.3:  # noqa: PLR2004 - faded
        grey = changed.mean(axis=2, keepdims=True)
        changed = grey + (changed - grey) * np.float32(rng.uniform(0, 0.6))
    # A gain alone cannot change black.
    changed += np.float32(rng.normal(0, 25 * strength))
    place += opacity[..., None] * (changed - place)
    return finish(image, painted, DefectKind.COLOUR_CHANGE)
