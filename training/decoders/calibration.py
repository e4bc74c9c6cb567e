"""Maps of decoders brought to one scale: how unusual a value is for a normal part at this place.

A normal part is not equally hard everywhere: borders, edges and glossy spots score higher on every good
frame. Each place is therefore measured by the mean and standard deviation of held-out normals there, both
smoothed over neighbours and drawn towards the whole map's where the normals are few. 0 is then the usual
value and 1 one standard deviation above it, for either decoder.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

SMOOTHING_CELLS = 1.5
"""Standard deviation of the Gaussian that joins neighbouring places, in grid cells."""
PRIOR_NORMALS = 8.0
"""So many normals weigh as much as the belief that all places are alike."""
FLOOR = 0.1
"""This share of the mean deviation is added to each, so that no place is infinitely sensitive."""


class PositionCalibration(nn.Module):
    """Standardises a map place by place.

    Args:
        grid: (rows, columns) of the map.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, grid: tuple[int, int]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(grid))
        self.register_buffer("deviation", torch.ones(grid))

    def fit(self, maps: Tensor, position: float = 1.0) -> None:
        """Take the statistics from held-out normals' maps [N, rows, columns].

        Args:
            maps: raw maps of normals that the decoder did not see.
            position: 0 takes all places as alike, 1 measures each by its own normals, between is between.
        """
        mean, deviation = _statistics(maps.sum(0)[None], maps.square().sum(0)[None], len(maps), position)
        self.mean.copy_(mean[0])
        self.deviation.copy_(deviation[0])

    def forward(self, maps: Tensor) -> Tensor:
        """Raw maps [B, rows, columns] to standardised ones."""
        return (maps - self.mean) / self.deviation


def standardise_held_out(maps: Tensor, position: float = 1.0) -> Tensor:
    """Held-out normals' maps [N, rows, columns], each standardised by the statistics of the other N - 1.

    A limit from maps that had a part in their own statistics would be too low; with few normals, much so.
    """
    count = len(maps)
    if count == 1:
        mean, deviation = _statistics(maps, maps.square(), 1, position)
    else:
        total, squares = maps.sum(0) - maps, maps.square().sum(0) - maps.square()
        mean, deviation = _statistics(total, squares, count - 1, position)
    return (maps - mean) / deviation


def _statistics(total: Tensor, squares: Tensor, count: int, position: float) -> tuple[Tensor, Tensor]:
    """Smoothed mean and deviation from sums over `count` maps, each [K, rows, columns]."""
    trust = position * count / (count + PRIOR_NORMALS)
    mean = gaussian_blur(total / count, SMOOTHING_CELLS)
    mean = trust * mean + (1 - trust) * mean.mean((1, 2), keepdim=True)
    # E[(x - m)²] about the mean that is used, also where smoothing moved it.
    variance = (squares - 2 * mean * total) / count + mean.square()
    variance = gaussian_blur(variance, SMOOTHING_CELLS).clamp_min(0)
    variance = trust * variance + (1 - trust) * variance.mean((1, 2), keepdim=True)
    deviation = variance.sqrt()
    return mean, deviation + FLOOR * deviation.mean((1, 2), keepdim=True) + 1e-6


def gaussian_kernel(deviation: float) -> Tensor:
    """[2r + 1] weights of a Gaussian of this standard deviation in cells, cut at four deviations."""
    radius = max(1, math.ceil(4 * deviation))
    weights = torch.exp(-(torch.arange(-radius, radius + 1, dtype=torch.float32) ** 2) / (2 * deviation**2))
    return weights / weights.sum()


def gaussian_blur(maps: Tensor, deviation: float) -> Tensor:
    """Blur maps [B, h, w]; at the border the outermost value goes on."""
    kernel = gaussian_kernel(deviation)
    radius = len(kernel) // 2
    blurred = functional.pad(maps[:, None], (radius, radius, radius, radius), mode="replicate")
    blurred = functional.conv2d(blurred, kernel[None, None, None, :])
    return functional.conv2d(blurred, kernel[None, None, :, None])[:, 0]
