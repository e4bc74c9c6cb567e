"""Fitting the image-image decoder: which normal patches are remembered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.decoders.image_image import ImageImageDecoder, fit_projection, nearest_distance, principal_axes
from training.settings import MemorySettings

FRAMES_A_CHUNK = 16
SEARCH_DIMENSIONS = 64
"""Of the random projection that the coreset is searched in (Johnson-Lindenstrauss), as in PatchCore."""


@dataclass(frozen=True, slots=True)
class FoldedPatches:
    """Patch vectors of one scale, and which frames are held out together.

    Attributes:
        normals: [N, P, C] float16.
        held_out: [K, P, C] float16, the very object `normals` but for a single normal's copies.
        painted: [S, P, C] float16, frames with synthetic defects.
        folds: [K], fold of each held-out frame.
        painted_folds: [S], fold of the frame that each was painted on.
    """

    normals: Tensor
    held_out: Tensor
    painted: Tensor
    folds: NDArray[np.int64]
    painted_folds: NDArray[np.int64]

    def remembered(self, fold: int) -> Tensor:
        """[., P, C], the normals that decoders for this fold may see; a single normal is always seen."""
        return self.normals if self.held_out is not self.normals else self.normals[self.folds != fold]


def fit_memory(
    normals: Tensor, weights: Tensor, settings: MemorySettings, generator: torch.Generator
) -> ImageImageDecoder:
    """A decoder that remembers normal patches [N, P, C] float16, channels weighted by `weights` [C].

    Raises:
        ValueError: there is no patch.
    """
    patches = _pool(normals.flatten(0, 1), 2 * settings.pool, generator)
    axes = principal_axes(patches * weights, min(settings.dimensions, patches.shape[1]), generator)
    decoder = ImageImageDecoder(patches.shape[1], axes[1].shape[1], min(settings.size, len(patches)))
    fit_projection(decoder, axes, weights, settings.whitening)
    memory = greedy_coreset(decoder.project(patches[: settings.pool]), settings.size, generator)
    decoder.remember(memory)
    return decoder


def grown_memory(
    earlier: ImageImageDecoder, new: Tensor, settings: MemorySettings, generator: torch.Generator
) -> ImageImageDecoder:
    """A decoder that remembers new normal patches [N, P, C] float16 beside the earlier ones.

    Projection and size stay: the coreset is chosen anew among what was remembered and the new patches, so
    that a memory does not grow with the years, and an old look goes only where the new ones cover it.
    """
    rows = earlier.project(_pool(new.flatten(0, 1), settings.pool, generator))
    candidates = torch.cat((earlier.memory, rows))
    memory = greedy_coreset(candidates, settings.size, generator)
    channels, dimensions = earlier.projection.shape
    decoder = ImageImageDecoder(channels, dimensions, len(memory))
    decoder.projection.copy_(earlier.projection)
    decoder.offset.copy_(earlier.offset)
    decoder.remember(memory)
    return decoder


def held_out_distances(
    decoder: ImageImageDecoder, patches: FoldedPatches, settings: MemorySettings, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Distances of each fold's frames to a memory of the other folds' patches, by the decoder's projection.

    Returns:
        [K, P] of the held-out normals and [S, P] of the painted frames.
    """
    own, painted = project(decoder, patches.held_out), project(decoder, patches.painted)
    distances, painted_distances = torch.empty(own.shape[:2]), torch.empty(painted.shape[:2])
    for fold in np.unique(patches.folds):
        others = patches.remembered(fold)
        rows = _pool(others.flatten(0, 1), settings.pool, generator)
        memory = greedy_coreset(decoder.project(rows), settings.size, generator)
        distances[patches.folds == fold] = _distances(own[patches.folds == fold], memory, decoder.floor)
        belongs = patches.painted_folds == fold
        painted_distances[belongs] = _distances(painted[belongs], memory, decoder.floor)
    return distances, painted_distances


def greedy_coreset(patches: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Rows of `patches` [N, D] such that none is far from the chosen (k-centre greedy).

    Sener & Savarese, arXiv:1708.00489, as PatchCore uses it. anomalib's KCenterGreedy does the same; this one
    takes a seed and draws nothing on the terminal.
    """
    if len(patches) <= size:
        return patches
    search = patches
    if patches.shape[1] > SEARCH_DIMENSIONS:
        search = patches @ (
            torch.randn(patches.shape[1], SEARCH_DIMENSIONS, generator=generator) / SEARCH_DIMENSIONS**0.5
        )
    squared = search.square().sum(1)
    distance = (search - search.mean(0)).square().sum(1)
    chosen = [int(distance.argmin())]
    nearest = torch.full_like(squared, torch.inf)
    while len(chosen) < size:
        last = chosen[-1]
        nearest = torch.minimum(nearest, squared - 2 * search @ search[last] + squared[last])
        chosen.append(int(nearest.argmax()))
    return patches[chosen]


@torch.inference_mode()
def project(decoder: ImageImageDecoder, patches: Tensor) -> Tensor:
    """[N, P, C] float16 to [N, P, D] float32, in chunks."""
    return torch.cat([decoder.project(chunk.float()) for chunk in torch.split(patches, FRAMES_A_CHUNK)])


@torch.inference_mode()
def _distances(projected: Tensor, memory: Tensor, floor: Tensor) -> Tensor:
    return torch.cat(
        [nearest_distance(chunk, memory, floor) for chunk in torch.split(projected, FRAMES_A_CHUNK)]
    )


def _pool(patches: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """At most `size` random rows, as float32."""
    if len(patches) > size:
        patches = patches[torch.randperm(len(patches), generator=generator)[:size]]
    return patches.float()
