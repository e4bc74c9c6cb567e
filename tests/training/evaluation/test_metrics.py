from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from inspector.results import Verdict
from training.evaluation.metrics import evaluate_scores, figures_of

SCORES = [0.1, 0.2, 0.3, 0.9, 0.4, 0.8, 1.0, 1.2]
LABELS = [False] * 4 + [True] * 4
KINDS = ["good"] * 4 + ["crack", "crack", "crack", "hole"]


def test_figures_of_a_small_set_are_as_counted_by_hand() -> None:
    figures = evaluate_scores(SCORES, LABELS, kinds=KINDS, limit=0.85)
    assert figures.recall == 0.5
    assert figures.false_reject_rate == 0.25
    assert figures.f1 == pytest.approx(f1_score(LABELS, np.array(SCORES) > 0.85))
    assert figures.image_auroc == pytest.approx(14 / 16)
    assert figures.f1_max == pytest.approx(8 / 9)  # everything from 0.4 up: one false reject
    assert figures.counts.model_dump() == {
        "frames": 8,
        "good": 4,
        "defective": 4,
        "with_mask": 0,
        "rejected_good": 1,
        "rejected_defective": 2,
        "unsure_good": 0,
        "unsure_defective": 0,
    }
    assert list(figures.per_kind) == ["crack", "hole"]
    crack, hole = figures.per_kind["crack"], figures.per_kind["hole"]
    assert (crack.count, crack.rejected) == (3, 1)
    assert crack.recall == pytest.approx(1 / 3)
    assert crack.image_auroc == pytest.approx(10 / 12)
    assert (hole.count, hole.rejected, hole.recall, hole.image_auroc) == (1, 1, 1, 1)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-100, 100, width=32), st.booleans()), min_size=1, max_size=30),
    st.floats(-100, 100, width=32),
)
def test_figures_agree_with_scikit_learn(rows: list[tuple[float, bool]], limit: float) -> None:
    scores, labels = [row[0] for row in rows], [row[1] for row in rows]
    figures = evaluate_scores(scores, labels, limit=limit)
    if len(set(labels)) == 2:
        assert figures.image_auroc == pytest.approx(roc_auc_score(labels, scores))
    else:
        assert figures.image_auroc is None
    if any(labels):
        f1 = f1_score(labels, [score > limit for score in scores], zero_division=0)
        assert figures.f1 == pytest.approx(f1)
        assert figures.f1_max is not None
        assert figures.f1_max >= f1 - 1e-9
        best = max(f1_score(labels, [s >= at for s in scores], zero_division=0) for at in scores)
        assert figures.f1_max == pytest.approx(best)
    else:
        assert (figures.f1, figures.f1_max, figures.recall) == (None, None, None)


def test_a_score_at_the_limit_passes() -> None:
    figures = evaluate_scores([1.0, 1.0], [False, True], limit=1.0)
    assert figures.counts.rejected_good == 0
    assert figures.counts.rejected_defective == 0


def test_without_a_limit_figures_at_a_limit_are_unknown() -> None:
    figures = evaluate_scores(SCORES, LABELS)
    assert figures.image_auroc is not None
    assert (figures.limit, figures.f1, figures.recall, figures.false_reject_rate) == (None,) * 4
    assert figures.counts.rejected_good is None
    assert figures.per_kind["defective"].recall is None


def test_unsure_frames_are_neither_passed_nor_rejected() -> None:
    verdicts = [Verdict.PASS, Verdict.UNSURE, Verdict.REJECT, Verdict.UNSURE]
    figures = figures_of(
        [0.0, 9.0, 9.0, 9.0],
        [False, False, True, True],
        kinds=None,
        limit=1.0,
        verdicts=verdicts,
        pixels=None,
        with_mask=0,
    )
    assert figures.counts.unsure_good == 1
    assert figures.counts.unsure_defective == 1
    assert figures.false_reject_rate == 0
    assert figures.recall == 0.5
    assert figures.per_kind["defective"].unsure == 1


@pytest.mark.parametrize(
    ("rejected", "of", "low", "high"),
    [(0, 20, 0.0, 0.1684), (20, 20, 0.8316, 1.0), (5, 10, 0.1871, 0.8129), (0, 1, 0.0, 0.975)],
)
def test_intervals_are_those_of_clopper_and_pearson(rejected: int, of: int, low: float, high: float) -> None:
    scores = [2.0] * rejected + [0.0] * (of - rejected)
    interval = evaluate_scores(scores, [False] * of, limit=1.0).false_reject_rate_interval
    assert interval == pytest.approx((low, high), abs=1e-4)


def test_maps_are_taken_one_at_a_time() -> None:
    alive = 0

    class Map(np.ndarray):
        """An array that counts how many of it are alive."""

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def maps() -> Iterator[np.ndarray]:
        nonlocal alive
        for number in range(6):
            alive += 1
            assert alive <= 2
            yield np.full((8, 8), float(number)).view(Map)

    masks = [None] * 3 + [np.eye(8, dtype=bool)] * 3
    figures = evaluate_scores(range(6), [False] * 3 + [True] * 3, maps(), masks)
    assert figures.counts.with_mask == 3
    assert figures.pixel_auroc is not None


def test_a_defective_frame_without_mask_is_left_out_of_pixel_figures() -> None:
    mask = np.zeros((8, 8), bool)
    mask[2:4, 2:4] = True
    misleading = np.full((8, 8), 1e6, np.float32)
    maps = [np.zeros((8, 8), np.float32), mask.astype(np.float32), misleading]
    figures = evaluate_scores([0, 1, 1], [False, True, True], maps, [None, mask, None])
    assert figures.pixel_auroc == 1
    assert figures.counts.with_mask == 1


@pytest.mark.parametrize(
    ("scores", "labels", "kinds", "message"),
    [
        ([], [], None, "at least one score"),
        ([1.0], [True, False], None, "different lengths"),
        ([1.0, 2.0], [True, False], ["crack"], "different lengths"),
        ([1.0, float("nan")], [True, False], None, "NaN"),
    ],
)
def test_wrong_arguments_are_refused(
    scores: list[float], labels: list[bool], kinds: list[str] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_scores(scores, labels, kinds=kinds)


def test_fewer_maps_than_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        evaluate_scores([1.0, 2.0], [False, False], [np.zeros((4, 4))], [None, None])
