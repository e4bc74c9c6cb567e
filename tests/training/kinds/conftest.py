"""Every test here runs without a network."""

from __future__ import annotations

import pytest
import torch

from tests.training.encoders.conftest import network_attempts
from training.encoders import build_text_encoder
from training.encoders.protocol import TextEncoder
from training.kinds.vocabulary import encode_known_kinds

__all__ = ["network_attempts"]


@pytest.fixture(scope="session")
def text_encoder() -> TextEncoder:
    return build_text_encoder()


@pytest.fixture(scope="session")
def known_kinds(text_encoder: TextEncoder) -> tuple[torch.Tensor, torch.Tensor]:
    """Directions of the known kinds, and their centre."""
    return encode_known_kinds(text_encoder)
