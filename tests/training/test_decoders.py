"""Decoders, calibration and the arithmetic that serving rearranges."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from training.decoders.calibration import PositionCalibration, gaussian_blur, standardise_held_out
from training.decoders.fusion import Fusion, frame_score
from training.decoders.image_image import ImageImageDecoder, fit_projection, nearest_distance, principal_axes
from training.decoders.image_text import ImageTextDecoder, dice_loss, focal_loss
from training.decoders.patches import PatchFeatures
from training.decoders.scale import Scale
from training.decoders.served import ServedScale
from training.memory import greedy_coreset

CHANNELS, STRIDES, GRID = (5, 7, 9), (1.0, 2.0, 4.0), (8, 8)


def _maps(count: int, seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(count, channels, round(8 / stride), round(8 / stride), generator=generator)
        for channels, stride in zip(CHANNELS, STRIDES, strict=True)
    ]


def _fitted_scale() -> Scale:
    torch.manual_seed(0)
    maps = _maps(6, 0)
    features = PatchFeatures(range(3), CHANNELS, STRIDES, GRID)
    features.fit(features.joined(maps))
    patches = features(maps).flatten(0, 1)
    image_image = ImageImageDecoder(features.dim, 10, 50)
    axes = principal_axes(patches, 10, torch.Generator().manual_seed(0))
    fit_projection(image_image, axes, torch.ones(features.dim), 0.25)
    image_image.remember(image_image.project(patches[:50]))
    sentences = functional.normalize(torch.randn(2, 24), dim=1)
    scale = Scale(features, image_image, ImageTextDecoder(features.dim, 16, sentences, 0.07))
    return scale.eval()


def test_served_scale_gives_the_trained_maps() -> None:
    scale, maps = _fitted_scale(), _maps(3, 1)

    with torch.inference_mode():
        trained, served = scale(maps), ServedScale(scale)(maps)

    for expected, actual in zip(trained, served, strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)


def test_remembered_patches_have_no_distance() -> None:
    memory = torch.randn(20, 6)

    distances = nearest_distance(memory[None], memory, torch.tensor(1e-6))

    assert float(distances.max()) < 0.01


def test_distance_is_euclidean() -> None:
    patches, memory = torch.randn(2, 9, 6), torch.randn(20, 6)

    expected = torch.cdist(patches, memory).amin(-1)

    torch.testing.assert_close(
        nearest_distance(patches, memory, torch.tensor(0.0)), expected, rtol=1e-3, atol=1e-3
    )


def test_features_of_normals_are_standardised_and_layers_weigh_alike() -> None:
    maps = _maps(40, 2)
    features = PatchFeatures(range(3), CHANNELS, STRIDES, GRID)
    features.fit(features.joined(maps))

    patches = features(maps)

    energy = torch.stack([part.square().sum(-1).mean() for part in patches.split(list(CHANNELS), dim=2)])
    torch.testing.assert_close(patches.mean((0, 1)), torch.zeros(features.dim), atol=1e-4, rtol=0)
    assert float(energy.max() / energy.min()) == pytest.approx(1, abs=0.05)


def test_neighbourhood_does_not_count_the_padding() -> None:
    features = PatchFeatures((0,), (1,), (1.0,), (4, 4))

    joined = features.joined([torch.ones(1, 1, 4, 4)])

    torch.testing.assert_close(joined, torch.ones(1, 1, 4, 4))


def test_coreset_reaches_every_cluster() -> None:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(30, 4, generator=generator) * 100
    patches = (centres[:, None] + torch.randn(30, 50, 4, generator=generator)).flatten(0, 1)

    chosen = greedy_coreset(patches[torch.randperm(1500, generator=generator)], 30, generator)

    assert float(torch.cdist(centres, chosen).amin(1).max()) < 10


def test_position_calibration_takes_away_what_every_normal_shows() -> None:
    generator = torch.Generator().manual_seed(0)
    hard = torch.zeros(16, 16)
    hard[:, :4] = 5
    maps = hard + 0.5 * torch.randn(60, 16, 16, generator=generator)
    everywhere, by_place = PositionCalibration((16, 16)), PositionCalibration((16, 16))
    everywhere.fit(maps, position=0)
    by_place.fit(maps, position=1)

    ratio = [
        float(one(maps)[:, :, :2].mean() - one(maps)[:, :, 10:].mean()) for one in (everywhere, by_place)
    ]

    assert ratio[0] > 1.5
    assert abs(ratio[1]) < ratio[0] / 2


def test_a_held_out_map_has_no_part_in_its_own_statistics() -> None:
    maps = torch.randn(5, 8, 8, generator=torch.Generator().manual_seed(0))
    changed = maps.clone()
    changed[0] += 100

    before, after = standardise_held_out(maps), standardise_held_out(changed)

    ratio = (after[0] - before[0]) / 100
    assert float(ratio.std()) < 0.5 * float(ratio.mean())
    others = PositionCalibration((8, 8))
    others.fit(maps[1:])
    torch.testing.assert_close(after[0], others(changed[:1])[0], rtol=1e-3, atol=1e-3)


@given(st.floats(0.3, 3), st.integers(0, 1000))
def test_blur_keeps_a_flat_map_flat(deviation: float, seed: int) -> None:
    level = float(np.random.default_rng(seed).normal())

    blurred = gaussian_blur(torch.full((1, 6, 6), level), deviation)

    torch.testing.assert_close(blurred, torch.full((1, 6, 6), level), rtol=1e-4, atol=1e-5)


def test_frame_score_is_the_mean_of_the_highest_hundredth() -> None:
    maps = torch.zeros(1, 64, 64)
    maps[0, 3, :41] = torch.arange(41.0)

    assert float(frame_score(maps)[0]) == pytest.approx(20)


def _fusion(weights: torch.Tensor, *, seed: int = 0) -> Fusion:
    """A fusion of a fine and a coarse scale, with statistics of random normals."""
    torch.manual_seed(seed)
    pairs = []
    for grid in ((8, 8), (4, 4)):
        pair = PositionCalibration(grid), PositionCalibration(grid)
        for calibration in pair:
            calibration.fit(torch.rand(6, *grid))
        pairs.append(pair)
    return Fusion(pairs, weights, (16, 16))


def test_fusion_is_the_weighted_sum_of_the_served_maps() -> None:
    weights = torch.tensor([[0.4, 0.1], [0.3, 0.2]])
    raw = [(torch.rand(2, 8, 8), torch.rand(2, 8, 8)), (torch.rand(2, 4, 4), torch.rand(2, 4, 4))]

    fused = _fusion(weights)(raw)

    single = [_fusion(weights * keep)(raw) for keep in (torch.eye(4).reshape(4, 2, 2))]
    torch.testing.assert_close(fused, torch.stack(single).sum(0), rtol=1e-4, atol=1e-4)
    assert fused.shape == (2, 16, 16)


def test_each_decoder_gives_its_map_whatever_its_weight() -> None:
    raw = [(torch.rand(1, 8, 8), torch.rand(1, 8, 8)), (torch.rand(1, 4, 4), torch.rand(1, 4, 4))]

    by_image, by_text = _fusion(torch.tensor([[1.0, 0.0], [1.0, 0.0]])).alone(raw)

    text_only = _fusion(torch.tensor([[0.0, 0.5], [0.0, 0.5]]))(raw)
    torch.testing.assert_close(by_text, text_only, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(by_image, by_text)


def test_losses_fall_as_predictions_improve() -> None:
    target = torch.tensor([1.0, 0.0, 0.0, 1.0])
    right, wrong = 5 * (2 * target - 1), -5 * (2 * target - 1)

    for loss in (focal_loss, dice_loss):
        assert float(loss(right, target)) < 0.1 < float(loss(wrong, target))
