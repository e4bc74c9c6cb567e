"""The adapter's network: small, its soft tokens are expected word embeddings."""

from __future__ import annotations

import pytest
import torch

from inspector.describing.slots import SLOTS, SOFT_TOKENS, WORDS
from training.adapter.fitting import Lessons
from training.adapter.network import Adapter, Reader

HIDDEN_SIZE = 576
MOST_PARAMETERS = 5_000_000


@pytest.fixture(scope="module")
def tables() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(slot.tokens, len(slot.words), 8, generator=generator) for slot in SLOTS]


@pytest.fixture
def small(tables: list[torch.Tensor]) -> Adapter:
    return Adapter(tables, torch.ones(9, 8), torch.ones(3, 8), torch.zeros(2, 8)).eval()


def test_it_has_at_most_five_million_parameters() -> None:
    tables = [torch.zeros(slot.tokens, len(slot.words), HIDDEN_SIZE) for slot in SLOTS]
    adapter = Adapter(tables, *(torch.zeros(rows, HIDDEN_SIZE) for rows in (400, 10, 10)))
    assert sum(tensor.numel() for tensor in adapter.state_dict().values()) <= MOST_PARAMETERS


@torch.inference_mode()
def test_every_slot_has_a_probability_of_each_word(small: Adapter, few_lessons: Lessons) -> None:
    shown = few_lessons.taken(torch.arange(5))
    read = small.reader(shown.maps, shown.look, shown.kinds)
    assert [tuple(chances.shape) for chances in read] == [(5, len(slot.words)) for slot in SLOTS]
    for chances in read:
        torch.testing.assert_close(chances.exp().sum(1), torch.ones(5))
    soft, probabilities = small(shown.maps, shown.look, shown.kinds)
    assert soft.shape == (5, SOFT_TOKENS, 8)
    assert probabilities.shape == (5, WORDS)
    torch.testing.assert_close(probabilities, torch.cat([chances.exp() for chances in read], 1))


@torch.inference_mode()
def test_a_frame_is_read_the_same_alone_and_beside_others(few_lessons: Lessons) -> None:
    torch.manual_seed(0)
    reader = Reader().eval()
    together = reader(few_lessons.maps[:4], few_lessons.look[:4], few_lessons.kinds[:4])
    alone = reader(few_lessons.maps[2:3], few_lessons.look[2:3], few_lessons.kinds[2:3])
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one[2:3], other, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_soft_tokens_are_expected_word_embeddings(small: Adapter, tables: list[torch.Tensor]) -> None:
    sure = [torch.eye(len(slot.words))[[1, 0]] for slot in SLOTS]
    soft = small.soft_tokens(sure)
    expected = torch.cat([table[:, 1] for table in tables])
    torch.testing.assert_close(soft[0], expected)
    halves = [torch.full((1, len(slot.words)), 1 / len(slot.words)) for slot in SLOTS]
    expected = torch.cat([table.mean(1) for table in tables])
    torch.testing.assert_close(small.soft_tokens(halves)[0], expected)


@torch.inference_mode()
def test_a_prompt_is_base_tokens_soft_tokens_base_tokens(small: Adapter) -> None:
    soft = torch.full((2, SOFT_TOKENS, 8), 7.0)
    prompt = small.prompt(soft)
    assert prompt.shape == (2, 3 + SOFT_TOKENS + 2, 8)
    assert prompt[1, :, 0].tolist() == [1.0] * 3 + [7.0] * SOFT_TOKENS + [0.0] * 2
