"""`train_adapter`: a folder that serves what was trained, the same for the same seed, whole or not at all."""

from __future__ import annotations

import json
import shlex
import stat
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from safetensors.torch import load_file
from typer.testing import CliRunner

from inspector.describing.adapter import (
    ADAPTER_MANIFEST,
    ADAPTER_ONNX,
    ADAPTER_WEIGHTS,
    AFTER,
    BEFORE,
    EXAMPLES,
    check_fit,
    load_adapter,
)
from inspector.describing.inputs import AdapterInputs
from inspector.describing.slots import SLOTS
from inspector.errors import OutputExistsError, ParityError, TrainingError
from tests.language_model import TINY_HIDDEN_SIZE
from training import commands_describing
from training.adapter.fitting import Lessons
from training.adapter.network import Adapter
from training.adapter.training import (
    AdapterSettings,
    TrainedAdapter,
    check_adapter,
    make_examples,
    train_adapter,
    write_adapter,
)


class Fast(AdapterSettings):
    """Smaller numbers than anybody may ask for, by default."""

    surfaces: int = 4
    examples: int = 40
    scored: int = 0
    epochs: int = 1
    steps: int = 2
    batch: int = 2


FAST = Fast()
STEPS = [
    "Loading the language model",
    "Rendering good parts",
    "Painting defects",
    "Learning to read maps",
    "Tuning through the language model",
    "Exporting",
]


def command_of(source: Path | str) -> str:
    """What a person types for `FAST`."""
    return f"inspector train-adapter --language-model {source} --language en --steps {FAST.steps} --seed 0"


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def trained(
    tiny_language_model_source: Path,
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[str, int, int]],
) -> tuple[Path, TrainedAdapter]:
    output = tmp_path_factory.mktemp("adapters") / "tiny"
    result = train_adapter(
        output,
        str(tiny_language_model_source),
        FAST,
        command=command_of(tiny_language_model_source),
        on_step=lambda *step: told.append(step),
    )
    return output, result


def inputs_of(lessons: Lessons, row: int) -> AdapterInputs:
    return AdapterInputs(*(np.asarray(getattr(lessons, name)[row]) for name in ("maps", "look", "kinds")))


def test_the_folder_holds_an_adapter_that_can_be_served(trained: tuple[Path, TrainedAdapter]) -> None:
    output, result = trained
    assert sorted(file.name for file in output.iterdir()) == [ADAPTER_MANIFEST, ADAPTER_ONNX, ADAPTER_WEIGHTS]
    assert [folder.name for folder in output.parent.iterdir()] == ["tiny"]
    adapter = load_adapter(output)
    assert adapter.manifest == result.manifest
    check_fit(adapter, "tiny", TINY_HIDDEN_SIZE)
    manifest = adapter.manifest
    assert (manifest.language_model, manifest.hidden_size) == ("tiny-llama", TINY_HIDDEN_SIZE)
    assert (manifest.seed, manifest.language) == (0, "en")
    assert "sentence loss" in manifest.figures
    assert "read position" in manifest.figures
    assert result.size_bytes == sum(file.stat().st_size for file in output.iterdir())
    assert result.seconds > 0


def test_every_step_is_told_in_order_first_with_nothing_done(
    trained: tuple[Path, TrainedAdapter], told: list[tuple[str, int, int]]
) -> None:
    assert list(dict.fromkeys(step for step, _, _ in told)) == STEPS
    for step in STEPS:
        done = [(part, parts) for name, part, parts in told if name == step]
        assert done[0][0] == 0
        assert all(part <= parts for part, parts in done)
        assert [part for part, _ in done] == sorted(part for part, _ in done)


@torch.inference_mode()
def test_onnx_computes_what_torch_does(trained: tuple[Path, TrainedAdapter], few_lessons: Lessons) -> None:
    soft, probabilities = trained_network(trained[0])(few_lessons.maps, few_lessons.look, few_lessons.kinds)
    served = load_adapter(trained[0])
    for row in range(0, len(few_lessons), 5):
        reading = served.read(inputs_of(few_lessons, row))
        np.testing.assert_allclose(reading.soft_tokens, soft[row], atol=1e-3 * float(soft.abs().max()))
        np.testing.assert_allclose(np.concatenate(reading.probabilities), probabilities[row], atol=1e-3)


def test_the_command_in_the_manifest_makes_the_same_adapter_again(
    trained: tuple[Path, TrainedAdapter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.adapter.training.AdapterSettings", Fast)  # numbers that no option sets
    app = typer.Typer()
    commands_describing.register(app)
    output, first = trained
    again = tmp_path / "again"
    words = [*shlex.split(first.manifest.command)[1:], "--output", str(again)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert f"Adapter {again} for tiny-llama" in result.stdout
    assert "read position: " in result.stdout
    for name in (ADAPTER_MANIFEST, ADAPTER_ONNX, ADAPTER_WEIGHTS):
        assert (again / name).read_bytes() == (output / name).read_bytes()


def test_whoever_runs_the_service_can_read_the_folder(trained: tuple[Path, TrainedAdapter]) -> None:
    for path in (trained[0], *trained[0].iterdir()):
        assert path.stat().st_mode & stat.S_IROTH, path


def test_the_manifest_is_plain_json(trained: tuple[Path, TrainedAdapter]) -> None:
    text = (trained[0] / ADAPTER_MANIFEST).read_text()
    assert "NaN" not in text
    assert all(isinstance(value, float) for value in json.loads(text)["figures"].values())
    assert shlex.split(json.loads(text)["command"])[:2] == ["inspector", "train-adapter"]


@pytest.mark.parametrize("at", STEPS[:3])
def test_an_interruption_leaves_nothing(at: str, tiny_language_model_source: Path, tmp_path: Path) -> None:
    def interrupt(step: str, done: int, parts: int) -> None:
        if step == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_adapter(
            tmp_path / "out", str(tiny_language_model_source), FAST, command="inspector", on_step=interrupt
        )
    assert list(tmp_path.iterdir()) == []


def test_what_stands_there_is_not_overwritten_unless_that_is_wanted(
    tiny_language_model_source: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "note").write_text("mine")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        train_adapter(tmp_path / "out", str(tiny_language_model_source), FAST, command="inspector")
    with pytest.raises(OutputExistsError, match="it is no adapter"):
        train_adapter(
            tmp_path / "out", str(tiny_language_model_source), FAST, command="inspector", overwrite=True
        )
    (tmp_path / "out" / ADAPTER_MANIFEST).write_text("{}")
    with pytest.raises(TrainingError, match="no/such-model cannot be loaded"):
        train_adapter(tmp_path / "out", "no/such-model", FAST, command="inspector", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "note").read_text() == "mine"


def test_examples_are_the_same_for_the_same_seed() -> None:
    first, second = (make_examples(FAST) for _ in range(2))
    assert len(first) == FAST.examples
    assert [one.facts for one in first] == [one.facts for one in second]
    other = make_examples(FAST.model_copy(update={"seed": 1}))
    assert [one.facts for one in first] != [one.facts for one in other]


def trained_network(output: Path) -> Adapter:
    state = load_file(output / ADAPTER_WEIGHTS)
    tables = [state[f"words.{number}"] for number in range(len(SLOTS))]
    network = Adapter(tables, *(state[name] for name in (EXAMPLES, BEFORE, AFTER))).eval()
    network.load_state_dict(state)
    return network


def test_a_network_that_computes_something_else_is_refused(
    trained: tuple[Path, TrainedAdapter], few_lessons: Lessons
) -> None:
    network, held_out = trained_network(trained[0]), few_lessons.taken(torch.arange(4))
    check_adapter(trained[0], network, held_out)
    with torch.no_grad():
        network.words[0] *= 1.1
    with pytest.raises(ParityError, match="differ from the trained one's by"):
        check_adapter(trained[0], network, held_out)


@pytest.mark.parametrize("name", ["before", "words.3"])
def test_an_adapter_that_is_not_finite_is_not_kept(
    adapter: Adapter, few_lessons: Lessons, tmp_path: Path, name: str
) -> None:
    dict(adapter.named_parameters())[name].data[0, 0] = float("nan")
    with pytest.raises(TrainingError, match=f"{name} is not finite"):
        write_adapter(
            tmp_path, adapter, few_lessons, name="tiny", settings=FAST, command="inspector", figures={}
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong", [{"examples": 99}, {"surfaces": 0}, {"steps": 0}, {"language": "fr"}, {"colour": "red"}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AdapterSettings(**wrong)
