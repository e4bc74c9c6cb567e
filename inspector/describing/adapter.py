"""The adapter in service: maps to soft tokens by ONNX Runtime, and the prompt for a language model.

Layout of an adapter's folder::

    adapter.json           `AdapterManifest`
    adapter.onnx           maps -> soft tokens, probabilities of the fact words
    adapter.safetensors    all its weights; served from it are examples, base tokens and words
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from inspector.describing.facts import Facts
from inspector.describing.inputs import AdapterInputs
from inspector.describing.network_folder import CPU, FolderLayout, NetworkFolder, read_network_folder
from inspector.describing.slots import SLOTS, SOFT_TOKENS, WORDS, words_of
from inspector.describing.words import Language
from inspector.errors import AdapterError

ADAPTER_MANIFEST, ADAPTER_ONNX, ADAPTER_WEIGHTS = "adapter.json", "adapter.onnx", "adapter.safetensors"
ADAPTER_SCHEMA: Final = 1
INPUTS = ("maps", "look", "kinds")
OUTPUTS = ("soft_tokens", "probabilities")
EXAMPLES, BEFORE, AFTER, WORD_TABLE = "examples", "before", "after", "words.{}"
"""Names of the tensors that prompts are made of."""
DEFAULT_ADAPTER = Path(__file__).parent / "default_adapter"

Embed = Callable[[str], NDArray[np.float32]]
"""Token embeddings of a text, float32 `[T, D]`."""


class AdapterManifest(BaseModel):
    """What is known about an adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = ADAPTER_SCHEMA
    language_model: str = Field(title="Language model", description="Name of the one it was tuned for")
    hidden_size: int = Field(title="Hidden size", description="Of the language model's embeddings", ge=1)
    language: Language = Field(title="Language", description="Of the sentences that it was tuned on")
    slots: dict[str, tuple[str, ...]] = Field(title="Slots", description="Words that it tells apart")
    parameters: int = Field(title="Parameters", ge=1)
    command: str = Field(title="Command", description="That made it")
    seed: int
    figures: dict[str, float] = Field(title="Figures", description="On held-out frames, when it was made")
    files: dict[str, str] = Field(title="Files", description="SHA-256 of every file")


LAYOUT = FolderLayout(
    AdapterManifest,
    ADAPTER_MANIFEST,
    ADAPTER_ONNX,
    ADAPTER_WEIGHTS,
    AdapterError,
    "Make it anew with `inspector train-adapter`",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an adapter reads from one frame.

    Attributes:
        soft_tokens: float32 `[SOFT_TOKENS, D]`.
        probabilities: float32 `[words]` for each slot.
    """

    soft_tokens: NDArray[np.float32]
    probabilities: tuple[NDArray[np.float32], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The likeliest word of each slot."""
        return tuple(
            slot.words[int(chance.argmax())] for slot, chance in zip(SLOTS, self.probabilities, strict=True)
        )


class Adapter:
    """Reads maps and makes prompts. Make one with `load_adapter`. Safe from several threads.

    Args:
        manifest: see `AdapterManifest`.
        session: runs `adapter.onnx`.
        tensors: of `adapter.safetensors`.
    """

    def __init__(
        self, manifest: AdapterManifest, session: Any, tensors: dict[str, NDArray[np.float32]]
    ) -> None:
        self.manifest = manifest
        self._session = session
        self._examples, self._before, self._after = (tensors[name] for name in (EXAMPLES, BEFORE, AFTER))
        self._tables = tuple(tensors[WORD_TABLE.format(number)] for number in range(len(SLOTS)))

    def read(self, inputs: AdapterInputs) -> Reading:
        """Read one frame.

        Raises:
            AdapterError: the runtime failed, or the soft tokens are not finite.
        """
        try:
            soft, chances = self._session.run(
                list(OUTPUTS), {name: getattr(inputs, name)[None] for name in INPUTS}
            )
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise AdapterError("the adapter failed on a frame", str(error)) from error
        if not np.isfinite(soft).all():
            raise AdapterError("the adapter failed on a frame", "its soft tokens are not finite")
        ends = np.cumsum([len(slot.words) for slot in SLOTS])[:-1]
        return Reading(soft[0], tuple(np.split(chances[0], ends)))

    def measured(self, facts: Facts, embed: Embed) -> NDArray[np.float32]:
        """Soft tokens `[SOFT_TOKENS, D]` that say what was measured, without a doubt.

        Args:
            facts: of the frame.
            embed: the language model's token embeddings, for a product's own kinds of defects.
        """
        parts = []
        for slot, table, word in zip(SLOTS, self._tables, words_of(facts), strict=True):
            if word in slot.words:
                parts.append(table[:, slot.words.index(word)])
            else:
                parts.append(_fitted(embed(f" {word}"), slot.tokens))
        return np.concatenate(parts).astype(np.float32)

    def prompt(self, soft_tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the language model is given after `examples`: float32 `[P + SOFT_TOKENS + Q, D]`."""
        return np.concatenate((self._before, soft_tokens, self._after)).astype(np.float32)

    @property
    def examples(self) -> NDArray[np.float32]:
        """What every prompt begins with, float32 `[E, D]`; what a language model keeps of it can be kept."""
        return self._examples.astype(np.float32)


def _fitted(embeddings: NDArray[np.float32], tokens: int) -> NDArray[np.float32]:
    """A word's embeddings in as many tokens as its slot has: the last ones are averaged, or repeated."""
    if len(embeddings) <= tokens:
        return np.concatenate((embeddings, np.repeat(embeddings[-1:], tokens - len(embeddings), axis=0)))
    return np.concatenate((embeddings[: tokens - 1], embeddings[tokens - 1 :].mean(axis=0, keepdims=True)))


def load_adapter(folder: Path | None = None, *, threads: int = 1, providers: Sequence[str] = CPU) -> Adapter:
    """Read an adapter and check its files.

    Args:
        folder: see above; None takes the one that comes with the package.
        threads: of one forward pass.
        providers: ONNX Runtime's, in order of preference.

    Raises:
        AdapterError: it is missing, damaged, or knows other words than this version of inspector.
    """
    folder = folder or DEFAULT_ADAPTER
    what = f"adapter {folder} cannot be used"
    read = read_network_folder(folder, what, LAYOUT, threads=threads, providers=providers)
    if read.manifest.slots != {slot.name: slot.words for slot in SLOTS}:
        why = "it was made for other fact words than this version of inspector's"
        raise AdapterError(what, why, LAYOUT.remedy)
    _check_shapes(what, read)
    return Adapter(read.manifest, read.session, read.tensors)


def check_fit(adapter: Adapter, language_model: str, hidden_size: int) -> None:
    """Refuse a language model whose embeddings the adapter does not speak.

    Raises:
        AdapterError: the hidden sizes differ.
    """
    manifest = adapter.manifest
    if manifest.hidden_size != hidden_size:
        raise AdapterError(
            f"the adapter does not fit the language model {language_model}",
            f"it was made for {manifest.language_model} with a hidden size of {manifest.hidden_size},"
            f" this one has {hidden_size}",
            "Make an adapter for it with `inspector train-adapter --language-model FOLDER`, or prepare the"
            f" language model {manifest.language_model} with `inspector prepare-llm`",
        )


def _check_shapes(what: str, read: NetworkFolder[AdapterManifest]) -> None:
    outputs = {output.name: output.shape for output in read.session.get_outputs()}
    hidden = read.manifest.hidden_size
    expected = {"soft_tokens": [SOFT_TOKENS, hidden], "probabilities": [WORDS]}
    for name, shape in expected.items():
        if name not in outputs or outputs[name][1:] != shape:
            raise AdapterError(what, f"its {name} are {outputs.get(name)}, not [B, {shape}]", LAYOUT.remedy)
    for name in (EXAMPLES, BEFORE, AFTER, *(WORD_TABLE.format(number) for number in range(len(SLOTS)))):
        if name not in read.tensors or read.tensors[name].shape[-1] != hidden:
            raise AdapterError(
                what, f"{ADAPTER_WEIGHTS} holds no {name} of hidden size {hidden}", LAYOUT.remedy
            )
