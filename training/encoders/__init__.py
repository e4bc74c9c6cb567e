"""Frozen networks that training builds on: image encoders and text encoders, chosen by configuration."""

from training.encoders.protocol import ImageEncoder, TextEncoder
from training.encoders.registry import build_image_encoder, build_text_encoder
from training.encoders.settings import (
    EfficientNetLite0Settings,
    ImageEncoderSettings,
    MiniLmSettings,
    OpenClipImageSettings,
    OpenClipTextSettings,
    SentenceTransformerSettings,
    TextEncoderSettings,
    TimmSettings,
)

__all__ = [
    "EfficientNetLite0Settings",
    "ImageEncoder",
    "ImageEncoderSettings",
    "MiniLmSettings",
    "OpenClipImageSettings",
    "OpenClipTextSettings",
    "SentenceTransformerSettings",
    "TextEncoder",
    "TextEncoderSettings",
    "TimmSettings",
    "build_image_encoder",
    "build_text_encoder",
]
