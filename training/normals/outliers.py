"""Normals that look defective, found before anything is learned: each against the others.

A normal patch has a like at many other pictures, a defective one at few, even where several pictures have the
same defect. So each patch is measured by its distance to the most alike patch of every other picture, and the
mean of the lowest third of those is taken (mutual scoring, MuSc, Li et al., arXiv:2401.16753). A tenth of
defective pictures among the normals does not hide itself that way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.normals.suspects import OUTLIER_DEVIATIONS

FEWEST_FOR_OUTLIERS = 10
"""Below so many pictures there are no others to be unlike."""
MOST_OUTLIERS = 0.1
"""At most this share is left out: more would be a heavy tail, not some mistakes."""
MOST_COMPARED, FEWEST_COMPARED = 64, 24
MOST_COMPARISONS = 16_000
"""Of a picture with a picture. Each is compared with up to 64 others; where there are very many, with fewer,
so that the answer comes within seconds."""
LOWEST_SHARE = 0.3
DIMENSIONS = 64
"""Of the random projection that patches are compared in (Johnson-Lindenstrauss)."""
WORST_PATCHES = 3
"""A picture's score is the mean of its most unusual patches."""
PATCHES_FOR_STATISTICS = 20_000


@dataclass(frozen=True, slots=True)
class Outliers:
    """What was found.

    Attributes:
        indices: of pictures that look defective, worst first.
        deviations: [N] of every picture, how far above the usual in robust standard deviations.
        more: pictures that look so too, but are too many to be mistakes.
    """

    indices: NDArray[np.int64]
    deviations: NDArray[np.float64]
    more: int


def find_outliers(
    maps: list[Tensor], painted: list[Tensor], sources: NDArray[np.int64], generator: torch.Generator
) -> Outliers:
    """Normals that lie far above the others and above half of the painted defects.

    Where painted defects score much higher than any normal, an unusual normal is only unusual, and counts: to
    leave it out would put the limit below good parts like it.

    Args:
        maps: encoder maps of the normals, [N, C_l, h_l, w_l] a layer, shallow to deep.
        painted: of defects painted on some of them, [S, C_l, h_l, w_l] a layer.
        sources: [S], the normal that each was painted on.
        generator: source of the projection and of the choice of pictures to compare with.
    """
    count = len(maps[0])
    if count < FEWEST_FOR_OUTLIERS:
        return Outliers(np.empty(0, np.int64), np.zeros(count), 0)
    scores, painted_scores = mutual_scores(maps, painted, sources, generator)
    median = np.median(scores)
    deviation = 1.4826 * np.median(np.abs(scores - median))
    deviations = (scores - median) / max(float(deviation), 1e-9)
    found = np.flatnonzero((deviations > OUTLIER_DEVIATIONS) & (scores > np.median(painted_scores)))
    found = found[np.argsort(-scores[found])]
    most = max(1, int(MOST_OUTLIERS * count))
    return Outliers(found[:most], deviations, max(0, len(found) - most))


@torch.inference_mode()
def mutual_scores(
    maps: list[Tensor], painted: list[Tensor], sources: NDArray[np.int64], generator: torch.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logarithms of how unusual each normal [N] and each painted frame [S] is among the normals.

    A painted frame is not compared with the normal that it was painted on.
    """
    projection = _Projection(maps, generator)
    most = min(MOST_COMPARED, max(FEWEST_COMPARED, MOST_COMPARISONS // len(maps[0])))
    compared = torch.randperm(len(maps[0]), generator=generator)[:most].sort().values
    others = projection.patches([layer[compared] for layer in maps])
    place = {int(index): number for number, index in enumerate(compared)}
    return (
        _scores(projection, maps, others, [place.get(index) for index in range(len(maps[0]))]),
        _scores(projection, painted, others, [place.get(int(index)) for index in sources]),
    )


class _Projection:
    """Patches of the shallower layers on one grid, standardised and projected at random.

    Args:
        maps: of the normals, by which it is fitted.
        generator: source of the projection.
    """

    def __init__(self, maps: list[Tensor], generator: torch.Generator) -> None:
        sizes = sorted({(layer.shape[2], layer.shape[3]) for layer in maps}, reverse=True)
        self.grid = sizes[min(1, len(sizes) - 1)]
        self.layers = [index for index, layer in enumerate(maps) if layer.shape[2] >= self.grid[0]]
        channels = sum(maps[index].shape[1] for index in self.layers)
        cells = self.grid[0] * self.grid[1]
        chosen = torch.randperm(len(maps[0]), generator=generator)[: max(1, PATCHES_FOR_STATISTICS // cells)]
        rows = self._joined([layer[chosen] for layer in maps]).flatten(0, 1)
        self.mean, self.deviation = rows.mean(0), rows.std(0) + 1e-6
        self.matrix = torch.randn(channels, DIMENSIONS, generator=generator) / DIMENSIONS**0.5

    def patches(self, maps: list[Tensor]) -> Tensor:
        """[N, P, DIMENSIONS]."""
        patches: Tensor = ((self._joined(maps) - self.mean) / self.deviation) @ self.matrix
        return patches

    def _joined(self, maps: list[Tensor]) -> Tensor:
        parts = []
        for index in self.layers:
            pooled = functional.avg_pool2d(maps[index].float(), 3, 1, 1, count_include_pad=False)
            parts.append(functional.adaptive_avg_pool2d(pooled, self.grid))
        return torch.cat(parts, 1).flatten(2).transpose(1, 2)


def _scores(
    projection: _Projection, maps: list[Tensor], others: Tensor, own: list[int | None]
) -> NDArray[np.float64]:
    """One score a picture; `own` is its place among the others, which it is not compared with."""
    lengths, columns = others.square().sum(-1), others.flatten(0, 1).T
    scores = []
    for number, place in enumerate(own):
        patches = projection.patches([layer[number : number + 1] for layer in maps])[0]
        products = (patches @ columns).reshape(len(patches), *lengths.shape)
        nearest = (lengths - 2 * products).amin(2) + patches.square().sum(1, keepdim=True)
        if place is not None:
            nearest = torch.cat((nearest[:, :place], nearest[:, place + 1 :]), 1)
        count = max(1, round(LOWEST_SHARE * nearest.shape[1]))
        distances = nearest.topk(count, dim=1, largest=False).values.clamp_min(0).sqrt().mean(1)
        scores.append(float(distances.topk(min(WORST_PATCHES, len(distances))).values.mean().log()))
    return np.array(scores)
