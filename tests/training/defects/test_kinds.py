from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.training.defects.surfaces import grey_texture, part_on_table
from training.defects import NAMED_KINDS, PAINTERS, DefectKind, SyntheticDefect

SEEDS = range(12)
# A second print on a plain plate is seen at the plate's border only.
LEAST_VISIBLE = {DefectKind.MISPRINT: 1}
# What is pushed aside at a part's border changes the table too.
LEAST_INSIDE = {DefectKind.DEFORMATION: 0.5}


def painted(kind: DefectKind, seed: int) -> tuple[np.ndarray, SyntheticDefect]:
    image, foreground = part_on_table(seed)
    donor, _ = part_on_table(seed + 1000)
    return image, PAINTERS[kind](image, np.random.default_rng(seed), foreground, donor)


def test_every_kind_has_a_painter() -> None:
    assert set(PAINTERS) == set(DefectKind)


@pytest.mark.parametrize("kind", DefectKind)
def test_a_painter_changes_pixels_where_its_mask_says_and_nowhere_else(kind: DefectKind) -> None:
    visible = 0
    for seed in SEEDS:
        image, defect = painted(kind, seed)
        assert defect.kind is kind
        assert defect.image.shape == image.shape
        assert defect.image.dtype == np.uint8
        assert defect.mask.shape == image.shape[:2]
        assert defect.mask.dtype == np.bool_
        changed = (defect.image != image).any(axis=2)
        # The soft rim of a defect, two pixels wide, is not worth a label.
        near = cv2.dilate(defect.mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
        assert not (changed & ~near).any()
        if defect.mask.any():
            visible += 1
            difference = np.abs(defect.image.astype(int) - image).max(axis=2)
            assert difference[defect.mask].mean() > 5
    assert visible >= LEAST_VISIBLE.get(kind, len(SEEDS) / 2)


@pytest.mark.parametrize("kind", DefectKind)
def test_a_painter_is_a_pure_function_of_its_arguments(kind: DefectKind) -> None:
    image, foreground = part_on_table(3)
    donor, _ = part_on_table(4)
    copies = image.copy(), foreground.copy(), donor.copy()
    first = PAINTERS[kind](image, np.random.default_rng(5), foreground, donor)
    second = PAINTERS[kind](image, np.random.default_rng(5), foreground, donor)
    other = PAINTERS[kind](image, np.random.default_rng(6), foreground, donor)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.mask, second.mask)
    assert not np.array_equal(first.image, other.image)
    for before, after in zip(copies, (image, foreground, donor), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("kind", DefectKind)
def test_grey_pictures_stay_grey(kind: DefectKind) -> None:
    image, coloured = grey_texture(1), part_on_table(2)[0]
    for seed in SEEDS:
        defect = PAINTERS[kind](image, np.random.default_rng(seed), None, coloured)
        np.testing.assert_array_equal(defect.image[..., 0], defect.image[..., 1])
        np.testing.assert_array_equal(defect.image[..., 0], defect.image[..., 2])


@pytest.mark.parametrize("kind", DefectKind)
def test_a_painter_needs_neither_foreground_nor_donor(kind: DefectKind) -> None:
    image = grey_texture(7, 96, 150)
    masks = [PAINTERS[kind](image, np.random.default_rng(seed)).mask for seed in SEEDS]
    assert any(mask.any() for mask in masks)


@pytest.mark.parametrize("known", ["nothing", "everywhere", "nowhere"])
def test_an_edge_breaks_also_where_the_parts_border_is_not_in_the_picture(known: str) -> None:
    image = grey_texture(7)
    everywhere = np.ones(image.shape[:2], bool)
    foreground = {"nothing": None, "everywhere": everywhere, "nowhere": ~everywhere}[known]
    broken = [
        PAINTERS[DefectKind.BROKEN_EDGE](image, np.random.default_rng(seed), foreground) for seed in SEEDS
    ]
    assert sum(defect.mask.any() for defect in broken) >= len(SEEDS) / 2
    assert {defect.kind for defect in broken} == {DefectKind.BROKEN_EDGE}


@pytest.mark.parametrize("kind", DefectKind)
def test_defects_lie_on_the_part(kind: DefectKind) -> None:
    inside = total = 0
    for seed in SEEDS:
        foreground = part_on_table(seed)[1]
        mask = painted(kind, seed)[1].mask
        inside += int((mask & foreground).sum())
        total += int(mask.sum())
    assert inside / total > LEAST_INSIDE.get(kind, 0.75)


@pytest.mark.parametrize("kind", [DefectKind.SCRATCH, DefectKind.CRACK])
def test_scratches_and_cracks_are_thin(kind: DefectKind) -> None:
    thickness = []
    for seed in SEEDS:
        mask = painted(kind, seed)[1].mask.astype(np.uint8)
        if mask.any():
            # Along a line of width w the mean distance to its border is w / 4.
            thickness.append(4 * cv2.distanceTransform(mask, cv2.DIST_L2, 5)[mask > 0].mean())
    assert np.median(thickness) < 0.045 * 160


def test_a_piece_that_breaks_off_shows_the_table() -> None:
    """Where a piece is missing at the border, the colour is the table's: bright and without hue."""
    nearer = 0
    for seed in range(30):
        defect = painted(DefectKind.MISSING_PART, seed)[1]
        if not defect.mask.any():
            continue
        colour = defect.image[defect.mask].mean(axis=0)
        hue = float(colour.max() - colour.min())
        nearer += hue < 40  # the part's own channels are 80 apart, the table's 7
    assert nearer >= 20


def test_a_broken_edge_reaches_the_border() -> None:
    touching = 0
    for seed in range(20):
        image, foreground = part_on_table(seed)
        mask = PAINTERS[DefectKind.BROKEN_EDGE](image, np.random.default_rng(seed), foreground).mask
        inner = cv2.erode(foreground.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        touching += bool((mask & ~inner).any())
    assert touching >= 15


def test_kinds_with_a_name_are_said_in_words() -> None:
    assert DefectKind.MISSING_PART.word == "missing part"
    assert set(NAMED_KINDS) < set(DefectKind)
    assert DefectKind.BLOB not in NAMED_KINDS


def test_a_hole_is_darker_and_a_dent_has_a_bright_and_a_dark_flank() -> None:
    image, foreground = part_on_table(1)
    plate = image[foreground].mean()
    holes, flanks = [], 0
    for seed in range(20):
        hole = PAINTERS[DefectKind.HOLE](image, np.random.default_rng(seed), foreground)
        holes.append(hole.image[hole.mask].mean() < plate if hole.mask.any() else True)
        dent = PAINTERS[DefectKind.DENT](image, np.random.default_rng(seed), foreground)
        change = dent.image[dent.mask].mean(axis=1) - plate
        flanks += bool(len(change)) and change.max() > 10 and change.min() < -10
    assert all(holes)
    assert flanks >= 10
