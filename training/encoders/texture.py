"""Layers finer than the patches, as the mean and the spread inside each patch.

A grain, a pinhole or a changed weave is smaller than a patch: averaged over it, little is left. How much the
finest features vary inside a patch keeps it, at the price of a coarse grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH_STRIDE = 8
"""Pixels of a patch's side; layers with finer cells are pooled to it."""
SOFTENING = 1e-4
"""Added to a variance before its root, whose slope is infinite at zero."""


class TexturePooling(nn.Module):
    """A trunk whose layers finer than `PATCH_STRIDE` are pooled to it: channel means, then channel spreads.

    The mean is over a patch, the standard deviation over twice its side, so that it does not depend on where
    the patch begins.

    Args:
        trunk: gives maps [B, C, h, w], shallow to deep.
        factors: of each map, see `pooling_factor`; maps with 1 stay as they are.
    """

    def __init__(self, trunk: nn.Module, factors: Sequence[int]) -> None:
        super().__init__()
        self.trunk = trunk
        self.factors = tuple(factors)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Normalised images [B, 3, H, W] to maps; a pooled one has twice its trunk's channels."""
        return [
            layer if factor == 1 else pooled(layer, factor)
            for layer, factor in zip(self.trunk(image), self.factors, strict=True)
        ]


def pooling_factor(stride: int) -> int:
    """Cells of a layer on one side of a patch; 1 where the layer is no finer or does not fit."""
    return PATCH_STRIDE // stride if stride < PATCH_STRIDE and PATCH_STRIDE % stride == 0 else 1


def pooled(layer: Tensor, factor: int) -> Tensor:
    """[B, C, h, w] to [B, 2C, ⌈h / factor⌉, ⌈w / factor⌉]: means, then standard deviations."""
    rows, columns = (-side % factor for side in layer.shape[2:])
    if rows or columns:
        layer = functional.pad(layer, (0, columns, 0, rows), mode="replicate")
    mean = functional.avg_pool2d(layer, factor)
    around, squares = (_pool_around(values, factor) for values in (layer, layer * layer))
    return torch.cat((mean, ((squares - around * around).clamp_min(0) + SOFTENING).sqrt()), dim=1)


def _pool_around(layer: Tensor, factor: int) -> Tensor:
    """Mean over squares of twice the patch's side, centred on it; what lies outside counts nothing."""
    return functional.avg_pool2d(
        layer, 2 * factor, stride=factor, padding=factor // 2, count_include_pad=False
    )
