from __future__ import annotations

import numpy as np
import pytest

from training.defects.lines import draw_line
from training.defects.missing_part import fill
from training.defects.noise import perlin_noise
from training.defects.placing import irregular_shape
from training.defects.visible import visible_change


@pytest.mark.parametrize("size", [(1, 1), (17, 300), (256, 256), (700, 31)])
@pytest.mark.parametrize("cells", [(1.0, 1.0), (3.7, 40.0)])
def test_noise_is_smooth_and_bounded(size: tuple[int, int], cells: tuple[float, float]) -> None:
    noise = perlin_noise(*size, cells, np.random.default_rng(0))
    assert noise.shape == size
    assert noise.dtype == np.float32
    assert np.abs(noise).max() <= 1.2


def test_more_cells_make_finer_noise() -> None:
    rng = np.random.default_rng(1)
    coarse, fine = (perlin_noise(256, 256, (cells, cells), rng) for cells in (3, 24))
    assert np.abs(np.diff(fine, axis=1)).mean() > 3 * np.abs(np.diff(coarse, axis=1)).mean()
    assert 0.2 < coarse.std() < 0.6


@pytest.mark.parametrize("area_px", [30, 400, 5000])
def test_an_irregular_shape_covers_about_the_area_it_was_asked_for(area_px: float) -> None:
    rng = np.random.default_rng(2)
    areas = []
    for _ in range(30):
        shape = irregular_shape((256, 256), (128, 128), area_px, rng, softness=0.1)
        assert shape.opacity.shape == (shape.window.height, shape.window.width)
        assert 0 <= shape.opacity.min() <= shape.opacity.max() <= 1
        areas.append(float(shape.opacity.sum()))
    assert 0.6 < np.mean(areas) / area_px < 1.6


@pytest.mark.parametrize("centre", [(0, 0), (99.9, 49.9), (50, 0)])
def test_a_shape_at_the_border_stays_inside_the_frame(centre: tuple[float, float]) -> None:
    shape = irregular_shape((100, 50), centre, 200, np.random.default_rng(3), softness=0.5)
    rows, columns = shape.window.slices
    assert 0 <= rows.start < rows.stop <= 100
    assert 0 <= columns.start < columns.stop <= 50


def test_a_line_is_as_wide_as_asked_and_fainter_below_a_pixel() -> None:
    points = np.array([[10.0, 20.0], [90.0, 20.0]])
    for width_px in (0.3, 0.8, 2.0, 3.0, 6.0):
        opacity = np.zeros((40, 100), np.float32)
        draw_line(opacity, points, np.array([width_px]))
        assert opacity[:, 50].sum() == pytest.approx(width_px, rel=0.25)
    assert opacity[:, :4].sum() == 0


def test_a_line_outside_the_frame_draws_nothing() -> None:
    opacity = np.zeros((40, 40), np.float32)
    draw_line(opacity, np.array([[-90.0, -20.0], [-50.0, -70.0]]), np.array([3.0]))
    assert not opacity.any()


def test_filling_extends_the_colours_around_a_gap() -> None:
    image = np.zeros((60, 90, 3), np.uint8)
    image[:, :45], image[:, 45:] = (200, 10, 10), (10, 10, 200)
    source = np.ones((60, 90), bool)
    source[20:40, 10:30] = source[20:40, 60:80] = False
    image[~source] = 255
    filled = fill(image, source)
    assert np.abs(filled[30, 20] - (200, 10, 10)).max() < 25
    assert np.abs(filled[30, 70] - (10, 10, 200)).max() < 25


def test_filling_from_nothing_takes_the_picture_itself() -> None:
    image = np.full((20, 20, 3), 77, np.uint8)
    assert np.allclose(fill(image, np.zeros((20, 20), bool)), 77, atol=1)


def test_a_change_within_the_texture_is_not_visible() -> None:
    rng = np.random.default_rng(4)
    flat = np.full((128, 128, 3), 120, np.uint8)
    grain = np.repeat(rng.normal(0, 30, (128, 128, 1)), 3, axis=2)
    rough = np.clip(flat + grain, 0, 255).astype(np.uint8)
    changed = np.zeros((128, 128, 1))
    changed[50:70, 50:70] = 9
    on_flat = visible_change(flat, np.clip(flat + changed, 0, 255).astype(np.uint8))
    on_rough = visible_change(rough, np.clip(rough + changed, 0, 255).astype(np.uint8))
    assert on_flat[52:68, 52:68].all()
    assert on_flat.sum() < 500
    assert not on_rough.any()
