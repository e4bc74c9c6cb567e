"""PaDiM: a Gaussian of patch features at each place. Defard et al. 2020, https://arxiv.org/abs/2011.08785."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from anomalib.models.image.padim.torch_model import PadimModel
from numpy.typing import NDArray
from torch import Tensor

from training.anomalib_models.backbone import NamedMaps, build_backbone, collect, refuse_weights
from training.anomalib_models.protocol import FittedModel, OneMap, OnPart, Recipe, ignore_part


class FittedPadim(FittedModel):
    """Anomalib's fitted model; its graph takes any batch as it is, but would encode twice for the embedding.

    Args:
        model: after `fit`.
        backbone: its feature extractor.
    """

    def __init__(self, model: PadimModel, backbone: NamedMaps) -> None:
        super().__init__()
        self.model, self.backbone = model.eval(), backbone
        self.weights = backbone.encoder.weights
        self.requires_grad_(False)

    def own(self, image: Tensor) -> OneMap:
        """See `FittedModel.own`."""
        normalised = self.backbone.encoder.normalise(image)
        result = self.model(normalised)
        deepest = list(self.backbone(normalised).values())[-1]
        return OneMap(result.anomaly_map[:, 0], result.pred_score.reshape(-1), deepest.mean((2, 3)))

    def served(self, image: Tensor) -> OneMap:
        """See `FittedModel.served`."""
        maps = self.backbone(self.backbone.encoder.normalise(image))
        anomaly_map = self.model.anomaly_map_generator(
            embedding=self.model.generate_embedding(maps),
            mean=self.model.gaussian.mean,
            inv_covariance=self.model.gaussian.inv_covariance,
            image_size=image.shape[1:3],
        )[:, 0]
        return OneMap(anomaly_map, anomaly_map.amax((1, 2)), list(maps.values())[-1].mean((2, 3)))


@dataclass(frozen=True, slots=True)
class Padim:
    """How PaDiM is fitted."""

    name: str = "Padim"
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
    ) -> FittedPadim:
        """See `AnomalibModel.fit`."""
        torch.manual_seed(recipe.seed)
        backbone = build_backbone(recipe)
        model = PadimModel(backbone="resnet18", layers=["layer1"], pre_trained=False, n_features=1)
        model.layers, model.feature_extractor = backbone.names, backbone  # type: ignore[assignment]
        model.idx = torch.randperm(sum(backbone.encoder.layer_channels))[: recipe.settings.features]
        collect(model, backbone, normals, on_part)
        model.fit()
        return FittedPadim(model, backbone)
