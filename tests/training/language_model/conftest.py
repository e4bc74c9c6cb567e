"""Every test here runs without a network."""

from __future__ import annotations

from tests.training.encoders.conftest import network_attempts

__all__ = ["network_attempts"]
