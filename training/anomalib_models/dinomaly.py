"""Dinomaly: a decoder repeats what DINOv2 sees of normals. Guo et al. 2024, https://arxiv.org/abs/2405.14325.

Anomalib's own module downloads DINOv2; here its weights come from a file of timm's, and bottleneck and
decoder are trained by the loop below with that module's optimiser and schedule.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from anomalib.models.components.feature_extractors import TimmFeatureExtractor
from anomalib.models.image.dinomaly import lightning_model, torch_model
from anomalib.models.image.dinomaly.components import StableAdamW, WarmCosineScheduler
from anomalib.models.image.dinomaly.torch_model import DinomalyModel
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from inspector.bundle import Weights
from inspector.errors import TrainingError
from training.anomalib_models.protocol import FittedModel, OneMap, OnPart, Recipe, ignore_part
from training.encoders.protocol import RGB_MAX
from training.encoders.timm_encoder import load_timm
from training.encoders.weights import read_state_dict, state_dict_sha256

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PATCH_PX = 14
"""Of every DINOv2 network."""


class FittedDinomaly(FittedModel):
    """Anomalib's trained network.

    Args:
        model: in evaluation mode.
        weights: of DINOv2.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: DinomalyModel, weights: Weights) -> None:
        super().__init__()
        self.model, self.weights = model.eval(), weights
        self.register_buffer("mean", RGB_MAX * torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", RGB_MAX * torch.tensor(STD).view(1, 3, 1, 1))
        self.requires_grad_(False)

    def normalise(self, image: Tensor) -> Tensor:
        """uint8 [B, H, W, 3] to what DINOv2 takes, [B, 3, H, W]."""
        return (image.permute(0, 3, 1, 2).to(torch.float32) - self.mean) / self.std

    def own(self, image: Tensor) -> OneMap:
        """See `FittedModel.own`."""
        normalised = self.normalise(image)
        result = self.model(normalised)
        encoded, _ = self.model.get_encoder_decoder_outputs(normalised)
        return OneMap(result.anomaly_map[:, 0], result.pred_score, encoded[-1].mean((2, 3)))

    def served(self, image: Tensor) -> OneMap:
        """See `FittedModel.served`; the networks run once, and the highest hundredth needs no full sort."""
        encoded, decoded = self.model.get_encoder_decoder_outputs(self.normalise(image))
        size = (image.shape[1], image.shape[2])
        anomaly_map, _ = self.model.calculate_anomaly_maps(encoded, decoded, out_size=size)
        ranked = functional.interpolate(
            anomaly_map, size=torch_model.DEFAULT_RESIZE_SIZE, mode="bilinear", align_corners=False
        )
        ranked = self.model.gaussian_blur(ranked).flatten(1)
        highest = ranked.topk(int(ranked.shape[1] * torch_model.DEFAULT_MAX_RATIO), dim=1).values
        return OneMap(anomaly_map[:, 0], highest.mean(1), encoded[-1].mean((2, 3)))


@dataclass(frozen=True, slots=True)
class Dinomaly:
    """How Dinomaly is trained. It takes hours without a GPU."""

    name: str = "Dinomaly"
    refits: bool = False

    def check(self, recipe: Recipe) -> None:
        """See `AnomalibModel.check`."""
        what = "anomalib's Dinomaly cannot be trained"
        if recipe.weights is None:
            raise TrainingError(
                what,
                "its encoder DINOv2 is pretrained, and nothing is downloaded here",
                f"Give timm's file of {recipe.settings.encoder_name} with --weights; encoder_name under"
                " [anomalib] of --config names another size",
            )
        if recipe.height % PATCH_PX or recipe.width % PATCH_PX:
            raise TrainingError(
                what,
                f"frames of {recipe.height} x {recipe.width} pixels are no whole patches of {PATCH_PX}",
                f"Set height and width to multiples of {PATCH_PX}, such as 252 or 392",
            )
        if not any(size in recipe.settings.encoder_name for size in torch_model.DINO_ARCHITECTURES):
            raise TrainingError(
                what,
                f"anomalib does not know the layers of {recipe.settings.encoder_name}",
                f"Name one with {', '.join(torch_model.DINO_ARCHITECTURES)} in it",
            )
        read_state_dict(recipe.weights)

    def fit(
        self,
        normals: NDArray[np.uint8],
        held_out: NDArray[np.uint8],  # noqa: ARG002 - it scales nothing
        recipe: Recipe,
        on_part: OnPart = ignore_part,
    ) -> FittedDinomaly:
        """See `AnomalibModel.fit`."""
        self.check(recipe)
        if recipe.weights is None:
            raise RuntimeError("check() was not called")
        torch.manual_seed(recipe.seed)
        name = recipe.settings.encoder_name
        network = load_timm(name, recipe.weights, dynamic_img_size=True)
        with _encoder_of(network):
            model = DinomalyModel(encoder_name=name)
        weights = Weights(name=f"timm:{name}", sha256=state_dict_sha256(network.state_dict()))
        fitted = FittedDinomaly(model, weights)
        _train(fitted, normals, recipe, on_part)
        return fitted


@contextmanager
def _encoder_of(network: nn.Module) -> Iterator[None]:
    """While it is made, `DinomalyModel` would download its encoder: it gets this network instead."""

    def extractor(**options: Any) -> TimmFeatureExtractor:
        made = TimmFeatureExtractor(**(options | {"pre_trained": False}))
        made.feature_extractor = network
        return made

    module: Any = torch_model
    module.TimmFeatureExtractor = extractor
    try:
        yield
    finally:
        module.TimmFeatureExtractor = TimmFeatureExtractor


def _train(fitted: FittedDinomaly, normals: NDArray[np.uint8], recipe: Recipe, on_part: OnPart) -> None:
    model, config = fitted.model, lightning_model.TRAINING_CONFIG
    steps = recipe.settings.steps or lightning_model.MAX_STEPS_DEFAULT
    trained = nn.ModuleList([model.bottleneck, model.decoder])
    lightning_model.Dinomaly._initialize_trainable_modules(trained)
    trained.requires_grad_(True)
    optimiser = StableAdamW([{"params": trained.parameters()}], **config["optimizer"])
    warmup = min(config["scheduler"]["warmup_iters"], steps // 2)
    schedule = WarmCosineScheduler(
        optimiser, **(config["scheduler"] | {"total_iters": steps, "warmup_iters": warmup})
    )
    rng = np.random.default_rng(recipe.seed)
    model.train()
    for step in range(steps):
        on_part(step, steps)
        batch = normals[rng.integers(len(normals), size=min(recipe.settings.batch, len(normals)))]
        loss = model(fitted.normalise(torch.from_numpy(batch)), global_step=step)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained.parameters(), config["trainer"]["gradient_clip_val"])
        optimiser.step()
        schedule.step()
    model.eval()
    trained.requires_grad_(False)
