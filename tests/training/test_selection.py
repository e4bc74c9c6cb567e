"""What is chosen for a product, from raw maps whose best use is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from training.decoders.fusion import frame_score
from training.selection import HeldOut, choose, references, scale_shares

NORMALS, PAINTED, FINE, COARSE = 40, 60, (16, 16), (8, 8)
SIZE = (32, 32)


def _masks() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    masks = np.zeros((PAINTED, 64, 64), bool)
    masks[:, 16:32, 32:48] = True
    return masks


def _maps(grid: tuple[int, int], strength: float, seed: int, noise: float = 1.0) -> tuple[Tensor, Tensor]:
    """Raw maps of normals, and of painted frames whose defect is `strength` deviations above the noise."""
    generator = torch.Generator().manual_seed(seed)
    normal = noise * torch.randn(NORMALS, *grid, generator=generator)
    painted = noise * torch.randn(PAINTED, *grid, generator=generator)
    rows, columns = grid
    painted[:, rows // 4 : rows // 2, columns // 2 : 3 * columns // 4] += noise * strength
    return normal, painted


def _held_out(grid: tuple[int, int], image: float, text: float, seed: int, noise: float = 1.0) -> HeldOut:
    (own, painted), (own_text, painted_text) = (
        _maps(grid, image, seed, noise),
        _maps(grid, text, seed + 1, 1.0),
    )
    return HeldOut(own, own_text, painted, painted_text)


def test_a_scale_that_sees_nothing_gets_no_weight() -> None:
    choice = choose([_held_out(FINE, 2, 2, 0), _held_out(COARSE, 0, 0, 10)], _masks(), SIZE)

    assert choice.used_scales == [0]
    assert float(choice.outlining.weights[1].sum()) == 0
    assert choice.image_auroc > 0.95


def test_scales_that_help_each_other_are_both_kept() -> None:
    choice = choose([_held_out(FINE, 0.6, 0.6, 0), _held_out(COARSE, 0.6, 0.6, 10)], _masks(), SIZE)

    assert choice.used_scales == [0, 1]


def test_places_that_are_hard_on_every_normal_are_measured_by_themselves() -> None:
    scale = _held_out(FINE, 3, 3, 0)
    hard = torch.zeros(FINE)
    hard[:, :3] = 12
    bright = HeldOut(
        scale.image_image + hard * torch.rand(NORMALS, 1, 1),
        scale.image_text,
        scale.painted_image_image + hard * torch.rand(PAINTED, 1, 1),
        scale.painted_image_text,
    )

    assert choose([bright], _masks(), SIZE).ranking.position > 0


@pytest.mark.parametrize("noise", [0.01, 1.0, 100.0])
def test_the_unit_of_a_raw_map_does_not_matter(noise: float) -> None:
    usual = choose([_held_out(FINE, 2, 1, 0)], _masks(), SIZE)
    scaled = choose([_held_out(FINE, 2, 1, 0, noise)], _masks(), SIZE)

    np.testing.assert_allclose(scaled.ranking.normal_scores, usual.ranking.normal_scores, rtol=1e-2)


def test_a_reference_is_what_one_normal_in_twenty_scores() -> None:
    maps = torch.rand(2, 2, 100, 8, 8)

    found = references(maps)

    above = (frame_score(maps[1, 0]) > found[1, 0]).float().mean()
    assert float(above) == pytest.approx(0.05, abs=0.01)


def test_the_fitted_fusion_gives_the_maps_that_were_measured() -> None:
    held_out = [_held_out(FINE, 2, 2, 0), _held_out(COARSE, 1, 1, 10)]
    choice = choose(held_out, _masks(), SIZE)
    used = [held_out[index] for index in choice.used_scales]

    served = choice.ranking.fusion(held_out, SIZE)(
        [(scale.painted_image_image, scale.painted_image_text) for scale in used]
    )

    torch.testing.assert_close(served, choice.ranking.painted, rtol=1e-3, atol=1e-3)


def test_shares_of_scales_sum_to_one() -> None:
    assert all(float(share.sum()) == pytest.approx(1) for share in scale_shares(3))
    assert len(list(scale_shares(1))) == 1
