"""PatchCore: distance to a coreset of normal patches. Roth et al. 2022, https://arxiv.org/abs/2106.08265."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from anomalib.models.image.patchcore.torch_model import PatchcoreModel
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.anomalib_models.backbone import NamedMaps, build_backbone, collect, refuse_weights
from training.anomalib_models.protocol import FittedModel, OneMap, OnPart, Recipe, ignore_part
from training.memory import greedy_coreset


class FittedPatchcore(FittedModel):
    """Anomalib's fitted model.

    Its forward pass freezes the batch when it is exported (searches in chunks, indices by `arange`), and
    searches the memory a second time for the neighbours of the nearest patch, which never change. `served`
    looks them up in a table. Near zero, a distance by products is mostly rounding: `own` searches in float64,
    and `served` measures the distance to the patch that was found once more, by differences.

    Args:
        model: with its memory.
        backbone: its feature extractor.
    """

    memory: Tensor
    centre: Tensor
    lengths: Tensor
    support: Tensor

    def __init__(self, model: PatchcoreModel, backbone: NamedMaps) -> None:
        super().__init__()
        self.model, self.backbone = model.eval(), backbone
        self.weights = backbone.encoder.weights
        bank = model.memory_bank.double()
        memory = (bank - bank.mean(0)).float()
        self.smooth = copy.deepcopy(model.anomaly_map_generator)
        model.anomaly_map_generator.double()
        model.memory_bank = bank
        backbone.dtype = torch.float64
        self.register_buffer("centre", bank.mean(0).float())
        self.register_buffer("memory", memory)
        self.register_buffer("lengths", memory.square().sum(1))
        count = min(model.num_neighbors, len(memory))
        nearest = [
            torch.cdist(chunk, memory).topk(count, largest=False).indices
            for chunk in torch.split(memory, 256)
        ]
        self.register_buffer("support", torch.cat(nearest))
        self.requires_grad_(False)

    def own(self, image: Tensor) -> OneMap:
        """See `FittedModel.own`."""
        normalised = self.backbone.encoder.normalise(image)
        result = self.model(normalised)
        deepest = _embedding(self.backbone.maps(normalised))
        return OneMap(result.anomaly_map[:, 0].float(), result.pred_score.float(), deepest)

    def served(self, image: Tensor) -> OneMap:
        """See `FittedModel.served`."""
        maps = self.backbone.maps(self.backbone.encoder.normalise(image))
        pooled = {name: self.model.feature_pooler(layer) for name, layer in maps.items()}
        patches = self.model.generate_embedding(pooled)
        rows, columns = patches.shape[2:]
        patches = patches.flatten(2).transpose(1, 2) - self.centre
        # |p - m|² without |p|², which is the same for all of the memory.
        found = (self.lengths - 2 * (patches @ self.memory.T)).argmin(2)
        distances = (patches - self.memory[found]).square().sum(2).sqrt()
        anomaly_map = self.smooth(distances.reshape(-1, 1, rows, columns), image.shape[1:3])[:, 0]
        return OneMap(anomaly_map, self._score(patches, distances, found), _embedding(maps))

    def _score(self, patches: Tensor, distances: Tensor, found: Tensor) -> Tensor:
        """[B]: the largest distance, weighed by how lonely the memory's nearest patch is (equation 7)."""
        score, place = distances.max(1, keepdim=True)
        if self.support.shape[1] == 1:
            return score[:, 0]
        worst = patches.gather(1, place[..., None].expand(-1, 1, patches.shape[2]))
        support = self.memory[self.support[found.gather(1, place)[:, 0]]]
        weight = 1 - functional.softmax((worst - support).square().sum(2).sqrt(), 1)[:, 0]
        return weight * score[:, 0]


@dataclass(frozen=True, slots=True)
class Patchcore:
    """How PatchCore is fitted."""

    name: str = "Patchcore"
    refits: bool = True

    def check(self, recipe: Recipe) -> None:
        """See `AnomalibModel.check`."""
        refuse_weights(self.name, recipe)

    def fit(
        self,
        normals: NDArray[np.uint8],
        held_out: NDArray[np.uint8],  # noqa: ARG002 - it scales nothing
        recipe: Recipe,
        on_part: OnPart = ignore_part,
    ) -> FittedPatchcore:
        """See `AnomalibModel.fit`."""
        torch.manual_seed(recipe.seed)
        backbone = build_backbone(recipe)
        model = PatchcoreModel(
            layers=["layer1"],
            backbone="resnet18",
            pre_trained=False,
            num_neighbors=recipe.settings.neighbours,
        )
        model.layers, model.feature_extractor = backbone.names, backbone  # type: ignore[assignment]
        collect(model, backbone, normals, on_part)
        patches = torch.vstack(model.embedding_store)
        model.embedding_store.clear()
        pool = patches[torch.randperm(len(patches))[: recipe.settings.pool]]
        # Anomalib's own does the same, without a seed.
        model.memory_bank = greedy_coreset(
            pool, recipe.settings.memory, torch.Generator().manual_seed(recipe.seed)
        )
        return FittedPatchcore(model, backbone)


def _embedding(maps: Mapping[str, Tensor]) -> Tensor:
    """[B, C] of the deepest map."""
    return list(maps.values())[-1].mean((2, 3))
