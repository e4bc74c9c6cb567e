"""How far a job is, told to the records by a thread of its own, which also hears that it was cancelled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from inspector.errors import RecordsError
from inspector.records import Records

BEAT_S: Final = 2.0
"""Seconds between two words to the records; a worker that is silent for long is taken for dead."""

log = logging.getLogger(__name__)


class JobCancelledError(Exception):
    """Somebody has cancelled the job that is being done."""


class JobProgress:
    """Tells how far a job is while it is done; use it as a context manager.

    Args:
        records: where.
        number: of the job.
        now: clock, UTC.
        beat_s: seconds between two words.
    """

    def __init__(
        self, records: Records, number: int, *, now: Callable[[], datetime], beat_s: float = BEAT_S
    ) -> None:
        self._records, self._number, self._now, self._beat_s = records, number, now, beat_s
        self._lock = threading.Lock()
        self._at: tuple[str, int, int] = ("", 0, 0)
        self._lines: list[str] = []
        self._is_over, self._is_cancelled = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name=f"job-{number}")

    def on_step(self, step: str, done: int, parts: int) -> None:
        """Note how far the work is; see `training.learning.OnStep`.

        Raises:
            JobCancelledError: nobody wants it any more.
        """
        if self._is_cancelled.is_set():
            raise JobCancelledError
        with self._lock:
            if step != self._at[0]:
                self._lines.append(step)
            self._at = (step, done, parts)

    def note(self, lines: Sequence[str]) -> None:
        """Add lines to the job's log."""
        with self._lock:
            self._lines += lines

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        self._tell()  # the last lines

    def _beat(self) -> None:
        while not self._is_over.wait(self._beat_s):
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
            at = self._at
        try:
            is_wanted = self._records.jobs.tell(self._number, *at, at=self._now(), lines=lines)
        except RecordsError as error:
            # The work goes on, and so do its words once the database is back.
            log.warning("progress of job %s is not told: %s", self._number, error)
            with self._lock:
                self._lines = lines + self._lines
            return
        if not is_wanted:
            self._is_cancelled.set()
