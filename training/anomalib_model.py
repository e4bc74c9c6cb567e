"""The product model as an anomalib model, so that its Engine and datamodules train and test it.

    model, engine = TwoDecoders("bottle"), Engine()
    engine.fit(model=model, datamodule=MVTecAD(category="bottle"))
    engine.test(model=model, datamodule=MVTecAD(category="bottle"))

A product is kept as a bundle, not as a Lightning checkpoint: give `test` the fitted model itself.

Bundles are made by `training.product.train_product`, which also finds limits and checks the export; here the
same network is fitted on what a datamodule delivers, for comparison with anomalib's other models.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from anomalib import LearningType
from anomalib.data import Batch, InferenceBatch
from anomalib.models.components import AnomalibModule, MemoryBankMixin
from anomalib.post_processing import PostProcessor
from anomalib.pre_processing import PreProcessor
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor, nn
from torch.nn import functional
from torchvision.transforms.v2 import Resize

from training.decoders.scorer import Scorer
from training.encoders import build_image_encoder, build_text_encoder
from training.learning import learn
from training.prompts import build_prompts, encode_prompts
from training.settings import TrainingSettings


class TwoDecodersModel(nn.Module):
    """The network behind `TwoDecoders`: collects normals while training, then scores.

    Args:
        product: name that the sentences speak of.
        settings: see `TrainingSettings`.
    """

    def __init__(self, product: str, settings: TrainingSettings) -> None:
        super().__init__()
        self.product, self.settings = product, settings
        self.scorer: Scorer | None = None
        self._frames: list[Tensor] = []

    def forward(self, image: Tensor) -> InferenceBatch | Tensor:
        """Collect float [B, 3, H, W] images in 0..1 while training; score them afterwards.

        Returns:
            The images while training; else scores [B] and maps [B, 1, H, W].

        Raises:
            RuntimeError: it is asked to score before `fit`.
        """
        frames = (image.permute(0, 2, 3, 1) * 255).round().clamp(0, 255).to(torch.uint8)
        if self.training:
            self._frames.append(frames.cpu())
            return image
        if self.scorer is None:
            raise RuntimeError("the model is not fitted yet")
        output = self.scorer(frames)
        size = (image.shape[2], image.shape[3])
        maps = functional.interpolate(
            output.anomaly_map[:, None], size=size, mode="bilinear", align_corners=False
        )
        return InferenceBatch(pred_score=output.score, anomaly_map=maps)

    def fit(self) -> None:
        """Learn from the collected images and forget them."""
        frames = np.asarray(torch.cat(self._frames))
        self._frames.clear()
        encoder = build_image_encoder(self.settings.encoder, self.settings.height, self.settings.width)
        prompts = build_prompts(self.product, self.settings.prompts)
        sentences = encode_prompts(prompts, build_text_encoder(self.settings.text_encoder)).pair
        self.scorer = learn(frames, encoder, sentences, self.settings).scorer


class TwoDecoders(MemoryBankMixin, AnomalibModule):  # type: ignore[misc]
    """Image-image and image-text decoders with calibrated fusion.

    Args:
        product: name that the sentences speak of.
        settings: see `TrainingSettings`.
        pre_processor: as anomalib takes it; by default a resize without normalisation.
        post_processor: as anomalib takes it.
        evaluator: as anomalib takes it.
        visualizer: as anomalib takes it.
    """

    def __init__(
        self,
        product: str,
        settings: TrainingSettings = TrainingSettings(),  # noqa: B008 - frozen
        *,
        pre_processor: nn.Module | bool = True,
        post_processor: nn.Module | bool = True,
        evaluator: Any = True,
        visualizer: Any = True,
    ) -> None:
        # Read by `configure_pre_processor` while the base class is made.
        self._size = (settings.height, settings.width)
        if pre_processor is True:
            # Frames stay in 0..1: the network normalises by itself.
            pre_processor = PreProcessor(transform=Resize(self._size, antialias=True))
        super().__init__(
            pre_processor=pre_processor,
            post_processor=post_processor,
            evaluator=evaluator,
            visualizer=visualizer,
        )
        self.model: TwoDecodersModel = TwoDecodersModel(product, settings)

    @staticmethod
    def configure_optimizers() -> None:
        """None: the decoders are fitted after the one epoch that collects the normals."""

    def training_step(self, batch: Batch[Any], *_: object, **__: object) -> Tensor:
        """Collect a batch of normals; the loss only satisfies Lightning."""
        self.model(batch.image)
        return torch.tensor(0.0, requires_grad=True, device=self.device)

    def fit(self) -> None:
        """Fit decoders, calibration and fusion on the collected normals."""
        # Validation hooks run in inference mode, where nothing can learn.
        with torch.inference_mode(mode=False), torch.enable_grad():
            self.model.fit()

    def validation_step(self, batch: Batch[Any], *_: object, **__: object) -> STEP_OUTPUT:
        """Score a batch."""
        scored: STEP_OUTPUT = batch.update(**self.model(batch.image)._asdict())
        return scored

    @property
    def trainer_arguments(self) -> dict[str, Any]:
        """One pass over the normals, on one device."""
        return {"max_epochs": 1, "val_check_interval": 1.0, "num_sanity_val_steps": 0, "devices": 1}

    @property
    def learning_type(self) -> LearningType:
        """Normals only."""
        return LearningType.ONE_CLASS

    @staticmethod
    def configure_post_processor() -> PostProcessor:
        """The default one; bundles carry limits of their own."""
        return PostProcessor()
