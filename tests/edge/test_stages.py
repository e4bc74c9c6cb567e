# ruff: noqa: S311 - chance spreads waits, it keeps no secret
"""Stages hand on in order, try again after passing errors, and can be restarted while they hang."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence

import pytest

from edge.backoff import Backoff
from edge.queues import BoundedQueue
from edge.stages import Stage
from inspector.errors import RecordsError
from tests.edge.rig import wait_until

Numbers = BoundedQueue[int]


def stage(
    work: Callable[[list[int]], Sequence[int]], inbox: Numbers, outbound: Numbers | None = None, most: int = 4
) -> Stage[int, int]:
    backoff = Backoff(0.01, 0.02, random.Random(0))
    return Stage("test", inbox, work, outbound, most=lambda: most, backoff=backoff, took=lambda *_: None)


def filled(numbers: Sequence[int]) -> Numbers:
    queue = Numbers(100)
    for number in numbers:
        assert queue.put(number, 0)
    return queue


def test_what_comes_in_goes_out_in_its_order_in_batches_no_larger_than_asked_for() -> None:
    sizes: list[int] = []

    def work(batch: list[int]) -> list[int]:
        sizes.append(len(batch))
        return [2 * number for number in batch]

    outbound = Numbers(100)
    step = stage(work, filled(range(10)), outbound)
    step.start()
    wait_until(lambda: len(outbound) == 10, "all of them")
    assert step.stop(5)
    assert outbound.take(100, 0) == [2 * number for number in range(10)]
    assert sizes == [4, 4, 2]


def test_a_full_queue_holds_the_stage_up_and_nothing_is_lost() -> None:
    inbox, outbound = filled(range(6)), Numbers(2)
    step = stage(list, inbox, outbound, most=1)
    step.start()
    wait_until(lambda: len(outbound) == 2, "a full queue")
    assert step.busy_s() is None or not step.is_idle
    taken: list[int] = []

    def collect() -> bool:
        taken.extend(outbound.take(10, 0.05))
        return len(taken) == 6

    wait_until(collect, "all of them")
    assert step.stop(5)
    assert taken == list(range(6))


@pytest.mark.parametrize(
    "error", [RecordsError("the database is away"), OSError("no space"), ValueError("a defect")]
)
def test_after_an_error_the_same_batch_is_tried_again_until_it_succeeds(error: Exception) -> None:
    seen: list[list[int]] = []

    def work(batch: list[int]) -> list[int]:
        seen.append(list(batch))
        if len(seen) < 4:
            raise error
        return batch

    outbound = Numbers(100)
    step = stage(work, filled([1, 2]), outbound)
    step.start()
    wait_until(lambda: len(outbound) == 2, "both of them")
    assert step.stop(5)
    assert seen == [[1, 2]] * 4
    assert not step.is_failing


def test_a_stage_that_fails_says_so_and_can_be_stopped_meanwhile() -> None:
    def work(batch: list[int]) -> list[int]:
        raise RecordsError("the database is away", "it is stopped", "Start it")

    step = stage(work, filled([1]))
    step.start()
    wait_until(lambda: step.is_failing, "a failing stage")
    assert step.stop(5)


def test_a_hanging_stage_is_left_behind_and_a_new_thread_takes_over_its_batch() -> None:
    release, hung = threading.Event(), threading.Event()
    batches: list[list[int]] = []

    def work(batch: list[int]) -> list[int]:
        batches.append(list(batch))
        if len(batches) == 1:
            hung.set()
            release.wait()
        return batch

    outbound = Numbers(100)
    step = stage(work, filled([1, 2, 3]), outbound, most=2)
    step.start()
    assert hung.wait(10)
    wait_until(lambda: (step.busy_s() or 0) > 0.05, "a stage that is busy for long")
    step.restart()
    wait_until(lambda: len(outbound) == 3, "all of them")
    release.set()
    assert step.stop(5)
    assert batches == [[1, 2], [1, 2], [3]]
    wait_until(lambda: threading.active_count() < 50, "no pile of threads")
    assert outbound.take(10, 0) == [1, 2, 3]


def test_bytes_bound_a_queue_and_one_item_beyond_the_bound_still_gets_through() -> None:
    queue = BoundedQueue[bytes](10, bytes_limit=100, weigh=len)
    assert queue.put(b"x" * 500, 0)
    assert not queue.put(b"x", 0)
    assert queue.take(5, 0) == [b"x" * 500]
    assert queue.put(b"x" * 60, 0)
    assert queue.put(b"x" * 40, 0)
    assert not queue.put(b"x", 0)
    assert len(queue) == 2


def test_what_is_put_back_comes_first_and_may_exceed_the_bound() -> None:
    queue = BoundedQueue[int](2)
    queue.put(3, 0)
    queue.put(4, 0)
    queue.put_back([1, 2])
    assert queue.oldest() == 1
    assert queue.take(9, 0) == [1, 2, 3, 4]
