"""Image-text decoder: patches projected into a text encoder's space and compared with sentences.

After AnomalyGPT (arXiv:2308.15366) and its forerunner WinCLIP (arXiv:2303.14814): a patch is as abnormal as
it lies nearer to "a damaged part" than to "a flawless part". The projection, a small perceptron, learns from
synthetic defects; the sentences stay where the text encoder put them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ImageTextDecoder(nn.Module):
    """Log-odds of "abnormal" against "normal" for every patch.

    Args:
        channels: length C of a patch vector.
        hidden: units of the hidden layer.
        sentences: [2, T] unit vectors, the normal and the abnormal direction of the text space.
        temperature: the cosine difference is divided by it.
    """

    sentences: Tensor

    def __init__(self, channels: int, hidden: int, sentences: Tensor, temperature: float) -> None:
        super().__init__()
        self.first = nn.Linear(channels, hidden)
        self.second = nn.Linear(hidden, sentences.shape[1])
        self.temperature = temperature
        self.register_buffer("sentences", sentences.clone())

    def project(self, patches: Tensor) -> Tensor:
        """Unit vectors in the text space: [..., C] to [..., T]."""
        return functional.normalize(self.second(functional.relu(self.first(patches))), dim=-1)

    def forward(self, patches: Tensor) -> Tensor:
        """Log-odds [B, P] of patch vectors [B, P, C]."""
        normal, abnormal = self.sentences
        log_odds: Tensor = self.project(patches) @ (abnormal - normal) / self.temperature
        return log_odds


def focal_loss(log_odds: Tensor, target: Tensor, gamma: float = 2.0) -> Tensor:
    """Focal loss (Lin et al., arXiv:1708.02002), the mean over patches [N]; `target` is 0 or 1."""
    error = functional.binary_cross_entropy_with_logits(log_odds, target, reduction="none")
    return ((1 - torch.exp(-error)) ** gamma * error).mean()


def dice_loss(log_odds: Tensor, target: Tensor) -> Tensor:
    """Soft Dice loss (Milletari et al., arXiv:1606.04797) over a batch of patches [N]."""
    probability = torch.sigmoid(log_odds)
    return 1 - (2 * (probability * target).sum() + 1) / (probability.sum() + target.sum() + 1)
