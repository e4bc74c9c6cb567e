"""The folder of a language model that runs without torch: what is in it, and whether it is unchanged.

Layout of the folder, which `inspector prepare-llm` makes::

    language_model.json   `LanguageModelManifest`, the only file that says what the others are
    model.onnx            embeddings and key-value cache -> logits of the next token, quantised weights
    model.onnx.data       its weights
    embeddings.npy        [V, D], one row a token
    tokenizer.json        as the `tokenizers` library reads it
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inspector.bundle import file_sha256
from inspector.errors import LanguageModelError

MANIFEST_NAME: Final = "language_model.json"
MODEL_NAME: Final = "model.onnx"
EMBEDDINGS_NAME: Final = "embeddings.npy"
TOKENIZER_NAME: Final = "tokenizer.json"
SCHEMA_VERSION: Final = 1
REMEDY: Final = "Make it anew with `inspector prepare-llm --output {folder} --overwrite`"


class LanguageModelManifest(BaseModel):
    """Everything known about a prepared language model. Its JSON schema is versioned by `schema_version`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = SCHEMA_VERSION
    name: str = Field(title="Name", description="Model and precision, such as SmolLM2-135M-Instruct int8")
    source: str = Field(title="Source", description="Package, folder or hub name that it was made from")
    source_sha256: str = Field(
        title="SHA-256 of the source",
        description="Hash over the weights and configuration as they were given",
        min_length=64,
        max_length=64,
    )
    quantisation: str = Field(title="Quantisation", description="How weights and activations are kept")
    made_by: str = Field(title="Made by", description="Libraries that exported the network")
    device: Literal["cpu", "cuda"] = Field(title="Device", description="What the network was exported for")
    hidden_size: int = Field(gt=0, description="Width of an embedding")
    vocabulary_size: int = Field(gt=0, description="Rows of embeddings.npy")
    max_positions: int = Field(gt=0, description="Tokens of prompt and answer together")
    layers: int = Field(gt=0)
    kv_heads: int = Field(gt=0, description="Key-value heads of a layer")
    head_dim: int = Field(gt=0, description="Width of a key-value head")
    end_tokens: tuple[int, ...] = Field(min_length=1, description="Tokens that end an answer")
    files: dict[str, str] = Field(title="Files", description="SHA-256 of every file, by name")


def read_language_model_folder(folder: Path) -> LanguageModelManifest:
    """Read the manifest and check every file against it.

    Raises:
        LanguageModelError: the folder is missing, of another schema, incomplete, or not what was made.
    """
    what = f"language model {folder} cannot be used"
    remedy = REMEDY.format(folder=folder)
    path = folder / MANIFEST_NAME
    if not path.is_file():
        if not folder.is_dir():
            make_it = f"Make it with `inspector prepare-llm --output {folder}`"
            raise LanguageModelError(what, "there is no such folder", make_it)
        raise LanguageModelError(what, f"{MANIFEST_NAME} is missing", remedy)
    try:
        manifest = LanguageModelManifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or MANIFEST_NAME
        raise LanguageModelError(what, f"{MANIFEST_NAME}: {where}: {first['msg']}", remedy) from error
    for name in (MODEL_NAME, EMBEDDINGS_NAME, TOKENIZER_NAME):
        if name not in manifest.files:
            raise LanguageModelError(what, f"{MANIFEST_NAME} lists no {name}", remedy)
    for name, sha256 in manifest.files.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise LanguageModelError(what, f"{MANIFEST_NAME} names a file outside the folder, {name}", remedy)
        if not file.is_file():
            raise LanguageModelError(what, f"{name} is missing", remedy)
        if file_sha256(file) != sha256:
            raise LanguageModelError(what, f"{name} is damaged or was changed (its SHA-256 differs)", remedy)
    return manifest


def seal_language_model_folder(folder: Path, manifest: LanguageModelManifest) -> LanguageModelManifest:
    """Hash every file of a folder into the manifest and write it there."""
    files = {
        str(file.relative_to(folder)): file_sha256(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != MANIFEST_NAME
    }
    sealed = manifest.model_copy(update={"files": files})
    (folder / MANIFEST_NAME).write_text(sealed.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return sealed
