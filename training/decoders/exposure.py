"""Exposure taken out of frames, for products whose good pictures differ in it.

Where light or reflectance varies from part to part, a frame's brightness and contrast say nothing of defects
but move every feature. Such a product's frames are brought to one mean and one contrast, all three channels
alike so that hue stays. Where all good pictures are lit alike, an unusual exposure is itself worth seeing and
nothing is changed.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

VARYING = 0.15
"""Relative spread of the normals' contrast from which on a product counts as unevenly exposed."""
SOFTENING = 4.0
"""Grey levels added to the contrast, so that an almost flat frame is not blown up."""


class Exposure(nn.Module):
    """Brings frames to one mean and contrast; starts as the identity.

    Attributes:
        active: whether anything is changed.
    """

    mean: Tensor
    contrast: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.active = False
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("contrast", torch.tensor(1.0))

    def fit(self, normals: NDArray[np.uint8]) -> None:
        """Decide by the normals [N, H, W, 3] whether exposure varies, and which one is usual."""
        means = np.array([frame.mean() for frame in normals])
        contrasts = np.array([frame.std() for frame in normals]) + SOFTENING
        self.active = bool(contrasts.std() > VARYING * contrasts.mean())
        self.mean.fill_(float(means.mean()))
        self.contrast.fill_(float(contrasts.mean()))

    def forward(self, frames: Tensor) -> Tensor:
        """uint8 [B, H, W, 3] to float32 of the same shape, on the scale 0..255 but not clipped to it."""
        pixels = frames.to(torch.float32)
        if not self.active:
            return pixels
        mean = pixels.mean((1, 2, 3), keepdim=True)
        contrast = (pixels - mean).square().mean((1, 2, 3), keepdim=True).sqrt() + SOFTENING
        return (pixels - mean) * (self.contrast / contrast) + self.mean
