"""Frames of a washer as the watch for drift sees them, with what may happen to a camera or to parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.drift.observation import Observation
from inspector.drift.statistics import frame_statistics
from inspector.frames import resize
from tests.tiny_bundle import INPUT_SIZE_PX, PART_SIZE_PX, tiny_part

Image = NDArray[np.uint8]
Change = Callable[[Image], Image]
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def same(image: Image) -> Image:
    return image


def exposed(factor: float) -> Change:
    return lambda image: clipped(image * factor)


def moved(x_px: float, y_px: float = 0.0) -> Change:
    way = np.array([[1, 0, x_px], [0, 1, y_px]], np.float32)
    size = PART_SIZE_PX, PART_SIZE_PX
    return lambda image: clipped(cv2.warpAffine(image, way, size, borderMode=cv2.BORDER_REPLICATE))


def blurred(sigma_px: float) -> Change:
    return lambda image: clipped(cv2.GaussianBlur(image, (0, 0), sigma_px))


def tinted(red: float, blue: float) -> Change:
    return lambda image: clipped(image * np.array([red, 1.0, blue]))


def on_part(change: Change) -> Change:
    """The washer alone is changed, the table is not."""
    ring = tiny_part_mask()
    return lambda image: np.where(ring[..., None], change(image), image)


def rough(sigma: float, seed: int = 7) -> Change:
    rng = np.random.default_rng(seed)
    return lambda image: clipped(image + rng.normal(0, sigma, image.shape))


def clipped(image: Any) -> Image:
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def tiny_part_mask() -> NDArray[np.bool_]:
    return np.asarray(cv2.medianBlur(tiny_part(0), 5)[..., 0] > 100)


def observation(seed: int, change: Change = same, **changes: Any) -> Observation:
    """A passed frame of a good part, whose score and embedding are noise, but for what is changed."""
    rng = np.random.default_rng([seed, 1])
    values: dict[str, Any] = {
        "frame_id": f"frame-{seed}",
        "at": NOON + timedelta(seconds=seed),
        "is_reject": False,
        "score": float(rng.normal(1, 0.1)),
        "embedding": rng.normal(0, 1, 32).astype(np.float32),
        "statistics": frame_statistics(resize(change(tiny_part(seed)), INPUT_SIZE_PX, INPUT_SIZE_PX)),
        "width_px": PART_SIZE_PX,
        "height_px": PART_SIZE_PX,
    }
    return Observation(**(values | changes))
