"""The network that says how well each kind of defect fits each place of a frame."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from training.decoders.patches import PatchFeatures
from training.encoders import ImageEncoder


class KindProjection(nn.Module):
    """Patches projected into the text encoder's space and compared with the kinds' sentences.

    Args:
        channels: length C of a patch vector.
        hidden: units of the hidden layer.
        directions: [K, D] unit vectors, see `training.kinds.vocabulary.encode_kinds`.
        temperature: cosines are divided by it.
        dropout: share of features hidden in training.
    """

    directions: Tensor

    def __init__(
        self, channels: int, hidden: int, directions: Tensor, temperature: float, dropout: float
    ) -> None:
        super().__init__()
        self.first = nn.Linear(channels, hidden)
        self.second = nn.Linear(hidden, directions.shape[1])
        self.dropout = nn.Dropout(dropout)
        self.temperature = temperature
        self.register_buffer("directions", directions.clone())

    def project(self, patches: Tensor) -> Tensor:
        """Unit vectors in the text space: [..., C] to [..., D]."""
        hidden = functional.relu(self.first(self.dropout(patches)))
        return functional.normalize(self.second(self.dropout(hidden)), dim=-1)

    def forward(self, patches: Tensor) -> Tensor:
        """Logits [..., K] of patch vectors [..., C]."""
        logits: Tensor = self.project(patches) @ self.directions.T / self.temperature
        return logits


class KindNetwork(nn.Module):
    """Encoder, patches on one grid, projection: the graph that is exported.

    Args:
        encoder: frozen image encoder.
        features: joins the encoder's layers on the grid.
        projection: compares patches with sentences.
    """

    def __init__(self, encoder: ImageEncoder, features: PatchFeatures, projection: KindProjection) -> None:
        super().__init__()
        self.encoder, self.features, self.projection = encoder, features, projection

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [B, H, W, 3] RGB frames in the encoder's input size to logits [B, K, rows, columns]."""
        patches = self.features(self.encoder(self.encoder.normalise(image)))
        logits: Tensor = self.projection(patches).transpose(1, 2)
        return logits.unflatten(2, self.features.grid)
