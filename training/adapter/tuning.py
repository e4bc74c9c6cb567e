"""The adapter's second lesson: to have the frozen language model say what it read.

Base tokens, the words' embeddings and, slowly, the reader are tuned end to end through the language model, by
cross-entropy on sentences (prompt tuning: Lester et al., arXiv:2104.08691; AnomalyGPT trains its prompt
learner in the same way). Half of the frames are told what was measured instead of what was read, as a retry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inspector.describing.facts import Facts
from inspector.describing.slots import NOTHING, SLOTS, indices_of
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Contrast, Language, Shape, Size
from training.adapter.fitting import Lessons
from training.adapter.network import Adapter, Reader
from training.adapter.sentences import USUAL_SHARE, say
from training.encoders.packages import require_package

HEAD = (
    "Facts: how many defects; of each its size, shape, look, kind and place. And a sentence that says them.\n"
)
BEFORE, AFTER = "\nFacts:", "\nSentence:"
"""Base tokens begin as the embeddings of these texts."""
END = "\n"
"""Ends a sentence."""
SHOTS = (1, 2, 1, 3)
"""Numbers of defects in the examples that every prompt begins with."""
SURFACES = {
    NOTHING: "-",
    Size.MEDIUM: "medium-sized",
    Shape.ELONGATED: "long",
    Shape.RING_LIKE: "ring",
    Contrast.DARKER: "dark",
    Contrast.BRIGHTER: "bright",
    Contrast.OTHER_COLOUR: "off-colour",
    Contrast.SIMILAR: "faint",
}
"""Words whose soft tokens begin as another word's embeddings, the one that a sentence has."""
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


def begin_adapter(
    reader: Reader, language_model: TorchLanguageModel, facts: Sequence[Facts], language: Language = "en"
) -> Adapter:
    """An adapter whose soft tokens are the language model's own embeddings of the words.

    Args:
        reader: reads the maps.
        language_model: that it will speak to.
        facts: of frames, in random order; the first that fit are the examples in every prompt.
        language: of the sentences.
    """
    tables = []
    for slot in SLOTS:
        words = [
            _fitted(embed(language_model, f" {SURFACES.get(word, word)}"), slot.tokens) for word in slot.words
        ]
        tables.append(torch.stack(words, dim=1))
    before, after = embed(language_model, BEFORE), embed(language_model, AFTER)
    examples = [embed(language_model, HEAD)]
    for shot in _shots(facts):
        told = [table[:, index] for table, index in zip(tables, indices_of(shot), strict=True)]
        sentence = _say(shot, language, np.random.default_rng(0), usual_share=1.0)
        examples += [before, *told, after, embed(language_model, f" {sentence}{END}")]
    adapter = Adapter(tables, torch.cat(examples), before, after)
    adapter.reader.load_state_dict(reader.state_dict())
    return adapter


def _shots(facts: Sequence[Facts]) -> list[Facts]:
    """A frame for each number of `SHOTS`, each with its worst defect at another place and of another kind."""
    shots: list[Facts] = []
    for count in SHOTS:
        seen = {word for shot in shots for word in (shot.regions[0].position, str(shot.regions[0].kind))}
        fitting = [one for one in facts if one.count == count and one.regions]
        new = [one for one in fitting if not seen & {one.regions[0].position, str(one.regions[0].kind)}]
        shots += (new or fitting)[:1]
    return shots


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
    examples = _Kept.of(language_model, adapter.examples)
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
        sentences = [_say(facts[row], language, rng) for row in rows]
        loss = sentence_loss(language_model, examples, prompts, sentences)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(adapter.parameters(), CLIP)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return losses


def _say(facts: Facts, language: Language, rng: np.random.Generator, usual_share: float = USUAL_SHARE) -> str:
    return say(facts, rng, usual_share) if language == "en" else describe_by_template(facts, language)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Keys and values that a language model keeps of the examples, [1, heads, E, width] in each layer."""

    layers: tuple[tuple[Tensor, Tensor], ...]

    @classmethod
    @torch.no_grad()
    def of(cls, language_model: TorchLanguageModel, examples: Tensor) -> _Kept:
        """Let the language model read the examples [E, D]."""
        cache = language_model.model.model(inputs_embeds=examples[None], use_cache=True).past_key_values
        return cls(tuple((layer.keys.clone(), layer.values.clone()) for layer in cache.layers))

    def cache(self, batch: int) -> Any:
        """A fresh cache for a batch; a forward pass appends to it."""
        cache = require_package("transformers", "transformers", "tuning").DynamicCache()
        for number, (keys, values) in enumerate(self.layers):
            cache.update(keys.expand(batch, -1, -1, -1), values.expand(batch, -1, -1, -1), number)
        return cache


def sentence_loss(
    language_model: TorchLanguageModel, examples: _Kept, prompts: Tensor, sentences: Sequence[str]
) -> Tensor:
    """Mean cross-entropy of sentences, each with its end, after the examples and prompts [B, T, D]."""
    tokenizer, model = language_model.tokenizer, language_model.model
    texts = [tokenizer.encode(f" {sentence}{END}", add_special_tokens=False) for sentence in sentences]
    longest = max(len(tokens) for tokens in texts)
    targets = torch.full((len(texts), longest), -100)
    for row, tokens in enumerate(texts):
        targets[row, : len(tokens)] = torch.tensor(tokens)
    said = model.get_input_embeddings()(targets.clamp_min(0))
    hidden = model.model(
        inputs_embeds=torch.cat((prompts, said), 1), past_key_values=examples.cache(len(prompts))
    ).last_hidden_state
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
