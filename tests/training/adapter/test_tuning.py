"""Tuning through a frozen language model: the adapter changes, the model does not, and the loss is right."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from inspector.describing.adapter import _fitted as served_fitted
from inspector.describing.check import check_sentence
from inspector.describing.slots import SLOTS
from training.adapter.examples import Example
from training.adapter.fitting import Lessons
from training.adapter.network import Adapter
from training.adapter.tuning import (
    AFTER,
    BEFORE,
    END,
    SHOTS,
    SURFACES,
    _fitted,
    _Kept,
    embed,
    sentence_loss,
    tune,
)
from training.language_model.torch_model import TorchLanguageModel

SENTENCES = ["One defect: a dent.", "No defect.", "There is a long thin dark scratch at the upper left."]


def test_an_adapter_begins_with_the_language_models_own_words(
    adapter: Adapter, tiny_torch_model: TorchLanguageModel
) -> None:
    torch.testing.assert_close(adapter.before.data, embed(tiny_torch_model, BEFORE))
    torch.testing.assert_close(adapter.after.data, embed(tiny_torch_model, AFTER))
    for slot, table in zip(SLOTS, adapter.words, strict=True):
        assert table.shape == (slot.tokens, len(slot.words), tiny_torch_model.hidden_size)
        for number, word in enumerate(slot.words):
            said = embed(tiny_torch_model, f" {SURFACES.get(word, word)}")
            torch.testing.assert_close(table[:, number], _fitted(said, slot.tokens))


def test_every_prompt_begins_with_examples_told_by_the_same_words(
    adapter: Adapter, tiny_torch_model: TorchLanguageModel, few_examples: list[Example]
) -> None:
    """What a person could read in them, were the soft tokens words, is facts and a true sentence of each."""
    table = tiny_torch_model.model.get_input_embeddings().weight
    rows = torch.stack([(table == row).all(1) for row in adapter.examples])
    tokens = rows.int().argmax(1)[rows.any(1)]
    text = tiny_torch_model.tokenizer.decode(tokens.tolist())
    shots = text.split(BEFORE)[1:]
    assert len(shots) == len(SHOTS)
    facts = [example.facts for example in few_examples]
    for shot, count in zip(shots, SHOTS, strict=True):
        sentence = shot.split(AFTER)[1].strip()
        fitting = [one for one in facts if one.count == count and not check_sentence(sentence, one)]
        assert fitting, sentence


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
@pytest.mark.parametrize("tokens", [1, 2])
def test_words_are_fitted_into_slots_as_in_service(rows: int, tokens: int) -> None:
    embeddings = torch.randn(rows, 5, generator=torch.Generator().manual_seed(rows))
    served = served_fitted(embeddings.numpy(), tokens)
    assert served.shape == (tokens, 5)
    np.testing.assert_allclose(_fitted(embeddings, tokens).numpy(), served, rtol=1e-6)


@torch.no_grad()
def test_the_loss_is_that_of_each_sentence_written_alone(
    adapter: Adapter, tiny_torch_model: TorchLanguageModel, few_lessons: Lessons
) -> None:
    """Padding, the other sentences of a batch, and what is kept of the examples change nothing."""
    shown = few_lessons.taken(torch.arange(3))
    prompts = adapter.prompt(adapter(shown.maps, shown.look, shown.kinds)[0])
    losses, counts = [], []
    for prompt, sentence in zip(prompts, SENTENCES, strict=True):
        tokenizer, model = tiny_torch_model.tokenizer, tiny_torch_model.model
        tokens = tokenizer.encode(f" {sentence}{END}", add_special_tokens=False)
        loss, state = 0.0, torch.cat((adapter.examples, prompt))[None]
        for token in tokens:
            logits = model(inputs_embeds=state).logits[0, -1]
            loss += float(functional.cross_entropy(logits, torch.tensor(token)))
            state = torch.cat((state, model.get_input_embeddings()(torch.tensor([[token]]))), 1)
        losses.append(loss)
        counts.append(len(tokens))
    kept = _Kept.of(tiny_torch_model, adapter.examples)
    for _ in range(2):
        together = float(sentence_loss(tiny_torch_model, kept, prompts, SENTENCES))
        assert together == pytest.approx(sum(losses) / sum(counts), rel=1e-4)


def tuned(
    adapter: Adapter, model: TorchLanguageModel, examples: list[Example], lessons: Lessons, **changes: float
) -> list[float]:
    options = {"steps": 12, "batch": 4} | changes
    facts = [example.facts for example in examples]
    return tune(adapter, model, lessons, facts, rng=np.random.default_rng(0), **options)  # type: ignore[arg-type]


def test_tuning_lowers_the_loss_and_leaves_the_language_model_as_it_is(
    adapter: Adapter,
    tiny_torch_model: TorchLanguageModel,
    few_examples: list[Example],
    few_lessons: Lessons,
) -> None:
    frozen = {name: value.clone() for name, value in tiny_torch_model.model.state_dict().items()}
    before = {name: value.clone() for name, value in adapter.state_dict().items()}
    shown = few_lessons.taken(torch.arange(3))
    kept = _Kept.of(tiny_torch_model, adapter.examples)

    @torch.no_grad()
    def loss() -> float:
        prompts = adapter.prompt(adapter(shown.maps, shown.look, shown.kinds)[0])
        return float(sentence_loss(tiny_torch_model, kept, prompts, SENTENCES))

    first = loss()
    assert (
        len(tuned(adapter, tiny_torch_model, few_examples, few_lessons, steps=20, learning_rate=0.05)) == 20
    )
    assert loss() < first - 0.5
    after = tiny_torch_model.model.state_dict()
    assert all(torch.equal(frozen[name], after[name]) for name in frozen)
    assert not any(parameter.grad is not None for parameter in tiny_torch_model.model.parameters())
    changed = {name for name, value in adapter.state_dict().items() if not torch.equal(value, before[name])}
    assert {"before", "after", *(f"words.{number}" for number in range(len(SLOTS)))} <= changed
    assert any(name.startswith("reader.") for name in changed)
    # Statistics of the batches are those of the first lesson.
    assert not any("running" in name or "num_batches" in name for name in changed)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_same_seed_tunes_the_same(
    tiny_torch_model: TorchLanguageModel,
    few_examples: list[Example],
    few_lessons: Lessons,
    adapter: Adapter,
    language: str,
) -> None:
    begun = {name: value.clone() for name, value in adapter.state_dict().items()}
    options: dict[str, object] = {"steps": 2, "language": language}
    first = tuned(adapter, tiny_torch_model, few_examples, few_lessons, **options)  # type: ignore[arg-type]
    ended = {name: value.clone() for name, value in adapter.state_dict().items()}
    adapter.load_state_dict(begun)
    assert tuned(adapter, tiny_torch_model, few_examples, few_lessons, **options) == first  # type: ignore[arg-type]
    assert all(torch.equal(ended[name], value) for name, value in adapter.state_dict().items())
