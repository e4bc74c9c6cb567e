"""Normal pictures for tests of synthetic defects, drawn from a seed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def part_on_table(
    seed: int, height: int = 160, width: int = 200
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A plate at a place that depends on the seed, uint8 `[H, W, 3]`, and where it is, bool `[H, W]`."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), (205, 208, 212), np.uint8)
    where = np.zeros((height, width), np.uint8)
    centre = (int(width * rng.uniform(0.4, 0.6)), int(height * rng.uniform(0.4, 0.6)))
    axes = (int(width * 0.3), int(height * 0.28))
    cv2.ellipse(where, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    image[where > 0] = (120, 70, 40)
    noise = rng.normal(0, 4, (height, width, 1))
    return np.clip(image + noise, 0, 255).astype(np.uint8), where > 0


def grey_texture(seed: int, height: int = 128, width: int = 128) -> NDArray[np.uint8]:
    """Brushed metal: vertical grain, three equal channels, uint8 `[H, W, 3]`."""
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(0, 40, (height, width)), (1, 15), 0) + rng.normal(0, 6, (1, width))
    grey = np.clip(130 + grain, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
