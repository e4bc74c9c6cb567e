"""The box's clock, which never goes backwards while the service runs.

A box without a battery starts in 1970 and is set by NTP; an operator sets the time by hand; a summer time is
done wrongly. Records are ordered by the time of the verdict, so a step back would put a frame before one that
was judged earlier.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from edge.problems import Problem

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

TOLERATED: Final = timedelta(seconds=2)
"""What NTP corrects without a word."""
LONGEST_HOLD: Final = timedelta(minutes=10)
"""A larger step back is no correction: then the new time is the right one, and the old was wrong."""
_REMEDY = "Check the box's time service (timedatectl, chronyc tracking); cameras and other boxes may differ"


class SteadyClock:
    """Callable like `inspector.inspecting.utc_now`. Safe from several threads.

    After a step back it stands still until the real time has caught up; after one of more than ten minutes it
    follows, because it cannot stand still for so long.

    Args:
        now: the machine's clock, UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = now()
        self._is_held = False
        self._behind: tuple[datetime, datetime] | None = None
        self._guard = threading.Lock()

    def __call__(self) -> datetime:
        """The present time, UTC; never before one that was told earlier, but for the exception above."""
        with self._guard:
            now = self._now()
            back = self._last - now
            if back <= timedelta(0):
                if self._is_held:
                    self._is_held = False
                    log.info("clock has caught up")
                self._last = now
            elif back > LONGEST_HOLD:
                log.error("clock went backwards", by_s=back.total_seconds(), why="it was set", remedy=_REMEDY)
                self._last, self._is_held = now, False
            elif back > TOLERATED and not self._is_held:
                self._is_held = True
                log.error(
                    "clock went backwards",
                    by_s=back.total_seconds(),
                    why="times of verdicts stand still until it has caught up",
                    remedy=_REMEDY,
                )
            return self._last

    def compare(self, newest: datetime | None) -> None:
        """Compare with the newest record at the start: a clock far behind it is wrong, or was wrong then."""
        if newest is not None and newest - self() > LONGEST_HOLD:
            self._behind = newest, self()
            log.error(
                "clock is behind the newest record",
                record=newest.isoformat(),
                clock=self().isoformat(),
                remedy=_REMEDY,
            )

    def problem(self) -> Problem | None:
        """The clock went back, or is behind the records."""
        if self._is_held:
            return Problem("the clock went backwards", "times stand still until it has caught up", _REMEDY)
        if self._behind is not None and self() < self._behind[0]:
            why = f"the newest record is of {self._behind[0].isoformat()}"
            return Problem("the clock is behind the records", why, _REMEDY)
        return None
