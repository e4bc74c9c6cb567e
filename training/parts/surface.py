"""A surface before light falls on it: what defects change and lamps show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.parts.fields import Field, Grid, as_planes


@dataclass(slots=True)
class Surface:
    """Geometry and material of every pixel; changed in place by textures and defects.

    Attributes:
        height: design units towards the camera, `[H, W]`.
        colour: linear reflectance 0..1 of RGB, `[3, H, W]`; planes, which numpy is much faster on.
        specular: share of light mirrored instead of scattered, 0..1, `[H, W]`.
        roughness: deviation of the micro-facets' slopes, `[H, W]`; small is glossy.
        grain: 0 where facets tilt alike everywhere, towards 1 where grooves run along `groove`, `[H, W]`.
        groove: unit vector along the grooves, `[2, H, W]`.
    """

    height: Field
    colour: NDArray[np.float32]
    specular: Field
    roughness: Field
    grain: Field
    groove: NDArray[np.float32]

    @classmethod
    def plain(
        cls, size: int, colour: tuple[float, float, float], *, specular: float, roughness: float
    ) -> Surface:
        """A flat surface of one material."""
        shape = (size, size)
        groove = np.zeros((2, size, size), np.float32)
        groove[0] = 1
        return cls(
            np.zeros(shape, np.float32),
            np.broadcast_to(as_planes(colour), (3, size, size)).copy(),
            np.full(shape, specular, np.float32),
            np.full(shape, roughness, np.float32),
            np.zeros(shape, np.float32),
            groove,
        )

    def paint(
        self, where: Field, colour: tuple[float, float, float], *, specular: float, roughness: float
    ) -> None:
        """Cover with another material; `where` is its opacity 0..1."""
        self.colour += where * (as_planes(colour) - self.colour)
        self.specular += where * (np.float32(specular) - self.specular)
        self.roughness += where * (np.float32(roughness) - self.roughness)
        self.grain *= 1 - where


@dataclass(slots=True)
class Part:
    """A part on the line, before light.

    Attributes:
        grid: where its own coordinates lie in the picture.
        surface: geometry and material.
        coverage: 1 where the part is and 0 where the belt shows, soft at edges, `[H, W]`.
        thickness: design units between the part's top and the belt; decides the shadow.
        face: where a mark on the surface makes sense (away from edges and pins), bool `[H, W]`.
        missing: footprint of the piece left out, bool `[H, W]`; None where the part is complete.
    """

    grid: Grid
    surface: Surface
    coverage: Field
    thickness: float
    face: NDArray[np.bool_]
    missing: NDArray[np.bool_] | None = None
