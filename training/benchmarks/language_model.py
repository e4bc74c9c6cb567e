"""The prepared language model against the one it was made from: speed, agreement, memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from inspector.describing.language_model import LanguageModel, load_language_model
from training.language_model.sources import DEFAULT_SOURCE
from training.language_model.torch_model import TorchLanguageModel, load_torch_language_model

TOKENS = 24
"""Written after each prompt: about a sentence."""
WARM_UP_TOKENS = 4
_QUESTION = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
_SIGHTS = (
    "one thin dark scratch at the upper left",
    "two bright stains near the right edge",
    "a crack across the centre",
    "a missing screw at the bottom",
    "a dent as large as a coin at the lower right",
    "small holes in the upper half",
    "a misprint on the label",
    "a broken edge at the left",
    "nothing unusual at all",
    "a blurred, yellowish patch at the top",
)
PROMPTS = (
    *(
        _QUESTION.format(f"Tell the operator in one sentence what the camera sees: {sight}.")
        for sight in _SIGHTS
    ),
    *(f"The inspection of the part found {sight}. In other words," for sight in _SIGHTS),
)
_OURS = """
from pathlib import Path
from inspector.describing.language_model import load_language_model
model = load_language_model(Path(sys.argv[1]), threads=int(sys.argv[2]))
model.generate(model.embed(sys.argv[3]), max_tokens=int(sys.argv[4]), stop=())
"""
_TORCH = """
import torch
from training.language_model.torch_model import load_torch_language_model
torch.set_num_threads(int(sys.argv[2]))
loaded = load_torch_language_model(sys.argv[1])
tokens = torch.tensor([loaded.tokenizer.encode(sys.argv[3], add_special_tokens=False)])
mask = torch.ones_like(tokens)
loaded.model.generate(tokens, attention_mask=mask, max_new_tokens=int(sys.argv[4]), do_sample=False)
"""


@dataclass(frozen=True, slots=True)
class LanguageModelFigures:
    """A prepared language model beside transformers in float32, same prompts, same threads, greedy.

    Attributes:
        name: the prepared model.
        threads: of both.
        prompts: number of prompts.
        tokens_per_second: written by ours after the first, so without reading the prompt; median of prompts.
        torch_tokens_per_second: the same of transformers' own `generate`.
        speed_ratio: median over the prompts of how many times faster ours was; the two took turns.
        forced_agreement: teacher-forced: along the text that transformers wrote, the share of places at which
            ours has the same likeliest token.
        equal_texts: free-running: share of prompts after which both wrote the same tokens to the end.
        resident_mb: of a fresh process after writing, megabytes.
        torch_resident_mb: the same of transformers.
        folder_mb: size on disk.
    """

    name: str
    threads: int
    prompts: int
    tokens_per_second: float
    torch_tokens_per_second: float
    speed_ratio: float
    forced_agreement: float
    equal_texts: float
    resident_mb: float
    torch_resident_mb: float
    folder_mb: float


def measure_language_model(
    folder: Path,
    source: str = DEFAULT_SOURCE,
    *,
    threads: int = 2,
    prompts: Sequence[str] = PROMPTS,
    tokens: int = TOKENS,
    on_prompt: Callable[[int, int], None] = lambda *_: None,
) -> LanguageModelFigures:
    """Write after each prompt with both, in turn.

    Args:
        folder: the prepared model.
        source: what it was made from.
        threads: of both; transformers takes every core by itself.
        prompts: texts to go on from.
        tokens: longest text after each.
        on_prompt: told how many prompts are done, and how many there are.

    Raises:
        LanguageModelError: the folder cannot be used.
        TrainingError: the source cannot be loaded.
    """
    ours, theirs = load_language_model(folder, threads=threads), load_torch_language_model(source)
    writers = (_write_ours(ours), _write_theirs(theirs))
    rates = np.zeros((len(prompts), len(writers)))
    same, places, equal = 0, 0, 0
    with _torch_threads(threads):
        for write in writers:
            write(prompts[0], WARM_UP_TOKENS)
        for number, prompt in enumerate(prompts):
            on_prompt(number, len(prompts))
            texts = []
            for column, write in enumerate(writers):
                text, rates[number, column] = _timed(write, prompt, tokens)
                texts.append(text)
            same += _agreeing(ours, prompt, texts[1])
            places += len(texts[1])
            equal += texts[0] == texts[1]
    tokens_per_second, torch_tokens_per_second = np.nanmedian(rates, axis=0)
    return LanguageModelFigures(
        name=ours.name,
        threads=threads,
        prompts=len(prompts),
        tokens_per_second=float(tokens_per_second),
        torch_tokens_per_second=float(torch_tokens_per_second),
        speed_ratio=float(np.nanmedian(rates[:, 0] / rates[:, 1])),
        forced_agreement=same / places,
        equal_texts=equal / len(prompts),
        resident_mb=_resident_mb(_OURS, str(folder), threads, prompts[0], tokens),
        torch_resident_mb=_resident_mb(_TORCH, source, threads, prompts[0], tokens),
        folder_mb=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6,
    )


def _timed(write: Callable[[str, int], list[int]], prompt: str, tokens: int) -> tuple[list[int], float]:
    """What was written after a prompt, and tokens per second; NaN where it was a single one."""
    started = time.perf_counter()
    write(prompt, 1)
    first = time.perf_counter() - started
    started = time.perf_counter()
    text = write(prompt, tokens)
    rest = time.perf_counter() - started - first
    return text, (len(text) - 1) / rest if len(text) > 1 else float("nan")


def _write_ours(model: LanguageModel) -> Callable[[str, int], list[int]]:
    def write(prompt: str, tokens: int) -> list[int]:
        return list(model.generate(model.embed(prompt), max_tokens=tokens, stop=()).token_ids)

    return write


def _write_theirs(loaded: TorchLanguageModel) -> Callable[[str, int], list[int]]:
    def write(prompt: str, tokens: int) -> list[int]:
        read = torch.tensor([loaded.tokenizer.encode(prompt, add_special_tokens=False)])
        written = loaded.model.generate(
            read,
            attention_mask=torch.ones_like(read),
            max_new_tokens=tokens,
            do_sample=False,
            eos_token_id=list(loaded.end_tokens),
            pad_token_id=loaded.end_tokens[0],
        )
        new: list[int] = written[0, read.shape[1] :].tolist()
        return new[:-1] if new and new[-1] in loaded.end_tokens else new

    return write


def _agreeing(model: LanguageModel, prompt: str, tokens: Sequence[int]) -> int:
    """At how many places of a given continuation the model would have written the same token."""
    state, agreeing = model.remember(model.embed(prompt)), 0
    for token in tokens:
        agreeing += int(state.logits.argmax()) == token
        state = model.remember(model.embed_tokens([token]), after=state)
    return agreeing


@contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _resident_mb(script: str, *arguments: object) -> float:
    """Resident memory of a fresh process at the end of a script, in megabytes."""
    script = f"import sys\n{script}\nimport psutil\nprint(psutil.Process().memory_info().rss)"
    command = [sys.executable, "-c", script, *map(str, arguments)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own script
    return int(run.stdout.split()[-1]) / 1e6
