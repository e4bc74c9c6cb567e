from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inspector.errors import TrainingError
from training.encoders.weights import read_state_dict, state_dict_sha256

STATE = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.tensor(1.5)}


def test_the_hash_does_not_depend_on_the_order_of_the_tensors() -> None:
    assert state_dict_sha256(STATE) == state_dict_sha256(dict(reversed(STATE.items())))


@pytest.mark.parametrize(
    "other",
    [
        STATE | {"conv.bias": torch.tensor(1.25)},
        STATE | {"conv.weight": torch.arange(6.0).reshape(3, 2)},
        STATE | {"conv.bias": torch.tensor(1.5, dtype=torch.float64)},
        {"conv.weight": STATE["conv.weight"], "conv.beta": STATE["conv.bias"]},
        {"conv.weight": STATE["conv.weight"]},
    ],
    ids=["value", "shape", "type", "name", "missing"],
)
def test_the_hash_changes_with_whatever_changes_the_network(other: dict[str, torch.Tensor]) -> None:
    assert state_dict_sha256(STATE) != state_dict_sha256(other)


def test_the_hash_takes_bfloat16_and_tensors_that_are_views() -> None:
    tensor = torch.arange(12, dtype=torch.bfloat16).reshape(3, 4)
    assert state_dict_sha256({"a": tensor.T}) == state_dict_sha256({"a": tensor.T.contiguous()})


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_a_state_dict_is_read_from_either_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file(STATE, path)
    else:
        torch.save(STATE, path)

    assert state_dict_sha256(read_state_dict(path)) == state_dict_sha256(STATE)


def test_weights_inside_a_training_checkpoint_are_found(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth"
    torch.save({"epoch": 3, "state_dict": {f"module.{name}": value for name, value in STATE.items()}}, path)

    assert set(read_state_dict(path)) == set(STATE)


class Exploit:
    """Pickled, it would run code when it is opened."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('pickled code ran')",)


def test_a_file_with_pickled_code_is_refused_and_the_code_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"conv.weight": Exploit()}, path)

    with pytest.raises(TrainingError, match="not a file of weights alone"):
        read_state_dict(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a checkpoint", pickle.dumps({"conv.bias": 1.5}, 2)],
    ids=["empty", "text", "pickle"],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)

    with pytest.raises(TrainingError, match="damaged, or it is not a file of weights alone"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [([1, 2], "holds a list"), ({"epoch": 3}, "holds no tensors"), (torch.zeros(3), "holds a Tensor")],
)
def test_a_checkpoint_without_a_state_dict_is_refused(tmp_path: Path, content: object, message: str) -> None:
    path = tmp_path / "weights.pth"
    torch.save(content, path)

    with pytest.raises(TrainingError, match=message):
        read_state_dict(path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(STATE, path)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(TrainingError, match="damaged"):
        read_state_dict(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nowhere\.pth cannot be read: there is no such file"):
        read_state_dict(tmp_path / "nowhere.pth")
