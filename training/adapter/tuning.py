"""The adapter's second lesson: to have the frozen language model say what it read.

Base tokens, the words' embeddings and, slowly, the reader are tuned end to end through the language model, by
cross-entropy on sentences (prompt tuning: Lester et al., arXiv:2104.08691; AnomalyGPT trains its prompt
learner in the same way). Half of the frames are told what was measured instead of what was read, as a retry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inspector.describing.facts import Facts
from inspector.describing.slots import SLOTS
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Language
from training.adapter.fitting import Lessons
from training.adapter.network import Adapter, Reader
from training.adapter.sentences import say

BEFORE = "<|im_start|>user\nSay in one sentence: number, size, shape, look, kind and place of defects.\n"
AFTER = "<|im_end|>\n<|im_start|>assistant\n"
"""Base tokens begin as the embeddings of these texts; in ChatML, as SmolLM2 and many others were taught."""
MEASURED_SHARE = 0.5
CLIP = 1.0


class TorchLanguageModel(Protocol):
    """A frozen causal language model of transformers, and its tokenizer."""

    @property
    def model(self) -> Any:
        """`transformers.PreTrainedModel` in evaluation mode."""

    @property
    def tokenizer(self) -> Any:
        """`transformers.PreTrainedTokenizerBase`."""


def begin_adapter(reader: Reader, language_model: TorchLanguageModel) -> Adapter:
    """An adapter whose soft tokens are the language model's own embeddings of the words."""
    tables = []
    for slot in SLOTS:
        words = [_fitted(embed(language_model, f" {word}"), slot.tokens) for word in slot.words]
        tables.append(torch.stack(words, dim=1))
    adapter = Adapter(tables, embed(language_model, BEFORE), embed(language_model, AFTER))
    adapter.reader.load_state_dict(reader.state_dict())
    return adapter


def tune(
    adapter: Adapter,
    language_model: TorchLanguageModel,
    lessons: Lessons,
    facts: Sequence[Facts],
    *,
    steps: int,
    batch: int,
    rng: np.random.Generator,
    language: Language = "en",
    learning_rate: float = 3e-3,
    reader_rate: float = 5e-5,
    on_step: Callable[[int, int, float], None] = lambda *_: None,
) -> list[float]:
    """Tune an adapter in place; returns the loss of every step.

    Args:
        adapter: is changed.
        language_model: frozen.
        lessons: [N] examples.
        facts: of the same examples.
        steps: optimiser steps.
        batch: examples a step.
        rng: chooses examples and wordings.
        language: of the sentences; only English ones vary, others are the templates'.
        learning_rate: of base tokens and word embeddings, the peak of a one-cycle schedule.
        reader_rate: the same for the reader.
        on_step: told how many steps are done, how many there are, and the last loss.
    """
    groups = [
        {"params": [adapter.before, adapter.after, *adapter.words], "lr": learning_rate},
        {"params": list(adapter.reader.parameters()), "lr": reader_rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [learning_rate, reader_rate], total_steps=steps, pct_start=0.15
    )
    adapter.eval()  # its batch statistics are those of the first lesson
    losses: list[float] = []
    for step in range(steps):
        on_step(step, steps, losses[-1] if losses else float("nan"))
        rows = rng.choice(len(facts), batch, replace=False)
        shown = lessons.taken(torch.from_numpy(rows))
        chances = [read.exp() for read in adapter.reader(shown.maps, shown.look, shown.kinds)]
        measured = torch.from_numpy(rng.random(batch) < MEASURED_SHARE)[:, None]
        told = [
            torch.where(measured, functional.one_hot(shown.words[:, number], read.shape[1]).float(), read)
            for number, read in enumerate(chances)
        ]
        prompts = adapter.prompt(adapter.soft_tokens(told))
        loss = sentence_loss(language_model, prompts, [_say(facts[row], language, rng) for row in rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(adapter.parameters(), CLIP)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return losses


def _say(facts: Facts, language: Language, rng: np.random.Generator) -> str:
    return say(facts, rng) if language == "en" else describe_by_template(facts, language)


def sentence_loss(language_model: TorchLanguageModel, prompts: Tensor, sentences: Sequence[str]) -> Tensor:
    """Mean cross-entropy of sentences, each with an end of turn, after prompts [B, T, D]."""
    tokenizer, model = language_model.tokenizer, language_model.model
    ends = [
        [*tokenizer.encode(sentence, add_special_tokens=False), tokenizer.eos_token_id]
        for sentence in sentences
    ]
    longest = max(len(tokens) for tokens in ends)
    targets = torch.full((len(ends), longest), -100)
    for row, tokens in enumerate(ends):
        targets[row, : len(tokens)] = torch.tensor(tokens)
    said = model.get_input_embeddings()(targets.clamp_min(0))
    hidden = model.model(inputs_embeds=torch.cat((prompts, said), 1)).last_hidden_state
    # The state before a token predicts it; the padding comes last and is seen by nothing that counts.
    predicting = hidden[:, prompts.shape[1] - 1 : -1]
    kept = targets >= 0
    logits = model.get_output_embeddings()(predicting[kept])
    return functional.cross_entropy(logits, targets[kept])


@torch.no_grad()
def embed(language_model: TorchLanguageModel, text: str) -> Tensor:
    """Token embeddings [T, D] of a text."""
    tokens = language_model.tokenizer.encode(text, add_special_tokens=False)
    embeddings: Tensor = language_model.model.get_input_embeddings()(torch.tensor(tokens))
    return embeddings.clone()


def _fitted(embeddings: Tensor, tokens: int) -> Tensor:
    """As `inspector.describing.adapter` fits a word into its slot: the last ones averaged, or repeated."""
    if len(embeddings) <= tokens:
        return torch.cat((embeddings, embeddings[-1:].repeat(tokens - len(embeddings), 1)))
    return torch.cat((embeddings[: tokens - 1], embeddings[tokens - 1 :].mean(0, keepdim=True)))
