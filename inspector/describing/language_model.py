"""A causal language model in ONNX Runtime: embeddings in, text out, without torch and without transformers.

Embeddings instead of tokens go in, because the adapter's soft tokens are no words. Writing is greedy, so that
the same frame gets the same sentence.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from inspector.describing.banned_words import BannedWords
from inspector.describing.language_model_folder import (
    EMBEDDINGS_NAME,
    MODEL_NAME,
    REMEDY,
    TOKENIZER_NAME,
    LanguageModelManifest,
    read_language_model_folder,
)
from inspector.errors import LanguageModelError

CPU_PROVIDER = "CPUExecutionProvider"
PASSES_PER_TOKEN = 4
"""Forward passes that an answer may take for each of its tokens: going back from banned words costs some."""
INCOMPLETE_CHARACTER = "\ufffd"
"""What decoding puts for a character of which a part of the bytes is there."""

_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_PAST, _PRESENT = "past_key_values", "present"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the model keeps of the embeddings it has read; made by `LanguageModel.remember`.

    Attributes:
        cache: keys and values of each layer, [1, heads, length, width], in the order of the network's inputs.
        length: number of embeddings read.
        logits: [V], for the token that follows them.
    """

    cache: tuple[NDArray[Any], ...]
    length: int
    logits: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Generated:
    """What the model wrote.

    Attributes:
        text: without the stop string and what follows it.
        tokens: number of tokens written, the one that ended the text not counted.
        seconds: time it took.
        finished: the model ended the text itself, by an end token or a stop string.
        token_ids: those tokens.
    """

    text: str
    tokens: int
    seconds: float
    finished: bool
    token_ids: tuple[int, ...] = ()


class LanguageModel:
    """A prepared language model; make one with `load_language_model`. Safe to call from several threads.

    Attributes:
        name: model and precision, such as ``SmolLM2-135M-Instruct int8``.
        hidden_size: width of an embedding.
        embeddings: [V, hidden_size], one row a token, on disk until it is read.
        manifest: everything known about the model.
    """

    def __init__(
        self,
        manifest: LanguageModelManifest,
        session: ort.InferenceSession,
        tokenizer: Tokenizer,
        embeddings: NDArray[Any],
    ) -> None:
        self.manifest = manifest
        self.name = manifest.name
        self.hidden_size = manifest.hidden_size
        self.embeddings = embeddings
        self._session = session
        self._tokenizer = tokenizer
        self._dtypes = {node.name: _DTYPES.get(node.type, np.int64) for node in session.get_inputs()}
        self._past_names = [name for name in self._dtypes if name.startswith(_PAST)]
        presents = [name.replace(_PAST, _PRESENT, 1) for name in self._past_names]
        self._output_names = ["logits", *presents]

    def tokens(self, text: str) -> list[int]:
        """Tokens of a text; none is added at its ends, special ones in the text count as such."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def text(self, tokens: Sequence[int]) -> str:
        """Text of tokens, without the special ones."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def embed(self, text: str) -> NDArray[np.float32]:
        """Embeddings [T, hidden_size] of the tokens of a text."""
        return self.embed_tokens(self.tokens(text))

    def embed_tokens(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Embeddings [T, hidden_size] of tokens."""
        rows: NDArray[np.float32] = self.embeddings[np.asarray(tokens, np.int64)].astype(np.float32)
        return rows

    def remember(self, prefix: NDArray[np.float32], *, after: Remembered | None = None) -> Remembered:
        """Read embeddings [P, hidden_size] that many prompts begin with, once for all of them.

        Args:
            prefix: the embeddings.
            after: what was read before them.

        Raises:
            LanguageModelError: they have another width, are not finite, or are none or too many.
        """
        start = after or self._nothing()
        self._check(prefix, start, least=1)
        return self._read(start, prefix)

    def generate(
        self,
        prompt: NDArray[np.float32],
        *,
        max_tokens: int,
        after: Remembered | None = None,
        stop: Sequence[str] = ("\n",),
        banned: Collection[str] = (),
        deadline: float | None = None,
    ) -> Generated:
        """Write what follows a prompt, always the likeliest token.

        Args:
            prompt: embeddings [T, hidden_size]; T may be 0 where `after` is given.
            max_tokens: longest text.
            after: what was read before the prompt, see `remember`.
            stop: strings that end the text; they are not part of it.
            banned: words or phrases that the text will not contain, however they are capitalised; see
                `inspector.describing.banned_words`.
            deadline: value of `time.monotonic()` after which no forward pass begins.

        Raises:
            LanguageModelError: the prompt has another width, is not finite, or is empty or too long.
        """
        started = time.monotonic()
        start = after or self._nothing()
        self._check(prompt, start, least=0 if after else 1)
        room = self.manifest.max_positions - start.length - len(prompt)
        longest = min(max_tokens, room)
        if longest < 1 or _is_late(deadline):
            return Generated("", 0, time.monotonic() - started, finished=False)
        state = self._read(start, prompt) if len(prompt) else start
        words = BannedWords(banned)
        prompt_length = state.length
        written: list[int] = []
        logits = [state.logits]
        refused: defaultdict[int, set[int]] = defaultdict(set)
        passes = 0
        while True:
            token = _likeliest(logits[-1], refused[len(written)])
            is_end = token in self.manifest.end_tokens
            candidate = written if is_end else [*written, token]
            text, stopped = _before_stop(self.text(candidate), stop)
            start_of_word = words.start_in(text, ended=is_end or stopped)
            if start_of_word is not None:
                back = self._token_at(candidate, start_of_word)
                refused[back].add(candidate[back])
                for later in [place for place in refused if place > back]:
                    del refused[later]
                written, logits = candidate[:back], logits[: back + 1]
                state = _shortened(state, prompt_length + back)
                continue
            if is_end or stopped:
                return Generated(text, len(written), time.monotonic() - started, True, tuple(written))
            written = candidate
            if len(written) >= longest or passes >= PASSES_PER_TOKEN * longest or _is_late(deadline):
                break
            state = self._read(state, self.embed_tokens([token]))
            logits.append(state.logits)
            passes += 1
        start_of_word = words.start_in(text, ended=True)
        text = text[:start_of_word].rstrip(INCOMPLETE_CHARACTER)
        return Generated(text, len(written), time.monotonic() - started, False, tuple(written))

    def _nothing(self) -> Remembered:
        shape = (1, self.manifest.kv_heads, 0, self.manifest.head_dim)
        cache = tuple(np.zeros(shape, self._dtypes[name]) for name in self._past_names)
        return Remembered(cache, 0, np.zeros(0, np.float32))

    def _read(self, state: Remembered, embeddings: NDArray[np.float32]) -> Remembered:
        """One forward pass over embeddings [T, hidden_size] that follow what was read."""
        length = state.length + len(embeddings)
        inputs = {
            "inputs_embeds": embeddings[None].astype(self._dtypes["inputs_embeds"], copy=False),
            "attention_mask": np.ones((1, length), np.int64),
            **dict(zip(self._past_names, state.cache, strict=True)),
        }
        if "position_ids" in self._dtypes:
            inputs["position_ids"] = np.arange(state.length, length, dtype=np.int64)[None]
        try:
            logits, *cache = self._session.run(self._output_names, inputs)
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise LanguageModelError(f"{self.name} failed on {len(embeddings)} tokens", str(error)) from error
        return Remembered(tuple(cache), length, logits[0, -1].astype(np.float32, copy=False))

    def _token_at(self, tokens: Sequence[int], character: int) -> int:
        """Index of the token that wrote a character of their text."""
        lengths = (len(self.text(tokens[:count])) for count in range(1, len(tokens) + 1))
        return next((index for index, length in enumerate(lengths) if length > character), len(tokens) - 1)

    def _check(self, embeddings: NDArray[np.float32], start: Remembered, *, least: int) -> None:
        what = f"{self.name} cannot read a prompt of shape {list(embeddings.shape)}"
        if embeddings.ndim != 2 or embeddings.shape[1] != self.hidden_size:  # noqa: PLR2004 - [T, D]
            raise LanguageModelError(what, f"it takes [T, {self.hidden_size}]")
        if len(embeddings) < least:
            raise LanguageModelError(what, "there is nothing to go on from")
        if start.length + len(embeddings) > self.manifest.max_positions:
            why = f"with what was read before it has {start.length + len(embeddings)} tokens, more than the "
            raise LanguageModelError(what, f"{why}{self.manifest.max_positions} that the model knows")
        if not np.isfinite(embeddings).all():
            raise LanguageModelError(what, "it holds values that are not finite")


def load_language_model(
    folder: Path, *, threads: int = 1, providers: Sequence[str] = (CPU_PROVIDER,)
) -> LanguageModel:
    """Load a folder that `inspector prepare-llm` made, and check every file of it.

    Args:
        folder: the prepared model.
        threads: threads of one forward pass; 0 lets ONNX Runtime take all cores.
        providers: execution providers in order of preference; each must be in the installed build.

    Raises:
        LanguageModelError: the folder is missing, damaged or of another version, or a provider is missing.
    """
    manifest = read_language_model_folder(folder)
    what = f"language model {folder} cannot be loaded"
    available = ort.get_available_providers()
    missing = [provider for provider in providers if provider not in available]
    if missing:
        raise LanguageModelError(
            what,
            f"execution provider {', '.join(missing)} is not among those of this ONNX Runtime build, "
            + ", ".join(available),
            "Run `make install-gpu` on a box with a GPU, or choose one of those",
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_NAME))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        embeddings = np.load(folder / EMBEDDINGS_NAME, mmap_mode="r", allow_pickle=False)
        session = ort.InferenceSession(str(folder / MODEL_NAME), options, providers=list(providers))
    except Exception as error:  # ONNX Runtime and tokenizers raise a dozen unrelated types
        raise LanguageModelError(what, str(error), REMEDY.format(folder=folder)) from error
    if embeddings.shape != (manifest.vocabulary_size, manifest.hidden_size):
        why = f"{EMBEDDINGS_NAME} holds {list(embeddings.shape)}, not the [tokens, width] of the manifest"
        raise LanguageModelError(what, why, REMEDY.format(folder=folder))
    return LanguageModel(manifest, session, tokenizer, embeddings)


def _likeliest(logits: NDArray[np.float32], refused: set[int]) -> int:
    if not refused:
        return int(logits.argmax())
    allowed = logits.copy()
    allowed[list(refused)] = -np.inf
    return int(allowed.argmax())


def _before_stop(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """The text up to the first stop string, and whether there is one."""
    places = [place for place in map(text.find, stop) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)


def _shortened(state: Remembered, length: int) -> Remembered:
    """What was read, up to a length; its logits are those of the longer text."""
    cache = tuple(np.ascontiguousarray(values[:, :, :length]) for values in state.cache)
    return Remembered(cache, length, state.logits)


def _is_late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline
