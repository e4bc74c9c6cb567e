"""Outlines of foreign bodies: straight-edged flakes, strips of one width, openings that are filled."""

from __future__ import annotations

import numpy as np
import pytest

from inspector.describing.shape import elongation, solidity
from training.defects.foreign_body import filling, flake, matter, strip

FRAME = (160, 200, 3)


@pytest.mark.parametrize("seed", range(5))
def test_a_flake_has_about_its_area_and_few_corners(seed: int) -> None:
    opacity = flake(FRAME, (80, 100), 900, np.random.default_rng(seed))
    assert opacity.shape == FRAME[:2]
    assert 0 <= opacity.min() <= opacity.max() <= 1
    assert 150 < opacity.sum() < 2500
    assert opacity[80, 100] > 0.9 or solidity(opacity > 0.5) < 0.95


@pytest.mark.parametrize("seed", range(5))
def test_a_strip_is_long(seed: int) -> None:
    opacity = strip(FRAME, (80, 100), np.random.default_rng(seed))
    assert opacity.max() > 0.9
    assert elongation(opacity > 0.5) > 1.5


def test_an_opening_is_filled_and_nothing_else() -> None:
    image = np.full(FRAME, 150, np.uint8)
    image[40:100, 60:120] = 20
    filled = filling(image, (70, 90), np.random.default_rng(0))
    assert filled is not None
    assert filled[70, 90] >= 0.5
    assert filled[20, 20] == 0
    assert (filled > 0.25).sum() == pytest.approx(60 * 60, rel=0.2)


def test_the_part_itself_is_no_opening() -> None:
    image = np.full(FRAME, 150, np.uint8)
    image[40:100, 60:120] = 20
    assert filling(image, (10, 10), np.random.default_rng(0)) is None


def test_matter_has_a_tone_and_a_grain() -> None:
    tone = np.array((90, 120, 60), np.float32)
    look = matter(FRAME, tone, 50, np.random.default_rng(2))
    assert look.shape == FRAME
    assert look.dtype == np.float32
    assert np.median(look, axis=(0, 1)) == pytest.approx(tone, abs=25)
    assert look.std() > 2
