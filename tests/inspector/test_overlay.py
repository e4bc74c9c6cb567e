"""The heat map on the frame."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.overlay import OUTLINE_RGB, overlay
from inspector.regions import Region, find_regions

LIMIT = 2.0
FRAME = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)


def heat_at(row: int, column: int, value: float, radius: int = 8) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:120, 0:160]
    near = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return np.where(near, value, 0.5).astype(np.float32)


def changed(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((image != FRAME).any(axis=2), dtype=np.bool_)


def test_a_frame_without_anything_abnormal_stays_as_it_is() -> None:
    calm = np.random.default_rng(0).normal(0.5, 0.1, (120, 160)).astype(np.float32)
    np.testing.assert_array_equal(overlay(FRAME, calm, LIMIT), FRAME)


def test_heat_is_where_the_map_is_hot_and_nowhere_else() -> None:
    anomaly_map = heat_at(40, 100, 5.0)
    drawn = overlay(FRAME, anomaly_map, LIMIT)
    assert drawn.dtype == np.uint8
    assert changed(drawn)[anomaly_map > LIMIT].mean() > 0.99
    rows, columns = np.nonzero(changed(drawn))
    assert np.hypot(rows - 40, columns - 100).max() <= 10


def test_places_above_the_limit_are_outlined() -> None:
    drawn = overlay(FRAME, heat_at(40, 100, 5.0), LIMIT)
    np.testing.assert_array_equal(drawn[40, 108], OUTLINE_RGB)
    np.testing.assert_array_equal(drawn[40, 92], OUTLINE_RGB)


def test_a_region_below_the_limit_is_shown_by_its_box() -> None:
    region = Region(box_px=(20, 30, 40, 50), centre_px=(40, 55), area_px=9, area_fraction=0.1, peak_score=1)
    drawn = overlay(FRAME, np.zeros((120, 160), np.float32), LIMIT, [region])
    for row, column in ((30, 20), (30, 59), (79, 20), (79, 59)):
        np.testing.assert_array_equal(drawn[row, column], OUTLINE_RGB)
    assert not changed(drawn)[35:75, 25:55].any()


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (100, 0), (1, -50), (0.01, 7)])
def test_the_scale_of_the_scores_does_not_matter(scale: float, shift: float) -> None:
    anomaly_map = heat_at(40, 100, 5.0)
    moved = (anomaly_map * scale + shift).astype(np.float32)
    same = overlay(FRAME, moved, LIMIT * scale + shift).astype(int) - overlay(FRAME, anomaly_map, LIMIT)
    assert np.abs(same).max() <= 2


def test_a_frame_abnormal_all_over_is_hot_all_over() -> None:
    assert changed(overlay(FRAME, np.full((120, 160), 9, np.float32), LIMIT)).mean() > 0.95


def test_the_frame_itself_is_not_drawn_on() -> None:
    before = FRAME.copy()
    FRAME.setflags(write=False)
    overlay(FRAME, heat_at(40, 100, 5.0), LIMIT, find_regions(heat_at(40, 100, 5.0), LIMIT))
    np.testing.assert_array_equal(FRAME, before)


def test_a_map_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="anomaly_map_in_frame"):
        overlay(FRAME, np.zeros((12, 16), np.float32), LIMIT)
