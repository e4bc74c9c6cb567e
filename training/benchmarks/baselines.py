"""Anomalib's PatchCore and PaDiM on the product's own encoder, frames and split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from anomalib.models.image.padim.torch_model import PadimModel
from anomalib.models.image.patchcore.torch_model import PatchcoreModel
from numpy.typing import NDArray
from torch import Tensor, nn

from inspector.limits import conformal_limit
from training.encoders import EfficientNetLite0Settings, ImageEncoder, build_image_encoder

LAYERS = (2, 4)
"""Blocks at strides 8 and 16, as both papers take the middle layers."""
PATCHCORE_MEMORY = 2000
"""Patches kept by the coreset; its default of 10 % would take hours on two cores."""
PADIM_FEATURES = 100
BATCH = 16
HELD_OUT = 0.2
"""Share of the normals that the limit is found on, by a model that is fitted on the others."""


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """Scores of a fitted baseline.

    Attributes:
        scores: [N] of the test frames.
        maps: float32 [N, H, W] in the network's input size.
        limit: at the false-reject rate asked for.
    """

    scores: NDArray[np.float64]
    maps: NDArray[np.float32]
    limit: float


class _NamedMaps(nn.Module):
    """The encoder in the form of anomalib's feature extractor."""

    def __init__(self, encoder: ImageEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return {f"block{block}": layer for block, layer in zip(LAYERS, self.encoder(image), strict=True)}


def patchcore(normals: int, height: int, width: int) -> tuple[nn.Module, Callable[[nn.Module], None]]:
    """An unfitted PatchCore and the function that fits it after all normals passed through."""
    encoder = _encoder(height, width)
    model = PatchcoreModel(layers=["layer1"], backbone="resnet18", pre_trained=False)
    model.layers = _names()
    model.feature_extractor = _NamedMaps(encoder)  # type: ignore[assignment]
    rows, columns = encoder.layer_sizes[0]
    share = min(1.0, PATCHCORE_MEMORY / (normals * rows * columns))
    return model, lambda fitted: fitted.subsample_embedding(share)


def padim(_normals: int, height: int, width: int) -> tuple[nn.Module, Callable[[nn.Module], None]]:
    """An unfitted PaDiM and the function that fits it after all normals passed through."""
    encoder = _encoder(height, width)
    model = PadimModel(backbone="resnet18", layers=["layer1"], pre_trained=False, n_features=1)
    model.layers = _names()
    model.feature_extractor = _NamedMaps(encoder)  # type: ignore[assignment]
    model.idx = torch.randperm(sum(encoder.layer_channels))[:PADIM_FEATURES]
    return model, lambda fitted: fitted.fit()


BASELINES = {"anomalib PatchCore": patchcore, "anomalib PaDiM": padim}


def run_baseline(
    name: str,
    normals: NDArray[np.uint8],
    tests: NDArray[np.uint8],
    false_reject_rate: float,
    rng: np.random.Generator,
) -> BaselineResult:
    """Fit on all normals and score the test frames; the limit comes from a second fit on a part of them."""
    held_out = np.zeros(len(normals), bool)
    held_out[rng.permutation(len(normals))[: max(1, round(HELD_OUT * len(normals)))]] = True
    remaining = normals[~held_out] if len(normals) > 1 else normals
    scores, _ = _score(_fitted(name, remaining), normals[held_out])
    test_scores, maps = _score(_fitted(name, normals), tests)
    return BaselineResult(test_scores, maps, conformal_limit(scores, false_reject_rate))


def _names() -> list[str]:
    return [f"block{block}" for block in LAYERS]


def _encoder(height: int, width: int) -> ImageEncoder:
    return build_image_encoder(EfficientNetLite0Settings(layers=LAYERS), height, width)


def _fitted(name: str, normals: NDArray[np.uint8]) -> nn.Module:
    torch.manual_seed(0)
    model, fit = BASELINES[name](len(normals), normals.shape[1], normals.shape[2])
    model.train()
    with torch.no_grad():
        for batch in _batches(model, normals):
            model(batch)
        fit(model)
    return model.eval()


@torch.inference_mode()
def _score(model: nn.Module, frames: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    results = [model(batch) for batch in _batches(model, frames)]
    scores = torch.cat([result.pred_score.reshape(-1) for result in results])
    maps = torch.cat([result.anomaly_map.reshape(-1, *result.anomaly_map.shape[-2:]) for result in results])
    return np.asarray(scores, dtype=np.float64), np.asarray(maps, dtype=np.float32)


def _batches(model: nn.Module, frames: NDArray[np.uint8]) -> list[Tensor]:
    encoder = model.feature_extractor.encoder  # type: ignore[union-attr]
    return [
        encoder.normalise(torch.from_numpy(frames[start : start + BATCH]))  # type: ignore[operator, union-attr]
        for start in range(0, len(frames), BATCH)
    ]
