"""The queue of rejects: which one comes out, which one falls out."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.waiting import Reject, Waiting
from tests.inspector.records.examples import inspection


def reject(number: int, deadline: float = 10.0) -> Reject:
    return Reject(inspection(f"frame-{number}"), None, deadline + number)


def number_of(entry: Reject | None) -> int | None:
    return None if entry is None else int(entry.record.frame_id.removeprefix("frame-"))


def filled(size: int, count: int) -> Waiting:
    waiting = Waiting(size)
    for number in range(count):
        waiting.put(reject(number))
    return waiting


def test_the_newest_comes_out_first() -> None:
    waiting = filled(3, 3)
    assert [number_of(waiting.take_newest()) for _ in range(4)] == [2, 1, 0, None]


def test_one_too_many_pushes_the_oldest_out_which_is_due_at_once() -> None:
    waiting = filled(2, 3)
    assert len(waiting) == 3
    assert number_of(waiting.take_due(0.0)) == 0
    assert waiting.take_due(0.0) is None
    assert [number_of(waiting.take_newest()) for _ in range(3)] == [2, 1, None]


def test_a_reject_is_due_at_its_deadline_and_not_before() -> None:
    waiting = filled(3, 3)
    assert waiting.next_deadline() == 10.0
    assert waiting.take_due(9.9) is None
    assert number_of(waiting.take_due(10.0)) == 0
    assert waiting.take_due(10.0) is None
    assert waiting.next_deadline() == 11.0


def test_of_those_due_the_newest_comes_out_first_where_all_are() -> None:
    waiting = filled(3, 3)
    assert [number_of(waiting.take_due(math.inf)) for _ in range(4)] == [2, 1, 0, None]
    assert waiting.next_deadline() is None


def test_more_than_can_be_kept_are_counted() -> None:
    waiting = filled(2, 7)
    assert len(waiting) == 4
    assert waiting.take_forgotten() == 3
    assert waiting.take_forgotten() == 0
    assert [number_of(waiting.take_due(math.inf)) for _ in range(5)] == [6, 5, 3, 4, None]


@given(
    size=st.integers(1, 4),
    moves=st.lists(st.sampled_from(["put", "newest", "due"]) | st.floats(0, 50), max_size=40),
)
def test_whatever_happens_nothing_is_lost_without_being_counted(size: int, moves: list[str | float]) -> None:
    waiting, put, taken = Waiting(size), 0, []
    for move in moves:
        if move == "put":
            waiting.put(reject(put))
            put += 1
        elif move == "newest":
            taken.append(number_of(waiting.take_newest()))
        else:
            taken.append(number_of(waiting.take_due(math.inf if isinstance(move, str) else move)))
    assert len(waiting) <= 2 * size
    while (entry := waiting.take_due(math.inf)) is not None:
        taken.append(number_of(entry))
    known = [number for number in taken if number is not None]
    assert len(set(known)) == len(known) == put - waiting.take_forgotten()


@given(count=st.integers(0, 12), size=st.integers(1, 6))
def test_what_waits_comes_out_in_falling_order(count: int, size: int) -> None:
    waiting = filled(size, count)
    order = [number_of(waiting.take_newest()) for _ in range(min(count, size))]
    assert all(a is not None and b is not None and a > b for a, b in pairwise(order))
