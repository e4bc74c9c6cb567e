"""Settings that choose the encoders, told apart by `kind`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, model_validator


def _ascending(layers: tuple[int, ...]) -> tuple[int, ...]:
    if list(layers) != sorted(set(layers)):
        raise ValueError("layers must rise, from shallow to deep, each named once")
    return layers


Layers = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1), AfterValidator(_ascending)]
LAST_BLOCK = 6
Blocks = Annotated[
    tuple[Annotated[int, Field(ge=0, le=LAST_BLOCK)], ...], Field(min_length=1), AfterValidator(_ascending)
]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EfficientNetLite0Settings(_Settings):
    """The default: EfficientNet-Lite0 with ImageNet weights that come inside a Python package."""

    kind: Literal["efficientnet-lite0"] = "efficientnet-lite0"
    layers: Blocks = Field(
        (1, 2, 3, 4, 5, 6),
        title="Layers",
        description="Blocks 0 to 6 whose outputs are taken; blocks behind the last are cut",
    )


class _Normalisation(_Settings):
    mean: tuple[float, float, float] | None = Field(
        None,
        title="Mean",
        description="RGB mean of inputs scaled to 0..1; by default what the library states",
    )
    std: tuple[PositiveFloat, PositiveFloat, PositiveFloat] | None = Field(
        None, title="Standard deviation", description="As the mean"
    )


class TimmSettings(_Normalisation):
    """A model of timm, by name."""

    kind: Literal["timm"] = "timm"
    name: str = Field(title="Name", description="As timm.list_models() gives it", min_length=1)
    weights: Path | None = Field(
        None, title="Weights", description="State dict, .safetensors or .pth, on this machine"
    )
    online: bool = Field(False, title="Online", description="Let timm download its own weights")
    layers: Layers | None = Field(
        None,
        title="Layers",
        description="Levels to take: stages of a CNN, blocks of a transformer; by default the last three "
        "stages, or the blocks at each quarter of the depth",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.weights is None) != self.online:
            raise ValueError(
                "give either weights, a file on this machine, or online = true, which downloads them"
            )
        return self


class _OpenClip(_Settings):
    name: str = Field(title="Name", description="As open_clip.list_models() gives it", min_length=1)
    config: Path | None = Field(
        None,
        title="Model configuration",
        description="NAME.json with the architecture, where open_clip has none",
    )
    weights: Path | None = Field(
        None,
        title="Weights",
        description="Checkpoint on this machine, or a folder with it, open_clip_config.json and tokenizer",
    )
    pretrained: str | None = Field(
        None, title="Pretrained tag", description="Weights that open_clip downloads; needs online = true"
    )
    online: bool = Field(False, title="Online", description="Let open_clip download weights and tokenizers")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.weights is None) == (self.pretrained is None):
            raise ValueError(
                "give either weights, a path on this machine, or pretrained, a tag that is downloaded"
            )
        if self.pretrained is not None and not self.online:
            raise ValueError(
                "pretrained downloads weights: set online = true too, or give weights, a local path"
            )
        return self


class OpenClipImageSettings(_OpenClip, _Normalisation):
    """The image tower of a CLIP model of open_clip."""

    kind: Literal["open_clip"] = "open_clip"
    layers: Layers | None = Field(
        None,
        title="Layers",
        description="Levels to take: blocks of a transformer, stages of a CNN; by default as for timm",
    )


class MiniLmSettings(_Settings):
    """The default: the sentence encoder all-MiniLM-L6-v2, 384-d, that comes inside a Python package."""

    kind: Literal["minilm"] = "minilm"


class SentenceTransformerSettings(_Settings):
    """Any sentence-transformers model."""

    kind: Literal["sentence-transformers"] = "sentence-transformers"
    name: str = Field(title="Name", description="Folder of a model, or its name on the hub", min_length=1)
    online: bool = Field(False, title="Online", description="Let sentence-transformers download the model")


class OpenClipTextSettings(_OpenClip):
    """The text tower of a CLIP model of open_clip."""

    kind: Literal["open_clip"] = "open_clip"


ImageEncoderSettings = Annotated[
    EfficientNetLite0Settings | TimmSettings | OpenClipImageSettings, Field(discriminator="kind")
]
TextEncoderSettings = Annotated[
    MiniLmSettings | SentenceTransformerSettings | OpenClipTextSettings, Field(discriminator="kind")
]
