from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.training.encoders.test_protocol import encoder_of
from training.encoders.texture import TexturePooling, pooled, pooling_factor


class Fine(nn.Module):
    """Maps of stride 4 and 16."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Conv2d(3, 5, 4, stride=4)
        self.coarse = nn.Conv2d(5, 6, 4, stride=4)

    def forward(self, image: Tensor) -> list[Tensor]:
        fine = self.fine(image)
        return [fine, self.coarse(fine)]


def test_a_layer_finer_than_a_patch_is_given_as_means_and_spreads_on_the_patches() -> None:
    encoder = encoder_of(Fine(), strides=(4, 16))

    assert encoder.layer_channels == (10, 6)
    assert encoder.layer_strides == (8, 16)
    assert encoder.layer_sizes == ((4, 6), (2, 3))


def test_a_grain_inside_a_patch_leaves_the_mean_and_shows_in_the_spread() -> None:
    plain = torch.ones(1, 1, 8, 8)
    grain = plain.clone()
    grain[0, 0, 4, 4:6] = torch.tensor([3.0, -1.0])

    before, after = pooled(plain, 2)[0], pooled(grain, 2)[0]

    assert torch.allclose(after[0], before[0])
    assert float(after[1, 2, 2]) > 0.5
    assert float(before[1].max()) < 0.02
    assert torch.equal(after[1, 0], before[1, 0])


def test_spreads_at_the_border_are_those_of_the_cells_inside() -> None:
    stripes = torch.tensor([1.0, -1.0]).repeat(4).expand(1, 1, 8, 8)

    assert torch.allclose(pooled(stripes, 2)[0, 1], torch.ones(4, 4), atol=0.06)


@pytest.mark.parametrize(("stride", "factor"), [(2, 4), (4, 2), (8, 1), (16, 1), (14, 1), (7, 1), (3, 1)])
def test_layers_that_fit_into_patches_are_pooled_and_no_others(stride: int, factor: int) -> None:
    assert pooling_factor(stride) == factor


def test_coarse_layers_stay_as_they_are() -> None:
    trunk, image = Fine(), torch.randn(2, 3, 32, 48)

    assert torch.equal(TexturePooling(trunk, (2, 1))(image)[1], trunk(image)[1])
