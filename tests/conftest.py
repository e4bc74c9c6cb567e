"""What the tests of every room share."""

from __future__ import annotations

from tests.language_model import (
    language_model,
    language_model_folder,
    tiny_language_model,
    tiny_language_model_folder,
    tiny_language_model_source,
    torch_language_model,
)

__all__ = [
    "language_model",
    "language_model_folder",
    "tiny_language_model",
    "tiny_language_model_folder",
    "tiny_language_model_source",
    "torch_language_model",
]
