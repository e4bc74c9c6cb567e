"""Where a defect lies, how large it is, and its outline."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from training.defects.noise import perlin_noise
from training.defects.values import FloatMap, Mask

SMALLEST_AREA = 0.0005
LARGEST_AREA = 0.15


def random_area(
    rng: np.random.Generator, smallest: float = SMALLEST_AREA, largest: float = LARGEST_AREA
) -> float:
    """A share of the frame's area; its logarithm is uniform, for small defects are the frequent ones."""
    return float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))


def random_centre(
    shape: tuple[int, ...], foreground: Mask | None, rng: np.random.Generator
) -> tuple[float, float]:
    """A pixel `(y, x)` on the part, or anywhere when the part is not known or empty."""
    height, width = shape[:2]
    if foreground is not None:
        pixels = np.flatnonzero(foreground)
        if pixels.size:
            y, x = divmod(int(pixels[rng.integers(pixels.size)]), width)
            return float(y), float(x)
    return float(rng.uniform(0, height)), float(rng.uniform(0, width))


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of a frame, in pixels, that lies inside it."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def around(cls, centre: tuple[float, float], radius: float, shape: tuple[int, ...]) -> Window:
        """The square of a radius around `(y, x)`, cut off at the frame; at least one pixel."""
        (y, x), (height, width) = centre, shape[:2]
        top, left = max(0, min(int(y - radius), height - 1)), max(0, min(int(x - radius), width - 1))
        bottom, right = max(top + 1, int(y + radius) + 2), max(left + 1, int(x + radius) + 2)
        return cls(top, left, min(height, bottom), min(width, right))

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the window in an array `[H, W, …]`."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Shape:
    """A soft outline: opacity float32 `[window.height, window.width]`, 0..1, in a window of the frame."""

    window: Window
    opacity: FloatMap


def irregular_shape(
    frame: tuple[int, ...],
    centre: tuple[float, float],
    area_px: float,
    rng: np.random.Generator,
    *,
    softness: float,
    irregularity: float = 0.35,
    largest_aspect: float = 2.5,
) -> Shape:
    """An ellipse of random direction whose outline is bent by Perlin noise.

    Args:
        frame: shape of the frame, `(H, W, …)`.
        centre: `(y, x)`.
        area_px: about the area inside the outline.
        rng: source of aspect, direction and outline.
        softness: width of the edge as a share of the radius; 0 is a sharp edge.
        irregularity: how far the outline is bent, as a share of the radius.
        largest_aspect: longest over shortest axis at most.
    """
    radius = max(0.8, float(np.sqrt(area_px / np.pi)))
    aspect = float(np.exp(rng.uniform(0, np.log(largest_aspect)) / 2))
    window = Window.around(centre, radius * aspect * (1 + irregularity + softness / 2) + 1, frame)
    angle = rng.uniform(0, np.pi)
    y = np.arange(window.top, window.bottom, dtype=np.float32)[:, None] - np.float32(centre[0])
    x = np.arange(window.left, window.right, dtype=np.float32)[None, :] - np.float32(centre[1])
    along = (np.cos(angle) * x + np.sin(angle) * y) / (radius * aspect)
    across = (np.cos(angle) * y - np.sin(angle) * x) / (radius / aspect)
    distance = np.sqrt(along * along + across * across).astype(np.float32)
    finest = float(rng.uniform(1.2, 3.5))
    cells = (finest * window.height / (2 * radius), finest * window.width / (2 * radius))
    distance += np.float32(irregularity) * perlin_noise(window.height, window.width, cells, rng, octaves=2)
    # A pixel's width is the sharpest edge a camera can see.
    edge = max(softness, 1.0 / radius)
    return Shape(window, np.clip((1 - distance) / edge + 0.5, 0, 1).astype(np.float32))


def soften(opacity: FloatMap, sigma_px: float) -> FloatMap:
    """Blur an opacity by a Gaussian; no blur below a fifth of a pixel."""
    if sigma_px < 0.2:  # noqa: PLR2004
        return opacity
    return np.asarray(cv2.GaussianBlur(opacity, (0, 0), sigma_px), np.float32)
