"""Thin lines of changing width with soft edges, the stuff that scratches and cracks are made of."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.defects.values import FloatMap

_SHIFT = 4
"""Fractional bits of OpenCV's drawing coordinates."""

_OVERSAMPLING = 2

_THINNEST = 1.3
"""Width of OpenCV's thinnest smooth line, in pixels."""


def draw_line(
    opacity: FloatMap, points: NDArray[np.float64], widths_px: NDArray[np.float64], strength: float = 1.0
) -> None:
    """Draw a poly-line into an opacity map, in place; where lines cross the stronger one stays.

    Args:
        opacity: float32 `[H, W]`, 0..1.
        points: float64 `[N, 2]`, `(x, y)` in pixels; they may lie outside.
        widths_px: float64 `[N - 1]`, width of each segment; below one pixel the line gets fainter instead.
        strength: opacity of the line's middle.
    """
    height, width = opacity.shape
    margin = float(widths_px.max()) + 2
    left, top = np.floor(np.clip(points.min(axis=0) - margin, 0, (width, height))).astype(int)
    right, bottom = np.ceil(np.clip(points.max(axis=0) + margin, 0, (width, height))).astype(int)
    if right <= left or bottom <= top:
        return
    canvas = np.zeros(((bottom - top) * _OVERSAMPLING, (right - left) * _OVERSAMPLING), np.uint8)
    scaled = np.round((points - (left, top)) * _OVERSAMPLING * 2**_SHIFT).astype(np.int32)
    for start, end, line_px in zip(scaled[:-1], scaled[1:], widths_px * _OVERSAMPLING, strict=True):
        # OpenCV's smooth lines come in widths of 1.3, 3.3, 5.3, …; where that is too wide, they are fainter.
        steps = max(0, round((line_px - _THINNEST) / 2))
        level = int(255 * min(1.0, line_px / (_THINNEST + 2 * steps)))
        cv2.line(
            canvas, start.tolist(), end.tolist(), level, 1 + 2 * steps - (steps > 0), cv2.LINE_AA, _SHIFT
        )
    line = cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    part = opacity[top:bottom, left:right]
    np.maximum(part, line * np.float32(strength / 255), out=part)


def tapered(count: int, width_px: float, rng: np.random.Generator, *, both_ends: bool) -> NDArray[np.float64]:
    """Widths of a line's segments, float64 `[count]`: full in the middle, thin at one end or at both."""
    place = (np.arange(count) + 0.5) / count
    taper = np.sin(np.pi * place) if both_ends else np.cos(np.pi / 2 * place)
    return np.asarray(width_px * taper ** rng.uniform(0.3, 0.8) * rng.uniform(0.75, 1.25, count), np.float64)
