"""Reading fact words from maps: lessons that can be turned and mirrored, and a reader that learns them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from inspector.describing.facts import Facts
from inspector.describing.inputs import KNOWN_KINDS, AdapterInputs
from inspector.describing.kinds import KindGuess
from inspector.describing.slots import SLOTS, indices_of
from inspector.describing.words import Position
from inspector.results import Verdict
from tests.inspector.describing.test_slots import SCRATCH
from training.adapter.examples import LIMIT, Example, PaintedFrame, map_of_masks, measured_example
from training.adapter.fitting import Lessons, accuracy, fit_reader
from training.adapter.network import Reader
from training.adapter.surfaces import SIZE_PX

POSITION = [slot.name for slot in SLOTS].index("position")
TURNS = [(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


def turned_picture(picture: np.ndarray, quarters: int, *, mirrored: bool) -> np.ndarray:
    """`[H, W, ...]`, as a camera would see the part if it lay that way."""
    return np.ascontiguousarray(np.rot90(picture[:, ::-1] if mirrored else picture, quarters))


def sure_of_stains(*_: object) -> list[KindGuess]:
    chances = np.zeros(12)
    chances[4] = 1
    return [KindGuess.of(tuple(KNOWN_KINDS), chances)] * len(_[2])  # type: ignore[arg-type]


def example(frame: PaintedFrame, maps: np.ndarray) -> Example:
    return measured_example(frame.image, maps[0], maps[1:], LIMIT, sure_of_stains)


def two_defects() -> tuple[PaintedFrame, np.ndarray]:
    image = np.random.default_rng(0).integers(100, 140, (SIZE_PX, SIZE_PX, 3)).astype(np.uint8)
    masks = []
    for row, column, height, width in ((10, 140, 12, 40), (120, 70, 20, 10)):
        mask = np.zeros((SIZE_PX, SIZE_PX), bool)
        mask[row : row + height, column : column + width] = True
        image[mask] = (20, 20, 30)
        masks.append(mask)
    frame = PaintedFrame(image, tuple(masks))
    return frame, np.stack(map_of_masks(frame, np.random.default_rng(3)))


@pytest.mark.parametrize(("quarters", "mirrored"), TURNS)
def test_a_turned_lesson_is_what_is_measured_of_the_turned_picture(quarters: int, mirrored: bool) -> None:
    frame, maps = two_defects()
    usual = example(frame, maps)
    assert usual.facts.count == 2
    turned_maps = np.stack([turned_picture(one, quarters, mirrored=mirrored) for one in maps])
    turned_frame = PaintedFrame(turned_picture(frame.image, quarters, mirrored=mirrored), ())
    expected = Lessons.of([example(turned_frame, turned_maps)])
    got = Lessons.of([usual]).turned(quarters, mirrored=mirrored)
    assert got.words.tolist() == expected.words.tolist()
    for name in ("maps", "look", "kinds"):
        torch.testing.assert_close(getattr(got, name), getattr(expected, name), atol=1e-4, rtol=1e-4)


def lesson_at(position: Position) -> Lessons:
    blank = AdapterInputs(
        np.zeros((3, 64, 64), np.float32),
        np.zeros((3, 64, 64), np.float32),
        np.zeros((12, 16, 16), np.float32),
    )
    return Lessons.of([Example(blank, Facts(Verdict.REJECT, 1, (replace(SCRATCH, position=position),)))])


@pytest.mark.parametrize(
    ("position", "left_turn", "mirrored"),
    [
        (Position.UPPER_LEFT, Position.LOWER_LEFT, Position.UPPER_RIGHT),
        (Position.TOP, Position.LEFT, Position.TOP),
        (Position.UPPER_RIGHT, Position.UPPER_LEFT, Position.UPPER_LEFT),
        (Position.LEFT, Position.BOTTOM, Position.RIGHT),
        (Position.CENTRE, Position.CENTRE, Position.CENTRE),
        (Position.RIGHT, Position.TOP, Position.LEFT),
        (Position.LOWER_LEFT, Position.LOWER_RIGHT, Position.LOWER_RIGHT),
        (Position.BOTTOM, Position.RIGHT, Position.BOTTOM),
        (Position.LOWER_RIGHT, Position.UPPER_RIGHT, Position.LOWER_LEFT),
    ],
)
def test_places_are_renamed_as_a_picture_turns(
    position: Position, left_turn: Position, mirrored: Position
) -> None:
    words = SLOTS[POSITION].words
    lessons = lesson_at(position)
    assert words[int(lessons.turned(1, mirrored=False).words[0, POSITION])] == left_turn
    assert words[int(lessons.turned(0, mirrored=True).words[0, POSITION])] == mirrored


@pytest.mark.parametrize(("quarters", "mirrored"), TURNS)
def test_only_places_change_and_nothing_stays_nothing(
    few_lessons: Lessons, quarters: int, mirrored: bool
) -> None:
    before = few_lessons.words.clone()
    turned = few_lessons.turned(quarters, mirrored=mirrored).words
    for number, slot in enumerate(SLOTS):
        if slot.name.endswith("position"):
            assert torch.equal(turned[:, number] == 0, before[:, number] == 0)
        else:
            assert torch.equal(turned[:, number], before[:, number])
    assert torch.equal(few_lessons.words, before)


def test_four_quarters_and_two_mirrors_are_none(few_lessons: Lessons) -> None:
    turned = few_lessons.turned(1, mirrored=False).turned(3, mirrored=False)
    mirrored = few_lessons.turned(0, mirrored=True).turned(0, mirrored=True)
    for one in (turned, mirrored):
        for name in ("maps", "look", "kinds", "words"):
            assert torch.equal(getattr(one, name), getattr(few_lessons, name))


def test_lessons_are_the_examples_stacked(few_examples: list[Example], few_lessons: Lessons) -> None:
    assert len(few_lessons) == len(few_examples)
    rows = torch.tensor([3, 0, 40])
    taken = few_lessons.taken(rows)
    for number, row in enumerate(rows.tolist()):
        np.testing.assert_array_equal(taken.maps[number].numpy(), few_examples[row].inputs.maps)
        np.testing.assert_array_equal(taken.kinds[number].numpy(), few_examples[row].inputs.kinds)
        np.testing.assert_array_equal(taken.words[number].numpy(), indices_of(few_examples[row].facts))


def fitted(lessons: Lessons, epochs: int, seed: int = 0) -> Reader:
    return fit_reader(lessons, epochs=epochs, generator=torch.Generator().manual_seed(seed))


def test_a_reader_learns_to_read(few_lessons: Lessons) -> None:
    """Forty-eight examples are learned by heart better than by a reader that saw them once."""
    told: list[tuple[int, int]] = []
    generator = torch.Generator().manual_seed(0)
    reader = fit_reader(
        few_lessons, epochs=8, generator=generator, on_epoch=lambda done, epochs: told.append((done, epochs))
    )
    assert told == [(epoch, 8) for epoch in range(8)]
    assert not reader.training
    learned, beginner = accuracy(reader, few_lessons), accuracy(fitted(few_lessons, 1), few_lessons)
    assert np.mean(list(learned.values())) > np.mean(list(beginner.values())) + 0.1
    assert learned["count"] > 0.6


def test_the_same_generator_gives_the_same_reader(few_lessons: Lessons) -> None:
    torch.manual_seed(123)
    first = fitted(few_lessons, 1).state_dict()
    state = torch.random.get_rng_state()
    again, other = fitted(few_lessons, 1).state_dict(), fitted(few_lessons, 1, seed=1).state_dict()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_accuracy_counts_the_frames_in_which_a_slot_says_something(few_lessons: Lessons) -> None:
    figures = accuracy(fitted(few_lessons, 1), few_lessons)
    assert list(figures) == [slot.name for slot in SLOTS]
    assert all(0 <= share <= 1 for share in figures.values())


def test_a_slot_that_never_says_anything_has_no_figure(few_lessons: Lessons) -> None:
    """A manifest holds no NaN: JSON has none."""
    one_defect = few_lessons.taken(torch.nonzero(few_lessons.words[:, 0] == 1)[:3, 0])
    figures = accuracy(fitted(few_lessons, 1), one_defect)
    assert "position" in figures
    assert not [name for name in figures if name.startswith("second")]
    assert all(math.isfinite(share) for share in figures.values())
