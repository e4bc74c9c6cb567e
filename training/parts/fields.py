"""Small maths shared by every part: coordinates, smooth steps and noise, all float32 `[H, W]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.float32]
"""A float32 `[H, W]` map over the picture."""

DESIGN_SIZE = 384
"""Parts are drawn in design units: the picture is 384 of them wide, whatever its size in pixels."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How a part lies under the camera.

    Attributes:
        shift: `(x, y)` of the part's centre from the picture's centre, in design units.
        angle: rotation in radians.
        scale: magnification; 1 draws the part as designed.
    """

    shift: tuple[float, float]
    angle: float
    scale: float

    @classmethod
    def random(cls, rng: np.random.Generator, *, shift: float, angle: float, scale: float) -> Pose:
        """A pose as a fixture leaves it: normal play with these standard deviations, cut at 2.5 of them."""
        play = np.clip(rng.standard_normal(4), -2.5, 2.5)
        return cls(
            (float(play[0] * shift), float(play[1] * shift)),
            float(play[2] * angle),
            float(1 + play[3] * scale),
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """Coordinates of every pixel in the part's own system.

    Attributes:
        x: design units to the right of the part's centre, `[H, W]`.
        y: design units downwards from the part's centre, `[H, W]`.
        px_per_unit: pixels of one design unit.
        to_pixel: 2 by 3 matrix from `(x, y)` of the part to pixels of the picture.
    """

    x: Field
    y: Field
    px_per_unit: float
    to_pixel: NDArray[np.float64]

    @classmethod
    def of(cls, pose: Pose, size: int) -> Grid:
        """The grid of a square picture of `size` pixels."""
        px_per_unit = size / DESIGN_SIZE * pose.scale
        cos, sin = np.cos(pose.angle), np.sin(pose.angle)
        centre = (size - 1) / 2 + np.asarray(pose.shift) * size / DESIGN_SIZE
        to_pixel = np.array(
            [
                [cos * px_per_unit, -sin * px_per_unit, centre[0]],
                [sin * px_per_unit, cos * px_per_unit, centre[1]],
            ]
        )
        columns = np.arange(size, dtype=np.float32)[None, :] - np.float32(centre[0])
        rows = np.arange(size, dtype=np.float32)[:, None] - np.float32(centre[1])
        c, s = np.float32(cos / px_per_unit), np.float32(sin / px_per_unit)
        return cls(c * columns + s * rows, c * rows - s * columns, px_per_unit, to_pixel)

    @property
    def size(self) -> int:
        """Pixels of the picture's side."""
        return len(self.x)

    def pixels(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """`[N, 2]` points of the part as `[N, 2]` pixels `(x, y)` of the picture."""
        return np.asarray(points, np.float64) @ self.to_pixel[:, :2].T + self.to_pixel[:, 2]

    def drawn(self, plate: Field, units: float, at: tuple[float, float] = (0.0, 0.0)) -> Field:
        """A plate of `units` by `units`, centred on `at` of the part, as it lies in the picture."""
        to_pixel = self.to_pixel.copy()
        to_pixel[:, 2] += to_pixel[:, :2] @ (np.asarray(at) - units / 2)
        to_pixel[:, :2] *= units / len(plate)
        return as_field(cv2.warpAffine(plate, to_pixel, (self.size, self.size), flags=cv2.INTER_LINEAR))


def as_field(values: object) -> Field:
    """float32 view of what OpenCV or numpy returned."""
    return np.asarray(values, dtype=np.float32)


def as_planes(colour: tuple[float, float, float]) -> NDArray[np.float32]:
    """A colour as `[3, 1, 1]`, to be combined with `[3, H, W]`."""
    return np.asarray(colour, np.float32)[:, None, None]


def step(values: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, a smooth S between."""
    t = np.clip((values - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return as_field(t * t * (3 - 2 * t))


def blur(values: Field, sigma_px: float) -> Field:
    """Gaussian blur; below a twentieth of a pixel nothing changes."""
    if sigma_px < 0.05:  # noqa: PLR2004 - see above
        return values
    if sigma_px < 4:  # noqa: PLR2004 - a wider blur is exact enough, and far faster, on a quarter of the pixels
        return as_field(cv2.GaussianBlur(values, (0, 0), sigma_px))
    height, width = values.shape
    small = cv2.resize(values, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma_px / 4)
    return as_field(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR))


def white(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Independent values of mean 0 and deviation 1, uniform: five times as fast to draw as normal ones."""
    return (rng.random(shape, dtype=np.float32) - np.float32(0.5)) * np.float32(3.4641)


def noise(rng: np.random.Generator, size: int, cell_px: float) -> Field:
    """Smooth noise, mean 0 and deviation near 1, that changes over about `cell_px` pixels (value noise)."""
    if cell_px <= 1:
        return white(rng, (size, size))
    if cell_px >= 16:  # noqa: PLR2004 - so slow a change is drawn small, and enlarged in straight lines
        small = noise(rng, -(-size // 4), cell_px / 4)
        return as_field(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR))
    cells = int(size / cell_px) + 3
    fine = cv2.resize(white(rng, (cells, cells)), None, fx=cell_px, fy=cell_px, interpolation=cv2.INTER_CUBIC)
    # Interpolation averages neighbours; the factor restores the deviation.
    return as_field(fine[:size, :size]) * np.float32(1.35)


def fractal(rng: np.random.Generator, size: int, cell_px: float, octaves: int, *, gain: float = 0.5) -> Field:
    """Noise summed over `octaves` cell sizes, each half of the one before and `gain` times as strong."""
    total = np.zeros((size, size), np.float32)
    strength, power = 1.0, 0.0
    for octave in range(octaves):
        total += np.float32(strength) * noise(rng, size, cell_px / 2**octave)
        power += strength**2
        strength *= gain
    return as_field(total / np.sqrt(power))
