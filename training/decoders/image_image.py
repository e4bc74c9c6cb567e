"""Image-image decoder: distance of every patch to a memory of normal patches.

PatchCore (Roth et al., arXiv:2106.08265) with a softened whitening: patches are projected on the main axes of
the normals' covariance and each axis is divided by its variance to the power `whitening`. 0 keeps Euclidean
distance; 0.5 is full whitening, as in Mahalanobis distance (PaDiM, arXiv:2011.08785).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FLOOR = 1e-3
"""Added to squared distances, as a share of the memory's mean squared length. Without it the root would blow
up the rounding of patches that lie in the memory, differently in every runtime."""
COVARIANCE_PATCHES = 40_000
"""Random patches that the covariance is estimated from."""


class ImageImageDecoder(nn.Module):
    """Nearest-neighbour distance to a memory of normal patches.

    Args:
        channels: length C of a patch vector.
        dimensions: length D after projection, at most C.
        size: number M of patches in the memory.
    """

    projection: Tensor
    offset: Tensor
    memory: Tensor
    floor: Tensor

    def __init__(self, channels: int, dimensions: int, size: int) -> None:
        super().__init__()
        self.register_buffer("projection", torch.zeros(channels, dimensions))
        self.register_buffer("offset", torch.zeros(dimensions))
        self.register_buffer("memory", torch.zeros(size, dimensions))
        self.register_buffer("floor", torch.tensor(1e-6))

    def remember(self, memory: Tensor) -> None:
        """Fill the memory with projected patches [M, D]."""
        self.memory.copy_(memory)
        self.floor.copy_(FLOOR * memory.square().sum(1).mean())

    def project(self, patches: Tensor) -> Tensor:
        """[..., C] to [..., D]."""
        return patches @ self.projection - self.offset

    def forward(self, patches: Tensor) -> Tensor:
        """Distance to the nearest patch of the memory: [B, P, C] to [B, P]."""
        return nearest_distance(self.project(patches), self.memory, self.floor)


def nearest_distance(projected: Tensor, memory: Tensor, floor: Tensor) -> Tensor:
    """Root of the squared distance to the nearest row of `memory` [M, D] plus `floor`: [B, P, D] to [B, P].

    |a - b|² = |a|² + |b|² - 2ab needs one matrix product, which every runtime does well.
    """
    squared = projected.square().sum(-1)
    nearest = (memory.square().sum(-1) - 2 * projected @ memory.T).amin(-1)
    # The difference of close numbers can fall a little below zero.
    return ((squared + nearest).clamp_min(0) + floor).sqrt()


def principal_axes(
    patches: Tensor, dimensions: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean [C], main axes [C, D] and their variances [D] of patch vectors [N, C], D at most `dimensions`."""
    if len(patches) > COVARIANCE_PATCHES:
        patches = patches[torch.randperm(len(patches), generator=generator)[:COVARIANCE_PATCHES]]
    mean = patches.mean(0)
    covariance = torch.cov((patches - mean).T)
    variances, axes = torch.linalg.eigh(covariance)
    return mean, axes.flip(1)[:, :dimensions], variances.flip(0)[:dimensions]


def fit_projection(
    decoder: ImageImageDecoder, axes: tuple[Tensor, Tensor, Tensor], weights: Tensor, whitening: float
) -> None:
    """Set the projection to the main axes, each divided by its variance to the power `whitening`.

    Args:
        decoder: is changed.
        axes: see `principal_axes`, of the weighted patches.
        weights: [C], of the channels.
        whitening: 0 to 0.5.
    """
    mean, directions, variances = axes
    # A floor under the small variances keeps noise axes from drowning the others.
    scale = variances.clamp_min(1e-3 * float(variances[0])).pow(-whitening)
    decoder.projection.copy_(weights[:, None] * directions * scale)
    decoder.offset.copy_(mean @ (directions * scale))
