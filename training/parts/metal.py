"""Textures of machined and cast metal."""

from __future__ import annotations

import cv2
import numpy as np

from training.parts.fields import Field, as_field, blur, fractal

STREAKS_PER_TURN = 96


def turned(rng: np.random.Generator, radius: Field, turn: Field, *, spacing: float) -> Field:
    """Concentric marks of a lathe tool, mean 0 and deviation near 1.

    Args:
        rng: source of the marks.
        radius: distance from the axis in design units, `[H, W]`.
        turn: angle about the axis as a share of a turn, 0..1, `[H, W]`.
        spacing: design units between marks.
    """
    rings = int(float(radius.max()) / spacing) + 4
    # Rows are angles, columns radii: marks are long in angle and short in radius.
    whole = rng.standard_normal((1, rings), dtype=np.float32)
    broken = blur(rng.standard_normal((STREAKS_PER_TURN, rings), dtype=np.float32), 0.7)
    chatter = cv2.resize(
        rng.standard_normal((12, rings), dtype=np.float32),
        (rings, STREAKS_PER_TURN),
        interpolation=cv2.INTER_CUBIC,
    )
    polar = as_field(0.75 * whole + 0.55 * chatter + 0.8 * broken)
    return as_field(
        cv2.remap(
            polar,
            radius * np.float32(1 / spacing),
            turn * np.float32(STREAKS_PER_TURN),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
    )


def cast(rng: np.random.Generator, size: int, unit_px: float) -> Field:
    """The orange peel of a sand-cast, blasted face, mean 0 and deviation near 1."""
    return as_field(fractal(rng, size, 5 * unit_px, 3, gain=0.85))


def patina(rng: np.random.Generator, size: int, unit_px: float) -> Field:
    """Slow changes of tone that handling and oxide leave, mean 0 and deviation near 1."""
    return fractal(rng, size, 70 * unit_px, 3, gain=0.6)
