"""From a delivery to a record: read | judge | store, each a stage with a bounded queue before it.

    backlog -> [read] -> frames -> [judge] -> verdicts -> [store] -> records and outbox

The queues bound memory: a stage that is slow, or a database that is away, holds up the stages before it, the
backlog fills, and the broker keeps what it has not been told to forget.

Every frame of a configured camera gets a verdict. One that cannot be judged because of what was sent is
`unsure`, with the reason: its bytes go to quarantine, and a person must look at the part.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.backlog import Backlog, Delivery
from edge.backoff import Backoff
from edge.batching import BatchSizer
from edge.judging import Judged, Judging
from edge.metrics import Metrics
from edge.queues import BoundedQueue
from edge.reading import Read, Reading
from edge.stages import Stage
from edge.storing import Storing

_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.5, 30.0
_DECODED_BYTES: Final = 256 * 2**20
"""Decoded frames that wait to be judged: four of 20 megapixels, thousands of a small camera."""
_STORED_AT_ONCE: Final = 32
"""Inspections in one transaction: its sync to disk, the dearest part, is shared by all of them."""
_CLEAR_LOOKS, _CLEAR_LOOKS_OF_ALL = 3, 30
_CLEAR_LOOK_S: Final = 0.01


class _Gate:
    """The backlog as the first stage's inbox, closed while nothing may be taken."""

    def __init__(self, backlog: Backlog, may_take: Callable[[], bool]) -> None:
        self._backlog, self._may_take = backlog, may_take
        self._closed = threading.Event()

    def take(self, most: int, timeout_s: float) -> list[Delivery]:  # noqa: ARG002 - one at a time
        if self._closed.is_set() or not self._may_take():
            self._closed.wait(timeout_s)
            return []
        # Bytes may decode to hundreds of megabytes: so one at a time.
        delivery = self._backlog.take(timeout_s)
        return [] if delivery is None else [delivery]

    def put_back(self, items: Sequence[Delivery]) -> None:
        for delivery in reversed(items):
            self._backlog.put_back(delivery)

    def close(self) -> None:
        self._closed.set()


@dataclass(frozen=True, slots=True)
class Batching:
    """How frames are gathered into forward passes.

    Attributes:
        largest: most frames in one pass.
        budget_s: seconds that one pass may take.
    """

    largest: int
    budget_s: float


class Pipeline:
    """The three stages.

    Args:
        backlog: where deliveries come from.
        reading: what the first stage does.
        storing: what the last stage does.
        batching: bounds of the second stage's batches.
        metrics: told what the stages do.
        may_take: False while no more may be taken, for instance because the disk is full.
        chance: source of randomness for waits.
    """

    def __init__(
        self,
        backlog: Backlog,
        reading: Reading,
        storing: Storing,
        *,
        batching: Batching,
        metrics: Metrics,
        may_take: Callable[[], bool],
        chance: random.Random,
    ) -> None:
        self._backlog, self._gate = backlog, _Gate(backlog, may_take)
        self._sizer = BatchSizer(batching.largest, batching.budget_s)
        self._frames = BoundedQueue[Read](
            2 * batching.largest, bytes_limit=_DECODED_BYTES, weigh=lambda read: read.size_bytes
        )
        self._verdicts = BoundedQueue[Judged](2 * _STORED_AT_ONCE)

        def backoff() -> Backoff:
            return Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, chance)

        took = metrics.stage_took
        self._read = Stage(
            "decode", self._gate, reading.read, self._frames, most=lambda: 1, backoff=backoff(), took=took
        )
        judging = Judging(self._sizer.observe)
        self._judge = Stage(
            "score",
            self._frames,
            judging.judge,
            self._verdicts,
            most=self._batch,
            backoff=backoff(),
            took=took,
        )
        self._store: Stage[Judged, Any] = Stage(
            "store",
            self._verdicts,
            storing.store,
            None,
            most=lambda: _STORED_AT_ONCE,
            backoff=backoff(),
            took=took,
        )
        metrics.watch_queue("decode", lambda: len(backlog))
        metrics.watch_queue("score", lambda: len(self._frames))
        metrics.watch_queue("store", lambda: len(self._verdicts))

    @property
    def stages(self) -> tuple[Stage[Any, Any], ...]:
        """The stages, for whoever watches them."""
        return self._read, self._judge, self._store

    def start(self) -> None:
        """Begin."""
        for stage in self.stages:
            stage.start()

    def drain(self, *, everything: bool, timeout_s: float) -> bool:
        """Finish what was taken; whether it came to that within the time.

        Args:
            everything: what lies in the backlog as well, and not just what is decoded already.
            timeout_s: how long at most. A store that fails is not waited for.
        """
        if not everything:
            self._gate.close()
        deadline = time.monotonic() + timeout_s
        # A stage has taken a frame for a moment before it holds it, and a broker that was asked for no more
        # has some on the way: a single look could miss them.
        looks, enough = 0, _CLEAR_LOOKS_OF_ALL if everything else _CLEAR_LOOKS
        while looks < enough:
            looks = looks + 1 if self._is_clear(everything) else 0
            if time.monotonic() > deadline or self._store.is_failing:
                return False
            time.sleep(_CLEAR_LOOK_S)
        return True

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End every stage after what it has in hand; whether all came to their end within the time."""
        stopped = [stage.stop(timeout_s) for stage in self.stages]
        return all(stopped)

    def _batch(self) -> int:
        oldest = self._frames.oldest()
        return self._sizer.size(0.0 if oldest is None else time.perf_counter() - oldest.delivery.started)

    def _is_clear(self, everything: bool) -> bool:
        # In the order of the flow: what is handed on meanwhile is seen at the next stage.
        if everything and len(self._backlog):
            return False
        queues = (None, self._frames, self._verdicts)
        return all(
            (queue is None or not len(queue)) and stage.is_idle
            for queue, stage in zip(queues, self.stages, strict=True)
        )
