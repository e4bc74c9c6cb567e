"""Which function builds which kind of encoder.

A new kind is settings with a `kind` of its own, a function that takes them, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.encoders.efficientnet_lite0 import build_efficientnet_lite0
from training.encoders.open_clip_encoder import build_open_clip_image, build_open_clip_text
from training.encoders.protocol import ImageEncoder, TextEncoder
from training.encoders.sentence_encoder import build_minilm, build_sentence_transformer
from training.encoders.settings import (
    EfficientNetLite0Settings,
    ImageEncoderSettings,
    MiniLmSettings,
    TextEncoderSettings,
)
from training.encoders.timm_encoder import build_timm

# Any: each function takes the settings of its own kind, which `kind` has already told apart.
IMAGE_ENCODERS: dict[str, Callable[[Any, int, int], ImageEncoder]] = {
    "efficientnet-lite0": build_efficientnet_lite0,
    "timm": build_timm,
    "open_clip": build_open_clip_image,
}
TEXT_ENCODERS: dict[str, Callable[[Any], TextEncoder]] = {
    "minilm": build_minilm,
    "sentence-transformers": build_sentence_transformer,
    "open_clip": build_open_clip_text,
}


def build_image_encoder(
    settings: ImageEncoderSettings = EfficientNetLite0Settings(),  # noqa: B008 - frozen
    height: int = 256,
    width: int = 256,
) -> ImageEncoder:
    """The image encoder that the settings choose, for images of one size in pixels, on the CPU.

    Nothing is downloaded unless the settings say `online = true`.

    Raises:
        TrainingError: its package or weights are missing or do not fit, or it cannot take the size.
    """
    return IMAGE_ENCODERS[settings.kind](settings, height, width)


def build_text_encoder(settings: TextEncoderSettings = MiniLmSettings()) -> TextEncoder:  # noqa: B008 - frozen
    """The text encoder that the settings choose, on the CPU.

    Nothing is downloaded unless the settings say `online = true`.

    Raises:
        TrainingError: its package or weights are missing or do not fit.
    """
    return TEXT_ENCODERS[settings.kind](settings)
