"""A small data set in MVTec layout: washers, some with a blot; settings that learn it fast; and a board."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.frames import encode_png
from tests.tiny_bundle import PART_SIZE_PX, tiny_defect_centre, tiny_part
from training.settings import MemorySettings, RetrainingSettings, TextDecoderSettings, TrainingSettings

FAST = TrainingSettings(
    height=128,
    width=128,
    synthetic_frames=40,
    folds=2,
    memory=MemorySettings(size=200, pool=4000, dimensions=64),
    text_decoder=TextDecoderSettings(steps=60, batch=1024, hidden=64),
    retraining=RetrainingSettings(steps=30, folds=2, synthetic_frames=40),
)


def write_washers(folder: Path, *, normals: int, tests: int) -> Path:
    """Write `train/good`, and so many of each of `test/good` and `test/blot` with masks."""
    for kind in ("train/good", "test/good", "test/blot", "ground_truth/blot"):
        (folder / kind).mkdir(parents=True)
    for seed in range(normals):
        (folder / "train/good" / f"{seed:03d}.png").write_bytes(encode_png(tiny_part(seed)))
    for seed in range(1000, 1000 + tests):
        (folder / "test/good" / f"{seed}.png").write_bytes(encode_png(tiny_part(seed)))
        (folder / "test/blot" / f"{seed}.png").write_bytes(encode_png(tiny_part(seed, defect=True)))
        mask = np.zeros((PART_SIZE_PX, PART_SIZE_PX), np.uint8)
        cv2.circle(mask, tiny_defect_centre(seed), 9, 255, -1)
        cv2.imwrite(str(folder / "ground_truth/blot" / f"{seed}_mask.png"), mask)
    return folder


def board(seed: int) -> NDArray[np.uint8]:
    """Another product: green, with rows of pads."""
    rng = np.random.default_rng([seed, 2])
    image = np.full((160, 160, 3), (30, 110, 50), np.uint8)
    for row in range(20, 150, 24):
        for column in range(20, 150, 16):
            cv2.rectangle(image, (column, row), (column + 6, row + 12), (200, 190, 120), -1)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
