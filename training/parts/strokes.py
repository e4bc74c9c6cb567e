"""Shapes that defects are made of, drawn with soft edges: 0 outside, 1 inside, float32 `[H, W]`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.parts.fields import Field, as_field

FINE = 3
"""Shapes are drawn this many times larger and averaged down."""

Points = NDArray[np.float64]
"""`[N, 2]` pixels `(x, y)`."""


def wander(
    rng: np.random.Generator,
    start: Points,
    heading: float,
    length: float,
    *,
    turn: float,
    jag: float,
    pace: float,
) -> Points:
    """A path that keeps its heading more or less.

    Args:
        rng: source of the wandering.
        start: `[2]`, where it begins.
        heading: first direction in radians.
        length: length along the path in pixels.
        turn: deviation of the lasting change of heading over the whole path, radians.
        jag: deviation of the heading at each pace alone, radians.
        pace: pixels between two points.
    """
    paces = max(2, round(length / pace))
    bend = rng.normal(0, turn) * np.linspace(0, 1, paces)
    headings = heading + bend + rng.normal(0, jag, paces)
    moves = np.stack([np.cos(headings), np.sin(headings)], axis=1) * (length / paces)
    return np.concatenate([start[None], start + np.cumsum(moves, axis=0)])


def centred(path: Points, centre: Points) -> Points:
    """The path moved so that its middle point lies on `centre`."""
    return np.asarray(path + (centre - path[len(path) // 2]))


def stroke(path: Points, widths: NDArray[np.float64], size: int) -> Field:
    """A line along a path; `widths` are its pixels of width at each point."""
    window, origin = _window(path, float(widths.max()) + 2, size)
    canvas = np.zeros((_rows(window) * FINE, _columns(window) * FINE), np.uint8)
    fine = np.round((path - origin + 0.5) * FINE * 16).astype(np.int64)
    for begin, end, width in zip(fine[:-1], fine[1:], widths[1:], strict=True):
        thickness = max(1, round(float(width) * FINE))
        cv2.line(canvas, tuple(begin.tolist()), tuple(end.tolist()), 255, thickness, cv2.LINE_AA, shift=4)
    return _settled(canvas, window, size)


def blob(
    rng: np.random.Generator, centre: Points, radius: float, size: int, *, rough: float, stretch: float = 1.0
) -> Field:
    """A closed shape around a centre.

    Args:
        rng: source of the outline.
        centre: `[2]` pixels.
        radius: mean radius in pixels.
        size: pixels of the picture's side.
        rough: 0 is an ellipse, 0.3 a ragged patch.
        stretch: length over width.
    """
    corners = 40
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    outline = np.ones(corners)
    for wave in range(2, 9):
        outline += rough * rng.normal(0, 1.1 / wave) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    outline = radius * np.clip(outline, 0.35, 2.0)
    long, across = outline * np.cos(angles) * np.sqrt(stretch), outline * np.sin(angles) / np.sqrt(stretch)
    lie = rng.uniform(0, np.pi)
    points = centre + np.stack(
        [long * np.cos(lie) - across * np.sin(lie), long * np.sin(lie) + across * np.cos(lie)], axis=1
    )
    window, origin = _window(points, 2, size)
    canvas = np.zeros((_rows(window) * FINE, _columns(window) * FINE), np.uint8)
    fine = np.round((points - origin + 0.5) * FINE * 16).astype(np.int32)
    cv2.fillPoly(canvas, [fine], 255, cv2.LINE_AA, shift=4)
    return _settled(canvas, window, size)


def _window(points: Points, margin: float, size: int) -> tuple[tuple[slice, slice], Points]:
    """Pixels that a shape can touch, and the first of them as `(x, y)`."""
    low = np.clip(np.floor(points.min(axis=0) - margin), 0, size - 1).astype(int)
    high = np.clip(np.ceil(points.max(axis=0) + margin) + 1, low + 1, size).astype(int)
    return (slice(low[1], high[1]), slice(low[0], high[0])), low.astype(np.float64)


def _rows(window: tuple[slice, slice]) -> int:
    return int(window[0].stop - window[0].start)


def _columns(window: tuple[slice, slice]) -> int:
    return int(window[1].stop - window[1].start)


def _settled(canvas: NDArray[np.uint8], window: tuple[slice, slice], size: int) -> Field:
    """The fine canvas at the picture's scale and in its place."""
    field = np.zeros((size, size), np.float32)
    shape = (_columns(window), _rows(window))
    field[window] = as_field(cv2.resize(canvas, shape, interpolation=cv2.INTER_AREA)) / np.float32(255)
    return field
