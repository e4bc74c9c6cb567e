from __future__ import annotations

import numpy as np
import pytest
import torch
from anomalib.metrics.aupro import _AUPRO
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from training.evaluation.pixels import PixelCounter


def random_set(seed: int, scale: float = 1.0, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Eight maps `[8, 48, 64]`, higher in rectangles of very different sizes, and their masks."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((8, 48, 64), bool)
    for number in range(6):
        for _ in range(rng.integers(1, 4)):
            side, top, left = rng.integers(1, 16), rng.integers(0, 32), rng.integers(0, 48)
            masks[number, top : top + side, left : left + side] = True
    maps = rng.gamma(2, 1, masks.shape) + masks * rng.uniform(0, 4, (8, 1, 1)) + offset
    return (maps * scale).astype(np.float32), masks


def counted(maps: np.ndarray, masks: np.ndarray) -> PixelCounter:
    counter = PixelCounter()
    for anomaly_map, mask in zip(maps, masks, strict=True):
        counter.add(anomaly_map, mask if mask.any() else None)
    return counter


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([1e-4, 1.0, 1e6]),
    offset=st.sampled_from([0.0, -5.0, 3.0]),
)
def test_pixel_auroc_is_that_of_scikit_learn_within_the_stated_error(
    seed: int, scale: float, offset: float
) -> None:
    maps, masks = random_set(seed, scale, offset)
    figures = counted(maps, masks).figures()
    assert figures is not None
    exact = roc_auc_score(masks.ravel(), maps.ravel())
    assert abs(figures.auroc - exact) <= figures.auroc_error + 1e-12
    assert figures.auroc_error < 1e-4


def test_one_extreme_score_costs_little_precision() -> None:
    maps, masks = random_set(1)
    maps[3, 5, 5] = 1000 * maps.max()
    figures = counted(maps, masks).figures()
    assert figures is not None
    assert figures.auroc == pytest.approx(roc_auc_score(masks.ravel(), maps.ravel()), abs=1e-3)
    assert figures.auroc_error < 5e-3


def test_the_order_of_the_maps_does_not_matter() -> None:
    maps, masks = random_set(2)
    maps *= np.geomspace(1e-3, 1e3, 8, dtype=np.float32)[:, None, None]
    upwards = counted(maps, masks).figures()
    downwards = counted(maps[::-1], masks[::-1]).figures()
    assert upwards is not None
    assert downwards is not None
    assert upwards.auroc == pytest.approx(downwards.auroc, abs=upwards.auroc_error + downwards.auroc_error)
    assert upwards.aupro == pytest.approx(downwards.aupro, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_aupro_is_that_of_anomalib(seed: int) -> None:
    maps, masks = random_set(seed)
    figures = counted(maps, masks).figures()
    theirs = _AUPRO(fpr_limit=0.3)
    theirs.update(torch.from_numpy(maps), torch.from_numpy(masks.astype(np.int64)))
    assert figures is not None
    assert figures.aupro == pytest.approx(float(theirs.compute()), abs=1e-4)


def test_a_small_region_counts_as_much_as_a_large_one() -> None:
    mask = np.zeros((100, 100), bool)
    mask[5:65, 5:65] = True
    mask[90:92, 90:92] = True
    only_large, only_small = np.zeros((2, 100, 100), np.float32)
    only_large[5:65, 5:65] = 1
    only_small[90:92, 90:92] = 1
    results = [counted(one[None], mask[None]).figures() for one in (only_large, only_small)]
    assert results[0] is not None
    assert results[1] is not None
    assert results[0].regions == 2
    # The other region's pixels all lie on the last step of the curve, from the origin to (1, 1).
    assert results[0].aupro == pytest.approx(0.5 + 0.5 * 0.15)
    assert results[1].aupro == pytest.approx(results[0].aupro)
    assert results[0].auroc > results[1].auroc


@pytest.mark.parametrize(("inside", "auroc", "aupro"), [(2.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.5, 0.15)])
def test_known_maps(inside: float, auroc: float, aupro: float) -> None:
    mask = np.zeros((40, 40), bool)
    mask[10:20, 10:20] = True
    anomaly_map = np.where(mask, inside, 1.0).astype(np.float32)
    figures = counted(anomaly_map[None], mask[None]).figures()
    assert figures is not None
    assert figures.auroc == pytest.approx(auroc)
    assert figures.aupro == pytest.approx(aupro)


def test_without_defective_or_without_normal_pixels_there_are_no_figures() -> None:
    counter = PixelCounter()
    assert counter.figures() is None
    counter.add(np.ones((4, 4), np.float32), None)
    assert counter.figures() is None
    whole = PixelCounter()
    whole.add(np.ones((4, 4), np.float32), np.ones((4, 4), bool))
    assert whole.figures() is None


def test_maps_of_different_sizes_are_counted_together() -> None:
    counter = PixelCounter()
    counter.add(np.zeros((30, 20), np.float32), None)
    mask = np.zeros((7, 90), bool)
    mask[3, 40:50] = True
    counter.add(mask.astype(np.float32), mask)
    figures = counter.figures()
    assert figures is not None
    assert figures.auroc == 1


def test_a_map_that_does_not_fit_its_mask_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[4, 5\].*\[5, 4\]"):
        PixelCounter().add(np.zeros((4, 5), np.float32), np.ones((5, 4), bool))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(bad: float) -> None:
    anomaly_map = np.zeros((4, 4), np.float32)
    anomaly_map[1, 1] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        PixelCounter().add(anomaly_map, None)
