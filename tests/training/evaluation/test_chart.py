from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.evaluation.chart import HEIGHT, WIDTH, score_chart


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), min_size=1, max_size=80),
    st.floats(-1e6, 1e6),
)
def test_every_part_is_in_one_bar_inside_the_chart(rows: list[tuple[float, bool]], limit: float) -> None:
    chart = score_chart([row[0] for row in rows], [row[1] for row in rows], limit)
    assert sum(bar.good for bar in chart.bars) == sum(not defective for _, defective in rows)
    assert sum(bar.defective for bar in chart.bars) == sum(defective for _, defective in rows)
    assert 0 <= chart.limit_x <= WIDTH
    for bar in chart.bars:
        assert 0 <= bar.x <= WIDTH
        assert 0 <= bar.good_height + bar.defective_height <= HEIGHT + 1e-6
    assert all(-1 <= tick.place <= WIDTH + 1 for tick in chart.score_ticks)
    assert 1 <= len(chart.score_ticks) <= 12
    assert all(-1 <= tick.place <= HEIGHT + 1 for tick in chart.count_ticks)


def test_rejected_and_passed_parts_are_on_their_sides_of_the_limit() -> None:
    chart = score_chart([0.1, 0.2, 0.3, 1.5, 2.0], [False, False, False, True, True], 1.0)
    assert all(bar.x + bar.width <= chart.limit_x for bar in chart.bars if bar.good)
    assert all(bar.x >= chart.limit_x for bar in chart.bars if bar.defective)
    assert not chart.last_bar_is_open


def test_an_extreme_score_does_not_squeeze_the_others() -> None:
    chart = score_chart([0.0, 0.5, 1.2, 5000.0], [False, False, True, True], 1.0)
    assert chart.last_bar_is_open
    assert len(chart.bars) == 4


@pytest.mark.parametrize("value", [0.0, -3.0, 1e-9, 7e5])
def test_equal_scores_are_drawn(value: float) -> None:
    chart = score_chart([value] * 3, [False, False, True], value)
    assert sum(bar.good + bar.defective for bar in chart.bars) == 3
