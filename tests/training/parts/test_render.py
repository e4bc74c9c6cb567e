"""What a rendered part promises: known truth, variety, repeatability."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from training.parts import DefectKind, PartProduct, defect_kinds, render_part

SIZE = 192
CASES = [(product, kind) for product in PartProduct for kind in defect_kinds(product)]


def render(product: PartProduct, seed: int, kind: DefectKind | None = None, size: int = SIZE) -> np.ndarray:
    return render_part(product, np.random.default_rng(seed), size, kind).image


@pytest.mark.parametrize("product", PartProduct)
def test_the_same_seed_gives_the_same_bytes(product: PartProduct) -> None:
    assert render(product, 5).tobytes() == render(product, 5).tobytes()
    assert render(product, 5).tobytes() != render(product, 6).tobytes()


@pytest.mark.parametrize("product", PartProduct)
def test_a_good_part_has_an_empty_mask(product: PartProduct) -> None:
    part = render_part(product, np.random.default_rng(1), SIZE)
    assert part.kind is None
    assert part.image.shape == (SIZE, SIZE, 3)
    assert part.image.dtype == np.uint8
    assert part.mask.shape == (SIZE, SIZE)
    assert not part.mask.any()


@pytest.mark.parametrize(("product", "kind"), CASES)
def test_a_defect_changes_the_picture_where_its_mask_says_and_nowhere_else(
    product: PartProduct, kind: DefectKind
) -> None:
    inside = []
    for seed in range(6):
        good = render(product, seed).astype(np.float64)
        part = render_part(product, np.random.default_rng(seed), SIZE, kind)
        change = np.abs(part.image - good).mean(axis=2)
        # What stands up throws a shadow, what broke off throws none, and the lens blurs: hence a margin.
        near = cv2.dilate(part.mask.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
        assert part.kind is kind
        assert part.mask.sum() >= 4
        assert part.mask.mean() < 0.06
        assert change[~near].mean() < 0.1
        inside.append(change[part.mask].mean())
    assert min(inside) > 1.5, "a defect that cannot be seen is no defect"
    assert np.median(inside) > 5


@pytest.mark.parametrize("product", PartProduct)
def test_defects_of_a_kind_differ_in_size_and_strength(product: PartProduct) -> None:
    parts = [render_part(product, np.random.default_rng(seed), SIZE, DefectKind.STAIN) for seed in range(16)]
    areas = [int(part.mask.sum()) for part in parts]
    assert max(areas) > 3 * min(areas)


@pytest.mark.parametrize("product", PartProduct)
def test_good_parts_vary_more_than_the_sensor_but_stay_one_product(product: PartProduct) -> None:
    pictures = [cv2.GaussianBlur(render(product, seed), (0, 0), 2).astype(np.float64) for seed in range(8)]
    distances = [np.abs(one - other).mean() for one, other in itertools.combinations(pictures, 2)]
    assert min(distances) > 1.0
    assert max(distances) < 20.0


@pytest.mark.parametrize("size", [96, 250, 512])
def test_any_size_shows_the_same_part(size: int) -> None:
    # Noise depends on the number of pixels; the layout does not.
    small = cv2.resize(render(PartProduct.CONNECTOR, 3, size=size), (48, 48), interpolation=cv2.INTER_AREA)
    usual = cv2.resize(render(PartProduct.CONNECTOR, 3, size=384), (48, 48), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.ravel(), usual.ravel())[0, 1] > 0.95


def test_a_missing_pin_is_a_dark_hole_of_one_pin() -> None:
    part = render_part(PartProduct.CONNECTOR, np.random.default_rng(2), 384, DefectKind.MISSING_PART)
    whole = render(PartProduct.CONNECTOR, 2, size=384)
    assert cv2.connectedComponents(part.mask.astype(np.uint8))[0] == 2
    middle = cv2.erode(part.mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert part.image[middle].mean() < 0.5 * whole[middle].mean()


def test_a_kind_the_product_cannot_have_is_refused() -> None:
    with pytest.raises(ValueError, match="gasket has no missing_part"):
        render(PartProduct.GASKET, 0, DefectKind.MISSING_PART)


@pytest.mark.parametrize("size", [0, 95, 4096])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="96 to 2048 pixels"):
        render(PartProduct.GASKET, 0, size=size)
