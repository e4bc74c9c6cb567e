"""Batches as large as the latency budget allows, and never larger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.batching import BatchSizer


def test_the_first_batch_is_one_frame_because_nothing_is_known_of_the_model() -> None:
    assert BatchSizer(16, 0.2).size() == 1


@pytest.mark.parametrize(("frame_s", "wanted"), [(0.005, 16), (0.05, 4), (0.15, 1), (3.0, 1)])
def test_as_many_frames_as_the_budget_allows(frame_s: float, wanted: int) -> None:
    sizer = BatchSizer(16, 0.2)
    sizer.observe(2, 2 * frame_s)
    assert sizer.size() == wanted


def test_time_that_a_frame_has_waited_is_taken_from_the_budget() -> None:
    sizer = BatchSizer(16, 0.2)
    sizer.observe(1, 0.05)
    assert sizer.size(waited_s=0.1) == 2


def test_a_lost_budget_makes_the_batch_the_largest_which_catches_up_soonest() -> None:
    sizer = BatchSizer(16, 0.2)
    sizer.observe(1, 0.05)
    assert sizer.size(waited_s=1.0) == 16


def test_another_model_is_followed_within_some_batches() -> None:
    sizer = BatchSizer(16, 0.2)
    sizer.observe(1, 0.2)
    for _ in range(20):
        sizer.observe(4, 4 * 0.01)
    assert sizer.size() >= 10


@given(
    largest=st.integers(1, 64),
    budget_s=st.floats(0.001, 10),
    taken=st.lists(st.tuples(st.integers(1, 64), st.floats(0.0001, 100)), min_size=1, max_size=20),
    waited_s=st.floats(0, 100),
)
def test_a_batch_is_never_empty_and_never_beyond_the_largest(
    largest: int, budget_s: float, taken: list[tuple[int, float]], waited_s: float
) -> None:
    sizer = BatchSizer(largest, budget_s)
    for frames, seconds in taken:
        sizer.observe(frames, seconds)
    assert 1 <= sizer.size(waited_s) <= largest
