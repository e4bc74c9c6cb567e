from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.drift.statistics import FrameStatistics, frame_statistics
from inspector.frames import resize
from tests.inspector.drift.frames import Change, blurred, exposed, on_part, rough, same, tinted
from tests.tiny_bundle import tiny_part


def measured(change: Change = same) -> FrameStatistics:
    return frame_statistics(resize(change(tiny_part(3)), 128, 128))


def test_less_light_is_less_brightness_and_leaves_contrast_sharpness_and_colour() -> None:
    usual, dark = measured(), measured(exposed(0.8))
    assert dark.brightness == pytest.approx(0.8 * usual.brightness, rel=0.02)
    assert dark.surround_brightness == pytest.approx(0.8 * usual.surround_brightness, rel=0.03)
    assert dark.contrast == pytest.approx(usual.contrast, rel=0.02)
    assert dark.sharpness == pytest.approx(usual.sharpness, rel=0.03)
    assert dark.red == pytest.approx(usual.red, abs=0.003)


def test_a_soft_picture_is_less_sharp_and_as_bright() -> None:
    usual, soft = measured(), measured(blurred(2))
    assert soft.sharpness < 0.7 * usual.sharpness
    assert soft.brightness == pytest.approx(usual.brightness, rel=0.01)


def test_noise_is_grain() -> None:
    assert measured(rough(12)).grain > 1.5 * measured().grain


def test_a_tint_is_told_by_red_and_blue_and_the_surround_by_itself() -> None:
    usual, tint, part = measured(), measured(tinted(1.05, 0.95)), measured(on_part(tinted(1.05, 0.95)))
    for each in (tint, part):
        assert each.red - usual.red == pytest.approx(math.log(1.05), abs=0.02)
        assert each.blue - usual.blue == pytest.approx(math.log(0.95), abs=0.02)
    assert tint.surround_red - usual.surround_red == pytest.approx(math.log(1.05), abs=0.02)
    assert part.surround_red == usual.surround_red


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64, 3), np.uint8),
        np.full((64, 64, 3), 255, np.uint8),
        np.full((32, 300, 3), (255, 0, 0), np.uint8),
        np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8),
    ],
)
def test_any_picture_has_finite_statistics_and_a_small_thumbnail(image: NDArray[np.uint8]) -> None:
    statistics = frame_statistics(image)
    numbers = {name: value for name, value in asdict(statistics).items() if name != "thumbnail"}
    assert all(math.isfinite(value) for value in numbers.values()), numbers
    assert max(statistics.thumbnail.shape) <= 128
    assert statistics.thumbnail.dtype == np.uint8
