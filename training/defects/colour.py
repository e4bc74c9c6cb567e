"""Colours and textures to paint with."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.defects.noise import perlin_noise
from training.defects.values import Image

SHARE_NOISE = 0.15
"""Share of textures that are coloured noise, so that not every texture looks like the product."""

SHARE_SWAPPED = 0.25
"""Share of textures whose colour channels are swapped."""

Colour = NDArray[np.float32]
"""float32 `[3]`, RGB on the scale 0..255."""


def random_contrast(rng: np.random.Generator, weakest: float = 14.0, strongest: float = 140.0) -> float:
    """Grey levels by which a defect differs from the surface; subtle ones are as frequent as strong ones."""
    return float(np.exp(rng.uniform(np.log(weakest), np.log(strongest))))


def shifted(surface: Colour, contrast: float, rng: np.random.Generator, *, darker: float = 0.6) -> Colour:
    """A colour that differs from the surface by a contrast, mostly in brightness, a little in hue.

    Args:
        surface: mean colour of the place.
        contrast: grey levels of difference.
        rng: source of the direction.
        darker: probability of a darker colour, unless there is no room on that side.
    """
    brightness = float(surface.mean())
    sign = -1.0 if rng.random() < darker else 1.0
    room = brightness if sign < 0 else 255 - brightness
    if room < contrast / 2:
        sign = -sign
    tint = rng.normal(0, 0.25 if rng.random() < 0.7 else 0.8, 3)  # noqa: PLR2004
    return np.asarray(surface + contrast * (sign + tint - tint.mean()), np.float32)


def donor_texture(image: Image, donor: Image | None, rng: np.random.Generator) -> Image:
    """A texture uint8 `[H, W, 3]` of the image's size: a normal picture, turned and recoloured, or noise."""
    if rng.random() < SHARE_NOISE:
        return _coloured_noise(image.shape, rng)
    source = image if donor is None else donor
    turned = _turned(source, image.shape[0], image.shape[1], rng)
    table = _recolouring(np.array(cv2.mean(source)[:3]), rng)
    if rng.random() < SHARE_SWAPPED:
        turned = np.ascontiguousarray(turned[..., rng.permutation(3)])
    return np.asarray(cv2.LUT(turned, table), np.uint8)


def _turned(source: Image, height: int, width: int, rng: np.random.Generator) -> Image:
    rows, columns = source.shape[:2]
    scale = max(height / rows, width / columns) * rng.uniform(0.7, 2.0)
    matrix = np.array(
        cv2.getRotationMatrix2D((columns / 2, rows / 2), rng.uniform(0, 360), float(scale)), float
    )
    if rng.random() < 0.5:  # noqa: PLR2004 - mirrored
        matrix = matrix @ np.array(((-1, 0, columns), (0, 1, 0), (0, 0, 1)))
    matrix[:, 2] += (width / 2 - columns / 2, height / 2 - rows / 2)
    matrix[:, 2] += rng.uniform(-0.25, 0.25, 2) * (width, height)
    turned = cv2.warpAffine(source, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(turned, np.uint8)


def _recolouring(mean: NDArray[np.float64], rng: np.random.Generator) -> Image:
    """A table uint8 `[1, 256, 3]` of new levels: inverted, posterised, solarised, other contrast."""
    levels = np.repeat(np.arange(256, dtype=np.float64)[None, :, None], 3, axis=2)
    choice = rng.integers(4)
    if choice == 0:
        levels, mean = 255 - levels, 255 - mean
    elif choice == 1:
        step = float(rng.choice([32, 64, 96]))
        levels = np.floor(levels / step) * step + step / 2
    elif choice == 2:  # noqa: PLR2004
        levels = np.where(levels > rng.uniform(64, 192), 255 - levels, levels)
    gain, channel_gain = np.exp(rng.normal(0, 0.4)), np.exp(rng.normal(0, 0.15, 3))
    levels = (levels - mean) * gain + mean * channel_gain + rng.normal(0, 35)
    return np.asarray(np.clip(np.round(levels), 0, 255), np.uint8)


def _coloured_noise(shape: tuple[int, ...], rng: np.random.Generator) -> Image:
    height, width = shape[:2]
    cells = float(np.exp(rng.uniform(np.log(4), np.log(48))))
    noise = perlin_noise(height, width, (cells, cells * width / height), rng, octaves=2)
    levels = np.clip(noise * 90 + 128, 0, 255).astype(np.uint8)
    low, high = rng.uniform(0, 255, (2, 3))
    table = np.linspace(low, high, 256)[None].astype(np.uint8)
    return np.asarray(cv2.LUT(cv2.merge((levels, levels, levels)), table), np.uint8)
