"""What the adapter sees of a frame: maps, its look, and how well each kind of defect fits each place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.describing.words import Kind

MAP_CELLS = 64
"""Rows and columns of the maps and of the look."""
KIND_CELLS = 16
"""Rows and columns of the kinds' maps."""
KNOWN_KINDS = tuple(kind for kind in Kind if kind != Kind.UNKNOWN)
"""Kinds that every adapter knows, in the order of the kinds' maps; not a product's own."""

LARGEST_RATIO = 20.0
"""Scores above so many limits are all the same: far too high."""
LIGHTNESS_RANGE = 50.0
"""CIELAB units that are brought to one."""


@dataclass(frozen=True, slots=True)
class AdapterInputs:
    """What the adapter sees of one frame; the same for every product, encoder and frame size.

    Attributes:
        maps: float32 `[3, 64, 64]`: the fused, the image-image and the image-text map, as logarithms of
            one plus the score over the pixel limit.
        look: float32 `[3, 64, 64]`: the frame in CIELAB, less its own median, in units of 50.
        kinds: float32 `[12, 16, 16]`: the probability of each known kind at each place; zeros where the
            bundle has no network for kinds.
    """

    maps: NDArray[np.float32]
    look: NDArray[np.float32]
    kinds: NDArray[np.float32]


def adapter_inputs(
    image: NDArray[np.uint8],
    anomaly_map: NDArray[np.float32],
    decoder_maps: NDArray[np.float32] | None,
    pixel_limit: float,
    kinds: NDArray[np.float32] | None = None,
) -> AdapterInputs:
    """Bring a frame and its maps to what the adapter sees.

    Args:
        image: uint8 `[H, W, 3]` RGB.
        anomaly_map: float32 `[h, w]`, finite; of any size, over the whole frame.
        decoder_maps: float32 `[2, h, w]`, the image-image and the image-text map, in units of their own: each
            is scaled to the fused map's peak. None: the fused map stands for both.
        pixel_limit: map scores above it belong to a region.
        kinds: float32 `[12, r, c]`, probabilities of `KNOWN_KINDS`.

    Raises:
        ValueError: a map is not finite.
    """
    fused = _resized(anomaly_map, MAP_CELLS)
    if not np.isfinite(fused).all():
        raise ValueError("the anomaly map holds NaN or infinite scores: the adapter cannot read it")
    # The limit is above zero but for maps that were fused by somebody else; then the peak is the unit.
    unit = pixel_limit if pixel_limit > 0 else max(float(fused.max()), 1e-6)
    maps = [fused]
    for decoder_map in () if decoder_maps is None else decoder_maps:
        own = _resized(decoder_map, MAP_CELLS)
        peak = float(own.max())
        maps.append(own * (float(fused.max()) / peak) if 0 < peak < np.inf else np.zeros_like(own))
    while len(maps) < 3:  # noqa: PLR2004
        maps.append(fused)
    ratios = np.clip(np.nan_to_num(np.stack(maps)) / unit, 0, LARGEST_RATIO)
    small = cv2.resize(image, (MAP_CELLS, MAP_CELLS), interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    lab -= np.median(lab, axis=(0, 1))
    fits = np.zeros((len(KNOWN_KINDS), KIND_CELLS, KIND_CELLS), np.float32)
    if kinds is not None:
        fits = np.stack([_resized(kind, KIND_CELLS) for kind in kinds])
    return AdapterInputs(
        maps=np.log1p(ratios).astype(np.float32),
        look=np.ascontiguousarray(lab.transpose(2, 0, 1) / LIGHTNESS_RANGE, np.float32),
        kinds=fits,
    )


def _resized(values: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    if values.shape == (cells, cells):
        return np.asarray(values, np.float32)
    shrinks = min(values.shape) > cells
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, (cells, cells), interpolation=how), np.float32)
