"""The network for kinds learned from synthetic defects that were painted with a known kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

from training.decoders.patches import PatchFeatures
from training.defects import NAMED_KINDS, PAINTERS, find_foregrounds
from training.encoders import ImageEncoder, TextEncoder
from training.kinds.network import KindNetwork, KindProjection
from training.kinds.vocabulary import OwnKind, encode_kinds, words_and_phrases
from training.learning import OnStep, encode, ignore_step

GRID_CELLS = 16
"""Rows and columns that a place is told apart in; coarser layers see a defect whole, finer ones its edges."""
TRIES = 3
"""So many times the frames asked for are painted at most: some kinds are hardly seen on some surfaces."""
NORMALS_MEASURED = 100


class KindSettings(BaseModel):
    """The network that names kinds of defects."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(True, title="Enabled", description="Without it, kinds are unknown")
    own: tuple[OwnKind, ...] = Field((), title="Own kinds", description="Beside the twelve built-in ones")
    frames: int = Field(40, title="Frames", description="Painted for each kind", ge=4, le=1000)
    hidden: int = Field(128, title="Hidden units", ge=8, le=4096)
    steps: int = Field(400, title="Steps", description="Optimiser steps", ge=1)
    batch: int = Field(64, title="Batch", description="Defects a step", ge=8)
    learning_rate: float = Field(2e-3, title="Learning rate", gt=0)
    temperature: float = Field(0.1, title="Temperature", description="Divides the cosines", gt=0)
    dropout: float = Field(0.3, title="Dropout", ge=0, lt=1)


@dataclass(frozen=True, slots=True)
class KindLessons:
    """Painted defects.

    Attributes:
        images: uint8 [N, H, W, 3].
        masks: bool [N, H, W].
        kinds: [N], index into `NAMED_KINDS`.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    kinds: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FittedKinds:
    """A fitted network, its words in the order of outputs, and its accuracy on painted frames unseen."""

    network: KindNetwork
    words: tuple[str, ...]
    accuracy: float


def paint_kinds(
    normals: NDArray[np.uint8], frames: int, rng: np.random.Generator, on_frame: Callable[[int, int], None]
) -> KindLessons:
    """Paint so many defects of each named kind on normals [N, H, W, 3]; fewer where they are not seen."""
    foregrounds = find_foregrounds(list(normals))
    images, masks, kinds = [], [], []
    for number, kind in enumerate(NAMED_KINDS):
        painted = 0
        for _ in range(TRIES * frames):
            if painted == frames:
                break
            source, donor = rng.integers(len(normals), size=2)
            defect = PAINTERS[kind](normals[source], rng, foregrounds[source], normals[donor])
            if defect.mask.any():
                on_frame(len(images), frames * len(NAMED_KINDS))
                images.append(defect.image)
                masks.append(defect.mask)
                kinds.append(number)
                painted += 1
    return KindLessons(np.stack(images), np.stack(masks), np.array(kinds))


def fit_kinds(
    normals: NDArray[np.uint8],
    encoder: ImageEncoder,
    text_encoder: TextEncoder,
    settings: KindSettings,
    *,
    seed: int,
    on_step: OnStep = ignore_step,
) -> FittedKinds:
    """Learn the kinds of one product.

    Args:
        normals: uint8 [N, H, W, 3] RGB in the encoder's input size.
        encoder: frozen image encoder.
        text_encoder: frozen; gives the sentences' directions.
        settings: see `KindSettings`.
        seed: decides every random choice.
        on_step: told what is being done, and how far it is.
    """
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    phrases = words_and_phrases(settings.own)
    lessons = paint_kinds(normals, settings.frames, rng, partial(on_step, "Painting kinds of defects"))
    maps = encode(encoder, lessons.images, partial(on_step, "Encoding kinds of defects"))
    features = kind_features(encoder)
    some = normals[np.linspace(0, len(normals) - 1, min(len(normals), NORMALS_MEASURED)).round().astype(int)]
    features.fit(features.joined([layer.float() for layer in encode(encoder, some)]))
    with torch.no_grad():
        patches = torch.cat(
            [
                features([layer[rows].float() for layer in maps])
                for rows in torch.arange(len(maps[0])).split(64)
            ]
        )
    coverage = functional.adaptive_avg_pool2d(
        torch.from_numpy(lessons.masks[:, None]).float(), features.grid
    )[:, 0]
    directions = encode_kinds(phrases, text_encoder)
    targets = _targets(lessons.kinds, settings.own, len(directions))
    held_out = torch.from_numpy(rng.random(len(targets)) < 1 / 5)
    data = (patches, coverage, targets)
    trial = fit_projection(
        data, ~held_out, directions, settings, generator=generator, on_part=partial(on_step, "Trying kinds")
    )
    with torch.no_grad():
        right = pooled(trial(patches[held_out]), coverage[held_out]).argmax(1)
    accuracy = float((targets[held_out].gather(1, right[:, None]) > 0).float().mean())
    everything = torch.ones_like(held_out)
    projection = fit_projection(
        data, everything, directions, settings, generator=generator, on_part=partial(on_step, "Fitting kinds")
    )
    return FittedKinds(KindNetwork(encoder, features, projection).eval(), tuple(phrases), accuracy)


def kind_features(encoder: ImageEncoder) -> PatchFeatures:
    """All layers on the encoder's own grid that is nearest to 16 x 16."""
    grid = min(encoder.layer_sizes, key=lambda size: abs(size[0] - GRID_CELLS))
    strides = [grid[0] / size[0] for size in encoder.layer_sizes]
    return PatchFeatures(tuple(range(len(strides))), list(encoder.layer_channels), strides, grid)


def fit_projection(
    data: tuple[Tensor, Tensor, Tensor],
    used: Tensor,
    directions: Tensor,
    settings: KindSettings,
    *,
    generator: torch.Generator,
    on_part: Callable[[int, int], None] = lambda *_: None,
) -> KindProjection:
    """Cross-entropy over pooled logits, all kinds weighted alike.

    Args:
        data: patches [N, P, C], share of each cell that is painted [N, rows, columns], targets [N, K].
        used: bool [N], the examples to learn from.
        directions: [K, D].
        settings: see `KindSettings`.
        generator: source of every choice.
        on_part: told how many steps are done, and how many there are.
    """
    patches, coverage, targets = (part[used] for part in data)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
        projection = KindProjection(
            patches.shape[2], settings.hidden, directions, settings.temperature, settings.dropout
        ).train()
        optimiser = torch.optim.AdamW(projection.parameters(), lr=settings.learning_rate, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.learning_rate, total_steps=settings.steps
        )
        rarity = (targets / targets.sum(0).clamp_min(1)).sum(1)
        for step in range(settings.steps):
            if step % 50 == 0:
                on_part(step, settings.steps)
            rows = torch.multinomial(rarity, settings.batch, replacement=True, generator=generator)
            weights = coverage[rows]
            if step % 2:
                # Score maps are blunter than masks: in half the steps a defect's neighbours belong to it.
                weights = functional.avg_pool2d(weights, 3, 1, 1, count_include_pad=False)
            loss = functional.cross_entropy(pooled(projection(patches[rows]), weights), targets[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return projection.eval().requires_grad_(False)


def pooled(logits: Tensor, weights: Tensor) -> Tensor:
    """Mean logits [N, K] of patches [N, P, K], weighted by [N, rows, columns]."""
    shares = weights.flatten(1)
    shares = shares / shares.sum(1, keepdim=True).clamp_min(1e-6)
    return (logits * shares[..., None]).sum(1)


def _targets(kinds: NDArray[np.int64], own: Sequence[OwnKind], count: int) -> Tensor:
    """[N, K] probabilities: the kind that was painted; half of it goes to own kinds that look like it."""
    targets = torch.zeros(len(kinds), count)
    for number, kind in enumerate(NAMED_KINDS):
        alike = [len(NAMED_KINDS) + place for place, one in enumerate(own) if one.looks_like is kind]
        rows = torch.from_numpy(kinds == number)
        for place in alike:
            targets[rows, place] = 1 / 2 / len(alike)
        targets[rows, number] = 1 / 2 if alike else 1
    return targets
