from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from inspector.bundle import Weights
from inspector.errors import TrainingError
from training.encoders import ImageEncoder


class Pyramid(nn.Module):
    """Shrinks the image eightfold, then twofold, with statistics that training would move."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 8, stride=8), nn.BatchNorm2d(4))
        self.second = nn.Conv2d(4, 6, 2, stride=2)

    def forward(self, image: Tensor) -> list[Tensor]:
        first = self.first(image)
        return [first, self.second(first)]


def encoder_of(
    trunk: nn.Module, height: int = 32, width: int = 48, strides: tuple[int, ...] = (8, 16)
) -> ImageEncoder:
    return ImageEncoder(
        trunk,
        height=height,
        width=width,
        mean=(0.1, 0.2, 0.3),
        std=(0.4, 0.5, 0.6),
        strides=strides,
        weights=Weights(name="test:pyramid", sha256="0" * 64),
    )


def test_it_states_the_shapes_of_its_maps() -> None:
    encoder = encoder_of(Pyramid())

    assert encoder.layer_channels == (4, 6)
    assert encoder.layer_sizes == ((4, 6), (2, 3))
    assert [tuple(layer.shape) for layer in encoder(torch.zeros(5, 3, 32, 48))] == [
        (5, 4, 4, 6),
        (5, 6, 2, 3),
    ]


def test_it_takes_no_gradient() -> None:
    encoder = encoder_of(Pyramid())

    assert all(not parameter.requires_grad for parameter in encoder.parameters())
    assert all(not layer.requires_grad for layer in encoder(torch.zeros(1, 3, 32, 48)))


def test_its_statistics_stay_when_a_trainer_switches_the_model_to_training() -> None:
    encoder = encoder_of(Pyramid())
    images = torch.randn(4, 3, 32, 48)
    before = encoder(images)

    nn.Sequential(encoder).train()
    encoder(images)

    assert all(not module.training for module in encoder.modules())
    assert all(torch.equal(a, b) for a, b in zip(before, encoder(images), strict=True))


def test_frames_are_scaled_and_normalised_channel_by_channel() -> None:
    frames = torch.randint(0, 256, (2, 32, 48, 3), dtype=torch.uint8)

    image = encoder_of(Pyramid()).normalise(frames)

    mean, std = torch.tensor((0.1, 0.2, 0.3)), torch.tensor((0.4, 0.5, 0.6))
    expected = ((frames / 255 - mean) / std).permute(0, 3, 1, 2)
    assert image.dtype == torch.float32
    torch.testing.assert_close(image, expected)


def test_an_image_of_another_size_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"48 x 32 pixels cannot be encoded: .* built for 32 x 48"):
        encoder_of(Pyramid())(torch.zeros(1, 3, 48, 32))


def test_a_size_whose_border_the_maps_would_leave_out_is_refused() -> None:
    with pytest.raises(TrainingError, match="multiples of 16"):
        encoder_of(Pyramid(), height=33)


def test_a_size_that_the_network_cannot_take_is_refused() -> None:
    with pytest.raises(TrainingError, match="cannot take images of 1 x 48 pixels"):
        encoder_of(Pyramid(), height=1)
