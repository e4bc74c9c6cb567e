"""`train_kinds`: a folder that serves what was trained, the same for the same seed, whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from safetensors.torch import load_file

from inspector.describing.cues import CUES
from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.kinds import (
    DIRECTIONS,
    KINDS_INPUT,
    KINDS_MANIFEST,
    KINDS_ONNX,
    KINDS_OUTPUT,
    KINDS_WEIGHTS,
    load_kind_reader,
)
from inspector.errors import OutputExistsError
from training.kinds.fitting import KindSettings
from training.kinds.network import KindProjection
from training.kinds.training import TrainedKinds, train_kinds
from training.kinds.vocabulary import CENTRE

FAST = KindSettings(surfaces=4, hidden=8, epochs=1).model_copy(update={"defects": 20})
"""Fewer defects than anybody may ask for."""
COMMAND = "inspector train-kinds --seed 0"
STEPS = ["Rendering good parts", "Painting defects", "Fitting"]


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, int, int]]
) -> tuple[Path, TrainedKinds]:
    output = tmp_path_factory.mktemp("kinds") / "tiny"
    return output, train_kinds(output, FAST, command=COMMAND, on_step=lambda *step: told.append(step))


def test_the_folder_holds_a_network_that_can_be_served(
    trained: tuple[Path, TrainedKinds], told: list[tuple[str, int, int]]
) -> None:
    output, result = trained
    assert sorted(file.name for file in output.iterdir()) == [KINDS_MANIFEST, KINDS_ONNX, KINDS_WEIGHTS]
    assert [folder.name for folder in output.parent.iterdir()] == ["tiny"]
    assert load_kind_reader(folder=output).words == tuple(KNOWN_KINDS)
    manifest = result.manifest
    assert (manifest.command, manifest.seed, manifest.cues) == (COMMAND, 0, CUES)
    assert manifest.text_encoder.name == "sentence-transformers:all-MiniLM-L6-v2"
    assert 0 <= manifest.figures["accuracy on painted defects"] <= 1
    assert result.size_bytes == sum(file.stat().st_size for file in output.iterdir())
    assert list(dict.fromkeys(step for step, _, _ in told)) == STEPS


@torch.inference_mode()
def test_onnx_computes_what_torch_does(trained: tuple[Path, TrainedKinds]) -> None:
    state = load_file(trained[0] / KINDS_WEIGHTS)
    directions = state.pop(DIRECTIONS)
    del state[CENTRE]
    projection = KindProjection(state["mean"], state["deviation"], FAST.hidden, directions.shape[1], 0.0)
    projection.load_state_dict(state)
    cues = np.random.default_rng(0).normal(0, 2, (7, len(CUES))).astype(np.float32)
    session = ort.InferenceSession(str(trained[0] / KINDS_ONNX), providers=["CPUExecutionProvider"])
    for rows in (cues, cues[:1]):
        (vectors,) = session.run([KINDS_OUTPUT], {KINDS_INPUT: rows})
        np.testing.assert_allclose(vectors, projection.eval()(torch.from_numpy(rows)), atol=1e-5)


def test_whoever_runs_the_service_can_read_the_folder(trained: tuple[Path, TrainedKinds]) -> None:
    for path in (trained[0], *trained[0].iterdir()):
        assert path.stat().st_mode & stat.S_IROTH, path


def test_the_same_seed_makes_the_same_network(trained: tuple[Path, TrainedKinds], tmp_path: Path) -> None:
    output, first = trained
    again = train_kinds(tmp_path / "again", FAST, command=COMMAND)
    assert again.manifest == first.manifest
    for name in (KINDS_MANIFEST, KINDS_ONNX, KINDS_WEIGHTS):
        assert (tmp_path / "again" / name).read_bytes() == (output / name).read_bytes()


@pytest.mark.parametrize("at", STEPS)
def test_an_interruption_leaves_nothing(at: str, tmp_path: Path) -> None:
    def interrupt(step: str, done: int, parts: int) -> None:
        if step == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_kinds(tmp_path / "out", FAST, command=COMMAND, on_step=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_what_stands_there_is_not_overwritten_unless_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "note").write_text("mine")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        train_kinds(tmp_path / "out", FAST, command=COMMAND)
    assert (tmp_path / "out" / "note").read_text() == "mine"


@pytest.mark.parametrize(
    "wrong", [{"defects": 99}, {"surfaces": 0}, {"temperature": 0}, {"dropout": 1}, {"colour": "red"}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        KindSettings(**wrong)


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    kept = tmp_path / "photographs" / "good.png"
    kept.write_bytes(b"kept")
    with pytest.raises(OutputExistsError, match="it is no network for kinds"):
        train_kinds(kept.parent, command="inspector train-kinds", overwrite=True)
    assert kept.read_bytes() == b"kept"
