"""The product "connector": a moulded housing with two rows of gold-plated pins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from training.parts.fields import DESIGN_SIZE, Field, Grid, Pose, as_field, fractal, noise, step
from training.parts.surface import Part, Surface

HALF_WIDTH, HALF_HEIGHT = 128.0, 102.0
"""Half the sides of the housing's body."""
EAR_HALF_WIDTH, EAR_HALF_HEIGHT = 168.0, 34.0
"""Half the sides of the bar whose ends are the mounting ears."""
EAR_HOLE = 149.0
BUSH_RADIUS = 9.0
WALL = 15.0
THICKNESS = 30.0
ROWS, COLUMNS = 3, 6
PITCH_X, PITCH_Y = 33.0, 44.0
PIN_HALF_WIDTH = 6.5
FLOOR = -15.0
"""Height of the cavity's floor against the rim."""
NYLON = (0.46, 0.435, 0.375)
GOLD = (0.86, 0.6, 0.24)
BRASS = (0.6, 0.47, 0.24)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Signed distances to the housing's outlines in design units, negative inside, `[H, W]`.

    Attributes:
        grid: the part's own coordinates.
        body: the housing without ears.
        ears: the bar whose ends are the mounting ears.
        cavity: the space with the pins, and the key slot in the lower wall.
        hole: distance from the nearest ear hole's axis, never negative.
    """

    grid: Grid
    body: Field
    ears: Field
    cavity: Field
    hole: Field

    @classmethod
    def of(cls, grid: Grid) -> _Layout:
        cavity = _rounded_box(grid.x, grid.y, HALF_WIDTH - WALL, HALF_HEIGHT - WALL, 6)
        key = _rounded_box(grid.x, grid.y - np.float32(HALF_HEIGHT), 13, WALL + 8, 2)
        return cls(
            grid,
            body=_rounded_box(grid.x, grid.y, HALF_WIDTH, HALF_HEIGHT, 10),
            ears=_rounded_box(grid.x, grid.y, EAR_HALF_WIDTH, EAR_HALF_HEIGHT, 14),
            cavity=np.minimum(cavity, key),
            hole=as_field(cv2.magnitude(np.abs(grid.x) - np.float32(EAR_HOLE), grid.y)),
        )


def build_connector(rng: np.random.Generator, size: int, *, missing: bool = False) -> Part:
    """One housing as it lies on the line, never twice the same.

    Args:
        rng: source of every variation.
        size: pixels of the picture's side.
        missing: leave one pin out; `Part.missing` then tells where.
    """
    grid = Grid.of(Pose.random(rng, shift=2.0, angle=0.014, scale=0.003), size)
    layout = _Layout.of(grid)
    surface = Surface.plain(size, NYLON, specular=0.09, roughness=0.27)
    _mould(surface, layout, rng)
    _bushings(surface, layout)
    chosen = int(rng.integers(ROWS * COLUMNS))  # drawn for complete parts too, so that both look alike
    pins, missing_pin = _pins(surface, grid, rng, chosen if missing else None)

    inside = np.minimum(-np.minimum(layout.body, layout.ears), layout.hole - BUSH_RADIUS)
    coverage = as_field(np.clip(inside * np.float32(grid.px_per_unit) + 0.5, 0, 1))
    clear = 5
    face = (inside > clear) & (np.abs(layout.cavity) > clear) & (pins > PIN_HALF_WIDTH + clear)
    return Part(grid, surface, coverage, THICKNESS, face, missing_pin)


def _rounded_box(x: Field, y: Field, half_width: float, half_height: float, radius: float) -> Field:
    """Signed distance to a rectangle with rounded corners: negative inside."""
    across = np.abs(x) - np.float32(half_width - radius)
    down = np.abs(y) - np.float32(half_height - radius)
    outside = cv2.magnitude(np.maximum(across, 0), np.maximum(down, 0))
    return as_field(outside + np.minimum(np.maximum(across, down), 0) - np.float32(radius))


def _mould(surface: Surface, layout: _Layout, rng: np.random.Generator) -> None:
    """Body, cavity and ears; the eroded skin of the mould, flow and ejector marks."""
    size, unit_px = layout.grid.size, layout.grid.px_per_unit
    on_ear = step(layout.body, -1.0, 2.0)
    surface.height -= 9 * on_ear
    outline = np.minimum(layout.body, layout.ears)
    surface.height -= np.clip(3 + np.maximum(outline, -3), 0, 3) * (1 - on_ear)
    surface.height -= np.clip(2.5 + np.maximum(layout.ears, -2.5), 0, 2.5) * on_ear
    surface.height += np.float32(FLOOR) * step(layout.cavity, 1.5, -1.5)
    surface.height -= 0.7 * np.clip(2.5 - np.abs(layout.cavity - 1.5), 0, 2.5)
    skin = fractal(rng, size, 2.6 * unit_px, 2, gain=0.8)
    flow = fractal(rng, size, 90 * unit_px, 3, gain=0.55)
    surface.height += 0.085 * skin
    surface.height += np.float32(0.9) * layout.grid.drawn(_mould_marks(), float(DESIGN_SIZE))
    tone = (1 + 0.02 * rng.standard_normal()) * (1 + 0.022 * flow + 0.012 * skin)
    surface.colour *= as_field(tone)
    surface.colour[2] *= np.float32(1 + 0.02 * rng.standard_normal())


def _bushings(surface: Surface, layout: _Layout) -> None:
    """Turned brass rings pressed into the ears."""
    hole = layout.hole
    ring = step(hole, 14.6, 13.6)
    surface.paint(ring, BRASS, specular=0.8, roughness=0.22)
    surface.height += 1.2 * step(hole, 15, 13) - 0.9 * np.clip(2.5 + np.float32(BUSH_RADIUS) - hole, 0, 2.5)
    surface.grain += 0.6 * ring
    safe = np.maximum(hole, 1e-3)
    around_x = -layout.grid.y / safe * np.sign(layout.grid.x)
    around_y = (np.abs(layout.grid.x) - np.float32(EAR_HOLE)) / safe
    surface.groove[0] += ring * (around_x - surface.groove[0])
    surface.groove[1] += ring * (around_y - surface.groove[1])


@lru_cache(maxsize=1)
def _mould_marks() -> Field:
    """What the mould leaves: ejector circles on the floor, the mark of pin 1, the number of ways; -1..1."""
    fine = 3
    side = DESIGN_SIZE * fine
    raised, sunk = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)

    def px(x: float, y: float) -> tuple[int, int]:
        return round((x + DESIGN_SIZE / 2) * fine), round((y + DESIGN_SIZE / 2) * fine)

    for x in (-82.5, 82.5):
        cv2.circle(sunk, px(x, PITCH_Y / 2), 7 * fine, 255, fine, cv2.LINE_AA)
    first = -(COLUMNS - 1) / 2 * PITCH_X
    top = -HALF_HEIGHT + WALL / 2
    triangle = np.array([px(first - 5, top - 3), px(first + 5, top - 3), px(first, top + 4)], np.int32)
    cv2.fillPoly(raised, [triangle], 255, cv2.LINE_AA)
    cv2.putText(
        raised, "18P", px(58, top + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.38 * fine, 255, fine + 1, cv2.LINE_AA
    )
    small = [
        as_field(cv2.resize(plate, (DESIGN_SIZE, DESIGN_SIZE), interpolation=cv2.INTER_AREA))
        for plate in (raised, sunk)
    ]
    return (small[0] - small[1]) / np.float32(255)


def _pins(
    surface: Surface, grid: Grid, rng: np.random.Generator, left_out: int | None
) -> tuple[Field, NDArray[np.bool_] | None]:
    """Set the pins into the floor.

    Returns:
        The distance to the nearest pin's axis, the larger of right and down, in design units, `[H, W]`; and
        the footprint of the pin left out.
    """
    tilt = 0.5 * np.clip(rng.standard_normal((ROWS * COLUMNS, 2)), -2, 2)
    tall = 11 + 0.25 * rng.standard_normal(ROWS * COLUMNS)
    plating = 1 + 0.035 * rng.standard_normal(ROWS * COLUMNS)
    nearest = np.full(grid.x.shape, 1e3, np.float32)
    sleeve = nearest.copy()
    top, tone = np.zeros_like(nearest), np.ones_like(nearest)
    footprint: NDArray[np.bool_] | None = None
    for pin in range(ROWS * COLUMNS):
        row, column = divmod(pin, COLUMNS)
        x = (column - (COLUMNS - 1) / 2) * PITCH_X
        y = (row - (ROWS - 1) / 2) * PITCH_Y
        window = _window(grid, x, y, 16)
        seat = np.maximum(np.abs(grid.x[window] - x), np.abs(grid.y[window] - y))
        sleeve[window] = np.minimum(sleeve[window], seat)
        if pin == left_out:
            footprint = np.zeros(grid.x.shape, np.bool_)
            footprint[window] = seat < PIN_HALF_WIDTH + 1
            _empty_socket(surface, window, seat)
            continue
        dx, dy = (float(v) for v in tilt[pin])
        distance = np.maximum(np.abs(grid.x[window] - x - dx), np.abs(grid.y[window] - y - dy))
        nearest[window] = distance
        top[window], tone[window] = tall[pin], plating[pin]
    surface.height += 1.6 * step(sleeve, 11.5, 9.5) * (1 - step(sleeve, 9.0, 7.5))
    metal = step(nearest, PIN_HALF_WIDTH + 0.5, PIN_HALF_WIDTH - 0.5)
    surface.paint(metal, GOLD, specular=0.85, roughness=0.2)
    surface.colour *= 1 + metal * (tone - 1)
    crown = np.clip((PIN_HALF_WIDTH - nearest) * np.float32(0.8), 0, 3)
    surface.height += metal * (top - 3 + crown + 0.03 * noise(rng, grid.size, 1.5))
    return nearest, footprint


def _window(grid: Grid, x: float, y: float, reach: float) -> tuple[slice, slice]:
    """Pixels of the picture within `reach` design units of a point of the part."""
    column, row = grid.pixels(np.array([[x, y]]))[0]
    span = reach * grid.px_per_unit
    return (
        slice(max(0, int(row - span)), max(0, int(row + span) + 1)),
        slice(max(0, int(column - span)), max(0, int(column + span) + 1)),
    )


def _empty_socket(surface: Surface, window: tuple[slice, slice], seat: Field) -> None:
    """The dark hole that a missing pin leaves in the floor."""
    depth = step(seat, PIN_HALF_WIDTH, PIN_HALF_WIDTH - 1.5)
    surface.height[window] -= 6 * depth
    surface.colour[:, *window] *= 1 - 0.93 * depth
    surface.specular[window] *= 1 - depth
