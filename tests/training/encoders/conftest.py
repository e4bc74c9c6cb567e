"""Every test here runs without a network: a connection that is tried is refused and noted."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch
from safetensors.torch import save_file
from torch import nn


class NetworkRefusedError(Exception):
    """No OSError, because libraries try again after those, for minutes."""


@pytest.fixture(autouse=True)
def network_attempts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Hosts that were asked for. A test that expects some clears the list; left over, they fail it."""
    attempts: list[str] = []

    def refuse(host: object, *_: Any, **__: Any) -> NoReturn:
        attempts.append(str(host))
        raise NetworkRefusedError(f"this test has no network, and asked for {host}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: refuse(address))
    yield attempts
    assert attempts == []


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Writes a network's weights to a file and gives its path."""

    def save(network: nn.Module, name: str = "weights.safetensors") -> Path:
        path = tmp_path / name
        state = {key: value.contiguous() for key, value in network.state_dict().items()}
        if path.suffix == ".safetensors":
            save_file(state, path)
        else:
            torch.save(state, path)
        return path

    return save
