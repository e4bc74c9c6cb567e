"""The nine cells of a frame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.describing.positions import position_of, positions_near
from inspector.describing.words import Position
from tests.inspector.describing.random_facts import neighbours


@pytest.mark.parametrize(
    ("x", "y", "position"),
    [
        (0, 0, "upper left"),
        (149, 0, "top"),
        (299, 0, "upper right"),
        (0, 74, "left"),
        (149, 74, "centre"),
        (299, 74, "right"),
        (0, 149, "lower left"),
        (149, 149, "bottom"),
        (299, 149, "lower right"),
        (99, 49, "upper left"),
        (100, 49, "top"),
        (100, 50, "centre"),
        (200, 100, "lower right"),
    ],
)
def test_a_point_lies_in_one_of_three_by_three_cells(x: float, y: float, position: str) -> None:
    assert position_of(x, y, 300, 150) == position


def test_a_frame_of_one_pixel_has_a_centre() -> None:
    assert position_of(0, 0, 1, 1) == Position.CENTRE


@pytest.mark.parametrize(
    ("position", "box_px", "near"),
    [
        (Position.CENTRE, (120, 60, 20, 20), ()),
        (Position.LEFT, (90, 60, 20, 20), ("centre",)),
        (Position.TOP, (90, 40, 20, 20), ("upper left", "left", "centre")),
        (Position.LEFT, (0, 50, 300, 50), ("centre",)),
        (Position.UPPER_LEFT, (0, 0, 99, 49), ()),
        (Position.CENTRE, (0, 0, 300, 150), tuple(cell for cell in Position if cell != "centre")),
    ],
)
def test_cells_beside_the_position_that_the_box_touches_are_near(
    position: Position, box_px: tuple[int, int, int, int], near: tuple[str, ...]
) -> None:
    assert positions_near(position, box_px, 300, 150) == near


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_what_is_near_is_never_the_position_nor_opposite_to_it(
    width_px: int, height_px: int, data: st.DataObject
) -> None:
    x = data.draw(st.integers(0, width_px - 1))
    y = data.draw(st.integers(0, height_px - 1))
    box_px = (x, y, data.draw(st.integers(1, width_px - x)), data.draw(st.integers(1, height_px - y)))
    position = position_of(x, y, width_px, height_px)
    assert set(positions_near(position, box_px, width_px, height_px)) <= set(neighbours(position))
