"""The adapter: a small CNN that reads fact words from maps and says them as soft tokens.

After AnomalyGPT's prompt learner (arXiv:2308.15366), which turns the anomaly map into 9 soft tokens by 107 M
parameters. This one first reads, for each slot of `inspector.describing.slots`, a probability of every word,
and its soft tokens are the expected word embeddings: the language model gets a distribution over sentences
it could have been told. That can be trained without the language model, and needs 1 % of the parameters.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.slots import SLOTS

CHANNELS = (16, 32, 48, 64)
HIDDEN = 192
POOLED = 8
"""Cells of the last feature map in either direction: enough to tell nine places apart."""


class Reader(nn.Module):
    """Maps to a probability of every fact word.

    Three strides of two; the kinds' probabilities join where the map has their size.
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth = CHANNELS
        self.fine = nn.Sequential(
            _convolution(6, first, 2), _convolution(first, second), _convolution(second, third, 2)
        )
        self.coarse = nn.Sequential(
            _convolution(third + len(KNOWN_KINDS), third),
            _convolution(third, fourth, 2),
            _convolution(fourth, 32),
        )
        self.hidden = nn.Sequential(
            nn.Linear(32 * POOLED * POOLED + 2 * fourth, HIDDEN), nn.ReLU(), nn.Dropout(0.1)
        )
        self.mix = _convolution(32, fourth)
        self.heads = nn.ModuleList(nn.Linear(HIDDEN, len(slot.words)) for slot in SLOTS)

    def forward(self, maps: Tensor, look: Tensor, kinds: Tensor) -> list[Tensor]:
        """Log-probabilities of each slot's words.

        Args:
            maps: float32 [B, 3, 64, 64], see `inspector.describing.inputs.AdapterInputs`.
            look: float32 [B, 3, 64, 64].
            kinds: float32 [B, 12, 16, 16].

        Returns:
            [B, words] for each slot.
        """
        features = self.fine(torch.cat((maps, look), 1))
        features = self.coarse(torch.cat((features, kinds), 1))
        mixed = self.mix(features)
        pooled = torch.cat((features.flatten(1), mixed.mean((2, 3)), mixed.amax((2, 3))), 1)
        hidden = self.hidden(pooled)
        return [functional.log_softmax(head(hidden), dim=1) for head in self.heads]


class Adapter(nn.Module):
    """Reader and word embeddings: maps to soft tokens in a language model's embedding space.

    Args:
        words: [tokens, words, D] of each slot: the embeddings that say each of its words.
        before: [P, D], base tokens before the soft tokens.
        after: [Q, D], base tokens after them.
    """

    def __init__(self, words: list[Tensor], before: Tensor, after: Tensor) -> None:
        super().__init__()
        self.reader = Reader()
        self.words = nn.ParameterList(nn.Parameter(table.clone()) for table in words)
        self.before, self.after = nn.Parameter(before.clone()), nn.Parameter(after.clone())

    def soft_tokens(self, probabilities: list[Tensor]) -> Tensor:
        """Expected word embeddings, [B, SOFT_TOKENS, D], of probabilities [B, words] a slot."""
        return torch.cat(
            [
                torch.einsum("bw,twd->btd", chance, table)
                for chance, table in zip(probabilities, self.words, strict=True)
            ],
            1,
        )

    def prompt(self, soft_tokens: Tensor) -> Tensor:
        """[B, P + SOFT_TOKENS + Q, D]: what the language model is given."""
        batch = len(soft_tokens)
        before, after = (base.expand(batch, *base.shape) for base in (self.before, self.after))
        return torch.cat((before, soft_tokens, after), 1)

    def forward(self, maps: Tensor, look: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        """Soft tokens [B, SOFT_TOKENS, D], and probabilities [B, WORDS] of all slots' words side by side."""
        probabilities = [chance.exp() for chance in self.reader(maps, look, kinds)]
        return self.soft_tokens(probabilities), torch.cat(probabilities, 1)


def _convolution(channels: int, out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)
    )
