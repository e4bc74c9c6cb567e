"""Outlines and matter of foreign bodies: chips, flakes, strips, wires, and what fills an opening."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.defects.lines import draw_line
from training.defects.noise import perlin_noise
from training.defects.placing import soften
from training.defects.values import FloatMap, Image

FEWEST_CORNERS, MOST_CORNERS = 4, 9
STRIP_POINTS = 24
LARGEST_FILLING = 0.35
"""Share of the frame; a larger even place is the part itself, not an opening in it."""
SMALLEST_FILLING = 0.01


def flake(
    frame: tuple[int, ...], centre: tuple[float, float], area_px: float, rng: np.random.Generator
) -> FloatMap:
    """Opacity float32 `[H, W]` of a chip with straight edges and sharp corners."""
    corners = int(rng.integers(FEWEST_CORNERS, MOST_CORNERS + 1))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = np.sqrt(area_px / np.pi) * rng.uniform(0.6, 1.5, corners)
    stretched = np.exp(rng.uniform(-0.4, 0.4))
    points = np.stack((np.cos(angles) * radii * stretched, np.sin(angles) * radii / stretched), axis=1)
    points += np.array(centre[::-1])
    opacity = np.zeros(frame[:2], np.uint8)
    cv2.fillPoly(opacity, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return soften(np.asarray(opacity / 255, np.float32), float(rng.uniform(0, 1)))


def strip(frame: tuple[int, ...], centre: tuple[float, float], rng: np.random.Generator) -> FloatMap:
    """Opacity float32 `[H, W]` of a wire, a chip of turning or a strip of tape: as wide all along, bent."""
    shorter = min(frame[:2])
    length = shorter * float(np.exp(rng.uniform(np.log(0.15), np.log(0.9))))
    width_px = shorter * float(np.exp(rng.uniform(np.log(0.012), np.log(0.09))))
    directions = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(rng.normal(0, 0.06), 0.08, STRIP_POINTS))
    steps = length / STRIP_POINTS * np.stack((np.cos(directions), np.sin(directions)), axis=1)
    points = np.cumsum(np.concatenate((np.zeros((1, 2)), steps)), axis=0)
    points += np.array(centre[::-1]) - points.mean(axis=0)
    opacity = np.zeros(frame[:2], np.float32)
    draw_line(opacity, points, np.full(STRIP_POINTS, width_px), 1.0)
    return opacity


def filling(image: Image, centre: tuple[float, float], rng: np.random.Generator) -> FloatMap | None:
    """Opacity float32 `[H, W]` of matter that fills the even place at a point, such as an opening.

    None: the place is too small to be filled, or so large that it is no opening.
    """
    tolerance = float(rng.uniform(6, 16))
    smooth = cv2.GaussianBlur(image, (0, 0), max(1.0, min(image.shape[:2]) / 100))
    y, x = int(centre[0]), int(centre[1])
    found = np.zeros((image.shape[0] + 2, image.shape[1] + 2), np.uint8)
    flags = 4 | (255 << 8) | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY
    cv2.floodFill(smooth, found, (x, y), (0, 0, 0), (tolerance,) * 3, (tolerance,) * 3, flags)
    place = cv2.morphologyEx(found[1:-1, 1:-1], cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    if not SMALLEST_FILLING <= float((place > 0).mean()) <= LARGEST_FILLING:
        return None
    opacity = soften(np.asarray(place / 255, np.float32), float(rng.uniform(0.5, 2)))
    return opacity * np.float32(rng.uniform(0.5, 1))


def matter(
    frame: tuple[int, ...], tone: NDArray[np.float32], contrast: float, rng: np.random.Generator
) -> FloatMap:
    """What it looks like, float32 `[H, W, 3]`: folds in the light, and a grain of its own.

    Args:
        frame: shape of the frame, `(H, W, …)`.
        tone: float32 `[3]`, its colour.
        contrast: grey levels by which it differs from the surface.
        rng: source of every choice.
    """
    height, width = frame[:2]
    cells = float(np.exp(rng.uniform(np.log(6), np.log(40))))
    folds = perlin_noise(height, width, (cells, cells * float(rng.uniform(0.5, 2))), rng, octaves=2)
    relief = rng.uniform(0.2, 1.0) * contrast * folds
    if rng.random() < 0.4:  # noqa: PLR2004 - folds have crests that shine
        relief += rng.uniform(0.5, 1.5) * contrast * np.maximum(1 - np.abs(folds) * 8, 0)
    relief += rng.normal(0, rng.uniform(0, 0.3) * contrast, (height, width))
    return np.asarray(tone + relief[..., None], np.float32)
