"""The promise behind a reject limit."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.limits import conformal_limit, normals_needed, promised_rate

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


@pytest.mark.parametrize("scores", [[], [1.0, math.nan], [math.inf]])
def test_scores_must_be_there_and_finite(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="at least one normal score"):
        conformal_limit(np.array(scores), 0.01)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 2.0])
def test_a_rate_lies_between_0_and_1(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        conformal_limit(np.array([1.0]), rate)
