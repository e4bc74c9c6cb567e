"""Scratches: thin, slightly bent lines with tapered ends, darker or brighter than the surface."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.defects.colour import random_contrast
from training.defects.lines import draw_line, tapered
from training.defects.placing import random_centre, soften
from training.defects.values import DefectKind, FloatMap, Image, Mask, SyntheticDefect
from training.defects.visible import finish

SEGMENTS = 24
LARGEST_BUNDLE = 4
SHARE_RELIEF = 0.35
"""Share of scratches with a bright and a dark flank, as a furrow has under light from one side."""


def paint_scratch(
    image: Image,
    rng: np.random.Generator,
    foreground: Mask | None = None,
    donor: Image | None = None,  # noqa: ARG001 - the signature that all kinds share
) -> SyntheticDefect:
    """Draw one scratch or a few that run side by side; see `PaintDefect`."""
    height, width = image.shape[:2]
    shorter = min(height, width)
    length = shorter * float(np.exp(rng.uniform(np.log(0.06), np.log(0.8))))
    angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.5)
    width_px = shorter * float(np.exp(rng.uniform(np.log(0.004), np.log(0.018))))
    y, x = random_centre(image.shape, foreground, rng)
    opacity = np.zeros((height, width), np.float32)
    for index in range(int(rng.integers(2, LARGEST_BUNDLE + 1)) if rng.random() < 0.25 else 1):  # noqa: PLR2004
        middle = np.array((x, y)) + (rng.normal(0, 0.04 * shorter, 2) if index else 0)
        points = _curve(middle, length * rng.uniform(0.6, 1), angle + rng.normal(0, 0.08), bend, rng)
        widths = tapered(SEGMENTS, width_px, rng, both_ends=bool(rng.random() < 0.5))  # noqa: PLR2004
        draw_line(opacity, points, widths, float(rng.uniform(0.6, 1)))
    opacity = soften(opacity, rng.uniform(0, 0.003) * shorter)
    if foreground is not None and foreground.any():
        opacity *= foreground
    contrast = random_contrast(rng, weakest=25)
    sign = -1.0 if rng.random() < 0.5 else 1.0  # noqa: PLR2004
    change = sign * contrast * opacity
    if rng.random() < SHARE_RELIEF:
        change -= 0.6 * sign * contrast * _moved(opacity, width_px, angle)
    tint = (1 + rng.normal(0, 0.15, 3)).astype(np.float32)
    return finish(image, image + change[..., None] * tint, DefectKind.SCRATCH)


def _curve(
    middle: NDArray[np.float64], length: float, angle: float, bend: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Points `[SEGMENTS + 1, 2]` of a line that turns steadily by `bend` radians and wobbles a little."""
    directions = angle + bend * np.linspace(-0.5, 0.5, SEGMENTS) + np.cumsum(rng.normal(0, 0.02, SEGMENTS))
    steps = length / SEGMENTS * np.stack((np.cos(directions), np.sin(directions)), axis=1)
    points = np.concatenate((np.zeros((1, 2)), np.cumsum(steps, axis=0)))
    return np.asarray(points - points.mean(axis=0) + middle, np.float64)


def _moved(opacity: FloatMap, width_px: float, angle: float) -> FloatMap:
    """The same line one line's width to its side."""
    by = max(1.0, width_px)
    matrix = np.array(((1, 0, -by * np.sin(angle)), (0, 1, by * np.cos(angle))), np.float32)
    return np.asarray(cv2.warpAffine(opacity, matrix, opacity.shape[::-1]), np.float32)
