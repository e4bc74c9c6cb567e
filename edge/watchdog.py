"""Restarts a stage that is stuck, and tells systemd that the service lives."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from edge.backoff import Backoff
from edge.problems import Problem

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

MOST_RESTARTS: Final = 5
"""A service whose stages were restarted so often within an hour needs more than another restart."""
_HOUR_S = 3600.0
_LONGEST_WAIT_S = 600.0


class Watched(Protocol):
    """What can be stuck; see `edge.stages.Stage`."""

    @property
    def name(self) -> str:
        """For the log."""

    def busy_s(self) -> float | None:
        """Seconds since the work in hand was begun; None while it waits."""

    def restart(self) -> None:
        """Leave the thread behind, and begin anew with what it had in hand."""


class Watchdog:
    """Looks after stages, in a thread of its own.

    Args:
        stages: what is watched.
        limit_s: a stage that is busy with one batch for longer is stuck. After a restart it is given longer,
            so that one which is slow and not stuck comes to its end.
        on_restart: told the name of each stage that was restarted.
        alive: called at every look at which nothing is stuck for good: tells systemd.
        chance: source of randomness for waits.
    """

    def __init__(
        self,
        stages: Sequence[Watched],
        *,
        limit_s: float,
        on_restart: Callable[[str], None],
        alive: Callable[[], object] = lambda: None,
        chance: random.Random,
    ) -> None:
        self._stages, self._limit_s = stages, limit_s
        self._on_restart, self._alive = on_restart, alive
        self._patience = {
            stage.name: Backoff(limit_s, max(limit_s, _LONGEST_WAIT_S), chance) for stage in stages
        }
        self._allowed_s = dict.fromkeys(self._patience, limit_s)
        self._restarts: deque[float] = deque(maxlen=MOST_RESTARTS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(5.0)

    def problem(self) -> Problem | None:
        """Stages that are stuck again and again."""
        recent = [moment for moment in self._restarts if time.monotonic() - moment < _HOUR_S]
        if not recent:
            return None
        return Problem(
            "a stage of the pipeline was stuck",
            f"it was restarted {len(recent)} times within an hour",
            "See the log for which; look after the disk, the database and the GPU, and restart the service",
            is_fatal=len(recent) >= MOST_RESTARTS,
        )

    def look(self) -> None:
        """Look once, and restart what is stuck."""
        for stage in self._stages:
            busy_s = stage.busy_s()
            if busy_s is None:
                continue
            if busy_s <= self._allowed_s[stage.name]:
                continue
            log.error(
                "stage is stuck and is restarted",
                stage=stage.name,
                why=f"it has been busy with one batch for {busy_s:.0f} s",
                remedy="If it happens again, look after the disk, the database or the GPU",
            )
            stage.restart()
            self._restarts.append(time.monotonic())
            # The first wait is the limit itself, the next ones grow.
            self._allowed_s[stage.name] = max(self._limit_s, 2 * self._patience[stage.name].next_s())
            self._on_restart(stage.name)
        problem = self.problem()
        if problem is None or not problem.is_fatal:
            self._alive()

    def _run(self) -> None:
        while not self._stopping.wait(min(1.0, self._limit_s / 4)):
            try:
                self.look()
            except Exception:  # the watchdog is the last that may end
                log.exception("watchdog has stumbled")
