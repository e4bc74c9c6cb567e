"""The nine cells of a frame: which one a point lies in, which ones a box touches."""

from __future__ import annotations

from inspector.describing.words import Position

THIRDS = 3


def position_at(row: int, column: int) -> Position:
    """The cell in a row (0 is the upper) and a column (0 is the left)."""
    return tuple(Position)[THIRDS * row + column]


def position_of(x: float, y: float, width_px: int, height_px: int) -> Position:
    """The cell that a point lies in.

    Args:
        x: column of the point, 0 is the middle of the first pixel.
        y: row of the point, likewise.
        width_px: the frame's width.
        height_px: the frame's height.
    """
    return position_at(_third(y, height_px), _third(x, width_px))


def positions_near(
    position: Position, box_px: tuple[int, int, int, int], width_px: int, height_px: int
) -> tuple[Position, ...]:
    """The cells beside a position, or at its corners, that a box touches.

    Args:
        position: the cell that the region is said to be in.
        box_px: `(x, y, width, height)` of the region.
        width_px: the frame's width.
        height_px: the frame's height.
    """
    x, y, box_width, box_height = box_px
    rows = range(_third(y, height_px), _third(y + box_height - 1, height_px) + 1)
    columns = range(_third(x, width_px), _third(x + box_width - 1, width_px) + 1)
    own_row, own_column = divmod(tuple(Position).index(position), THIRDS)
    return tuple(
        position_at(row, column)
        for row in rows
        for column in columns
        if max(abs(row - own_row), abs(column - own_column)) == 1
    )


def _third(coordinate: float, length: int) -> int:
    return min(max(int(THIRDS * (coordinate + 0.5) / length), 0), THIRDS - 1)
