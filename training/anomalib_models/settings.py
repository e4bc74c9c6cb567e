"""What can be chosen of anomalib's models: the section `[anomalib]` of the training settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class AnomalibSettings(BaseModel):
    """Defaults are the papers', but for the memory: a tenth of all patches would take hours on two cores."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    memory: int = Field(
        2000, title="Memory", description="Patchcore: patches kept by the greedy coreset", ge=16, le=100_000
    )
    pool: int = Field(
        20_000, title="Pool", description="Patchcore: random patches the coreset is chosen from", ge=100
    )
    neighbours: int = Field(
        9,
        title="Neighbours",
        description="Patchcore: of the nearest patch, they weigh the score",
        ge=1,
        le=50,
    )
    features: int = Field(100, title="Features", description="Padim: channels taken at random", ge=1, le=1000)
    steps: int | None = Field(
        None,
        title="Steps",
        description="EfficientAd and Dinomaly: of the training; the papers' 70,000 and 5,000 by default",
        ge=1,
    )
    teacher: Literal["small", "medium"] = Field(
        "small", title="Teacher", description="EfficientAd: size of the pretrained network"
    )
    penalty_images: Path | None = Field(
        None,
        title="Penalty images",
        description="EfficientAd: folder of pictures of anything else, such as Imagenette",
    )
    encoder_name: str = Field(
        "vit_base_patch14_reg4_dinov2",
        title="Encoder",
        description="Dinomaly: timm's name of the DINOv2 network that the weights belong to",
        min_length=1,
    )
    batch: int = Field(16, title="Batch", description="Dinomaly: frames of one step", ge=1, le=256)
