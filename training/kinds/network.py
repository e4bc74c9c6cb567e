"""Cues projected into a text encoder's space, where they are compared with the kinds' sentences."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

LARGEST_CUE = 2.5
"""Standard deviations; what is further out than anything painted says no more."""


class KindProjection(nn.Module):
    """A perceptron from cues to unit vectors.

    Args:
        mean: [C], of the cues.
        deviation: [C], of the cues.
        hidden: units of the hidden layer.
        dimensions: of the text space.
        dropout: share of cues and units hidden in training.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Tensor, deviation: Tensor, hidden: int, dimensions: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", mean.clone())
        self.register_buffer("deviation", deviation.clamp_min(1e-3))
        self.first = nn.Linear(len(mean), hidden)
        self.second = nn.Linear(hidden, dimensions)
        self.dropout = nn.Dropout(dropout)

    def forward(self, cues: Tensor) -> Tensor:
        """Unit vectors [R, D] of cues [R, C]."""
        standard = ((cues - self.mean) / self.deviation).clamp(-LARGEST_CUE, LARGEST_CUE)
        hidden = functional.relu(self.first(self.dropout(standard)))
        return functional.normalize(self.second(self.dropout(hidden)), dim=-1)
