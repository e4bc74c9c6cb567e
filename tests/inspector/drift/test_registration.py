from __future__ import annotations

import cv2
import numpy as np
import pytest

from inspector.drift.registration import LEAST_LIKENESS, Registration, likeness
from tests.inspector.drift.frames import Change, exposed, moved
from tests.tiny_bundle import tiny_part


def grey(seed: int, change: Change) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.asarray(cv2.cvtColor(change(tiny_part(seed)), cv2.COLOR_RGB2GRAY), np.uint8)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (0.3, 0), (0, -0.5), (1.2, 0.7), (-3, 0), (0, 3)])
def test_a_move_is_measured_to_a_fraction_of_a_pixel(x: float, y: float) -> None:
    mean = np.mean([grey(seed, moved(0)) for seed in range(8)], axis=0).astype(np.float32)
    found = Registration(mean).move(grey(9, moved(x, y)))
    # Long moves come out too short, as the slope ends.
    assert found == pytest.approx((x, y), abs=0.1 + 0.25 * max(abs(x), abs(y)))
    assert all(abs(each) < 0.1 for each, true in zip(found, (x, y), strict=True) if true == 0)


def test_light_is_no_move() -> None:
    mean = np.mean([grey(seed, moved(0)) for seed in range(8)], axis=0).astype(np.float32)
    assert Registration(mean).move(grey(9, exposed(0.6))) == pytest.approx((0, 0), abs=0.1)


def test_a_picture_that_is_nothing_like_it_has_not_moved() -> None:
    mean = grey(0, moved(0)).astype(np.float32)
    assert Registration(mean).move(255 - grey(1, moved(0))) == (0.0, 0.0)


def test_parts_in_their_place_are_alike_and_textures_are_not() -> None:
    parts = np.stack([grey(seed, moved(0)) for seed in range(8)])
    texture = np.random.default_rng(0).integers(0, 256, (8, 64, 64), np.uint8)
    assert likeness(parts) > LEAST_LIKENESS > likeness(texture)
    assert likeness(np.zeros((3, 16, 16), np.uint8)) == 0
