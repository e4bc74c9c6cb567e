"""The language model as transformers runs it: frozen, float32, for tuning an adapter and to compare with."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from inspector.errors import TrainingError
from training.encoders.packages import require_package
from training.encoders.protocol import first_line
from training.language_model.sources import DEFAULT_SOURCE, LanguageModelSource, find_language_model

END_TOKENS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "</s>")
"""What ends an answer, where a model's vocabulary has it; not every configuration says so."""


@dataclass(frozen=True, slots=True)
class TorchLanguageModel:
    """A causal language model of transformers, frozen, on the CPU.

    Attributes:
        name: such as SmolLM2-135M-Instruct.
        model: `transformers.PreTrainedModel` in float32 and evaluation mode.
        tokenizer: `transformers.PreTrainedTokenizerBase`.
        hidden_size: width of an embedding.
        end_tokens: tokens that end an answer.
    """

    name: str
    model: Any
    tokenizer: Any
    hidden_size: int
    end_tokens: tuple[int, ...]

    def save(self, folder: Path) -> None:
        """Write the model in the plain form of transformers, without any quantisation it came with."""
        with quiet_transformers():
            self.model.save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)


def load_torch_language_model(source: str = DEFAULT_SOURCE, *, online: bool = False) -> TorchLanguageModel:
    """Load a language model in torch.

    Args:
        source: see `training.language_model.sources.find_language_model`.
        online: allow a download from the hub.

    Raises:
        TrainingError: there is no such model, or it cannot be loaded.
    """
    return load_found_language_model(find_language_model(source, online=online))


def load_found_language_model(source: LanguageModelSource) -> TorchLanguageModel:
    """Load a language model whose files are known.

    Raises:
        TrainingError: it cannot be loaded.
    """
    transformers = require_package("transformers", "transformers", source.given)
    options: dict[str, Any] = {"local_files_only": True}
    if source.gguf:
        require_package("accelerate", "accelerate", source.given)
        options["gguf_file"] = source.gguf
    try:
        with quiet_transformers(), _gguf_read_once() if source.gguf else nullcontext():
            model = transformers.AutoModelForCausalLM.from_pretrained(
                source.folder, dtype=torch.float32, **options
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(source.folder, **options)
    except Exception as error:  # every layer below has errors of its own: configuration, weights, tokenizer
        raise TrainingError(
            f"language model {source.given} cannot be loaded",
            first_line(error),
            "Give a causal language model in the form of transformers, or a .gguf file",
        ) from error
    # What is loaded from a GGUF file is plain float32; saved as it is, it would claim to be quantised.
    if source.gguf and hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
        model = _as_plain(model)
    model = model.requires_grad_(False).eval()
    return TorchLanguageModel(
        source.name,
        model,
        tokenizer,
        int(model.get_input_embeddings().embedding_dim),
        _end_tokens(model, tokenizer),
    )


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers from drawing bars and giving advice of its own."""
    logging = require_package("transformers.utils.logging", "transformers", "language model")
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        # The bar over a GGUF file's tensors asks nobody whether it may be drawn.
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()


@contextmanager
def _gguf_read_once() -> Iterator[None]:
    """Have a GGUF file parsed once.

    transformers parses it anew for the configuration, the weights and the tokenizer, and builds the table of
    tensor names for each tensor again: two thirds of the time.
    """
    gguf: Any = require_package("gguf", "gguf", "a .gguf file")
    slow = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
    for name, function in slow.items():
        setattr(gguf, name, cache(function))
    try:
        yield
    finally:
        for name, function in slow.items():
            setattr(gguf, name, function)


def _as_plain(model: Any) -> Any:
    """The same network without the hooks of the format that it was read from."""
    with torch.device("meta"):
        plain = type(model)(model.config)
    plain.load_state_dict(model.state_dict(), assign=True)
    plain.tie_weights()
    plain.generation_config = model.generation_config
    # Buffers that no state dict holds, such as rotary frequencies, are on no device yet.
    for name, buffer in model.named_buffers():
        parent, _, leaf = name.rpartition(".")
        plain.get_submodule(parent).register_buffer(leaf, buffer, persistent=False)
    return plain


def _end_tokens(model: Any, tokenizer: Any) -> tuple[int, ...]:
    vocabulary = tokenizer.get_vocab()
    found = {vocabulary[token] for token in END_TOKENS if token in vocabulary}
    for owner in (model.config, model.generation_config, tokenizer):
        token = getattr(owner, "eos_token_id", None)
        found.update([token] if isinstance(token, int) else token or [])
    return tuple(sorted(found))
