"""The product's own encoder in the form of anomalib's feature extractor, so that nothing is downloaded."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inspector.errors import TrainingError
from training.anomalib_models.protocol import OnPart, Recipe
from training.encoders import EfficientNetLite0Settings, ImageEncoder, build_image_encoder

LAYERS = (2, 4)
"""Blocks at strides 8 and 16 of the default encoder, as both papers take the middle layers."""
BATCH = 16


class NamedMaps(nn.Module):
    """Takes normalised images and gives the encoder's maps by name.

    Args:
        encoder: frozen image encoder.
    """

    def __init__(self, encoder: ImageEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.dtype = torch.float32
        """Of the maps; the encoder itself always computes in float32."""
        self.names = [f"layer{number}" for number in range(len(encoder.layer_channels))]

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Maps [B, C_l, h_l, w_l] of images [B, 3, H, W], shallow to deep, for anomalib's model."""
        return {name: layer.to(self.dtype) for name, layer in self.maps(image.float()).items()}

    def maps(self, image: Tensor) -> dict[str, Tensor]:
        """The same as the encoder gives them, in float32."""
        return dict(zip(self.names, self.encoder(image), strict=True))


def build_backbone(recipe: Recipe) -> NamedMaps:
    """The encoder of the settings; of the default one the middle layers, where the settings name none.

    Raises:
        TrainingError: its package or weights are missing or do not fit.
    """
    chosen = recipe.encoder
    if isinstance(chosen, EfficientNetLite0Settings) and "layers" not in chosen.model_fields_set:
        chosen = EfficientNetLite0Settings(layers=LAYERS)
    return NamedMaps(build_image_encoder(chosen, recipe.height, recipe.width))


def refuse_weights(name: str, recipe: Recipe) -> None:
    """Say where the backbone's weights are named, when they are given as the model's own.

    Raises:
        TrainingError: there are such weights.
    """
    if recipe.weights is not None:
        raise TrainingError(
            f"anomalib's {name} takes no weights of its own",
            "it stands on the image encoder of the training settings",
            "Leave out --weights, and name an encoder and its weights under [encoder] of --config",
        )


@torch.no_grad()
def collect(model: nn.Module, backbone: NamedMaps, normals: NDArray[np.uint8], on_part: OnPart) -> None:
    """Pass all normals through a model in training mode, which keeps what it sees of them."""
    model.train()
    for start in range(0, len(normals), BATCH):
        on_part(start, len(normals))
        model(backbone.encoder.normalise(torch.from_numpy(normals[start : start + BATCH])))
