"""Colours and textures to paint with."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.defects.noise import perlin_noise
from training.defects.values import Image

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
    return (surface + contrast * (sign + tint - tint.mean())).astype(np.float32)


def donor_texture(image: Image, donor: Image | None, rng: np.random.Generator) -> NDArray[np.float32]:
    """A texture of the image's size: a normal picture, turned and with other colours, or noise.

    Returns:
        float32 `[H, W, 3]` on the scale 0..255.
    """
    height, width = image.shape[:2]
    if rng.random() < 0.15:  # noqa: PLR2004
        return _coloured_noise(image, rng)
    source = image if donor is None else donor
    return np.clip(_recoloured(_turned(source, height, width, rng), rng), 0, 255).astype(np.float32)


def _turned(source: Image, height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    rows, columns = source.shape[:2]
    scale = max(height / rows, width / columns) * rng.uniform(0.7, 2.0)
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), float(rng.uniform(0, 360)), float(scale))
    matrix[:, 2] += (width / 2 - columns / 2, height / 2 - rows / 2)
    matrix[:, 2] += rng.uniform(-0.25, 0.25, 2) * (width, height)
    if rng.random() < 0.5:  # noqa: PLR2004
        source = np.ascontiguousarray(source[:, ::-1])
    turned = cv2.warpAffine(source, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return turned.astype(np.float32)


def _recoloured(texture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    choice = rng.integers(5)
    mean = texture.mean(axis=(0, 1))
    if choice == 0:
        texture = 255 - texture
    elif choice == 1:
        texture = texture[..., rng.permutation(3)]
    elif choice == 2:  # noqa: PLR2004 - fewer tones
        step = float(rng.choice([32, 64, 96]))
        texture = np.floor(texture / step) * step + step / 2
    elif choice == 3:  # noqa: PLR2004 - solarise
        texture = np.where(texture > rng.uniform(64, 192), 255 - texture, texture)
    gain = np.exp(rng.normal(0, 0.4))
    channel_gain = np.exp(rng.normal(0, 0.15, 3))
    return np.asarray((texture - mean) * gain + mean * channel_gain + rng.normal(0, 35), np.float32)


def _coloured_noise(image: Image, rng: np.random.Generator) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    cells = float(np.exp(rng.uniform(np.log(4), np.log(48))))
    noise = perlin_noise(height, width, (cells, cells * width / height), rng, octaves=2)
    low, high = (rng.uniform(0, 255, 3).astype(np.float32) for _ in range(2))
    return low + (high - low) * np.clip(noise * 0.7 + 0.5, 0, 1)[..., None]
