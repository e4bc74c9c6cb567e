"""A stage of the pipeline: a thread that takes what waits, works on it, and hands it on.

A thread that hangs, for instance in a driver, cannot be ended. `Stage.restart` leaves it behind: a new one
takes over what the old one had in hand, and whatever the old one may still bring is let go. A frame that is
worked on twice this way is stored once, by its id.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import structlog

from edge.backoff import Backoff
from inspector.errors import InspectorError

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

In = TypeVar("In")
Out = TypeVar("Out")
Given_contra = TypeVar("Given_contra", contravariant=True)

_DISK_REMEDY = "Free or repair the disk of edge.data_dir"
LOOK_S: Final = 0.25
"""How often a waiting stage looks whether it shall stop."""


class Inbox(Protocol[In]):
    """Where a stage takes its work from; see `edge.queues.BoundedQueue`."""

    def take(self, most: int, timeout_s: float) -> list[In]:
        """Remove and return the oldest items, at most so many; empty when none came in time."""

    def put_back(self, items: Sequence[In]) -> None:
        """Put items first again."""


class Outbound(Protocol[Given_contra]):
    """Where a stage hands its work on."""

    def put(self, item: Given_contra, timeout_s: float) -> bool:
        """Append an item when there is room; False when there was none in time."""


class Stage(Generic[In, Out]):
    """One step, in a thread of its own.

    Args:
        name: what it does, for logs and figures.
        inbox: where its work comes from.
        work: does it, for a batch. Errors of `InspectorError` and `OSError` are taken for passing ones (a
            database, a disk): the batch is tried again, after a wait. A frame's own faults are its affair.
        outbound: where what `work` returns goes; None for the last stage.
        most: largest batch, asked for each time.
        backoff: waits between attempts.
        took: told the seconds and the size of each batch that was done.
    """

    def __init__(
        self,
        name: str,
        inbox: Inbox[In],
        work: Callable[[list[In]], Sequence[Out]],
        outbound: Outbound[Out] | None,
        *,
        most: Callable[[], int],
        backoff: Backoff,
        took: Callable[[str, float, int], None],
    ) -> None:
        self.name = name
        self._inbox, self._work, self._outbound = inbox, work, outbound
        self._most, self._backoff, self._took = most, backoff, took
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._generation = 0
        self._in_hand: list[In] = []
        self._busy_since: float | None = None
        self._failure: InspectorError | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in hand."""
        return not self._in_hand

    @property
    def failure(self) -> InspectorError | None:
        """Why the last attempt failed; None while all is well."""
        return self._failure

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt failed, and the next one waits."""
        return self._failure is not None

    def busy_s(self) -> float | None:
        """Seconds since the batch in hand was begun; None while it waits for work, room or another try."""
        since = self._busy_since
        return None if since is None else time.monotonic() - since

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(
            target=self._run, args=(self._generation,), name=f"stage-{self.name}", daemon=True
        )
        self._thread.start()

    def restart(self) -> None:
        """Leave the thread behind, and let a new one do what it had in hand."""
        with self._guard:
            self._generation += 1
            left, self._in_hand = self._in_hand, []
            self._busy_since = None
        self._inbox.put_back(left)
        if not self._stopping.is_set():
            self.start()

    def stop(self, timeout_s: float) -> bool:
        """End after the batch in hand; whether it came to its end within the time."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def _run(self, generation: int) -> None:
        while not self._stopping.is_set():
            batch = self._inbox.take(self._most(), LOOK_S)
            if not batch:
                continue
            if not self._take_up(batch, generation):
                self._inbox.put_back(batch)
                return
            done = self._try(batch, generation)
            if done is None:
                return
            for item in done:
                if not self._hand_on(item, generation):
                    return
            if not self._lay_down(generation):
                return

    def _take_up(self, batch: list[In], generation: int) -> bool:
        with self._guard:
            if generation != self._generation:
                return False
            self._in_hand, self._busy_since = batch, time.monotonic()
            return True

    def _lay_down(self, generation: int) -> bool:
        with self._guard:
            if generation != self._generation:
                return False
            self._in_hand = []
            return True

    def _try(self, batch: list[In], generation: int) -> Sequence[Out] | None:
        """Work on a batch until it succeeds; None when the stage ends or was restarted before."""
        while True:
            started = time.monotonic()
            failure: InspectorError | None = None
            done: Sequence[Out] = ()
            try:
                done = self._work(batch)
            except InspectorError as error:
                failure = error
            except OSError as error:
                failure = InspectorError(f"stage {self.name} cannot go on", str(error), _DISK_REMEDY)
            except Exception as error:  # a defect of ours must not end the stage
                log.exception("stage has stumbled", stage=self.name)
                failure = InspectorError(
                    f"stage {self.name} failed", type(error).__name__, "Report it with the log"
                )
            with self._guard:
                if generation != self._generation:
                    return None
                self._busy_since = None
            if failure is None:
                self._backoff.reset()
                self._failure = None
                self._took(self.name, time.monotonic() - started, len(batch))
                return done
            self._failure = failure
            self._wait(failure, len(batch))
            if self._stopping.is_set():
                return None
            with self._guard:
                if generation != self._generation:
                    return None
                self._busy_since = time.monotonic()

    def _wait(self, error: InspectorError, frames: int) -> None:
        wait_s = self._backoff.next_s()
        log.error(
            "frames cannot be finished",
            stage=self.name,
            frames=frames,
            why=f"{error.what}: {error.why}",
            remedy=error.remedy,
            again_in_s=round(wait_s, 1),
        )
        self._stopping.wait(wait_s)

    def _hand_on(self, item: Out, generation: int) -> bool:
        """Hand an item on when there is room; False when the stage ends or was restarted before."""
        while self._outbound is not None and not self._outbound.put(item, LOOK_S):
            if self._stopping.is_set() or generation != self._generation:
                return False
        return True
