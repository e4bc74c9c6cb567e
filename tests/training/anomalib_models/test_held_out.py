"""The limit comes from normals that the fit which scores them did not see."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.anomalib_models.small import parts, small_recipe
from training.anomalib_models.held_out import FOLDS, HeldOutFit, fit_held_out, score_frames
from training.anomalib_models.padim import Padim
from training.anomalib_models.product import few_held_out, held_out_limits, usual_score
from training.anomalib_models.protocol import Recipe

COUNT = 20


@pytest.fixture(scope="module")
def normals() -> NDArray[np.uint8]:
    return parts(COUNT, 96)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    return small_recipe("Padim", tmp_path_factory.mktemp("padim"))


def held(model: Padim, normals: NDArray[np.uint8], recipe: Recipe, rate: float) -> HeldOutFit:
    return fit_held_out(model, normals, recipe, rate, np.random.default_rng(0))


@pytest.mark.parametrize(("rate", "folds"), [(0.01, FOLDS), (0.2, 1), (0.12, 2)])
def test_a_cheap_model_is_fitted_without_as_many_fifths_as_the_limit_needs(
    rate: float, folds: int, normals: NDArray[np.uint8], recipe: Recipe
) -> None:
    found = held(Padim(), normals, recipe, rate)

    assert len(set(found.indices)) == folds * COUNT // FOLDS
    assert found.how.startswith(f"{folds} of {FOLDS} folds")
    # PaDiM scores what it has seen far lower: so none of these was seen, and all are by the served fit.
    seen = score_frames(found.fitted, normals[found.indices]).scores
    assert (found.normal.scores > 1.5 * seen).all()


def test_a_model_that_is_fitted_once_never_sees_a_fifth(normals: NDArray[np.uint8], recipe: Recipe) -> None:
    found = held(Padim(refits=False), normals, recipe, 0.01)

    assert len(found.indices) == COUNT // FOLDS
    np.testing.assert_allclose(found.normal.scores, score_frames(found.fitted, normals[found.indices]).scores)
    rest = np.setdiff1d(np.arange(COUNT), found.indices)
    assert found.normal.scores.min() > score_frames(found.fitted, normals[rest]).scores.max()


def test_what_few_held_out_normals_promise_is_told(normals: NDArray[np.uint8], recipe: Recipe) -> None:
    once = held(Padim(refits=False), normals, recipe, 0.01)
    (note,) = few_held_out("Padim", once, COUNT, 0.01)
    assert "4 of 20 normals were held out" in note
    assert "at most 20.0 %" in note
    assert "add 475 more" in note
    assert few_held_out("Padim", once, COUNT, 0.25) == []


def test_limits_are_in_the_unit_of_the_scores(normals: NDArray[np.uint8], recipe: Recipe) -> None:
    found = held(Padim(), normals, recipe, 0.1)
    unit = usual_score(found)
    limits = held_out_limits(found, unit, 0.1)

    assert np.median(found.normal.scores / unit) == pytest.approx(1)
    assert limits.normals == len(found.indices)
    rank = int(np.ceil((len(found.indices) + 1) * 0.9))
    assert limits.reject == pytest.approx(np.sort(found.normal.scores)[rank - 1] / unit)
    assert np.median(found.normal.maps) / unit < limits.pixel < found.normal.maps.max() / unit


def test_progress_counts_the_fits(normals: NDArray[np.uint8], recipe: Recipe) -> None:
    told: list[tuple[int, int]] = []
    rng = np.random.default_rng(0)
    fit_held_out(Padim(), normals, recipe, 0.12, rng, lambda done, of: told.append((done, of)))
    assert told == [(0, 3), (1, 3), (2, 3)]
