"""Reading state dicts without running code, and naming what was read."""

from __future__ import annotations

import argparse
import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from inspector.errors import TrainingError


def state_dict_sha256(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values, as 64 hex digits.

    Neither the order of the entries nor the device they are on changes it.
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        # As bytes, because numpy knows no bfloat16.
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a checkpoint: .safetensors, or a torch file that holds tensors only (pickled code is refused).

    Training checkpoints that keep the weights under `state_dict_ema`, `model_ema`, `state_dict` or `model`
    are opened, and the `module.` that distributed training puts before every name is taken off.

    Raises:
        TrainingError: there is no such file, or it is not such a checkpoint.
    """
    what = f"weights {path} cannot be read"
    if not path.is_file():
        raise TrainingError(what, "there is no such file", "Give the path of a .safetensors or .pth file")
    try:
        content = _load(path)
    except (
        OSError,
        EOFError,
        RuntimeError,
        ValueError,
        pickle.UnpicklingError,
        safetensors.SafetensorError,
    ) as error:
        why = "it is damaged, or it is not a file of weights alone"
        remedy = "Save the model's state_dict() with safetensors or torch.save, and give that file"
        raise TrainingError(what, why, remedy) from error
    for key in ("state_dict_ema", "model_ema", "state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping):
        raise TrainingError(
            what, f"it holds a {type(content).__name__}, not a state dict", "Save model.state_dict()"
        )
    state = {
        str(name).removeprefix("module."): value
        for name, value in content.items()
        if isinstance(value, Tensor)
    }
    if not state:
        raise TrainingError(what, "it holds no tensors", "Save model.state_dict()")
    return state


def _load(path: Path) -> object:
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    # timm's training script keeps its arguments beside the weights: plain values, no code.
    with torch.serialization.safe_globals([argparse.Namespace]):
        return torch.load(path, map_location="cpu", weights_only=True)
