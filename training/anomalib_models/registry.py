"""Anomalib's models by name."""

from __future__ import annotations

from inspector.errors import TrainingError
from training.anomalib_models.dinomaly import Dinomaly
from training.anomalib_models.efficient_ad import EfficientAd
from training.anomalib_models.padim import Padim
from training.anomalib_models.patchcore import Patchcore
from training.anomalib_models.protocol import AnomalibModel
from training.model_names import ANOMALIB_PREFIX, OWN

ANOMALIB_MODELS: tuple[AnomalibModel, ...] = (Patchcore(), Padim(), EfficientAd(), Dinomaly())


def find_model(text: str) -> AnomalibModel:
    """The model that `anomalib:NAME` means; capitals do not matter.

    Raises:
        TrainingError: there is no such model.
    """
    for model in ANOMALIB_MODELS:
        if text.lower() == f"{ANOMALIB_PREFIX}{model.name}".lower():
            return model
    known = ", ".join(f"{ANOMALIB_PREFIX}{model.name}" for model in ANOMALIB_MODELS)
    raise TrainingError(
        f"there is no model {text}",
        f"the models are {OWN}, which is our own, {known}",
        "Choose one of them, or leave out --model for our own",
    )
