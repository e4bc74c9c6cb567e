"""What parts lie on: a worn conveyor belt."""

from __future__ import annotations

import numpy as np

from training.parts.fields import DESIGN_SIZE, Field, blur, noise
from training.parts.surface import Surface

PITCH = 6.5
"""Design units between the threads whose imprint the rubber carries."""


def rubber_belt(rng: np.random.Generator, size: int) -> Surface:
    """Dark rubber with a woven imprint, dust, and faint tracks along its travel."""
    unit_px = size / DESIGN_SIZE
    belt = Surface.plain(size, (0.052, 0.06, 0.062), specular=0.12, roughness=0.42)
    axis = np.arange(size, dtype=np.float32) * np.float32(2 * np.pi / (PITCH * unit_px))
    phase = rng.uniform(0, 2 * np.pi, 2).astype(np.float32)
    weave = np.sin(axis + phase[0])[None, :] * np.sin(axis + phase[1])[:, None]
    worn = 0.6 + 0.25 * noise(rng, size, 60 * unit_px)
    belt.height += weave * worn * np.float32(0.28) + 0.1 * noise(rng, size, 2 * unit_px)
    tracks = 0.07 * rng.standard_normal(size // 12 + 1).astype(np.float32).repeat(12)[:size, None]
    tone = 1 + 0.1 * noise(rng, size, 45 * unit_px) + blur(np.broadcast_to(tracks, (size, size)).copy(), 5)
    belt.colour *= tone
    belt.colour += _dust(rng, size)
    return belt


def _dust(rng: np.random.Generator, size: int) -> Field:
    """Specks that add to the reflectance."""
    specks = np.zeros((size, size), np.float32)
    count = rng.poisson(110)
    rows, columns = rng.integers(0, size, (2, count))
    specks[rows, columns] = rng.uniform(0.03, 0.3, count)
    return blur(specks, 0.5 * size / DESIGN_SIZE)
