"""Feature maps of several depths turned into one vector a patch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

NEIGHBOURHOOD = 3
"""Side of the square of cells that a patch feature averages over (PatchCore, arXiv:2106.08265)."""
DEEP_STRIDE = 4
"""From this many grid cells per layer cell on, a layer is deep."""
DEEP_WEIGHT = 0.5


class PatchFeatures(nn.Module):
    """Joins layers on one grid: neighbourhood mean, resize, per-channel standardisation, equal layer weight.

    Each layer is averaged over 3 x 3 cells without counting the padding (counting it makes every border
    look abnormal), brought to the grid, standardised by the statistics of the normals, and scaled so that
    each layer gives a squared distance of the same size however many channels it has.

    Args:
        layers: indices into the encoder's list of maps.
        channels: channels of each of these layers.
        strides: cells of the grid, in one direction, that a cell of each layer covers.
        grid: (rows, columns) of the result.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, layers: Sequence[int], channels: Sequence[int], strides: Sequence[float], grid: tuple[int, int]
    ) -> None:
        super().__init__()
        self.layers, self.grid = tuple(layers), grid
        self.channels, self.strides = tuple(channels), tuple(strides)
        self.register_buffer("mean", torch.zeros(sum(channels)))
        self.register_buffer("scale", torch.ones(sum(channels)))

    @property
    def dim(self) -> int:
        """Length of a patch's vector."""
        return sum(self.channels)

    def joined(self, maps: Sequence[Tensor]) -> Tensor:
        """[B, C, rows, columns]: the layers on one grid, before standardisation."""
        parts = []
        for index in self.layers:
            layer = functional.avg_pool2d(
                maps[index], NEIGHBOURHOOD, stride=1, padding=NEIGHBOURHOOD // 2, count_include_pad=False
            )
            if tuple(layer.shape[2:]) != self.grid:
                layer = functional.interpolate(layer, size=self.grid, mode="bilinear", align_corners=False)
            parts.append(layer)
        return torch.cat(parts, dim=1)

    def memory_weights(self) -> Tensor:
        """[C] weights for distances: layers far coarser than the grid count half, for they blur outlines."""
        sizes = zip(self.channels, self.strides, strict=True)
        return torch.cat(
            [torch.full((count,), DEEP_WEIGHT if stride >= DEEP_STRIDE else 1.0) for count, stride in sizes]
        )

    def fit(self, joined: Tensor) -> None:
        """Take mean and standard deviation of every channel from normals, [N, C, rows, columns]."""
        deviation = joined.std(dim=(0, 2, 3)).clamp_min(1e-6)
        weight = torch.cat([torch.full((count,), count**-0.5) for count in self.channels])
        self.mean.copy_(joined.mean(dim=(0, 2, 3)))
        # The whole vector has unit variance per channel on average, so that steps and noise fit any encoder.
        self.scale.copy_(weight / deviation * (self.dim / len(self.channels)) ** 0.5)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Encoder maps, each [B, C_l, h_l, w_l], to patch vectors [B, rows * columns, C]."""
        return self.standardised(self.joined(maps))

    def standardised(self, joined: Tensor) -> Tensor:
        """[B, C, rows, columns] as `joined` gives it, to patch vectors [B, rows * columns, C]."""
        return (joined.flatten(2).transpose(1, 2) - self.mean) * self.scale
