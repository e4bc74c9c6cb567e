"""A line that is played for the benchmark of drift, and what happens to its camera and its parts.

Each frame is one of some pictures that the bundle has not seen, moved by up to a pixel and lit by 1 %
differently (one standard deviation), and judged by the bundle itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.drift.channels import DriftKind
from inspector.drift.observation import Observation
from inspector.frames import Frame, read_frame
from inspector.inspecting import Inspector
from training.defects import find_foregrounds

MOST_FRAMES: Final = 100
"""Frames within which a change is to be told."""
_BATCH: Final = 8
_BLUR: Final = 1.5 / 256
"""1.5 px of a network of 256 px."""

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shift:
    """A change that is played.

    Attributes:
        name: for the table.
        kind: what it is to be told as.
        change: picture `[H, W, 3]`, part `[H, W]` bool, frames since the beginning, randomness -> picture.
        needs_place: it can only be seen where parts lie in their place.
    """

    name: str
    kind: DriftKind
    change: Callable[[Image, NDArray[np.bool_], int, np.random.Generator], Image]
    needs_place: bool = False


def shifts() -> tuple[Shift, ...]:
    """The changes that are played.

    Moves are in pixels of the captured picture; a blur is a share of its height, since what no network of the
    usual size would see is nobody's trouble.
    """
    return (
        Shift("20 % darker", DriftKind.CAMERA, lambda image, *_: _clipped(image * 0.8)),
        Shift("moved 3 px", DriftKind.CAMERA, lambda image, *_: _moved(image, 3, 0), needs_place=True),
        Shift(
            f"out of focus (sigma {100 * _BLUR:.2g} % of the height)",
            DriftKind.CAMERA,
            lambda image, *_: _clipped(cv2.GaussianBlur(image, (0, 0), _BLUR * image.shape[0])),
        ),
        Shift("new lot: parts 6 % redder, 6 % less blue", DriftKind.PROCESS, _tinted),
        Shift("surface roughens over 100 frames", DriftKind.PROCESS, _roughened),
    )


class Line:
    """Plays frames of a product past its bundle.

    Args:
        inspector: judges.
        pictures: good parts that the bundle has not seen.
        seed: decides every random choice.
    """

    def __init__(self, inspector: Inspector, pictures: Sequence[Path], seed: int) -> None:
        self._inspector, self._rng = inspector, np.random.default_rng(seed)
        self._images = [read_frame(path).image for path in pictures]
        self._parts = [
            np.asarray(part, bool) if part is not None else np.ones(image.shape[:2], bool)
            for image, part in zip(self._images, find_foregrounds(self._images), strict=True)
        ]
        self._count = 0

    def play(self, count: int, shift: Shift | None = None) -> Iterator[Observation]:
        """So many frames, the first of them the first changed one."""
        for start in range(0, count, _BATCH):
            numbers = range(start + 1, min(start + _BATCH, count) + 1)
            frames = [self._frame(number, shift) for number in numbers]
            for inspection in self._inspector.inspect_batch(frames):
                seen = Observation.of(replace(inspection, inspected_at=inspection.captured_at))
                if seen is not None:
                    yield seen

    def _frame(self, number: int, shift: Shift | None) -> Frame:
        index = int(self._rng.integers(len(self._images)))
        image = self._images[index]
        if shift is not None:
            image = shift.change(image, self._parts[index], number, self._rng)
        # By whole pixels and without noise: interpolation and noise would change every frame in the same way
        # against the pictures that the bundle learned from, as a change of the camera does.
        image = np.roll(image, self._rng.integers(-1, 2, 2), (0, 1))
        image = _clipped(image * np.float32(self._rng.normal(1, 0.01)) + 0.5)
        self._count += 1
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._count)
        return Frame(image, f"frame-{self._count}", moment)


def _tinted(image: Image, part: NDArray[np.bool_], _: int, __: np.random.Generator) -> Image:
    tint = _clipped(image * np.array([1.06, 1.0, 0.94], np.float32))
    return np.where(part[..., None], tint, image)


def _roughened(image: Image, part: NDArray[np.bool_], number: int, rng: np.random.Generator) -> Image:
    """Grooves and grains of a few pixels, up to 12 of 255 steps deep."""
    texture = cv2.GaussianBlur(rng.standard_normal(image.shape[:2], np.float32), (0, 0), 1.2)
    depth = 12 * min(1.0, number / MOST_FRAMES) / float(texture.std())
    return np.where(part[..., None], _clipped(image + depth * texture[..., None]), image)


def _moved(image: Image, x_px: float, y_px: float) -> Image:
    way = np.array([[1, 0, x_px], [0, 1, y_px]], np.float32)
    size = image.shape[1], image.shape[0]
    return _clipped(cv2.warpAffine(image, way, size, borderMode=cv2.BORDER_REFLECT_101))


def _clipped(image: Any) -> Image:
    return np.asarray(np.clip(image, 0, 255), np.uint8)
