from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.training.defects.surfaces import grey_texture, part_on_table
from training.defects import DefectKind, DefectPainter, DefectSettings


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(16, 260),
    width=st.integers(16, 260),
    level=st.integers(0, 255),
    noise=st.sampled_from([0, 3, 60]),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_picture_of_any_size_gets_a_visible_defect(
    height: int, width: int, level: int, noise: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    image = np.clip(level + rng.normal(0, 1, (height, width, 3)) * noise, 0, 255).astype(np.uint8)
    defect = DefectPainter().paint(image, rng)
    assert defect.image.shape == image.shape
    assert defect.mask.any()
    # A mask is closed over gaps of a pixel, so a defect like a fine grid has many of them.
    assert (defect.image != image).any(axis=2)[defect.mask].mean() > 0.3


def test_sizes_reach_from_tiny_to_large() -> None:
    painter, rng = DefectPainter(), np.random.default_rng(0)
    image, foreground = part_on_table(1, 256, 256)
    areas = np.array([painter.paint(image, rng, foreground).mask.mean() for _ in range(200)])
    assert areas.min() < 0.001
    assert areas.max() > 0.05
    assert areas.max() < 0.35
    assert 0.002 < np.median(areas) < 0.03


def test_kinds_come_by_their_weights() -> None:
    weights = {DefectKind.SCRATCH: 3.0, DefectKind.BLOB: 1.0, DefectKind.CRACK: 0.0}
    painter, rng = DefectPainter(DefectSettings(weights=weights)), np.random.default_rng(1)
    image = grey_texture(2)
    kinds = Counter(painter.paint(image, rng).kind for _ in range(200))
    assert set(kinds) == {DefectKind.SCRATCH, DefectKind.BLOB}
    assert 0.65 < kinds[DefectKind.SCRATCH] / 200 < 0.85


def test_defects_land_mostly_on_the_part_and_rarely_beside_it() -> None:
    painter, rng = DefectPainter(), np.random.default_rng(2)
    image, foreground = part_on_table(5)
    shares = []
    for _ in range(150):
        mask = painter.paint(image, rng, foreground).mask
        shares.append((mask & foreground).sum() / mask.sum())
    assert np.mean(np.array(shares) > 0.5) > 0.85
    anywhere = DefectPainter(DefectSettings(anywhere_share=1.0))
    tiny = np.zeros_like(foreground)
    tiny[80:84, 100:104] = True
    masks = [anywhere.paint(image, rng, tiny).mask for _ in range(20)]
    assert sum(not (mask & tiny).any() for mask in masks) > 10


def test_a_kind_that_nobody_would_see_is_replaced_by_a_plain_spot() -> None:
    """A patch of a flat surface on the same flat surface changes nothing, however often it is tried."""
    image = np.full((64, 64, 3), 128, np.uint8)
    painter = DefectPainter(DefectSettings(weights={DefectKind.POISSON_PATCH: 1.0}, anywhere_share=0))
    foreground = np.zeros((64, 64), bool)
    foreground[40:, 40:] = True
    defect = painter.paint(image, np.random.default_rng(3), foreground)
    assert defect.kind is DefectKind.BLOB
    assert (defect.mask & foreground).any()
    assert np.abs(defect.image[defect.mask].astype(int) - 128).min() > 60


def test_the_same_generator_gives_the_same_defects() -> None:
    image, foreground = part_on_table(8)
    runs = []
    for _ in range(2):
        rng = np.random.default_rng(9)
        runs.append([DefectPainter().paint(image, rng, foreground) for _ in range(10)])
    for first, second in zip(*runs, strict=True):
        assert first.kind is second.kind
        np.testing.assert_array_equal(first.image, second.image)


@pytest.mark.parametrize(
    ("image", "foreground", "donor", "named"),
    [
        (np.zeros((64, 64), np.uint8), None, None, "image"),
        (np.zeros((64, 64, 3), np.float32), None, None, "image"),
        (np.zeros((15, 64, 3), np.uint8), None, None, "image"),
        (np.zeros((64, 64, 3), np.uint8), np.zeros((64, 63), bool), None, "foreground"),
        (np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8), None, "foreground"),
        (np.zeros((64, 64, 3), np.uint8), None, np.zeros((64, 64, 4), np.uint8), "donor"),
    ],
)
def test_wrong_arguments_are_named(
    image: np.ndarray, foreground: np.ndarray | None, donor: np.ndarray | None, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        DefectPainter().paint(image, np.random.default_rng(0), foreground, donor)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": {"scratch": -1.0}},
        {"weights": {"scratch": 0.0}},
        {"weights": {"scratch": float("nan")}},
        {"weights": {"burr": 1.0}},
        {"tries": 0},
        {"anywhere_share": 1.5},
        {"speed": 1},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DefectSettings.model_validate(wrong)


@pytest.mark.slow
def test_sixty_pictures_a_second_are_painted_on_one_core() -> None:
    painter, rng = DefectPainter(), np.random.default_rng(4)
    parts = [part_on_table(seed, 256, 256) for seed in range(8)]
    started = time.process_time()
    for number in range(200):
        image, foreground = parts[number % 8]
        painter.paint(image, rng, foreground, parts[(number + 3) % 8][0])
    assert 200 / (time.process_time() - started) > 60
