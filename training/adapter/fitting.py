"""The adapter's first lesson: to read the fact words from maps, without a language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inspector.describing.slots import SLOTS, indices_of
from inspector.describing.words import Position
from training.adapter.examples import Example
from training.adapter.network import Reader

ABSENT_WEIGHT = 0.15
"""Of "none" in the slots of a second defect, which is absent in most frames."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Examples as tensors.

    Attributes:
        maps: float32 [N, 3, 64, 64].
        look: float32 [N, 3, 64, 64].
        kinds: float32 [N, 12, 16, 16].
        words: int64 [N, slots], see `inspector.describing.slots.indices_of`.
    """

    maps: Tensor
    look: Tensor
    kinds: Tensor
    words: Tensor

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Lessons:
        """Stack examples."""
        inputs = [example.inputs for example in examples]
        return cls(
            maps=torch.from_numpy(np.stack([one.maps for one in inputs])),
            look=torch.from_numpy(np.stack([one.look for one in inputs])),
            kinds=torch.from_numpy(np.stack([one.kinds for one in inputs])),
            words=torch.from_numpy(np.stack([indices_of(example.facts) for example in examples])),
        )

    def __len__(self) -> int:
        return len(self.words)

    def taken(self, rows: Tensor) -> Lessons:
        """Some of them."""
        return Lessons(self.maps[rows], self.look[rows], self.kinds[rows], self.words[rows])

    def turned(self, quarters: int, *, mirrored: bool) -> Lessons:
        """All of them turned by quarters to the left, and before that mirrored; places are renamed."""

        def turn(pictures: Tensor) -> Tensor:
            return torch.rot90(pictures.flip(-1) if mirrored else pictures, quarters, (-2, -1))

        cells = turn(torch.arange(len(Position)).reshape(3, 3)).flatten()
        # `cells[new]` is where the place was; words need where it goes, behind the slot's "none".
        goes = torch.cat((torch.zeros(1, dtype=torch.int64), torch.argsort(cells) + 1))
        words = self.words.clone()
        for number, slot in enumerate(SLOTS):
            if slot.name.endswith("position"):
                words[:, number] = goes[words[:, number]]
        return Lessons(turn(self.maps), turn(self.look), turn(self.kinds), words)


def fit_reader(
    lessons: Lessons,
    *,
    epochs: int,
    generator: torch.Generator,
    learning_rate: float = 2e-3,
    batch: int = 32,
    on_epoch: Callable[[int, int], None] = lambda *_: None,
) -> Reader:
    """Train a reader by cross-entropy on every slot, each batch turned and mirrored at random."""
    # First weights and dropout take torch's own source of random numbers.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
        reader = Reader().train()
        weights = [_word_weights(slot.name, len(slot.words)) for slot in SLOTS]
        steps = epochs * -(-len(lessons) // batch)
        optimiser = torch.optim.AdamW(reader.parameters(), lr=learning_rate, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps)
        for epoch in range(epochs):
            on_epoch(epoch, epochs)
            order = torch.randperm(len(lessons), generator=generator)
            for rows in torch.split(order, batch):
                turns = int(torch.randint(8, (1,), generator=generator))
                shown = lessons.taken(rows).turned(turns % 4, mirrored=turns >= 4)  # noqa: PLR2004
                read = reader(shown.maps, shown.look, shown.kinds)
                loss = sum(
                    functional.nll_loss(chances, shown.words[:, number], weight=weights[number])
                    for number, chances in enumerate(read)
                )
                optimiser.zero_grad()
                loss.backward()  # type: ignore[union-attr]
                optimiser.step()
                schedule.step()
    return reader.eval()


@torch.inference_mode()
def accuracy(reader: Reader, lessons: Lessons, batch: int = 256) -> dict[str, float]:
    """Share of words read right in each slot, over the frames in which it has something to say, if any."""
    reader.eval()
    read = [
        torch.stack([chances.argmax(1) for chances in reader(part.maps, part.look, part.kinds)], 1)
        for part in (lessons.taken(rows) for rows in torch.split(torch.arange(len(lessons)), batch))
    ]
    right, said = torch.cat(read) == lessons.words, lessons.words > 0
    return {
        slot.name: round(float(right[:, number][said[:, number]].float().mean()), 4)
        for number, slot in enumerate(SLOTS)
        if said[:, number].any()
    }


def _word_weights(name: str, words: int) -> Tensor:
    weights = torch.ones(words)
    if name.startswith("second"):
        weights[0] = ABSENT_WEIGHT
    return weights
