"""The shape of a region, from drawings of known shapes."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inspector.describing.pixels import RegionPixels, region_limit, region_pixels
from inspector.describing.shape import longest_extent, shape_of, solidity
from inspector.describing.words import Shape
from inspector.regions import Region, find_regions

SIDE = 240
LIMIT = 0.3


def disc(canvas: NDArray[np.float32]) -> None:
    cv2.circle(canvas, (120, 100), 25, 1, -1)


def oval(canvas: NDArray[np.float32]) -> None:
    cv2.ellipse(canvas, (120, 100), (30, 17), 20, 0, 360, 1, -1)


def square(canvas: NDArray[np.float32]) -> None:
    cv2.rectangle(canvas, (90, 90), (130, 130), 1, -1)


def half_disc_at_the_border(canvas: NDArray[np.float32]) -> None:
    cv2.circle(canvas, (120, 0), 30, 1, -1)


def line(canvas: NDArray[np.float32]) -> None:
    cv2.line(canvas, (40, 60), (170, 150), 1, 5)


def arc(canvas: NDArray[np.float32]) -> None:
    cv2.ellipse(canvas, (120, 120), (70, 70), 0, 20, 210, 1, 7)


def line_along_the_border(canvas: NDArray[np.float32]) -> None:
    cv2.line(canvas, (0, 30), (0, 200), 1, 6)


def ring(canvas: NDArray[np.float32]) -> None:
    cv2.circle(canvas, (120, 120), 60, 1, 12)


def cross(canvas: NDArray[np.float32]) -> None:
    cv2.rectangle(canvas, (88, 107), (152, 133), 1, -1)
    cv2.rectangle(canvas, (107, 88), (133, 152), 1, -1)


def weak_plateau_with_a_peak(canvas: NDArray[np.float32]) -> None:
    cv2.circle(canvas, (120, 120), 70, 0.45, -1)
    cv2.circle(canvas, (150, 100), 8, 1, -1)


def measured(anomaly_map: NDArray[np.float32], limit: float = LIMIT) -> RegionPixels:
    region = find_regions(anomaly_map, limit)[0]
    return region_pixels(anomaly_map, region, limit)


@pytest.mark.parametrize("blur_px", [0, 3])
@pytest.mark.parametrize(
    ("draw", "shape"),
    [
        (disc, Shape.ROUND),
        (oval, Shape.ROUND),
        (square, Shape.ROUND),
        (half_disc_at_the_border, Shape.ROUND),
        (line, Shape.ELONGATED),
        (arc, Shape.ELONGATED),
        (line_along_the_border, Shape.ELONGATED),
        (ring, Shape.RING_LIKE),
        (cross, Shape.IRREGULAR),
        (weak_plateau_with_a_peak, Shape.DIFFUSE),
    ],
)
def test_a_drawn_shape_is_told_also_when_the_map_is_blurred(
    draw: Callable[[NDArray[np.float32]], None], shape: Shape, blur_px: int
) -> None:
    canvas = np.zeros((SIDE, SIDE), np.float32)
    draw(canvas)
    if blur_px:
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), blur_px), np.float32)
    pixels = measured(canvas)
    assert shape_of(pixels, SIDE * SIDE) == shape


@given(st.floats(0, math.pi), st.floats(0.05, 5), st.integers(50, 190), st.integers(50, 190))
def test_a_line_is_elongated_at_any_angle_and_any_height_of_score(
    angle: float, height: float, x: int, y: int
) -> None:
    canvas = np.zeros((SIDE, SIDE), np.float32)
    step = 40 * np.array((math.cos(angle), math.sin(angle)))
    ends = [tuple(int(value) for value in np.round((x, y) + sign * step)) for sign in (-1, 1)]
    cv2.line(canvas, ends[0], ends[1], height, 7)
    pixels = measured(canvas, height / 2)
    assert shape_of(pixels, SIDE * SIDE) == Shape.ELONGATED
    assert longest_extent(pixels.core) == pytest.approx(80, abs=12)


@given(st.floats(1.2, 30), st.floats(6, 30))
def test_a_spot_with_soft_edges_is_round_however_far_it_is_above_the_limit(
    peak: float, sigma_px: float
) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(rows - 118, columns - 121)
    spot = (peak * np.exp(-((distance / sigma_px) ** 2) / 2)).astype(np.float32)
    pixels = measured(spot, 1.0)
    assert shape_of(pixels, SIDE * SIDE) == Shape.ROUND


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 90))
def test_a_drawn_ellipse_has_no_notches_however_small(width: int, height: int, degrees: int) -> None:
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(canvas, (120, 120), (width, height), degrees, 0, 360, 1, -1)
    assert 0.85 < solidity(canvas > 0) <= 1


def test_a_notch_lowers_the_solidity_by_its_share() -> None:
    mask = np.ones((10, 10), bool)
    assert solidity(mask) == 1
    mask[:5, 3:7] = False
    assert solidity(mask) == pytest.approx(0.8)


@pytest.mark.parametrize("pixels_px", [[(5, 5)], [(5, 5), (5, 6)], [(5, 5), (6, 6), (7, 5)]])
def test_a_handful_of_pixels_has_no_shape_and_is_called_round(pixels_px: list[tuple[int, int]]) -> None:
    canvas = np.zeros((SIDE, SIDE), np.float32)
    for row, column in pixels_px:
        canvas[row, column] = 1
    pixels = measured(canvas)
    assert shape_of(pixels, SIDE * SIDE) == Shape.ROUND


def test_a_region_over_the_whole_frame_has_no_outline() -> None:
    pixels = measured(np.ones((20, 30), np.float32))
    assert shape_of(pixels, 600) == Shape.DIFFUSE


def test_of_two_places_in_a_box_the_one_that_fills_it_is_meant() -> None:
    canvas = np.zeros((40, 40), np.float32)
    cv2.circle(canvas, (20, 20), 15, 1, 3)
    cv2.circle(canvas, (20, 20), 5, 3, -1)
    regions = find_regions(canvas, LIMIT)
    areas = {int(region_pixels(canvas, region, LIMIT).mask.sum()) for region in regions}
    assert areas == {region.area_px for region in regions}


def test_a_box_without_scores_above_the_limit_counts_whole() -> None:
    region = Region((3, 4, 5, 6), (5, 6), 30, 30 / 1600, 1)
    pixels = region_pixels(np.zeros((40, 40), np.float32), region, LIMIT)
    assert pixels.mask.all()
    assert pixels.core.all()


def test_below_the_pixel_limit_regions_lie_above_half_the_height_of_the_peak() -> None:
    anomaly_map = np.zeros((10, 10), np.float32)
    anomaly_map[4, 4] = 0.2
    assert region_limit(anomaly_map, 0.5) == pytest.approx(0.1)
    assert region_limit(anomaly_map, 0.15) == 0.15
    assert region_limit(np.full((3, 3), 0.2, np.float32), 0.5) < np.float32(0.2)
