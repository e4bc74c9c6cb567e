"""What an encoder is: a frozen network with a fixed input size, and one that reads sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from inspector.bundle import Weights
from inspector.errors import TrainingError
from training.encoders.texture import TexturePooling, pooling_factor

RGB_MAX = 255.0


class ImageEncoder(nn.Module):
    """A frozen image network that gives feature maps of several depths for images of one size.

    It is in evaluation mode for good (`train` does not change that) and no parameter takes a gradient.

    Attributes:
        height, width: the input size in pixels.
        mean, std: [3] float32, RGB, for inputs scaled to 0..1. Buffers, so that they follow the device.
        layer_channels: channels of every map, shallow to deep.
        layer_strides: pixels of the input per cell of every map; finer ones are pooled, see `TexturePooling`.
        layer_sizes: (rows, columns) of every map.
        weights: the network's name and the SHA-256 of its weights as they were loaded.

    Args:
        trunk: takes a normalised image [B, 3, H, W] and returns its maps, shallow to deep. It is frozen.
        height: see above.
        width: see above.
        mean: see above.
        std: see above.
        strides: pixels of the input per cell of every map of the trunk.
        weights: see above.

    Raises:
        TrainingError: the trunk cannot take the size, or its maps do not cover the whole image.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        trunk: nn.Module,
        *,
        height: int,
        width: int,
        mean: Sequence[float],
        std: Sequence[float],
        strides: Sequence[int],
        weights: Weights,
    ) -> None:
        super().__init__()
        factors = [pooling_factor(stride) for stride in strides]
        self.trunk = TexturePooling(trunk, factors) if max(factors) > 1 else trunk
        self.height, self.width = height, width
        self.layer_strides = tuple(stride * factor for stride, factor in zip(strides, factors, strict=True))
        self.weights = weights
        # Not persistent: they belong to the preprocessing, not to the weights.
        self.register_buffer("mean", torch.tensor(tuple(mean), dtype=torch.float32), persistent=False)
        self.register_buffer("std", torch.tensor(tuple(std), dtype=torch.float32), persistent=False)
        self.requires_grad_(False)
        self.eval()
        shapes = self._measure()
        self.layer_channels = tuple(shape[0] for shape in shapes)
        self.layer_sizes = tuple((shape[1], shape[2]) for shape in shapes)

    def train(self, mode: bool = True) -> ImageEncoder:  # noqa: ARG002
        """Stay in evaluation mode: a trainer that calls `train()` must not move the batch statistics."""
        super().train(False)
        return self

    def normalise(self, frames: Tensor) -> Tensor:
        """uint8 [B, H, W, 3] RGB, as frames are kept, to the float32 [B, 3, H, W] that `forward` takes."""
        # One multiplication and one subtraction, so that the exported graph has no more either.
        scale = 1.0 / (RGB_MAX * self.std)
        pixels = frames.permute(0, 3, 1, 2).to(torch.float32)
        return pixels * scale.view(1, 3, 1, 1) - (self.mean / self.std).view(1, 3, 1, 1)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps of normalised images.

        Args:
            image: float [B, 3, height, width], see `normalise`.

        Returns:
            One [B, layer_channels[l], *layer_sizes[l]] per layer, shallow to deep.

        Raises:
            TrainingError: the image has another size than the encoder was built for.
        """
        if (image.shape[2], image.shape[3]) != (self.height, self.width):
            raise TrainingError(
                f"an image of {image.shape[2]} x {image.shape[3]} pixels cannot be encoded",
                f"this encoder was built for {self.height} x {self.width} (height x width)",
                "Resize the image, or build the encoder for its size",
            )
        return list(self.trunk(image))

    def _measure(self) -> list[tuple[int, int, int]]:
        """(channels, rows, columns) of every map, from one forward pass."""
        what = f"{self.weights.name} cannot take images of {self.height} x {self.width} pixels"
        remedy = f"Choose a height and width that are multiples of {max(self.layer_strides)}"
        with torch.no_grad():
            try:
                maps = self.trunk(torch.zeros(1, 3, self.height, self.width))
            except (AssertionError, RuntimeError, ValueError, IndexError) as error:
                raise TrainingError(what, first_line(error), remedy) from error
        for stride, layer in zip(self.layer_strides, maps, strict=True):
            expected = (math.ceil(self.height / stride), math.ceil(self.width / stride))
            if tuple(layer.shape[2:]) != expected:
                cells = tuple(layer.shape[2:])
                why = f"its maps of stride {stride} have {cells} cells where {expected} cover the image"
                raise TrainingError(what, why, remedy)
        return [(layer.shape[1], layer.shape[2], layer.shape[3]) for layer in maps]


class TextEncoder(Protocol):
    """A frozen network that turns sentences into vectors of one space.

    Attributes:
        dim: length of a vector.
        weights: the network's name and the SHA-256 of its weights as they were loaded.
    """

    @property
    def dim(self) -> int: ...  # noqa: D102

    @property
    def weights(self) -> Weights: ...  # noqa: D102

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """L2-normalised float32 [N, dim] on the CPU, one row a sentence, without gradient."""
        ...


def first_line(error: BaseException) -> str:
    """What an error of a library says, cut to one line."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".! ") if lines else type(error).__name__
