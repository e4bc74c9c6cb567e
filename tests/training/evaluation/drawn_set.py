"""A test set of washers, drawn in milliseconds, in the layout of MVTec AD."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.frames import encode_png
from tests.tiny_bundle import PART_SIZE_PX, tiny_defect_centre, tiny_part


def put(path: Path, image: NDArray[np.uint8]) -> Path:
    """Write a picture as PNG and make its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(image))
    return path


def blot_mask(seed: int) -> NDArray[np.uint8]:
    """Mask of `tiny_part(seed, defect=True)`, uint8 `[H, W, 3]`, 0 or 255."""
    mask = np.zeros((PART_SIZE_PX, PART_SIZE_PX, 3), np.uint8)
    cv2.circle(mask, tiny_defect_centre(seed), 9, (255, 255, 255), -1)
    return mask


def write_drawn_set(root: Path, *, good: int = 6, blot: int = 5, masks: bool = True) -> Path:
    """Good washers and washers with a blot."""
    for number in range(good):
        put(root / f"test/good/{number:03}.png", tiny_part(100 + number))
    for number in range(blot):
        put(root / f"test/blot/{number:03}.png", tiny_part(number, defect=True))
        if masks:
            put(root / f"ground_truth/blot/{number:03}_mask.png", blot_mask(number))
    return root
