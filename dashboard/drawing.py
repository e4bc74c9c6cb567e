"""Pictures made ready to be shown: scaled down, and under their heat map. Nothing here needs a page."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.frames import resize
from inspector.overlay import MAX_OPACITY, overlay

JPEG_QUALITY: Final = 85


def fit(image: NDArray[np.uint8], max_side_px: int) -> NDArray[np.uint8]:
    """Scale a uint8 `[H, W, 3]` picture down until its longer side is at most `max_side_px`."""
    height, width = image.shape[:2]
    factor = max_side_px / max(height, width)
    if factor >= 1:
        return image
    return resize(image, max(1, round(height * factor)), max(1, round(width * factor)))


def enlarge(scores: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Bring a float32 `[h, w]` map to a picture's size."""
    return np.asarray(cv2.resize(scores, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def overlaid(
    image: NDArray[np.uint8], scores: NDArray[np.float32], limit: float, opacity: float = MAX_OPACITY
) -> NDArray[np.uint8]:
    """A picture under the heat of its map.

    Args:
        image: uint8 `[H, W, 3]` RGB.
        scores: float32 map of the same height and width.
        limit: where heat is outlined; the map's peak where it is not finite.
        opacity: of the hottest heat, 0..1.
    """
    limit = limit if math.isfinite(limit) else float(scores.max())
    return overlay(image, scores, limit, opacity=opacity)
