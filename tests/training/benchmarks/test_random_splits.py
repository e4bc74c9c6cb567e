"""Limits keep the rate that was asked for, over random splits; and the measurement can fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.washers import FAST, write_washers
from training.benchmarks.random_splits import (
    SPLITS,
    TARGETS,
    SplitRate,
    measure_splits,
)
from training.product import train_product

RNG = np.random.default_rng(0)
NORMALS = {
    "normal": RNG.normal(1.0, 0.3, 209),
    "heavy-tailed": RNG.standard_t(2, 300),
    "skewed": RNG.lognormal(0.0, 1.0, 300),
    "two lots": np.concatenate((RNG.normal(1.0, 0.1, 250), RNG.normal(3.0, 0.1, 50))),
    "rounded": np.round(RNG.normal(1.0, 0.3, 209), 1),
}


@pytest.mark.parametrize("scores", NORMALS.values(), ids=NORMALS.keys())
def test_over_two_hundred_splits_limits_reject_no_more_than_the_target_and_its_band(
    scores: NDArray[np.float64],
) -> None:
    rows = measure_splits(scores)
    assert [row.target for row in rows] == list(TARGETS)
    assert SPLITS == 200
    for row in rows:
        assert row.is_kept, row
        assert row.mean_rate <= 1.2 * row.promised
        assert row.behind + row.judged == len(scores)


def test_with_enough_normals_the_mean_is_the_target() -> None:
    for row in measure_splits(RNG.normal(size=4000)):
        assert row.mean_rate == pytest.approx(row.target, abs=0.002)


def test_a_limit_that_rejects_too_much_is_seen() -> None:
    assert not SplitRate(0.01, 100, 100, 0.01, 0.05, 0.0295).is_kept
    assert "**(missed)**" in str(SplitRate(0.01, 100, 100, 0.01, 0.05, 0.0295).row("x"))


def test_held_out_scores_of_a_training_are_measured(tmp_path: Path) -> None:
    folder = write_washers(tmp_path / "washer", normals=16, tests=0) / "train" / "good"
    trained = train_product("washer", folder, tmp_path / "bundle", FAST)
    rows = measure_splits(trained.scores, splits=20)
    assert [(row.behind, row.judged) for row in rows] == [(8, 8)] * 3
    assert rows[0].promised == pytest.approx(1 / 9)


def test_the_same_seed_gives_the_same_rows() -> None:
    assert measure_splits(NORMALS["normal"]) == measure_splits(NORMALS["normal"])
    assert measure_splits(NORMALS["normal"], seed=1) != measure_splits(NORMALS["normal"])
