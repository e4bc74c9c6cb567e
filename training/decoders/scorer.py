"""The network that is served: uint8 frames in; maps, score and embedding out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

from training.decoders.fusion import Fusion, frame_score
from training.decoders.scale import Scale
from training.decoders.served import ServedScale
from training.encoders import ImageEncoder


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


class ServableScorer(nn.Module):
    """A trained network with the outputs of `ScorerMaps`: all that a bundle needs of one.

    Attributes:
        input_size: (height, width) of the frames, in pixels.
    """

    input_size: tuple[int, int]

    def served(self) -> nn.Module:
        """The same network in the form for the exported graph."""
        raise NotImplementedError


class Scorer(ServableScorer):
    """Encoder, decoders on several scales, calibration and fusion, as one graph.

    Args:
        encoder: frozen image encoder.
        scales: decoders, the finest grid first.
        ranking: fuses the maps that the score is taken from.
        outlining: fuses the anomaly map.
    """

    def __init__(
        self,
        encoder: ImageEncoder,
        scales: Sequence[Scale | ServedScale],
        ranking: Fusion,
        outlining: Fusion,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.input_size = (encoder.height, encoder.width)
        self.scales = nn.ModuleList(scales)
        self.ranking = ranking
        self.outlining = outlining

    def forward(self, image: Tensor) -> ScorerMaps:
        """Score a batch of uint8 [B, H, W, 3] RGB frames in the encoder's input size."""
        maps = self.encoder(self.encoder.normalise(image))
        raw = [scale(maps) for scale in self.scales]
        by_image, by_text = self.outlining.alone(raw)
        return ScorerMaps(
            self.outlining(raw), frame_score(self.ranking(raw)), maps[-1].mean((2, 3)), by_image, by_text
        )

    def served(self) -> Scorer:
        """The same network with its scales rearranged for the exported graph."""
        scales = [scale if isinstance(scale, ServedScale) else ServedScale(scale) for scale in self._scales()]
        return Scorer(self.encoder, scales, self.ranking, self.outlining).eval()

    def _scales(self) -> list[Scale | ServedScale]:
        return [scale for scale in self.scales if isinstance(scale, Scale | ServedScale)]
