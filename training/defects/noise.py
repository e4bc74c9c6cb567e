"""Perlin noise (K. Perlin, "An image synthesizer", SIGGRAPH 1985), vectorised."""

from __future__ import annotations

import cv2
import numpy as np

from training.defects.values import FloatMap

LARGEST_GRID_PX = 256
CELL_PX = 12
"""Noise is made with so many pixels a cell and enlarged: it has no detail that would be lost."""


def perlin_noise(
    height: int, width: int, cells: tuple[float, float], rng: np.random.Generator, *, octaves: int = 1
) -> FloatMap:
    """Smooth noise in about -1..1.

    Args:
        height: rows of the result.
        width: columns of the result.
        cells: how many noise cells fit along the height and along the width; more cells, finer noise.
        rng: source of the gradients.
        octaves: layers, each with twice the cells and half the amplitude of the one before.

    Returns:
        float32 `[height, width]`.
    """
    finest = max(cells) * 2 ** (octaves - 1)
    shrink = max(1.0, max(height, width) / min(LARGEST_GRID_PX, max(2 * CELL_PX, CELL_PX * finest)))
    rows, columns = max(1, round(height / shrink)), max(1, round(width / shrink))
    noise = np.zeros((rows, columns), np.float32)
    for octave in range(octaves):
        factor = 2**octave
        noise += _single_octave(rows, columns, (cells[0] * factor, cells[1] * factor), rng) / factor
    if (rows, columns) != (height, width):
        return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return noise


def _single_octave(rows: int, columns: int, cells: tuple[float, float], rng: np.random.Generator) -> FloatMap:
    y = np.linspace(0, cells[0], rows, endpoint=False, dtype=np.float32)
    x = np.linspace(0, cells[1], columns, endpoint=False, dtype=np.float32)
    row, column = y.astype(np.intp), x.astype(np.intp)
    dy, dx = (y - row)[:, None], (x - column)[None, :]
    angles = rng.uniform(0, 2 * np.pi, (row[-1] + 2, column[-1] + 2)).astype(np.float32)
    gradient_y, gradient_x = np.sin(angles), np.cos(angles)

    def corner(down: int, right: int) -> FloatMap:
        at = np.ix_(row + down, column + right)
        dot: FloatMap = gradient_y[at] * (dy - down) + gradient_x[at] * (dx - right)
        return dot

    # Perlin's fade curve: its first and second derivative vanish at the cells' borders.
    fade_y, fade_x = (t * t * t * (t * (t * 6 - 15) + 10) for t in (dy, dx))
    top = corner(0, 0)
    top += fade_x * (corner(0, 1) - top)
    bottom = corner(1, 0)
    bottom += fade_x * (corner(1, 1) - bottom)
    top += fade_y * (bottom - top)
    # A single octave of unit gradients stays within ±sqrt(1/2).
    top *= np.float32(np.sqrt(2))
    return top
