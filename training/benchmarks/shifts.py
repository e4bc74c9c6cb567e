"""What changes on a line, done to real pictures: a weaker lamp, a camera that was knocked, another lot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inspector.frames import encode_png, read_frame

Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def _relit(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    relit: NDArray[np.uint8] = np.clip(image * 0.85, 0, 255).astype(np.uint8)
    return relit


def _shifted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    padded = np.pad(image, ((3, 0), (3, 0), (0, 0)), mode="edge")
    return np.ascontiguousarray(padded[: image.shape[0], : image.shape[1]])


def _tinted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    tinted: NDArray[np.uint8] = np.clip(image * np.array([1.06, 1.0, 0.92]), 0, 255).astype(np.uint8)
    return tinted


SHIFTS: Final[dict[str, Change]] = {
    "15 % darker": _relit,
    "3 px right and down": _shifted,
    "another tint": _tinted,
}
"""By what a person would call them."""


def write_changed(pictures: Sequence[Path], change: Change, folder: Path) -> Path:
    """Pictures after a change, lossless, under their own names; folders that tell kinds stay apart."""
    for number, path in enumerate(pictures):
        target = folder / f"{number:04d}-{path.parent.name}-{path.stem}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encode_png(change(read_frame(path).image)))
    return folder
