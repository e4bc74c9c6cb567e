"""The one resize of training and serving."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.frames import resize
from tests.tiny_bundle import tiny_part

SIDES = st.integers(16, 120)


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 255))
def test_any_size_gives_the_size_asked_for_and_keeps_a_plain_colour(
    rows: int, columns: int, height: int, width: int, value: int
) -> None:
    resized = resize(np.full((rows, columns, 3), value, np.uint8), height, width)
    assert resized.dtype == np.uint8
    assert resized.shape == (height, width, 3)
    assert (resized == value).all()


def test_shrinking_averages_areas_and_does_not_alias() -> None:
    stripes = np.zeros((240, 240, 3), np.uint8)
    stripes[:, ::2] = 200
    np.testing.assert_array_equal(resize(stripes, 80, 80)[1:-1, 1:-1].mean(), 100)


def test_an_axis_that_shrinks_is_averaged_even_while_the_other_grows() -> None:
    stripes = np.zeros((40, 240, 3), np.uint8)
    stripes[:, ::2] = 200
    resized = resize(stripes, 80, 60)
    np.testing.assert_array_equal(resized, np.full((80, 60, 3), 100))


def test_growing_interpolates_between_pixels() -> None:
    step = np.zeros((16, 16, 3), np.uint8)
    step[:, 8:] = 200
    row = resize(step, 64, 64)[32, :, 0]
    assert (np.diff(row.astype(int)) >= 0).all()
    assert len(np.unique(row)) > 3


def test_the_same_size_gives_a_new_equal_array() -> None:
    part = tiny_part(0)
    resized = resize(part, *part.shape[:2])
    np.testing.assert_array_equal(resized, part)
    resized[:] = 0
    assert part.any()


@pytest.mark.parametrize("shape", [(160, 160), (200, 100), (50, 300)])
def test_a_picture_is_squashed_not_cropped(shape: tuple[int, int]) -> None:
    frame = np.zeros((*shape, 3), np.uint8)
    frame[0, 0] = frame[-1, -1] = 255
    resized = resize(frame, 64, 64)
    assert resized[0, 0].any()
    assert resized[-1, -1].any()
