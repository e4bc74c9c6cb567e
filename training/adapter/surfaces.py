"""Good pictures to paint defects on: rendered parts, and surfaces of noise, grain, stripes and gradients.

The adapter serves every product, so it learns from many looks; none of them is a photograph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.defects import find_foregrounds
from training.defects.noise import perlin_noise
from training.defects.values import Image, Mask
from training.parts.render import PartProduct, render_part

SIZE_PX = 192
"""Side of a picture; the adapter sees 64 cells of it."""


@dataclass(frozen=True, slots=True)
class Surface:
    """A good picture, uint8 `[H, W, 3]`, and where the part is, bool `[H, W]`."""

    image: Image
    foreground: Mask


def make_surfaces(
    count: int, rng: np.random.Generator, on_picture: Callable[[int, int], None] = lambda *_: None
) -> list[Surface]:
    """Good pictures, a quarter of them gaskets, a quarter connectors, the others made of noise."""
    pictures: list[list[Image]] = [[], [], []]
    for number in range(count):
        on_picture(number, count)
        if number % 4 < 2:  # noqa: PLR2004
            product = (PartProduct.GASKET, PartProduct.CONNECTOR)[number % 4]
            pictures[number % 4].append(render_part(product, rng, SIZE_PX).image)
        else:
            pictures[2].append(made_of_noise(rng))
    surfaces = []
    for group in pictures:
        if group:
            surfaces += [
                Surface(image, foreground)
                for image, foreground in zip(group, find_foregrounds(group), strict=True)
            ]
    return surfaces


def made_of_noise(rng: np.random.Generator, size: int = SIZE_PX) -> Image:
    """A surface of random tone: clouds, grain, brushed stripes, light that falls off to one side."""
    tone = rng.uniform(40, 215) + rng.normal(0, 12, 3) * (rng.random() < 0.6)  # noqa: PLR2004
    picture = np.broadcast_to(tone.astype(np.float32), (size, size, 3)).copy()
    cells = float(np.exp(rng.uniform(np.log(2), np.log(20))))
    height = perlin_noise(size, size, (cells, cells), rng, octaves=2) * rng.uniform(0, 18)
    if rng.random() < 0.5:  # noqa: PLR2004 - brushed along one axis
        stripes = np.repeat(rng.normal(0, rng.uniform(2, 14), (1, size)), size, axis=0).astype(np.float32)
        height += stripes if rng.random() < 0.5 else stripes.T  # noqa: PLR2004
    slope = _ramp(size, rng.uniform(0, 2 * np.pi)) * rng.uniform(0, 40)
    height += slope + rng.normal(0, rng.uniform(1, 7), (size, size)).astype(np.float32)
    picture += height[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def _ramp(size: int, angle: float) -> NDArray[np.float32]:
    """From -1 to 1 along a direction."""
    line = np.linspace(-1, 1, size, dtype=np.float32)
    return np.asarray(np.cos(angle) * line[None, :] + np.sin(angle) * line[:, None], np.float32)
