"""One of anomalib's models behind the outputs that every scorer has."""

from __future__ import annotations

from torch import Tensor

from training.anomalib_models.protocol import FittedModel
from training.decoders.scorer import ScorerMaps, ServableScorer


class OneMapScorer(ServableScorer):
    """Gives `ScorerMaps` of a model that has one map: the fused map and both decoders' maps are that map.

    Map and score are anomalib's, divided by one constant, so that a usual good part scores about 1: what
    engines may differ by is stated in such units (`inspector.gate`). No threshold is inside.

    Args:
        fitted: the model.
        unit: the constant, above 0.
        input_size: (height, width) of the frames, in pixels.
        for_graph: compute in the form for the graph, instead of by anomalib's forward pass.
    """

    def __init__(
        self, fitted: FittedModel, unit: float, input_size: tuple[int, int], *, for_graph: bool = False
    ) -> None:
        super().__init__()
        self.fitted, self.unit, self.input_size = fitted, unit, input_size
        self._for_graph = for_graph
        self.eval()

    def forward(self, image: Tensor) -> ScorerMaps:
        """Score a batch of uint8 [B, H, W, 3] RGB frames."""
        result = self.fitted.served(image) if self._for_graph else self.fitted.own(image)
        anomaly_map = result.anomaly_map / self.unit
        # Copies, so that each output of the graph has a name of its own.
        return ScorerMaps(
            anomaly_map,
            result.score / self.unit,
            result.embedding,
            anomaly_map.clone(),
            anomaly_map.clone(),
        )

    def served(self) -> OneMapScorer:
        """See `ServableScorer.served`."""
        return OneMapScorer(self.fitted, self.unit, self.input_size, for_graph=True)
