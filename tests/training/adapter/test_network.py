"""The adapter's network: small, its soft tokens are expected word embeddings."""

from __future__ import annotations

import math

import pytest
import torch

from inspector.describing.inputs import KIND_CELLS, KNOWN_KINDS, LARGEST_RATIO, MAP_CELLS
from inspector.describing.slots import SLOTS, SOFT_TOKENS, WORDS
from inspector.describing.words import Position
from training.adapter.fitting import Lessons
from training.adapter.network import Adapter, Reader, connected

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


POSITION = [slot.name for slot in SLOTS].index("position")
SECOND_POSITION = [slot.name for slot in SLOTS].index("second position")


def fused_map(*places: tuple[slice, slice, float]) -> torch.Tensor:
    """[1, 1, 64, 64] as an adapter sees it, of scores in limits."""
    scores = torch.full((1, 1, MAP_CELLS, MAP_CELLS), 0.3)
    for rows, columns, score in places:
        scores[..., rows, columns] = score
    return scores.log1p()


def looking_at(row: int, column: int) -> torch.Tensor:
    weights = torch.zeros(1, 1, KIND_CELLS, KIND_CELLS)
    weights[..., row, column] = 1
    return weights.flatten(2)


@torch.inference_mode()
def read(reader: Reader, fused: torch.Tensor) -> list[torch.Tensor]:
    """Of a frame that looks even, without kinds."""
    maps = fused.expand(-1, 3, -1, -1)
    kinds = torch.zeros(len(fused), len(KNOWN_KINDS), KIND_CELLS, KIND_CELLS)
    chances: list[torch.Tensor] = reader(maps, torch.zeros_like(maps), kinds)
    return chances


def test_what_is_connected_with_a_place_is_followed_and_nothing_else() -> None:
    snake = [(slice(8, 12), slice(8, 28), 3.0), (slice(8, 26), slice(24, 28), 3.0)]
    other = (slice(50, 60), slice(8, 40), 9.0)
    fused = fused_map(*snake, other)
    expected = (fused_map(*snake) > math.log(2)).float()
    assert torch.equal(connected(looking_at(2, 2), fused), expected)
    assert torch.equal(connected(looking_at(14, 4), fused), (fused_map(other) > math.log(2)).float())


def test_where_nothing_is_above_the_limit_nothing_is_connected() -> None:
    assert not connected(looking_at(3, 3), fused_map()).any()
    assert not connected(looking_at(3, 3), fused_map((slice(40, 50), slice(40, 50), 5.0))).any()
    everywhere = fused_map((slice(None), slice(None), 5.0))
    assert connected(looking_at(8, 8), everywhere)[..., 32:40, 32:40].all()


@pytest.mark.parametrize(("number", "position"), list(enumerate(Position)))
def test_before_any_lesson_a_reader_says_where_the_highest_places_are(
    number: int, position: Position
) -> None:
    torch.manual_seed(0)
    reader = Reader().eval()
    row, column = divmod(number, 3)
    other_row, other_column = (row + 1) % 3, (column + 2) % 3

    def place(row: int, column: int, score: float) -> tuple[slice, slice, float]:
        return slice(21 * row + 6, 21 * row + 16), slice(21 * column + 6, 21 * column + 16), score

    fused = fused_map(place(row, column, 6.0), place(other_row, other_column, 3.0))
    chances = read(reader, fused)
    # Whether there is a second defect is a lesson; where it would be is not.
    first, second = (
        list(Position)[int(chances[slot][0, 1:].argmax())] for slot in (POSITION, SECOND_POSITION)
    )
    assert first == position
    assert second == list(Position)[3 * other_row + other_column]


@torch.inference_mode()
@pytest.mark.parametrize("score", [0.0, 0.3, 1.0, LARGEST_RATIO])
@pytest.mark.parametrize("look", [0.0, -2.0, 50.0])
@pytest.mark.parametrize("kind", [0.0, 1.0])
def test_any_frame_is_read_with_finite_chances(score: float, look: float, kind: float) -> None:
    torch.manual_seed(0)
    maps = torch.full((2, 3, MAP_CELLS, MAP_CELLS), score).log1p()
    kinds = torch.full((2, len(KNOWN_KINDS), KIND_CELLS, KIND_CELLS), kind)
    for chances in Reader().eval()(maps, torch.full_like(maps, look), kinds):
        assert torch.isfinite(chances).all()
        torch.testing.assert_close(chances.exp().sum(1), torch.ones(2))
