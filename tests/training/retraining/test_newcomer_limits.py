"""The limit holds for new parts, and is not made by single odd ones or by what was chosen for its score."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inspector.limits import conformal_limit
from training.decoders.scorer import Scorer
from training.learning import Learned
from training.retraining.newcomer_limits import Newcomers, limits_with_newcomers
from training.selection import Choice, Weighting

RNG = np.random.default_rng(0)
EARLIER, NEW = RNG.normal(1.0, 0.1, 150), 30
IS_NEW = np.arange(150 + NEW) >= 150


def learned(scores: NDArray[np.float64]) -> Learned:
    """A product whose held-out normals have these scores; a painted defect scores 1.3."""
    maps = torch.from_numpy(scores)[:, None, None].expand(-1, 8, 8)
    painted = torch.full((50, 8, 8), 1.3, dtype=maps.dtype)
    weighting = Weighting(0.0, torch.ones(1, 2), maps, painted, torch.empty(0, 8, 8))
    folds = np.arange(len(scores)) % 3
    return Learned(cast("Scorer", None), Choice(weighting, weighting, 1.0, 1.0), "3-fold", folds)


def with_new(*scores: float) -> NDArray[np.float64]:
    usual = RNG.normal(1.0, 0.1, NEW - len(scores))
    return np.concatenate((EARLIER, usual, scores))


def test_new_parts_that_score_higher_raise_the_limit() -> None:
    scores = np.concatenate((EARLIER, RNG.normal(1.25, 0.1, NEW)))
    limits = limits_with_newcomers(learned(scores), Newcomers(IS_NEW, range(150, 180)), 0.05)
    assert limits.reject == pytest.approx(scores[150:].max())
    assert "raised to that of 30 new normals" in limits.method


def test_a_single_odd_new_part_does_not_unless_it_is_confirmed() -> None:
    scores = with_new(3.0)
    unconfirmed = limits_with_newcomers(learned(scores), Newcomers(IS_NEW), 0.01)
    assert unconfirmed.reject < 1.5
    assert "suspects left out" in unconfirmed.method
    confirmed = limits_with_newcomers(learned(scores), Newcomers(IS_NEW, confirmed=[179]), 0.01)
    assert confirmed.reject == pytest.approx(3.0)


def test_false_rejects_have_no_part_in_the_limit() -> None:
    scores = with_new(*np.linspace(1.5, 3, 10))
    newcomers = Newcomers(IS_NEW, confirmed=range(170, 180), chosen=range(170, 180))
    assert newcomers.is_sample.sum() == 20
    limits = limits_with_newcomers(learned(scores), newcomers, 0.01)
    assert limits.reject <= 1.4
    assert limits.normals <= 170


def test_with_false_rejects_alone_the_limit_is_that_of_the_earlier_normals() -> None:
    scores = np.concatenate((EARLIER, np.full(NEW, 2.0)))
    newcomers = Newcomers(IS_NEW, chosen=range(150, 180))
    limits = limits_with_newcomers(learned(scores), newcomers, 0.05)
    assert limits.reject == pytest.approx(conformal_limit(EARLIER, 0.05))
