"""Regions of an anomaly map: where, how large, how strong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from inspector.inspecting import regions_of_reject
from inspector.regions import LEAST_EXCESS, SURE_RATIO, Region, find_regions, without_satellites

LIMIT = 0.5
MAPS = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24), elements=st.floats(0, 1, width=32)
)


def blank(height: int = 20, width: int = 30) -> NDArray[np.float32]:
    return np.zeros((height, width), np.float32)


@given(MAPS)
def test_the_areas_sum_to_the_pixels_above_the_limit(anomaly_map: NDArray[np.float32]) -> None:
    regions = find_regions(anomaly_map, LIMIT, max_regions=anomaly_map.size)
    assert sum(region.area_px for region in regions) == int((anomaly_map > LIMIT).sum())
    assert math.isclose(sum(r.area_fraction for r in regions), (anomaly_map > LIMIT).mean(), abs_tol=1e-9)


@given(MAPS)
def test_boxes_lie_in_the_frame_and_centres_in_their_boxes(anomaly_map: NDArray[np.float32]) -> None:
    height, width = anomaly_map.shape
    for region in find_regions(anomaly_map, LIMIT, max_regions=anomaly_map.size):
        x, y, box_width, box_height = region.box_px
        assert 0 <= x < x + box_width <= width
        assert 0 <= y < y + box_height <= height
        assert x - 1e-6 <= region.centre_px[0] <= x + box_width - 1 + 1e-6
        assert y - 1e-6 <= region.centre_px[1] <= y + box_height - 1 + 1e-6
        assert 1 <= region.area_px <= box_width * box_height


@given(MAPS)
def test_the_highest_peak_comes_first_and_is_the_maps(anomaly_map: NDArray[np.float32]) -> None:
    peaks = [region.peak_score for region in find_regions(anomaly_map, LIMIT)]
    assert peaks == sorted(peaks, reverse=True)
    if peaks:
        assert peaks[0] == float(anomaly_map.max())
    else:
        assert not (anomaly_map > LIMIT).any()


@given(MAPS)
def test_no_pixel_on_the_limit_counts(anomaly_map: NDArray[np.float32]) -> None:
    limit = float(anomaly_map.max())
    assert find_regions(anomaly_map, limit) == ()


def test_a_single_pixel_is_a_region() -> None:
    anomaly_map = blank()
    anomaly_map[7, 11] = 2
    (region,) = find_regions(anomaly_map, LIMIT)
    assert region.box_px == (11, 7, 1, 1)
    assert region.centre_px == (11, 7)
    assert region.area_px == 1
    assert region.area_fraction == 1 / 600
    assert region.peak_score == 2


def test_the_centre_sits_on_the_peak_rather_than_in_the_middle() -> None:
    anomaly_map = blank()
    anomaly_map[5, 5:15] = 0.6
    anomaly_map[5, 14] = 10
    (region,) = find_regions(anomaly_map, LIMIT)
    assert region.centre_px[0] > 13


@pytest.mark.parametrize("side", [np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]])
def test_a_region_along_the_border_is_whole(side: tuple[slice | int, slice | int]) -> None:
    anomaly_map = blank()
    anomaly_map[side] = 1
    (region,) = find_regions(anomaly_map, LIMIT)
    assert region.area_px == max(region.box_px[2:])


def test_the_whole_frame_is_one_region() -> None:
    (region,) = find_regions(blank() + 1, LIMIT)
    assert region.box_px == (0, 0, 30, 20)
    assert region.area_fraction == 1
    assert region.centre_px == pytest.approx((14.5, 9.5))


def test_pixels_that_touch_at_a_corner_are_one_region() -> None:
    anomaly_map = blank()
    anomaly_map[3, 3] = anomaly_map[4, 4] = 1
    assert len(find_regions(anomaly_map, LIMIT)) == 1
    anomaly_map[4, 4] = 0
    anomaly_map[5, 5] = 1
    assert len(find_regions(anomaly_map, LIMIT)) == 2


def test_of_500_tiny_regions_the_strongest_are_returned() -> None:
    anomaly_map = blank(60, 80)
    rows, columns = np.mgrid[0:60:2, 0:80:2]
    chosen = np.random.default_rng(0).permutation(rows.size)[:500]
    anomaly_map[rows.ravel()[chosen], columns.ravel()[chosen]] = np.linspace(1, 2, 500)
    assert len(find_regions(anomaly_map, LIMIT, max_regions=1000)) == 500
    strongest = find_regions(anomaly_map, LIMIT)
    assert len(strongest) == 32
    assert strongest[-1].peak_score == pytest.approx(np.linspace(1, 2, 500)[-32])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_map_that_is_not_finite_is_refused(value: float) -> None:
    anomaly_map = blank()
    anomaly_map[3, 3] = value
    with pytest.raises(ValueError, match="NaN or infinite"):
        find_regions(anomaly_map, LIMIT)


@pytest.mark.parametrize("shape", [(20,), (1, 20, 30)])
def test_a_map_has_rows_and_columns(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[H, W\]"):
        find_regions(np.zeros(shape, np.float32), LIMIT)


def peaks(*scores: float) -> tuple[Region, ...]:
    return tuple(Region((0, 0, 1, 1), (0, 0), 1, 0.1, score) for score in scores)


@pytest.mark.parametrize(
    ("limit", "scores", "kept"),
    [
        (1, [], []),
        (1, [1.01], [1.01]),
        (1, [10], [10]),
        (1, [1.5, 1.25, 1.15], [1.5, 1.25]),
        (1, [10, 2.0, 1.99], [10, 2.0]),
        (1, [10, 1.5, 1.2], [10]),
        (1, [1.02, 1.01, 1.005], [1.02, 1.01]),
        (4, [40, 20, 8.1, 7.9, 5], [40, 20, 8.1]),
        (0, [1, 0.5, 0.4, 0.39], [1, 0.5, 0.4]),
        (-1, [1, 0, -0.2, -0.3], [1, 0, -0.2]),
    ],
)
def test_ripples_around_a_strong_defect_are_no_defects(
    limit: float, scores: list[float], kept: list[float]
) -> None:
    assert [region.peak_score for region in without_satellites(peaks(*scores), limit)] == kept


@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=12),
    st.floats(-2, 10).filter(lambda limit: abs(limit) > 1e-6),
)
def test_whatever_is_left_out_is_slight_beside_the_worst(heights: list[float], limit: float) -> None:
    found = peaks(*sorted((limit + height for height in heights), reverse=True))
    kept = without_satellites(found, limit)
    assert kept == found[: len(kept)]
    assert kept[0] == found[0]
    for region in found[len(kept) :]:
        assert region.peak_score - limit < LEAST_EXCESS * (found[0].peak_score - limit)
        assert limit <= 0 or region.peak_score < SURE_RATIO * limit
    assert without_satellites(kept, limit) == kept


def test_one_defect_with_ripples_is_counted_once_and_two_defects_twice() -> None:
    rows, columns = np.mgrid[:60, :90]
    distance = np.hypot(rows - 30, columns - 30)
    rippled = (8 * np.exp(-(distance**2) / 40) + 1.2 * np.exp(-((distance - 16) ** 2) / 4)).astype(np.float32)
    rippled[28:33] = np.where(columns[28:33] > 40, 0, rippled[28:33])
    assert len(find_regions(rippled, 1.0)) > 1
    assert len(regions_of_reject(rippled, 1.0)) == 1
    rippled[30, 80] = 5
    assert [region.box_px[:2] for region in regions_of_reject(rippled, 1.0)][1:] == [(80, 30)]
