"""The adapter: a small CNN that reads fact words from maps and says them as soft tokens.

After AnomalyGPT's prompt learner (arXiv:2308.15366), which turns the anomaly map into 9 soft tokens by 107 M
parameters. This one first reads, for each slot of `inspector.describing.slots`, a probability of every word,
and its soft tokens are the expected word embeddings: the language model gets a distribution over sentences
it could have been told. That can be trained without the language model, and needs 1 % of the parameters.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from inspector.describing.inputs import KIND_CELLS, KNOWN_KINDS
from inspector.describing.slots import SLOTS, TOLD_REGIONS, Slot
from inspector.describing.words import Position

CHANNELS = (16, 32, 48)
CONTEXT = 64
HIDDEN = 128
PLACES = len(Position)
HEIGHT_WEIGHT, CENTRE_WEIGHT = 20.0, 60.0
ABOVE_LIMIT = math.log(2)
GROWING_STEPS = 20
"""Pairs of cells that a region is followed from the place looked at; longer ones are rare."""
SUMS = 8
"""Centre, areas, height and colour of what is above the limit at a place."""
LEAST_CHANCE = 0.01
AROUND = 15
"""Cells of the look that a place is compared with, in either direction."""


class Reader(nn.Module):
    """Maps to a probability of every fact word.

    Two strides of two bring maps and look to the kinds' 16 x 16 cells. There it looks at one place for each
    told defect: a softmax over all cells pools what is known of that place, its features, its kinds and which
    of the nine cells of the frame it lies in. Back on the 64 x 64 cells, centre, area and colour of what is
    above the limit there are summed up; the position's and the kind's words begin as what these say.
    """

    cells: Tensor
    centres: Tensor

    def __init__(self) -> None:
        super().__init__()
        first, second, third = CHANNELS
        known = len(KNOWN_KINDS) + PLACES
        self.fine = nn.Sequential(
            _convolution(9, first, 2), _convolution(first, second), _convolution(second, third, 2)
        )
        self.context = nn.Sequential(_convolution(third + known, CONTEXT), _convolution(CONTEXT, CONTEXT))
        self.attention = nn.Conv2d(CONTEXT, TOLD_REGIONS, 1)
        # It begins as a look at the highest place of the fused map, and at the highest one of another region.
        nn.init.zeros_(self.attention.weight)
        self.height_weights = nn.Parameter(torch.full((TOLD_REGIONS,), HEIGHT_WEIGHT))
        self.centre_weight = nn.Parameter(torch.tensor(CENTRE_WEIGHT))
        self.kind_weight = nn.Parameter(torch.tensor(1.0))
        looked_at = CONTEXT + known + SUMS
        self.hidden = nn.Sequential(
            nn.Linear(TOLD_REGIONS * looked_at + 2 * CONTEXT, HIDDEN), nn.ReLU(), nn.Dropout(0.1)
        )
        self.heads = nn.ModuleList(
            nn.Linear(HIDDEN + (looked_at if _region_of(slot) is not None else 0), len(slot.words))
            for slot in SLOTS
        )
        self.register_buffer("cells", _cells(KIND_CELLS), persistent=False)
        thirds = (torch.arange(3) + 0.5) / 3
        self.register_buffer(
            "centres", torch.cartesian_prod(thirds, thirds).flip(1).contiguous(), persistent=False
        )

    def forward(self, maps: Tensor, look: Tensor, kinds: Tensor) -> list[Tensor]:
        """Log-probabilities of each slot's words.

        Args:
            maps: float32 [B, 3, 64, 64], see `inspector.describing.inputs.AdapterInputs`.
            look: float32 [B, 3, 64, 64].
            kinds: float32 [B, 12, 16, 16].

        Returns:
            [B, words] for each slot.
        """
        cells = self.cells.expand(maps.shape[0], -1, -1, -1)
        # How a place differs from what is around it says more than its colour.
        around = functional.avg_pool2d(look, AROUND, stride=1, padding=AROUND // 2, count_include_pad=False)
        features = self.fine(torch.cat((maps, look, look - around), 1))
        context = self.context(torch.cat((features, kinds, cells), 1))
        known = torch.cat((context, kinds, cells), 1).flatten(2)
        weights, regions = self._attention(context, maps[:, :1])
        sums = self._sums(regions, maps[:, :1], look - around)
        places = torch.cat((weights @ known.transpose(1, 2), sums), 2).unbind(1)
        pooled_kinds = (weights @ kinds.flatten(2).transpose(1, 2)).unbind(1)
        whole = torch.cat((context.mean((2, 3)), context.amax((2, 3))), 1)
        hidden = self.hidden(torch.cat((*places, whole), 1))
        read = []
        for slot, head in zip(SLOTS, self.heads, strict=True):
            region = _region_of(slot)
            logits = head(hidden if region is None else torch.cat((hidden, places[region]), 1))
            if region is not None and slot.name.endswith("position"):
                distance = (sums[:, region, None, :2] - self.centres).square().sum(2)
                logits = logits + functional.pad(-self.centre_weight * distance, (1, 0))
            elif region is not None and slot.name.endswith("kind"):
                said = self.kind_weight * (pooled_kinds[region] + LEAST_CHANCE).log()
                logits = logits + functional.pad(said - said.amax(1, keepdim=True), (1, 1))
            read.append(functional.log_softmax(logits, dim=1))
        return read

    def _attention(self, context: Tensor, fused: Tensor) -> tuple[Tensor, Tensor]:
        """Where it looks for each told defect, and what is connected with that place above the limit.

        Returns:
            [B, 2, 256], which sums to one over the cells, and [B, 2, 64, 64] of 0 and 1.
        """
        logits = self.attention(context).flatten(2)
        weights, regions, left = [], [], fused
        for number in range(TOLD_REGIONS):
            heights = functional.max_pool2d(left, fused.shape[2] // KIND_CELLS).flatten(2)
            looked = functional.softmax(
                logits[:, number, None] + self.height_weights[number] * heights, dim=2
            )
            weights.append(looked)
            regions.append(connected(looked, left))
            left = left * (1 - regions[-1])
        return torch.cat(weights, 1), torch.cat(regions, 1)

    def _sums(self, regions: Tensor, fused: Tensor, contrast: Tensor) -> Tensor:
        """Centre (x, y), areas, height and contrast of each region [B, 2, 64, 64], [B, 2, SUMS]."""
        size = fused.shape[2]
        # Maps are logarithms of one plus the score over the limit.
        above = (fused.exp() - 2).clamp_min(0) * regions
        height = above.amax((2, 3), keepdim=True)
        total = above.sum((2, 3)).clamp_min(1e-3)
        line = (torch.arange(size) + 0.5) / size
        across, down = (above.sum(2) @ line) / total, (above.sum(3) @ line) / total
        area = torch.sigmoid(8 * (above - 0.1)).mean((2, 3))
        core = torch.sigmoid(16 * (above / height.clamp_min(1e-3) - 0.5)).mean((2, 3))
        colour = torch.einsum("bdhw,bchw->bdc", above, contrast) / total[..., None]
        parts = (across, down, (area + 1e-4).log(), (core + 1e-4).log(), height.flatten(1))
        return torch.cat((torch.stack(parts, 2), colour), 2)


class Adapter(nn.Module):
    """Reader and word embeddings: maps to soft tokens in a language model's embedding space.

    Args:
        words: [tokens, words, D] of each slot: the embeddings that say each of its words.
        examples: [E, D], what every prompt begins with: frames told by their words, and sentences. They are
            not learned, so that what a language model keeps of them can be computed once.
        before: [P, D], learned base tokens before the soft tokens.
        after: [Q, D], learned base tokens after them.
    """

    examples: Tensor

    def __init__(self, words: list[Tensor], examples: Tensor, before: Tensor, after: Tensor) -> None:
        super().__init__()
        self.reader = Reader()
        self.words = nn.ParameterList(nn.Parameter(table.clone()) for table in words)
        self.register_buffer("examples", examples.clone())
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
        """[B, P + SOFT_TOKENS + Q, D]: what the language model is given after the examples."""
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


@torch.no_grad()
def connected(weights: Tensor, fused: Tensor) -> Tensor:
    """Cells above the limit that are connected with the place looked at: morphological reconstruction.

    L. Vincent, IEEE Transactions on Image Processing 2(2), 1993; by repeated dilation, which graphs can do.

    Args:
        weights: [B, 1, 256], where the network looks.
        fused: [B, 1, 64, 64], logarithms of one plus the score over the limit.

    Returns:
        [B, 1, 64, 64] of 0 and 1.
    """
    above = (fused > ABOVE_LIMIT).float()
    coarse = functional.max_pool2d(above, 2)
    place = (weights >= 0.5 * weights.amax(2, keepdim=True)).float()
    place = place.reshape(place.shape[0], 1, KIND_CELLS, KIND_CELLS)
    grown = _repeated(place, coarse.shape[2] // KIND_CELLS) * coarse
    for _ in range(GROWING_STEPS):
        grown = functional.max_pool2d(grown, 3, 1, 1) * coarse
    return _repeated(grown, 2) * above


def _repeated(cells: Tensor, factor: int) -> Tensor:
    return cells.repeat_interleave(factor, 2).repeat_interleave(factor, 3)


def _region_of(slot: Slot) -> int | None:
    """Which of the told defects a slot is about; None: the whole frame."""
    if slot.name == "count":
        return None
    return 1 if slot.name.startswith("second") else 0


def _cells(size: int) -> Tensor:
    """[1, 9, size, size]: the share of each grid cell that lies in each of the frame's nine cells."""
    edges = torch.arange(size * 3 + 1) / (size * 3)
    third = torch.zeros(3, size)
    for cell in range(size):
        for part in range(3):
            third[int(3 * float(edges[3 * cell + part] + 1e-6)), cell] += 1 / 3
    return torch.einsum("ar,bc->abrc", third, third).reshape(1, 9, size, size)
