"""Fractures: material broken off along an edge, seen as facets that each catch the light in their own way."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.tiny_bundle import tiny_part
from tests.training.defects.surfaces import grey_texture, part_on_table
from training.defects import DefectKind, separate
from training.defects.fracture import paint_fracture

SEEDS = range(24)


def spread(image: np.ndarray, mask: np.ndarray) -> float:
    return float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[mask].std())


def test_a_fracture_shows_facets_where_the_surface_was_even() -> None:
    image, foreground = part_on_table(1)
    inside = cv2.erode(foreground.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    rougher = []
    for seed in SEEDS:
        defect = paint_fracture(image, np.random.default_rng(seed), foreground)
        assert defect.kind is DefectKind.BROKEN_EDGE
        mask = defect.mask & inside
        if mask.sum() > 30:
            rougher.append(spread(defect.image, mask) > 3 * spread(image, mask))
    assert len(rougher) >= 10
    assert np.mean(rougher) > 0.8


def test_a_fracture_stays_on_the_part() -> None:
    for seed in SEEDS:
        image, foreground = part_on_table(seed)
        defect = paint_fracture(image, np.random.default_rng(seed), foreground)
        changed = (defect.image != image).any(axis=2)
        assert not (changed & ~foreground).any()


def test_a_fracture_begins_at_an_edge_of_the_part_or_of_an_opening_in_it() -> None:
    """A washer has two edges: its outline, and the rim of its hole."""
    image = tiny_part(1)
    foreground = separate(image)
    assert foreground is not None
    rows, columns = np.mgrid[:160, :160]
    radius = np.hypot(rows - 80, columns - 80)
    at_rim = at_outline = 0
    for seed in SEEDS:
        mask = paint_fracture(image, np.random.default_rng(seed), foreground).mask
        if mask.any():
            at_rim += bool((np.abs(radius[mask] - 30) < 4).any())
            at_outline += bool((np.abs(radius[mask] - 62) < 4).any())
    assert at_rim >= 4
    assert at_outline >= 4


def test_a_part_that_fills_the_frame_breaks_at_its_border_too() -> None:
    at_border = 0
    for seed in SEEDS:
        mask = paint_fracture(grey_texture(3), np.random.default_rng(seed)).mask
        rim = np.concatenate((mask[:4].ravel(), mask[-4:].ravel(), mask[:, :4].ravel(), mask[:, -4:].ravel()))
        at_border += bool(rim.any())
    assert at_border >= 5


@pytest.mark.parametrize("size", [(16, 16), (17, 300), (500, 40)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_pictures_of_any_size_and_brightness_can_break(size: tuple[int, int], level: int) -> None:
    image = np.full((*size, 3), level, np.uint8)
    foreground = np.zeros(size, bool)
    foreground[4:12, 4:12] = True
    for known in (None, foreground, np.zeros(size, bool), np.ones(size, bool)):
        defect = paint_fracture(image, np.random.default_rng(1), known)
        assert defect.image.shape == image.shape
        assert defect.mask.shape == size


def test_a_foreground_of_a_few_pixels_is_broken_there() -> None:
    image = grey_texture(1)
    foreground = np.zeros(image.shape[:2], bool)
    foreground[60, 60:63] = True
    defect = paint_fracture(image, np.random.default_rng(0), foreground)
    changed = (defect.image != image).any(axis=2)
    assert not (changed & ~foreground).any()
