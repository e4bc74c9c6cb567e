"""The promise behind a reject limit."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inspector.limits import (
    conformal_limit,
    cross_conformal_limit,
    normals_missing,
    normals_needed,
    promised_rate,
    worst_case_rate,
)

SCORES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)
RATES = st.floats(0.001, 0.5)


@pytest.mark.parametrize(("normals", "rate"), [(30, 0.1), (99, 0.01), (100, 0.05), (250, 0.02)])
def test_new_normals_exceed_the_limit_no_more_often_than_promised(normals: int, rate: float) -> None:
    rng = np.random.default_rng(normals)
    exceeded = [
        (rng.lognormal(size=200) > conformal_limit(rng.lognormal(size=normals), rate)).mean()
        for _ in range(2000)
    ]
    # The promise holds on average over calibrations; three standard errors allow for the finite trial.
    assert np.mean(exceeded) <= rate + 3 * np.std(exceeded) / math.sqrt(len(exceeded))
    assert np.mean(exceeded) >= rate - 1 / (normals + 1) - 3 * np.std(exceeded) / math.sqrt(len(exceeded))


@pytest.mark.parametrize("normals", [1, 5, 40])
def test_with_too_few_normals_the_promise_is_weaker_and_still_kept(normals: int) -> None:
    rng = np.random.default_rng(normals)
    exceeded = [rng.normal() > conformal_limit(rng.normal(size=normals), 0.01) for _ in range(8000)]
    promised = promised_rate(normals, 0.01)
    assert promised == 1 / (normals + 1)
    assert np.mean(exceeded) == pytest.approx(promised, abs=4 * math.sqrt(promised / 8000))


@given(SCORES, RATES)
def test_the_limit_is_a_normal_score_and_rejects_no_more_than_the_rate(
    scores: list[float], rate: float
) -> None:
    limit = conformal_limit(np.array(scores), rate)
    assert limit in scores
    assert sum(score > limit for score in scores) <= rate * len(scores)


@given(SCORES, RATES, RATES)
def test_a_lower_rate_never_lowers_the_limit(scores: list[float], first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert conformal_limit(np.array(scores), low) >= conformal_limit(np.array(scores), high)


@given(SCORES, RATES, st.randoms())
def test_the_order_of_the_normals_does_not_matter(scores: list[float], rate: float, random: Random) -> None:
    shuffled = list(scores)
    random.shuffle(shuffled)
    assert conformal_limit(np.array(scores), rate) == conformal_limit(np.array(shuffled), rate)


@pytest.mark.parametrize(("rate", "needed"), [(0.01, 99), (0.05, 19), (0.5, 1), (0.001, 999), (0.03, 33)])
def test_the_normals_needed_are_the_fewest_that_keep_the_rate(rate: float, needed: int) -> None:
    assert normals_needed(rate) == needed
    assert promised_rate(needed, rate) == pytest.approx(rate)
    assert promised_rate(needed - 1, rate) > rate


def test_99_normals_at_1_percent_give_the_largest_score() -> None:
    assert conformal_limit(np.arange(99.0), 0.01) == 98
    assert conformal_limit(np.arange(199.0), 0.01) == 197


def distance(parts: NDArray[np.float64], memory: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each part [N, D] to the nearest of a memory [M, D]."""
    return np.asarray(np.sqrt(((parts[:, None] - memory) ** 2).sum(-1)).min(1))


@pytest.mark.parametrize(("normals", "folds"), [(10, 10), (20, 10), (30, 6), (120, 6)])
@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_cross_conformal_keeps_its_promise_with_every_normal_in_the_final_memory(
    normals: int, folds: int, rate: float
) -> None:
    rng = np.random.default_rng([normals, folds])
    rejected = []
    for _ in range(1500 if normals < 100 else 300):
        parts = rng.standard_t(5, (normals, 4))
        fold = rng.permutation(np.arange(normals) % folds)
        held_out = np.empty(normals)
        for one in range(folds):
            held_out[fold == one] = distance(parts[fold == one], parts[fold != one])
        limit = cross_conformal_limit(held_out, fold, rate)
        rejected.append((distance(rng.standard_t(5, (40, 4)), parts) > limit).mean())
    promised, error = promised_rate(normals, rate), np.std(rejected) / math.sqrt(len(rejected))
    assert np.mean(rejected) <= promised + 3 * error
    assert np.mean(rejected) >= promised / 3  # and is not bought with a limit that nothing reaches
    assert promised < worst_case_rate(normals, folds, rate)


def test_a_frame_that_cv_plus_would_pass_is_never_rejected() -> None:
    rng = np.random.default_rng(0)
    normals, folds, rate = 24, 6, 0.2
    for _ in range(200):
        parts, fold = rng.normal(size=(normals, 3)), np.arange(normals) % folds
        new = rng.normal(size=(50, 3)) * 1.5
        held_out, by_fold = np.empty(normals), np.empty((len(new), normals))
        for one in range(folds):
            memory = parts[fold != one]
            held_out[fold == one] = distance(parts[fold == one], memory)
            by_fold[:, fold == one] = distance(new, memory)[:, None]
        cv_plus_rejects = (held_out < by_fold).sum(1) >= (1 - rate) * (normals + 1)
        rejects = distance(new, parts) > cross_conformal_limit(held_out, fold, rate)
        assert not (rejects & ~cv_plus_rejects).any()


def test_the_worst_case_is_twice_the_rate_and_what_folds_add() -> None:
    assert worst_case_rate(99, 99, 0.01) == pytest.approx(0.02)
    assert worst_case_rate(10, 10, 0.01) == pytest.approx(2 / 11)
    assert worst_case_rate(120, 6, 0.01) == pytest.approx(0.02 + 2 * (5 / 6) / 21)
    assert worst_case_rate(2, 2, 0.9) == 1.0


def test_the_folds_belong_to_the_scores() -> None:
    with pytest.raises(ValueError, match="3 scores cannot be in 2 folds"):
        cross_conformal_limit(np.ones(3), np.arange(2), 0.01)
    with pytest.raises(ValueError, match="one fold holds nothing out"):
        cross_conformal_limit(np.ones(3), np.zeros(3, int), 0.01)


def test_what_is_missing_for_a_rate_is_none_once_there_are_enough() -> None:
    assert normals_missing(30, 0.01) == 69
    assert normals_missing(99, 0.01) == 0
    assert normals_missing(500, 0.01) == 0


@pytest.mark.parametrize("scores", [[], [1.0, math.nan], [math.inf]])
def test_scores_must_be_there_and_finite(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="at least one normal score"):
        conformal_limit(np.array(scores), 0.01)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 2.0])
def test_a_rate_lies_between_0_and_1(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        conformal_limit(np.array([1.0]), rate)
