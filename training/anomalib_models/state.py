"""Weights of a file put into a network, or a message that says what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from inspector.errors import TrainingError


def load_strictly(network: nn.Module, state: Mapping[str, Tensor], path: Path, whose: str) -> None:
    """Load a state dict; every tensor must find its partner.

    Args:
        network: takes the weights.
        state: the file's content.
        path: the file.
        whose: what the weights must belong to.

    Raises:
        TrainingError: a tensor is missing, is too many, or has another shape.
    """
    own = network.state_dict()
    wrong = [f"{name} is missing" for name in own if name not in state]
    wrong += [f"{name} is not known" for name in state if name not in own]
    wrong += [
        f"{name} is {tuple(state[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in own.items()
        if name in state and state[name].shape != tensor.shape
    ]
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise TrainingError(
            f"weights {path} do not fit {whose}", f"{wrong[0]}{more}", "Give the state dict of that network"
        )
    network.load_state_dict(dict(state))
