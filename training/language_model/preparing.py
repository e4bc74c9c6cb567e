"""`inspector prepare-llm`: a language model is made once, so that the service needs no torch and no time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from inspector.bundle import new_folder
from inspector.describing.language_model import LanguageModel, load_language_model
from inspector.describing.language_model_folder import (
    EMBEDDINGS_NAME,
    TOKENIZER_NAME,
    LanguageModelManifest,
    read_language_model_folder,
    seal_language_model_folder,
)
from inspector.errors import LanguageModelError, OutputExistsError, ParityError, TrainingError
from training.language_model.exporting import QUANTISATION, Device, export_network, exporter
from training.language_model.sources import DEFAULT_SOURCE, LanguageModelSource, find_language_model
from training.language_model.torch_model import TorchLanguageModel, load_found_language_model

PROBES = (
    "One defect: a thin dark scratch at the upper left, about 2 % of the part.",
    "The part has no visible",
    "Two bright stains near the right edge of the bottle. The larger one is",
)
LEAST_CORRELATION = 0.98
"""Between the logits of the source and of what was made; 8-bit weights reach more, another network less."""
LARGEST_ROUNDING = 1e-3
"""Of an embedding in float16, against the largest of its table."""


@dataclass(frozen=True, slots=True)
class PreparedLanguageModel:
    """A prepared language model.

    Attributes:
        folder: where it is.
        manifest: everything known about it.
        made: false where the folder held it already.
        seconds: time it took.
        size_bytes: of all its files.
    """

    folder: Path
    manifest: LanguageModelManifest
    made: bool
    seconds: float
    size_bytes: int


def prepare_language_model(
    source: str = DEFAULT_SOURCE,
    output: Path = Path("var/language-model"),
    *,
    online: bool = False,
    device: Device = "cpu",
    overwrite: bool = False,
    on_step: Callable[[str, int, int], None] = lambda *_: None,
) -> PreparedLanguageModel:
    """Make the folder that `inspector.describing.language_model` loads, unless it is there already.

    Args:
        source: see `training.language_model.sources.find_language_model`.
        output: the folder.
        online: allow a download from the hub.
        device: what it will run on.
        overwrite: replace what stands at `output`, the same model too.
        on_step: told a step's name, how many of its parts are done, and how many there are.

    Raises:
        TrainingError: the source cannot be loaded or exported.
        ParityError: what was made does not compute what its source does.
        OutputExistsError: something else stands at `output`, and `overwrite` is false.
    """
    started = time.monotonic()
    found = find_language_model(source, online=online)
    on_step("Checking the source", 0, 1)
    sha256 = found.sha256()
    if output.exists() and not overwrite:
        manifest = _same_model(output, found, sha256, device)
        return PreparedLanguageModel(output, manifest, False, time.monotonic() - started, _size(output))
    with new_folder(output, overwrite=overwrite) as folder:
        manifest = _make(found, sha256, folder, device, on_step)
    return PreparedLanguageModel(output, manifest, True, time.monotonic() - started, _size(output))


def _same_model(
    output: Path, source: LanguageModelSource, sha256: str, device: Device
) -> LanguageModelManifest:
    """The manifest of what stands at `output`, if that is what would be made."""
    remedy = "Choose another --output, or add --overwrite"
    try:
        manifest = read_language_model_folder(output)
    except LanguageModelError as error:
        raise OutputExistsError(
            f"{output} already exists", f"it cannot be used: {error.why}", remedy
        ) from error
    if (manifest.source_sha256, manifest.quantisation, manifest.device) != (sha256, QUANTISATION, device):
        why = (
            f"it holds {manifest.name} for {manifest.device}, not what these settings make of {source.given}"
        )
        raise OutputExistsError(f"{output} already exists", why, remedy)
    return manifest


def _make(
    source: LanguageModelSource,
    sha256: str,
    folder: Path,
    device: Device,
    on_step: Callable[[str, int, int], None],
) -> LanguageModelManifest:
    on_step("Reading the language model", 0, 1)
    model = load_found_language_model(source)
    config = model.model.config
    if not model.end_tokens:
        raise TrainingError(
            f"language model {source.given} cannot be used", "it has no token that ends a text"
        )
    manifest = LanguageModelManifest(
        name=f"{source.name} int8",
        source=source.given if source.given == DEFAULT_SOURCE else source.name,
        source_sha256=sha256,
        quantisation=QUANTISATION,
        made_by=exporter(),
        device=device,
        hidden_size=model.hidden_size,
        vocabulary_size=int(model.model.get_input_embeddings().num_embeddings),
        max_positions=int(config.max_position_embeddings),
        layers=int(config.num_hidden_layers),
        kv_heads=int(getattr(config, "num_key_value_heads", None) or config.num_attention_heads),
        head_dim=int(getattr(config, "head_dim", None) or model.hidden_size // config.num_attention_heads),
        end_tokens=model.end_tokens,
        files={},
    )
    np.save(folder / EMBEDDINGS_NAME, _embeddings(model), allow_pickle=False)
    model.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER_NAME))
    expected = [_last_logits(model, text) for text in PROBES]
    with TemporaryDirectory(prefix=f".{folder.name}-source-", dir=folder.parent) as temporary:
        plain = source.folder
        if source.gguf:
            plain = Path(temporary)
            model.save(plain)
        del model  # the builder loads it once more, in its own process
        export_network(
            plain,
            folder,
            device=device,
            layers=manifest.layers,
            on_layer=lambda done, layers: on_step("Exporting", done, layers),
        )
    on_step("Checking what was made", 0, 1)
    sealed = seal_language_model_folder(folder, manifest)
    _check_parity(load_language_model(folder), expected)
    return sealed


def _embeddings(model: TorchLanguageModel) -> NDArray[np.floating]:
    """[V, D] as the network's first layer gives them, in float16 where that is precise enough."""
    layer = model.model.get_input_embeddings()
    with torch.inference_mode():
        full: NDArray[np.float32] = layer(torch.arange(layer.num_embeddings)).float().numpy()
    half = full.astype(np.float16)
    error = float(np.abs(half.astype(np.float32) - full).max())
    return half if error <= LARGEST_ROUNDING * float(np.abs(full).max()) else full


@torch.inference_mode()
def _last_logits(model: TorchLanguageModel, text: str) -> tuple[str, list[int], NDArray[np.float32]]:
    tokens = model.tokenizer.encode(text, add_special_tokens=False)
    logits: NDArray[np.float32] = model.model(torch.tensor([tokens])).logits[0, -1].float().numpy()
    return text, tokens, logits


def _check_parity(made: LanguageModel, expected: list[tuple[str, list[int], NDArray[np.float32]]]) -> None:
    """Hold what was made against its source: some architectures treat embeddings in a way of their own."""
    what = f"{made.name} does not compute what its source does"
    for text, tokens, logits in expected:
        if made.tokens(text) != tokens:
            raise ParityError(what, f"its tokens of {text!r} differ", "Choose another model")
        correlation = float(np.corrcoef(made.remember(made.embed(text)).logits, logits)[0, 1])
        if not correlation >= LEAST_CORRELATION:
            why = f"after {text!r} its logits correlate by {correlation:.3f}, less than {LEAST_CORRELATION}"
            raise ParityError(what, why, "Choose another model")


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
