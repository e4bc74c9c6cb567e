"""The network for kinds learns painted defects, and the same ones in the same way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inspector.describing.cues import CUES
from inspector.describing.kinds import load_kind_reader
from inspector.inspecting import regions_of_reject
from training.adapter.examples import LIMIT, PaintedFrame, enlarged_map, map_of_masks
from training.adapter.surfaces import Surface, make_surfaces
from training.defects import NAMED_KINDS, PAINTERS
from training.kinds.fitting import KindLessons, KindSettings, fit_kinds, kind_accuracy, paint_lessons
from training.kinds.network import LARGEST_CUE, KindProjection

COUNT = 40
CHANCE = 1 / len(NAMED_KINDS)
QUICK = KindSettings(hidden=16, epochs=10, batch=32, learning_rate=2e-2, dropout=0)


@pytest.fixture(scope="module")
def surfaces() -> list[Surface]:
    return make_surfaces(8, np.random.default_rng(0))


@pytest.fixture(scope="module")
def lessons(surfaces: list[Surface]) -> KindLessons:
    return paint_lessons(surfaces, COUNT, np.random.default_rng(0))


@pytest.fixture(scope="module")
def directions() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.nn.functional.normalize(torch.randn(len(NAMED_KINDS), 32, generator=generator), dim=1)


def test_lessons_are_cues_of_painted_defects_of_all_kinds(lessons: KindLessons) -> None:
    assert lessons.cues.shape == (COUNT, len(CUES))
    assert lessons.cues.dtype == np.float32
    assert np.isfinite(lessons.cues).all()
    assert lessons.kinds.shape == (COUNT,)
    assert len(set(lessons.kinds.tolist())) >= 9


def test_the_same_generator_paints_the_same_lessons(surfaces: list[Surface], lessons: KindLessons) -> None:
    told: list[tuple[int, int]] = []
    again = paint_lessons(
        surfaces, 6, np.random.default_rng(0), lambda done, count: told.append((done, count))
    )
    np.testing.assert_array_equal(again.cues, lessons.cues[:6])
    np.testing.assert_array_equal(again.kinds, lessons.kinds[:6])
    assert list(dict.fromkeys(told)) == [(done, 6) for done in range(6)]


def toy_lessons(seed: int, count: int = 400) -> KindLessons:
    """Each kind has a cue of its own that is high."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(len(NAMED_KINDS), size=count)
    cues = rng.normal(0, 0.3, (count, len(CUES)))
    cues[np.arange(count), kinds] += 2
    return KindLessons(cues.astype(np.float32), kinds)


def test_kinds_that_cues_tell_apart_are_learned(directions: torch.Tensor) -> None:
    projection = fit_kinds(toy_lessons(0), directions, QUICK)
    assert kind_accuracy(projection, toy_lessons(1), directions) > 0.9
    assert not projection.training
    vectors = projection(torch.from_numpy(toy_lessons(1).cues))
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    assert not vectors.requires_grad


def test_the_same_seed_fits_the_same(directions: torch.Tensor) -> None:
    settings = QUICK.model_copy(update={"epochs": 2, "dropout": 0.2})
    torch.manual_seed(7)
    first = fit_kinds(toy_lessons(0), directions, settings).state_dict()
    drawn = torch.rand(1)
    torch.manual_seed(7)
    assert torch.equal(torch.rand(1), drawn)
    again = fit_kinds(toy_lessons(0), directions, settings).state_dict()
    other = fit_kinds(toy_lessons(0), directions, settings.model_copy(update={"seed": 1})).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["first.weight"], other["first.weight"])


def test_cues_far_out_say_no_more_than_large_ones() -> None:
    projection = KindProjection(torch.zeros(3), torch.ones(3), 8, 5, 0.0).eval()
    large, huge = torch.full((1, 3), LARGEST_CUE), torch.full((1, 3), 1e6)
    torch.testing.assert_close(projection(large), projection(huge))
    constant = KindProjection(torch.zeros(3), torch.zeros(3), 8, 5, 0.0).eval()
    assert torch.isfinite(constant(huge)).all()


def test_the_packaged_network_knows_painted_kinds_that_it_never_saw(surfaces: list[Surface]) -> None:
    """Far better than chance, on surfaces, defects and maps of another seed; the manifest has the figure."""
    reader, rng = load_kind_reader(), np.random.default_rng(99)
    right = total = 0
    while total < 48:
        kind = NAMED_KINDS[total % len(NAMED_KINDS)]
        surface = surfaces[int(rng.integers(len(surfaces)))]
        defect = PAINTERS[kind](surface.image, rng, surface.foreground, surfaces[0].image)
        if not defect.mask.any():
            continue
        frame = PaintedFrame(defect.image, (defect.mask,))
        anomaly_map = enlarged_map(map_of_masks(frame, rng)[0], *defect.image.shape[:2])
        if anomaly_map.max() <= LIMIT:
            continue
        (guess,) = reader.guess(defect.image, anomaly_map, regions_of_reject(anomaly_map, LIMIT)[:1], LIMIT)
        right += guess.word == kind.word
        total += 1
    assert right / total > 4 * CHANCE
