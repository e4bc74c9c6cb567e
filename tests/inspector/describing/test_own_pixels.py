"""A defect's own pixels: found inside a blunt region, at any frame size and place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.describing.facts import measure_facts
from inspector.describing.own_pixels import WORKING_PX, find_own_pixels, own_mask, to_lab
from inspector.describing.pixels import RegionPixels
from inspector.describing.shape import slenderness
from inspector.describing.words import Shape
from inspector.inspecting import regions_of_reject
from inspector.results import Verdict
from tests.inspector.describing.defects import line_on_grey


def grey(side: int = WORKING_PX) -> NDArray[np.uint8]:
    return np.full((side, side, 3), 128, np.uint8)


def block(side: int, rows: slice, columns: slice) -> NDArray[np.bool_]:
    core = np.zeros((side, side), bool)
    core[rows, columns] = True
    return core


def test_the_piece_that_differs_most_is_found_and_all_pieces_are_counted() -> None:
    image, core = grey(), block(WORKING_PX, np.s_[80:160], np.s_[80:160])
    cv2.circle(image, (100, 100), 8, (20, 20, 20), -1)
    cv2.circle(image, (140, 140), 5, (100, 100, 100), -1)
    own = find_own_pixels(to_lab(image), core)
    assert own.pieces == 2
    assert own.mask[100, 100]
    assert not own.mask[140, 140]
    assert own.mask.sum() == pytest.approx(np.pi * 8**2, rel=0.3)
    assert not (own.ring & core).any()


def test_where_nothing_differs_there_are_none() -> None:
    own = find_own_pixels(to_lab(grey()), block(WORKING_PX, np.s_[80:160], np.s_[80:160]))
    assert own.pieces == 0
    assert not own.mask.any()


@pytest.mark.parametrize("side", [100, 256, 320, 900])
@pytest.mark.parametrize("place", [0.05, 0.5, 0.95])
def test_a_thin_line_in_a_square_region_is_thin(side: int, place: float) -> None:
    image, unit = grey(side), side / 256
    middle = round(side * place)
    reach = round(20 * unit)
    top, bottom = max(middle - reach, 0), min(middle + reach, side)
    cv2.line(image, (top, top), (bottom, bottom), (30, 30, 30), max(1, round(2 * unit)))
    box = (top, top, bottom - top, bottom - top)
    whole = np.ones((bottom - top, bottom - top), bool)
    mask = own_mask(image, box, RegionPixels(whole, whole))
    assert mask.any()
    assert slenderness(mask) > 3 > slenderness(whole)


@pytest.mark.parametrize("side", [1, 5, 40])
def test_a_region_that_is_the_whole_frame_has_own_pixels_or_none(side: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
    whole = np.ones((side, side), bool)
    assert own_mask(image, (0, 0, side, side), RegionPixels(whole, whole)).dtype == np.bool_


def test_a_thin_scratch_under_a_blunt_map_is_elongated() -> None:
    image, anomaly_map = line_on_grey(160)
    blunt = np.asarray(cv2.GaussianBlur(anomaly_map, (0, 0), 40), np.float32)
    limit = float(blunt.max()) / 3
    regions = regions_of_reject(blunt, limit)
    (seen,) = measure_facts(image, blunt, regions, limit, Verdict.REJECT).regions
    (unseen,) = measure_facts(image * 0 + 128, blunt, regions, limit, Verdict.REJECT).regions
    assert (seen.shape, unseen.shape) == (Shape.ELONGATED, Shape.ROUND)
