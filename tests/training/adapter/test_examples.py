"""What the adapter learns from: painted defects, maps as decoders might make of them, and their facts."""

from __future__ import annotations

import numpy as np
import pytest

from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.kinds import KindGuess
from inspector.describing.positions import position_of, positions_near
from inspector.describing.words import Kind
from inspector.results import Verdict
from training.adapter.examples import (
    LIMIT,
    MAP_CELLS,
    Example,
    PaintedFrame,
    examples_from_masks,
    map_of_masks,
    measured_example,
    paint_frame,
)
from training.adapter.surfaces import SIZE_PX, Surface, made_of_noise, make_surfaces

COUNT = 40


@pytest.fixture(scope="module")
def surfaces() -> list[Surface]:
    return make_surfaces(8, np.random.default_rng(0))


@pytest.fixture(scope="module")
def examples(surfaces: list[Surface]) -> list[Example]:
    return examples_from_masks(surfaces, COUNT, np.random.default_rng(1))


def square(row: int, column: int, side: int = 12) -> PaintedFrame:
    mask = np.zeros((SIZE_PX, SIZE_PX), bool)
    mask[row : row + side, column : column + side] = True
    return PaintedFrame(np.full((SIZE_PX, SIZE_PX, 3), 128, np.uint8), (mask,))


def test_surfaces_are_many_and_the_same_for_the_same_seed(surfaces: list[Surface]) -> None:
    assert len(surfaces) == 8
    for surface in surfaces:
        assert surface.image.shape == (SIZE_PX, SIZE_PX, 3)
        assert surface.image.dtype == np.uint8
        assert surface.foreground.shape == (SIZE_PX, SIZE_PX)
        assert surface.foreground.any()
    assert any(surface.foreground.all() for surface in surfaces)
    assert any(not surface.foreground.all() for surface in surfaces)
    pictures = [surface.image.tobytes() for surface in surfaces]
    assert len(set(pictures)) == 8
    again = make_surfaces(8, np.random.default_rng(0))
    assert [surface.image.tobytes() for surface in again] == pictures


def test_noise_makes_bright_and_dark_grey_and_coloured_surfaces() -> None:
    rng = np.random.default_rng(0)
    pictures = np.stack([made_of_noise(rng, 48) for _ in range(40)]).astype(float)
    levels = pictures.mean(axis=(1, 2, 3))
    assert levels.min() < 80
    assert levels.max() > 170
    colour = np.ptp(pictures.mean(axis=(1, 2)), axis=1)
    assert (colour < 2).any()
    assert (colour > 10).any()


def test_a_painted_frame_has_none_to_five_defects_and_a_mask_of_each(surfaces: list[Surface]) -> None:
    rng = np.random.default_rng(0)
    frames = [paint_frame(surfaces[number % 8], surfaces, rng) for number in range(60)]
    counts = [len(frame.masks) for frame in frames]
    assert {0, 1, 2} <= set(counts) <= set(range(6))
    assert np.bincount(counts).argmax() == 1
    for number, frame in enumerate(frames):
        changed = (frame.image != surfaces[number % 8].image).any(axis=2)
        assert changed.any() == bool(frame.masks)
        for mask in frame.masks:
            assert (changed & mask).any()


@pytest.mark.parametrize(("row", "column"), [(0, 0), (90, 90), (180, 180), (0, 180), (150, 20)])
def test_a_map_is_high_where_the_mask_is_and_low_elsewhere(row: int, column: int) -> None:
    for seed in range(5):
        maps = map_of_masks(square(row, column), np.random.default_rng(seed))
        for anomaly_map in maps:
            assert anomaly_map.shape == (MAP_CELLS, MAP_CELLS)
            assert anomaly_map.dtype == np.float32
            assert np.isfinite(anomaly_map).all()
            peak_row, peak_column = np.unravel_index(anomaly_map.argmax(), anomaly_map.shape)
            assert abs(3 * peak_row + 1 - (row + 6)) < 14
            assert abs(3 * peak_column + 1 - (column + 6)) < 14


def test_a_frame_without_defects_has_a_map_below_the_limit() -> None:
    frame = PaintedFrame(np.full((SIZE_PX, SIZE_PX, 3), 128, np.uint8), ())
    for seed in range(10):
        assert map_of_masks(frame, np.random.default_rng(seed))[0].max() < LIMIT


def test_examples_are_measured_as_the_service_measures(examples: list[Example]) -> None:
    assert len(examples) == COUNT
    verdicts = {example.facts.verdict for example in examples}
    assert verdicts == {Verdict.PASS, Verdict.REJECT}
    counts = {example.facts.count for example in examples}
    assert {0, 1, 2} <= counts
    for example in examples:
        assert (example.facts.verdict == Verdict.REJECT) == bool(example.facts.regions)
        assert np.isfinite(example.inputs.maps).all()
        if example.facts.regions:
            worst = example.facts.regions[0]
            row, column = np.unravel_index(example.inputs.maps[0].argmax(), (MAP_CELLS, MAP_CELLS))
            box = (int(column), int(row), 1, 1)
            place = position_of(column, row, MAP_CELLS, MAP_CELLS)
            near = {worst.position, *worst.near, *positions_near(worst.position, box, MAP_CELLS, MAP_CELLS)}
            assert place in near
            assert example.inputs.kinds.any() == any(
                region.kind_probability for region in example.facts.regions
            )


def test_all_kinds_are_told_in_examples_some_surely_and_some_hardly(surfaces: list[Surface]) -> None:
    examples = examples_from_masks(surfaces, 60, np.random.default_rng(2))
    regions = [region for example in examples for region in example.facts.regions]
    assert len({region.kind for region in regions} & set(KNOWN_KINDS)) >= 9
    assert any(region.kind == Kind.UNKNOWN for region in regions)
    sure = [region.kind_probability for region in regions if region.kind_probability]
    assert min(sure) < 0.5
    assert max(sure) > 0.9


def test_the_same_generator_makes_the_same_examples(surfaces: list[Surface], examples: list[Example]) -> None:
    told: list[tuple[int, int]] = []
    again = examples_from_masks(
        surfaces, 5, np.random.default_rng(1), lambda done, count: told.append((done, count))
    )
    for first, second in zip(examples[:5], again, strict=True):
        assert first.facts == second.facts
        np.testing.assert_array_equal(first.inputs.maps, second.inputs.maps)
        np.testing.assert_array_equal(first.inputs.kinds, second.inputs.kinds)
    assert told == [(done, 5) for done in range(5)]


def test_kinds_of_an_example_are_those_that_it_was_told() -> None:
    frame = square(20, 120)
    fused, *decoders = map_of_masks(frame, np.random.default_rng(0))
    chances = np.zeros(12)
    chances[3] = 1

    def guess(_image: object, _map: object, regions: tuple[object, ...], _limit: float) -> list[KindGuess]:
        return [KindGuess.of(tuple(KNOWN_KINDS), chances) for _ in regions]

    example = measured_example(frame.image, fused, np.stack(decoders), LIMIT, guess)  # type: ignore[arg-type]
    assert [region.kind for region in example.facts.regions] == [KNOWN_KINDS[3]] * example.facts.count
    assert example.inputs.kinds[3, 2, 10] == 1
    assert not np.delete(example.inputs.kinds, 3, 0).any()
    unknown = measured_example(frame.image, fused, np.stack(decoders), LIMIT, None)
    assert unknown.facts.regions[0].kind == Kind.UNKNOWN
    assert unknown.facts.regions[0].kind_probability is None
    assert not unknown.inputs.kinds.any()
