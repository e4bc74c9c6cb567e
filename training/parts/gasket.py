"""The product "gasket": a machined steel flange with a turned sealing face and six bolt holes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from training.parts.fields import DESIGN_SIZE, Field, Grid, Pose, as_field, noise, step
from training.parts.metal import cast, patina, turned
from training.parts.surface import Part, Surface

OUTER_RADIUS = 152.0
BORE_RADIUS = 60.0
SEALING_RADIUS = 99.0
"""Outer radius of the raised sealing face."""
GROOVE_RADIUS = 81.0
BOLTS = 6
BOLT_CIRCLE = 126.0
BOLT_RADIUS = 11.0
SPOT_RADIUS = 18.5
"""Radius of the spot face that seats the bolt's head."""
THICKNESS = 26.0
STAMP = "F6-40"
STEEL = (0.54, 0.53, 0.512)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where every pixel lies on the flange; lengths in design units, `[H, W]`.

    Attributes:
        grid: the part's own coordinates.
        bore: radius of this part's bore.
        sealing: outer radius of this part's sealing face.
        radius: distance from the flange's axis.
        turn: angle about the axis as a share of a turn.
        bolt_x: offset from the nearest bolt hole's axis, outwards.
        bolt_y: offset from the nearest bolt hole's axis, along the bolt circle.
        bolt: distance from the nearest bolt hole's axis.
    """

    grid: Grid
    bore: float
    sealing: float
    radius: Field
    turn: Field
    bolt_x: Field
    bolt_y: Field
    bolt: Field

    @classmethod
    def of(cls, grid: Grid, bore: float, sealing: float) -> _Layout:
        radius = as_field(cv2.magnitude(grid.x, grid.y))
        angle = as_field(cv2.phase(grid.x, grid.y))
        sector = np.float32(2 * np.pi / BOLTS)
        folded = angle - sector * np.rint(angle / sector)
        bolt_x = as_field(radius * np.cos(folded) - BOLT_CIRCLE)
        bolt_y = as_field(radius * np.sin(folded))
        bolt = as_field(cv2.magnitude(bolt_x, bolt_y))
        return cls(grid, bore, sealing, radius, as_field(angle / (2 * np.pi)), bolt_x, bolt_y, bolt)


def build_gasket(rng: np.random.Generator, size: int) -> Part:
    """One flange as it lies on the line, flawless but never twice the same."""
    grid = Grid.of(Pose.random(rng, shift=2.2, angle=0.02, scale=0.004), size)
    bore, sealing = (
        float(nominal + 0.25 * rng.standard_normal()) for nominal in (BORE_RADIUS, SEALING_RADIUS)
    )
    layout = _Layout.of(grid, bore, sealing)
    surface = Surface.plain(size, STEEL, specular=0.78, roughness=0.2)
    _shape(surface, layout)
    _finish(surface, layout, rng)
    _stamp(surface, grid, rng)

    edges = np.minimum(OUTER_RADIUS - layout.radius, layout.radius - np.float32(bore))
    inside = np.minimum(edges, layout.bolt - BOLT_RADIUS)
    coverage = as_field(np.clip(inside * np.float32(grid.px_per_unit) + 0.5, 0, 1))
    chamfer = 6
    return Part(grid, surface, coverage, THICKNESS, np.asarray(inside > chamfer))


def _shape(surface: Surface, layout: _Layout) -> None:
    """Raised face, sealing groove, spot faces, chamfers."""
    radius, bolt, height = layout.radius, layout.bolt, surface.height
    height += 4.5 * step(radius, layout.sealing + 4, layout.sealing - 1)
    from_groove = np.abs(radius - np.float32(GROOVE_RADIUS))
    height -= 2.6 * step(from_groove, 4.5, 2)
    height -= 1.1 * step(bolt, SPOT_RADIUS + 1.2, SPOT_RADIUS - 1.2)
    height -= np.clip(5 - (OUTER_RADIUS - radius), 0, 5)
    height -= 0.9 * np.clip(3.5 - (radius - np.float32(layout.bore)), 0, 3.5)
    height -= 0.8 * np.clip(2.5 - (bolt - BOLT_RADIUS), 0, 2.5)


def _finish(surface: Surface, layout: _Layout, rng: np.random.Generator) -> None:
    """Turned sealing face, cast outer face, bright spot faces."""
    size, unit_px = layout.grid.size, layout.grid.px_per_unit
    machined = step(layout.radius, layout.sealing + 4.5, layout.sealing + 1)
    spot = step(layout.bolt, SPOT_RADIUS + 1, SPOT_RADIUS - 1)
    rough = (1 - machined) * (1 - spot)
    marks = turned(rng, layout.radius, layout.turn, spacing=float(1.5 + 0.1 * rng.standard_normal()))
    skin = cast(rng, size, unit_px)
    surface.height += machined * marks * 0.16 + rough * skin * 0.12 + spot * marks * 0.02
    tone = 1 + 0.045 * patina(rng, size, unit_px) + machined * 0.07 * marks + rough * 0.05 * skin
    tone *= np.float32(1 + 0.025 * rng.standard_normal())
    tone -= rough * 0.16
    warmth = np.float32(0.012) * noise(rng, size, 80 * unit_px)
    surface.colour *= tone
    surface.colour[0] *= 1 + warmth
    surface.colour[2] *= 1 - warmth
    surface.roughness += rough * 0.1 - spot * 0.05
    surface.grain += machined * 0.86 + spot * 0.75
    _tool_marks_run(surface, layout, spot)


def _tool_marks_run(surface: Surface, layout: _Layout, spot: Field) -> None:
    """Around the flange's axis, and around each bolt's own axis on the spot faces (`spot`, 0..1)."""
    radius, bolt = np.maximum(layout.radius, 1e-3), np.maximum(layout.bolt, 1e-3)
    out_x, out_y = layout.grid.x / radius, layout.grid.y / radius
    own_x = (layout.bolt_x * out_x - layout.bolt_y * out_y) / bolt
    own_y = (layout.bolt_x * out_y + layout.bolt_y * out_x) / bolt
    out_x = out_x + spot * (own_x - out_x)
    out_y = out_y + spot * (own_y - out_y)
    # From the part's axes to the picture's.
    cos, sin = (layout.grid.to_pixel[:, 0] / layout.grid.px_per_unit).astype(np.float32)
    surface.groove[0] = -(sin * out_x + cos * out_y)
    surface.groove[1] = cos * out_x - sin * out_y


def _stamp(surface: Surface, grid: Grid, rng: np.random.Generator) -> None:
    """The type number, struck into the cast face between two bolts, never quite in the same place."""
    drift = 0.6 * rng.standard_normal(2)
    letters = grid.drawn(_letters(), float(DESIGN_SIZE), at=(float(drift[0]), float(drift[1])))
    depth = np.float32(np.clip(1.0 + 0.12 * rng.standard_normal(), 0.6, 1.4))
    surface.height -= depth * letters
    surface.colour *= 1 - 0.3 * letters


@lru_cache(maxsize=1)
def _letters() -> Field:
    """The stamp on a plate as large as the picture, in design units, 0..1."""
    fine = 3
    plate = np.zeros((DESIGN_SIZE * fine, DESIGN_SIZE * fine), np.uint8)
    font, height, stroke = cv2.FONT_HERSHEY_SIMPLEX, 0.5 * fine, 2 * fine
    (width, _), _ = cv2.getTextSize(STAMP, font, height, stroke)
    middle = DESIGN_SIZE * fine / 2
    place = (int(middle - width / 2), int(middle - (BOLT_CIRCLE - 6) * fine))
    cv2.putText(plate, STAMP, place, font, height, 255, stroke, cv2.LINE_AA)
    return as_field(cv2.resize(plate, (DESIGN_SIZE, DESIGN_SIZE), interpolation=cv2.INTER_AREA)) / np.float32(
        255
    )
