"""Settings of a training: one set of defaults for all products, each changeable in a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inspector.errors import SettingsError
from training.anomalib_models.settings import AnomalibSettings
from training.defects import DefectSettings
from training.encoders import (
    EfficientNetLite0Settings,
    ImageEncoderSettings,
    MiniLmSettings,
    TextEncoderSettings,
)
from training.kinds.vocabulary import KindsOfProduct
from training.prompts import PromptSettings


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MemorySettings(_Section):
    """The image-image decoder: a memory of normal patches."""

    size: int = Field(1000, title="Size", description="Patches kept by the greedy coreset", ge=16, le=20_000)
    pool: int = Field(20_000, title="Pool", description="Random patches the coreset is chosen from", ge=100)
    whitening: float = Field(0.25, title="Whitening", description="0 none, 0.5 full", ge=0, le=0.5)
    dimensions: int = Field(128, title="Dimensions", description="Of a patch after projection", ge=4, le=2048)


class TextDecoderSettings(_Section):
    """The image-text decoder: a projection into the text encoder's space."""

    hidden: int = Field(128, title="Hidden units", ge=8, le=4096)
    steps: int = Field(200, title="Steps", description="Optimiser steps", ge=1)
    batch: int = Field(2048, title="Batch", description="Patches a step", ge=64)
    learning_rate: float = Field(
        2e-3, title="Learning rate", description="Peak of the one-cycle schedule", gt=0
    )
    temperature: float = Field(0.07, title="Temperature", description="Divides the cosine difference", gt=0)
    defect_share: float = Field(
        0.25, title="Defects", description="Share of painted patches in a batch", gt=0, lt=1
    )
    dropout: float = Field(
        0.3, title="Dropout", description="Share of each patch's features hidden in a step", ge=0, lt=1
    )
    noise_share: float = Field(
        0.1, title="Feature noise", description="Share of normal patches made abnormal by noise", ge=0, lt=1
    )
    noise_scale: float = Field(1.0, title="Noise", description="In standard deviations of the features", gt=0)


class RetrainingSettings(_Section):
    """How much is done anew when a product is learned further."""

    earlier_normals: int = Field(
        120,
        title="Earlier normals",
        description="So many, chosen at random, are looked at again beside the new ones",
        ge=20,
    )
    steps: int = Field(40, title="Steps", description="Optimiser steps of the image-text decoder", ge=1)
    folds: int = Field(3, title="Folds", description="Parts of the normals that are held out in turn", ge=2)
    synthetic_frames: int = Field(
        120, title="Synthetic frames", description="At most so many frames are painted", ge=20
    )


class TrainingSettings(_Section):
    """Everything that shapes a bundle beside the pictures."""

    encoder: ImageEncoderSettings = Field(
        EfficientNetLite0Settings(), title="Image encoder", discriminator="kind"
    )
    text_encoder: TextEncoderSettings = Field(MiniLmSettings(), title="Text encoder", discriminator="kind")
    prompts: PromptSettings = Field(PromptSettings(), title="Prompts")
    defects: DefectSettings = Field(DefectSettings(), title="Synthetic defects")
    kinds: KindsOfProduct = Field(KindsOfProduct(), title="Kinds of defects")
    memory: MemorySettings = Field(MemorySettings(), title="Image-image decoder")
    text_decoder: TextDecoderSettings = Field(TextDecoderSettings(), title="Image-text decoder")
    anomalib: AnomalibSettings = Field(AnomalibSettings(), title="Anomalib's models")
    retraining: RetrainingSettings = Field(RetrainingSettings(), title="Retraining")
    height: int = Field(256, title="Height", description="Of the network's input, in pixels", ge=64, le=1024)
    width: int = Field(256, title="Width", description="Of the network's input, in pixels", ge=64, le=1024)
    false_reject_rate: float = Field(
        0.01, title="False-reject rate", description="Share of good parts that may be rejected", gt=0, lt=0.5
    )
    synthetic_frames: int = Field(
        400, title="Synthetic frames", description="At most so many frames are painted", ge=20
    )
    max_normals: int = Field(
        1000, title="Normals", description="At most so many normals are used, chosen by seed", ge=1
    )
    folds: int = Field(6, title="Folds", description="Parts of the normals that are held out in turn", ge=2)
    golden_frames: int = Field(
        16, title="Golden frames", description="Normals with known scores", ge=2, le=200
    )
    golden_defects: int = Field(
        4,
        title="Golden defects",
        description="Golden frames more, with a painted defect: they show that an engine still sees defects",
        ge=0,
        le=200,
    )
    keep_learning: bool = Field(
        True,
        title="Keep learning files",
        description="Normals and decoders stay in the bundle's learning/ folder, for `inspector retrain`",
    )
    seed: int = Field(0, title="Seed", ge=0)


def load_training_settings(path: Path | None = None, **changes: Any) -> TrainingSettings:
    """Read a TOML file of `TrainingSettings`; the defaults where there is none.

    Args:
        path: the file.
        changes: values from the command line that win over the file's.

    Raises:
        SettingsError: the file is missing or not TOML, or a value is unknown or out of range.
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            why = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
            raise SettingsError(
                f"training settings {path} cannot be read", why, "Correct --config"
            ) from error
    values |= changes
    try:
        return TrainingSettings(**values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise SettingsError("the training settings are wrong", problems, "Correct these keys") from error
