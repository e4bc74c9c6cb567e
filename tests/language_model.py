"""Language models for tests: the real SmolLM2, prepared once and kept, and a tiny one of random weights.

The real one costs half a minute where no run before has left it; later runs check its hashes. torch and
transformers are imported where they are needed: tests of the other rooms start faster without.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from inspector.describing.language_model import LanguageModel, load_language_model
from inspector.errors import OutputExistsError

if TYPE_CHECKING:
    from training.language_model.torch_model import TorchLanguageModel

KEPT_FOLDER = Path(__file__).parent.parent / "var" / "tests" / "language-model"
"""Kept from one run of the tests to the next, like a package manager's cache."""
TINY_HIDDEN_SIZE = 64
END_TOKEN = "<|im_end|>"  # noqa: S105 - no password
TINY_TEXT = (
    "One defect: a thin dark scratch at the upper left, about 2 % of the part.",
    "Two bright stains near the right edge; the larger one covers a tenth of the part.",
    "No defect was found. A crack, a dent, a hole at the bottom, and a scratched, leftover mark.",
)


def write_tiny_language_model(folder: Path, *, seed: int = 0) -> Path:
    """Save a Llama of 2 layers and random weights, with a tokenizer of 300 tokens, as transformers does."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>", "<|im_start|>", END_TOKEN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TINY_TEXT, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END_TOKEN)  # type: ignore[no-untyped-call]
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=TINY_HIDDEN_SIZE,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        bos_token_id=0,
        eos_token_id=fast.eos_token_id,
        initializer_range=0.2,
    )
    torch.manual_seed(seed)
    LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def language_model_folder() -> Path:
    """SmolLM2-135M-Instruct, prepared. Only to read: it is kept for the next run."""
    from training.language_model.preparing import prepare_language_model

    try:
        return prepare_language_model(output=KEPT_FOLDER).folder
    except OutputExistsError:  # left by another state of the code
        return prepare_language_model(output=KEPT_FOLDER, overwrite=True).folder


@pytest.fixture(scope="session")
def language_model(language_model_folder: Path) -> LanguageModel:
    return load_language_model(language_model_folder)


@pytest.fixture(scope="session")
def torch_language_model() -> TorchLanguageModel:
    """The model that `language_model` was made from."""
    from training.language_model.torch_model import load_torch_language_model

    return load_torch_language_model()


@pytest.fixture(scope="session")
def tiny_language_model_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_language_model(tmp_path_factory.mktemp("sources") / "tiny-llama")


@pytest.fixture(scope="session")
def tiny_language_model_folder(
    tiny_language_model_source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The tiny model, prepared. Only to read; tests that change a folder copy it."""
    from training.language_model.preparing import prepare_language_model

    output = tmp_path_factory.mktemp("language-models") / "tiny"
    return prepare_language_model(str(tiny_language_model_source), output).folder


@pytest.fixture(scope="session")
def tiny_language_model(tiny_language_model_folder: Path) -> LanguageModel:
    return load_language_model(tiny_language_model_folder)
