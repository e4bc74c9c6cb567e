# ruff: noqa: S311 - chance spreads waits, it keeps no secret
"""A stage that hangs is restarted; one that always hangs makes the box unhealthy."""

from __future__ import annotations

import random
import threading

import pytest

from edge.backoff import Backoff
from edge.queues import BoundedQueue
from edge.stages import Stage
from edge.watchdog import MOST_RESTARTS, Watchdog
from tests.edge.rig import wait_until


class Hanging:
    """A stage whose first batches hang until they are released."""

    def __init__(self, times: int) -> None:
        self.release = threading.Event()
        self.inbox, self.outbound = BoundedQueue[int](100), BoundedQueue[int](100)
        self._times = times
        backoff = Backoff(0.01, 0.02, random.Random(0))
        self.stage = Stage(
            "score",
            self.inbox,
            self._work,
            self.outbound,
            most=lambda: 1,
            backoff=backoff,
            took=lambda *_: None,
        )
        self.stage.start()

    def _work(self, batch: list[int]) -> list[int]:
        if self._times > 0:
            self._times -= 1
            self.release.wait(60)
        return batch

    def close(self) -> None:
        self.release.set()
        self.stage.stop(5)


def test_a_stage_that_hangs_is_restarted_and_its_frame_is_finished() -> None:
    hanging, restarted = Hanging(1), list[str]()
    watchdog = Watchdog([hanging.stage], limit_s=0.1, on_restart=restarted.append, chance=random.Random(0))
    hanging.inbox.put(7, 0)
    watchdog.start()
    try:
        wait_until(lambda: len(hanging.outbound) == 1, "the frame that hung")
        # It is told after the restart, when the frame may be finished already.
        wait_until(lambda: restarted, "news of the restart")
        assert restarted == ["score"]
        problem = watchdog.problem()
        assert problem is not None
        assert not problem.is_fatal
    finally:
        watchdog.stop()
        hanging.close()


def test_a_stage_that_works_or_waits_is_left_alone_and_systemd_hears_of_life() -> None:
    hanging, beats = Hanging(0), list[bool]()
    watchdog = Watchdog(
        [hanging.stage],
        limit_s=0.05,
        on_restart=lambda _: pytest.fail("restarted"),
        alive=lambda: beats.append(True),
        chance=random.Random(0),
    )
    watchdog.start()
    try:
        for number in range(50):
            hanging.inbox.put(number, 1)
        wait_until(lambda: len(hanging.outbound) == 50 and len(beats) > 5, "work and beats")
        assert watchdog.problem() is None
    finally:
        watchdog.stop()
        hanging.close()


def test_a_stage_that_hangs_each_time_is_given_longer_and_then_the_box_says_that_it_fails() -> None:
    hanging, beats = Hanging(100), list[bool]()
    watchdog = Watchdog(
        [hanging.stage],
        limit_s=0.02,
        on_restart=lambda _: None,
        alive=lambda: beats.append(True),
        chance=random.Random(0),
    )
    hanging.inbox.put(7, 0)
    watchdog.start()
    try:
        wait_until(lambda: (problem := watchdog.problem()) and problem.is_fatal, "a box that fails", 60)
        wait_until(lambda: beats, "earlier beats")
        before = len(beats)
        watchdog.look()
        assert len(beats) == before
        problem = watchdog.problem()
        assert problem is not None
        assert str(MOST_RESTARTS) in problem.why
    finally:
        watchdog.stop()
        hanging.close()
