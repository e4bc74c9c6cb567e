"""Cracks: jagged thin lines that branch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.defects.colour import random_contrast
from training.defects.lines import draw_line, tapered
from training.defects.placing import random_centre, soften
from training.defects.values import DefectKind, Image, Mask, SyntheticDefect
from training.defects.visible import finish

HALVINGS = 5
LARGEST_BRANCHES = 4
SHARE_DARK = 0.85


def paint_crack(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Draw a crack with up to a few branches; see `PaintDefect`."""
    height, width = image.shape[:2]
    shorter = min(height, width)
    length = shorter * float(np.exp(rng.uniform(np.log(0.08), np.log(0.9))))
    width_px = shorter * float(np.exp(rng.uniform(np.log(0.004), np.log(0.014))))
    y, x = random_centre(image.shape, foreground, rng)
    angle, jaggedness = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.4)
    opacity = np.zeros((height, width), np.float32)
    trunk = jagged_line(np.array((x, y)), angle, length, jaggedness, rng)
    trunk += (x, y) - trunk.mean(axis=0)
    draw_line(opacity, trunk, tapered(len(trunk) - 1, width_px, rng, both_ends=False))
    for _ in range(int(rng.integers(0, LARGEST_BRANCHES + 1))):
        start = trunk[rng.integers(len(trunk) // 8, len(trunk))]
        turn = rng.choice((-1, 1)) * rng.uniform(0.35, 1.2)
        branch = jagged_line(start, angle + turn, length * rng.uniform(0.15, 0.5), jaggedness, rng)
        draw_line(
            opacity, branch, tapered(len(branch) - 1, width_px * rng.uniform(0.5, 0.9), rng, both_ends=False)
        )
    opacity = soften(opacity, rng.uniform(0, 0.002) * shorter)
    if foreground is not None and foreground.any():
        opacity *= foreground
    contrast = random_contrast(rng, weakest=30) * (-1 if rng.random() < SHARE_DARK else 1)
    # A crack is a gap: light hardly comes out of it, whatever the surface's colour.
    darkness = opacity * np.float32(contrast)
    return finish(image, image + darkness[..., None], DefectKind.CRACK)


def jagged_line(
    start: NDArray[np.float64], angle: float, length: float, jaggedness: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A fractal line by midpoint displacement (A. Fournier et al., CACM 25(6), 1982).

    Returns:
        float64 `[2 ** HALVINGS + 1, 2]`, `(x, y)` from `start` on.
    """
    points = np.stack((start, start + length * np.array((np.cos(angle), np.sin(angle)))))
    for _ in range(HALVINGS):
        steps = np.diff(points, axis=0)
        across = np.stack((-steps[:, 1], steps[:, 0]), axis=1)
        middles = points[:-1] + steps / 2 + across * rng.normal(0, jaggedness, (len(steps), 1))
        finer = np.empty((len(points) + len(middles), 2))
        finer[::2], finer[1::2] = points, middles
        points = finer
    return np.asarray(points, np.float64)
