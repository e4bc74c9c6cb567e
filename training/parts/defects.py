"""Defects: changes to a part's surface before light falls on it, each with the mask of what it changed.

A scratch is a groove with a burr, a dent is a hollow, a stain is a colour: lamps and camera then treat them
like everything else, so that a defect has the highlights, shadows, blur and noise of its photograph.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from training.parts.fields import as_field, as_planes, blur, fractal, noise, step
from training.parts.strokes import Points, blob, centred, stroke, wander
from training.parts.surface import Part


class DefectKind(StrEnum):
    """What can be wrong with a part. The values name the folders of a data set."""

    SCRATCH = "scratch"
    DENT = "dent"
    HOLE = "hole"
    STAIN = "stain"
    CRACK = "crack"
    MISSING_PART = "missing_part"
    CONTAMINATION = "contamination"
    BROKEN_EDGE = "broken_edge"


Mask = NDArray[np.bool_]
SEEN = 0.15
"""A pixel belongs to a defect where it covers at least this share of the pixel."""


def damage(part: Part, kind: DefectKind, rng: np.random.Generator) -> Mask:
    """Give a part one defect, in place, and return where: bool `[H, W]`, never empty.

    Sizes run over a factor of four or more and strengths from plain to hard to see, drawn evenly on a
    logarithmic scale, so that small and faint ones are as common as large and clear ones.

    Raises:
        ValueError: a piece should be missing and the part was built complete.
    """
    if kind is DefectKind.MISSING_PART:
        # The builder left it out: a piece cannot be taken from a finished surface.
        if part.missing is None:
            raise ValueError("the part is complete; build it with a piece missing")
        return part.missing
    return _MAKERS[kind](part, rng)


def _scratch(part: Part, rng: np.random.Generator) -> Mask:
    unit = part.grid.px_per_unit
    length = _even_log(rng, 28, 150) * unit
    place = _place(part, rng)
    heading = rng.uniform(0, 2 * np.pi)
    path = centred(wander(rng, place, heading, length, turn=0.35, jag=0.04, pace=2.5 * unit), place)
    width = _even_log(rng, 1.2, 3.2) * unit
    line = stroke(path, width * _tapered(len(path), 0.15), part.grid.size) * part.coverage
    strength = np.float32(_even_log(rng, 0.55, 1.0))
    surface = part.surface
    burr = np.maximum(blur(line, 1.1 * unit) - 0.6 * line, 0)
    # Whatever scratched took the old skin with it and left bright metal, or plastic gone white.
    surface.height += strength * line * (blur(surface.height, 2 * unit) - surface.height)
    surface.height += strength * (1.1 * burr - 0.9 * line)
    surface.colour += (0.75 * strength * line) * (1.0 - surface.colour)
    surface.grain *= 1 - 0.8 * line
    surface.roughness += 0.1 * strength * line
    return line > SEEN


def _dent(part: Part, rng: np.random.Generator) -> Mask:
    unit, size = part.grid.px_per_unit, part.grid.size
    radius = _even_log(rng, 8, 25) * unit
    centre = _place(part, rng)
    stretch, lie = rng.uniform(1, 1.7), rng.uniform(0, np.pi)
    axis = np.arange(size, dtype=np.float32)
    x, y = axis[None, :] - np.float32(centre[0]), axis[:, None] - np.float32(centre[1])
    along, across = x * np.cos(lie) + y * np.sin(lie), y * np.cos(lie) - x * np.sin(lie)
    wobble = 1 + 0.08 * noise(rng, size, 9 * unit)
    distance = as_field(np.sqrt((along / stretch) ** 2 + (across * stretch) ** 2) / radius * wobble)
    hollow = np.clip(1 - distance**2, 0, 1) ** 2
    lip = np.exp(-(((distance - 1.08) / 0.16) ** 2)) * 0.12
    depth = np.float32(_even_log(rng, 0.3, 0.7) * radius / unit)
    part.surface.height -= depth * as_field(hollow - lip) * part.coverage
    part.surface.grain *= 1 - 0.5 * as_field(hollow)
    return np.asarray((distance < 1) & (part.coverage > 0.5))  # noqa: PLR2004 - on the part


def _hole(part: Part, rng: np.random.Generator) -> Mask:
    unit, size = part.grid.px_per_unit, part.grid.size
    pores = np.zeros((size, size), np.float32)
    first = _place(part, rng)
    largest = _even_log(rng, 3, 10)
    for index in range(int(rng.integers(1, 5))):
        radius = largest if index == 0 else largest * rng.uniform(0.3, 0.7)
        centre = first if index == 0 else first + rng.normal(0, 2.2 * largest, 2) * unit
        pores = np.maximum(
            pores, blob(rng, centre, radius * unit, size, rough=0.35, stretch=rng.uniform(1, 1.6))
        )
    pores *= part.coverage
    surface = part.surface
    surface.height -= np.float32(min(4.0, 0.9 * largest)) * blur(pores, 0.7 * unit)
    dark = np.float32(rng.uniform(0.75, 0.95)) * pores
    surface.colour *= 1 - dark
    surface.specular *= 1 - 0.8 * pores
    surface.grain *= 1 - pores
    return pores > SEEN


STAINS = ((0.3, 0.13, 0.05), (0.2, 0.14, 0.07), (0.07, 0.07, 0.075), (0.12, 0.13, 0.16))
"""Rust, oil, soot, coolant."""


def _stain(part: Part, rng: np.random.Generator) -> Mask:
    unit, size = part.grid.px_per_unit, part.grid.size
    radius = _even_log(rng, 13, 40) * unit
    centre = _place(part, rng)
    patch = blob(rng, centre, radius, size, rough=0.3, stretch=rng.uniform(1, 2.2))
    cloud = blur(patch, 0.12 * radius) + 0.2 * fractal(rng, size, 0.6 * radius, 3, gain=0.6)
    cloud = (
        part.coverage
        * as_field(np.clip((cloud - 0.35) * 2.2, 0, 1))
        * step(blur(patch, 0.3 * radius), 0.08, 0.5)
    )
    # A drying drop leaves most of what it carries at its edge.
    edge = np.clip(cloud * (1 - cloud) * 4, 0, 1) * np.float32(rng.uniform(0, 0.5))
    opacity = np.float32(_even_log(rng, 0.35, 0.85)) * np.clip(cloud * 0.85 + edge, 0, 1)
    colour = STAINS[int(rng.integers(len(STAINS)))]
    surface = part.surface
    surface.colour += as_field(opacity) * (as_planes(colour) - surface.colour)
    surface.specular *= 1 - 0.6 * as_field(opacity)
    return cloud > SEEN


def _crack(part: Part, rng: np.random.Generator) -> Mask:
    unit, size = part.grid.px_per_unit, part.grid.size
    start, inwards = _edge_place(part, rng)
    length = _even_log(rng, 25, 95) * unit
    heading = inwards + rng.normal(0, 0.45)
    path = wander(rng, start, heading, length, turn=0.5, jag=0.5, pace=3.2 * unit)
    width = _even_log(rng, 1.2, 2.8) * unit
    line = stroke(path, width * np.linspace(1, 0.45, len(path)), size)
    if rng.random() < 0.5:  # noqa: PLR2004 - every second crack forks
        fork = path[int(len(path) * rng.uniform(0.35, 0.7))]
        heading += float(rng.choice([-1, 1]) * rng.uniform(0.5, 1.0))
        side = wander(rng, fork, heading, 0.45 * length, turn=0.4, jag=0.5, pace=3.2 * unit)
        line = np.maximum(line, stroke(side, 0.7 * width * np.linspace(1, 0.4, len(side)), size))
    line = line * part.coverage
    strength = np.float32(_even_log(rng, 0.7, 1.0))
    surface = part.surface
    surface.height -= strength * 1.5 * line
    surface.colour *= 1 - 0.85 * strength * line
    surface.specular *= 1 - 0.7 * strength * line
    return line > SEEN


def _contamination(part: Part, rng: np.random.Generator) -> Mask:
    return (_chip, _fibre, _crumb)[int(rng.integers(3))](part, rng)


def _chip(part: Part, rng: np.random.Generator) -> Mask:
    """A curl of swarf from a machine nearby."""
    unit, size = part.grid.px_per_unit, part.grid.size
    radius = _even_log(rng, 5, 15) * unit
    turns = rng.uniform(0.8, 2.4)
    angles = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi * turns, int(24 * turns) + 8)
    drift = rng.normal(0, 0.5 * radius, 2) * np.linspace(0, turns, len(angles))[:, None]
    path = _place(part, rng) + drift + radius * np.stack([np.cos(angles), 0.75 * np.sin(angles)], axis=1)
    line = stroke(path, _even_log(rng, 2.0, 4.2) * unit * _tapered(len(path), 0.2), size) * part.coverage
    ridge = blur(line, 0.7 * unit)
    surface = part.surface
    surface.paint(line, (0.62, 0.6, 0.57), specular=0.85, roughness=0.18)
    surface.height += np.float32(3.2) * ridge
    return line > SEEN


def _fibre(part: Part, rng: np.random.Generator) -> Mask:
    """A thread from a glove or a wiping cloth."""
    unit = part.grid.px_per_unit
    heading = rng.uniform(0, 2 * np.pi)
    place, length = _place(part, rng), _even_log(rng, 20, 60) * unit
    first = wander(rng, place, heading, length, turn=1.6, jag=0.08, pace=2 * unit)
    second = wander(rng, first[-1], heading + rng.normal(0, 1), 18 * unit, turn=2.0, jag=0.08, pace=2 * unit)
    path = centred(np.concatenate([first, second[1:]]), place)
    line = stroke(path, np.full(len(path), _even_log(rng, 1.2, 2.4) * unit), part.grid.size) * part.coverage
    colours = ((0.05, 0.06, 0.12), (0.55, 0.54, 0.5), (0.03, 0.03, 0.03), (0.06, 0.14, 0.3))
    part.surface.paint(line, colours[int(rng.integers(len(colours)))], specular=0.03, roughness=0.5)
    part.surface.height += np.float32(1.4) * line
    return line > SEEN


def _crumb(part: Part, rng: np.random.Generator) -> Mask:
    """A lump of dirt, rubber or moulding compound."""
    unit, size = part.grid.px_per_unit, part.grid.size
    radius = _even_log(rng, 3, 11)
    lump = (
        blob(rng, _place(part, rng), radius * unit, size, rough=0.3, stretch=rng.uniform(1, 1.8))
        * part.coverage
    )
    colours = ((0.05, 0.045, 0.04), (0.16, 0.1, 0.06), (0.45, 0.43, 0.38), (0.3, 0.05, 0.04))
    dome = blur(lump, 0.35 * radius * unit) * (1 + 0.12 * fractal(rng, size, 3 * unit, 2))
    part.surface.paint(lump, colours[int(rng.integers(len(colours)))], specular=0.06, roughness=0.4)
    part.surface.height += np.float32(0.9 * radius) * as_field(dome)
    return lump > SEEN


def _broken_edge(part: Part, rng: np.random.Generator) -> Mask:
    unit, size = part.grid.px_per_unit, part.grid.size
    radius = _even_log(rng, 7, 24) * unit
    start, inwards = _edge_place(part, rng)
    before = part.coverage > 0.5  # noqa: PLR2004 - on the part
    centre = start - 0.35 * radius * np.array([np.cos(inwards), np.sin(inwards)])
    gone = blob(rng, centre, radius, size, rough=0.3, stretch=rng.uniform(1, 1.5))
    # Around what broke off lies the slope of the fracture, bright and grainy.
    fracture = np.clip(blur(gone, 0.16 * radius) * 2.2 - 0.2, 0, 1)
    surface = part.surface
    surface.height -= 6 * blur(as_field(fracture), 0.05 * radius)
    surface.height += as_field(fracture * 0.35 * fractal(rng, size, 4 * unit, 2, gain=0.8))
    surface.colour *= 1 - fracture * (0.12 + 0.1 * noise(rng, size, 3 * unit))
    surface.grain *= 1 - fracture
    surface.roughness += 0.12 * fracture
    part.coverage = as_field(part.coverage * (1 - gone))
    return np.asarray(before & (fracture > SEEN))


def _even_log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _tapered(points: int, share: float) -> NDArray[np.float64]:
    """Widths 0.3..1 that thin out over the first and last `share` of a path."""
    along = np.linspace(0, 1, points)
    return np.clip(np.minimum(along, 1 - along) / share, 0.3, 1)


def _place(part: Part, rng: np.random.Generator) -> Points:
    """A random pixel `(x, y)` of the face."""
    rows, columns = np.nonzero(part.face)
    index = int(rng.integers(len(rows)))
    return np.array([columns[index], rows[index]], np.float64)


def _edge_place(part: Part, rng: np.random.Generator) -> tuple[Points, float]:
    """A random pixel of the part's edge, outer or inner, and the direction from it into the part."""
    solid = (part.coverage > 0.5).astype(np.uint8)  # noqa: PLR2004 - on the part
    contours, _ = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    edge = np.concatenate(
        [contour[:, 0] for contour in contours if len(contour) > 100 * part.grid.px_per_unit]
    )
    start = edge[int(rng.integers(len(edge)))].astype(np.float64)
    reach = max(3, round(6 * part.grid.px_per_unit))
    x, y = (int(v) for v in start)
    top, left = max(0, y - reach), max(0, x - reach)
    rows, columns = np.nonzero(solid[top : y + reach + 1, left : x + reach + 1])
    return start, float(np.arctan2(rows.mean() + top - y, columns.mean() + left - x))


_MAKERS: dict[DefectKind, Callable[[Part, np.random.Generator], Mask]] = {
    DefectKind.SCRATCH: _scratch,
    DefectKind.DENT: _dent,
    DefectKind.HOLE: _hole,
    DefectKind.STAIN: _stain,
    DefectKind.CRACK: _crack,
    DefectKind.CONTAMINATION: _contamination,
    DefectKind.BROKEN_EDGE: _broken_edge,
}
