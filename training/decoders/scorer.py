"""The network that is served: uint8 frames in; maps, score and embedding out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.decoders.calibration import gaussian_blur
from training.decoders.scale import Scale
from training.decoders.served import ServedScale
from training.encoders import ImageEncoder

MAP_CELLS_PER_PATCH = 2
"""The served maps are twice as fine as the finest patch grid."""
SCORE_SHARE = 0.01
"""Share of the map's cells, the highest ones, that the score is the mean of."""
BLUR_CELLS = 1.5
"""Standard deviation of the map's last blur, in cells of the served map: 6 px at 256 px, PatchCore has 4."""


class ScorerMaps(NamedTuple):
    """Outputs of the scorer, in the order of `inspector.engines.OUTPUT_NAMES`.

    Attributes:
        anomaly_map: float32 [B, h, w].
        score: float32 [B], see `frame_score`.
        embedding: float32 [B, D].
        image_image_map: float32 [B, h, w].
        image_text_map: float32 [B, h, w].
    """

    anomaly_map: Tensor
    score: Tensor
    embedding: Tensor
    image_image_map: Tensor
    image_text_map: Tensor


class Scorer(nn.Module):
    """Encoder, decoders on several scales, calibration and fusion, as one graph.

    Args:
        encoder: frozen image encoder.
        scales: decoders, the finest grid first.
        weights: [scales, 2] share of each scale's image-image and image-text map; they sum to 1.
        map_size: (rows, columns) of the served maps.
    """

    weights: Tensor

    def __init__(
        self,
        encoder: ImageEncoder,
        scales: Sequence[Scale | ServedScale],
        weights: Tensor,
        map_size: tuple[int, int],
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.scales = nn.ModuleList(scales)
        self.map_size = map_size
        self.register_buffer("weights", weights)

    def forward(self, image: Tensor) -> ScorerMaps:
        """Score a batch of uint8 [B, H, W, 3] RGB frames in the encoder's input size."""
        maps = self.encoder(self.encoder.normalise(image))
        image_image, image_text = [], []
        for scale in self.scales:
            one, other = scale(maps)
            image_image.append(self._served(one))
            image_text.append(self._served(other))
        fused, by_image, by_text = fuse(torch.stack(image_image), torch.stack(image_text), self.weights)
        return ScorerMaps(fused, frame_score(fused), maps[-1].mean((2, 3)), by_image, by_text)

    def served(self) -> Scorer:
        """The same network with its scales rearranged for the exported graph."""
        scales = [scale if isinstance(scale, ServedScale) else ServedScale(scale) for scale in self._scales()]
        return Scorer(self.encoder, scales, self.weights, self.map_size).eval()

    def _scales(self) -> list[Scale | ServedScale]:
        return [scale for scale in self.scales if isinstance(scale, Scale | ServedScale)]

    def _served(self, maps: Tensor) -> Tensor:
        return served_map(maps, self.map_size)


def served_map(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """A decoder's map [B, rows, columns] in the size that is served, [B, *size]: bilinear, then blurred."""
    enlarged = functional.interpolate(maps[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]
    return gaussian_blur(enlarged, BLUR_CELLS)


def frame_score(maps: Tensor) -> Tensor:
    """One score a frame: the mean of the highest hundredth of its map, [B, h, w] to [B].

    A defect covers some cells; a mean over them is steadier than the single largest one.
    """
    count = max(1, round(SCORE_SHARE * maps.shape[1] * maps.shape[2]))
    return maps.flatten(1).topk(count, dim=1).values.mean(1)


def fuse(image_image: Tensor, image_text: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted means over scales.

    Args:
        image_image: [S, B, h, w], one map a scale.
        image_text: [S, B, h, w].
        weights: [S, 2], image-image and image-text share of each scale.

    Returns:
        The fused map, the image-image and the image-text map, each [B, h, w]. A decoder whose weights are
        all zero still gives its map, as the plain mean of its scales.
    """
    fused = (
        weights[:, 0, None, None, None] * image_image + weights[:, 1, None, None, None] * image_text
    ).sum(0)
    return fused, image_image.mean(0), image_text.mean(0)
