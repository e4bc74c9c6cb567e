"""The good part beside a defect: the most alike one, at the same place."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.nearest_normal import nearest_normal
from inspector.frames import resize
from tests.tiny_bundle import tiny_defect_centre, tiny_part

BOX = 18


def box_around(centre: tuple[int, int]) -> tuple[int, int, int, int]:
    return centre[0] - BOX // 2, centre[1] - BOX // 2, BOX, BOX


def test_the_same_place_of_a_good_part_is_shown() -> None:
    frame = tiny_part(3, defect=True)
    found = nearest_normal(frame, box_around(tiny_defect_centre(3)), [tiny_part(50)])
    assert found is not None
    assert found.here.shape == found.normal.shape
    side = found.here.shape[0]
    middle = slice(side // 2 - 4, side // 2 + 4)
    # A dark blot here, the bright ring there.
    assert found.here[middle, middle].mean() < 90
    assert found.normal[middle, middle].mean() > 140


def test_a_part_that_lies_a_little_beside_is_found_where_it_lies() -> None:
    frame = tiny_part(3)
    rng = np.random.default_rng(0)
    textured = np.asarray(rng.integers(0, 255, frame.shape), np.uint8)
    textured[20:140, 20:140] = frame[20:140, 20:140]
    moved = np.roll(textured, (6, -5), (0, 1))
    found = nearest_normal(textured, (70, 30, 20, 20), [moved])
    assert found is not None
    assert found.difference < 2
    assert np.abs(found.here.astype(int) - found.normal).mean() < 12


def test_of_several_good_parts_the_most_alike_is_taken_whatever_their_size() -> None:
    frame = tiny_part(3, defect=True)
    dark = (tiny_part(5) * 0.5).astype(np.uint8)
    large = resize(tiny_part(6), 320, 320)
    alone = nearest_normal(frame, box_around(tiny_defect_centre(3)), [dark])
    both = nearest_normal(frame, box_around(tiny_defect_centre(3)), [dark, large])
    assert alone is not None
    assert both is not None
    assert both.difference < alone.difference


@pytest.mark.parametrize("box", [(0, 0, 3, 3), (157, 157, 3, 3), (0, 0, 160, 160), (0, 80, 160, 2)])
def test_a_region_at_the_border_or_as_large_as_the_frame_is_shown(box: tuple[int, int, int, int]) -> None:
    found = nearest_normal(tiny_part(1), box, [tiny_part(2)])
    assert found is not None
    assert min(found.here.shape[:2]) >= 160 // 6
    assert found.here.shape == found.normal.shape


def test_without_good_parts_there_is_nothing() -> None:
    assert nearest_normal(tiny_part(1), (10, 10, 5, 5), []) is None
