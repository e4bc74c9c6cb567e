"""A worker: takes the oldest job, does it, says what came of it, and takes the next."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from inspector.errors import InspectorError, RecordsError
from inspector.inspecting import utc_now
from inspector.records import Job, Records
from inspector.settings import Settings
from training.working.progress import BEAT_S, JobCancelledError, JobProgress

POLL_S: Final = 1.0
"""Seconds between two looks for work."""
KEEP_TRYING_S: Final = 600.0
"""So long a worker tries to store what came of a job while the database is away."""

Do = Callable[[Job, Settings, JobProgress], dict[str, Any]]
log = logging.getLogger(__name__)


class Worker:
    """Does jobs, one at a time.

    Args:
        settings: registry, databases, data folder.
        records: where jobs are.
        do: does a job; by default `training.working.tasks.do`, which is loaded with the first one: a worker
            that waits needs no torch in memory.
        now: clock, UTC.
        beat_s: seconds between two words about a job.
    """

    def __init__(
        self,
        settings: Settings,
        records: Records,
        *,
        do: Do | None = None,
        now: Callable[[], datetime] = utc_now,
        beat_s: float = BEAT_S,
    ) -> None:
        self._settings, self._records, self._do, self._now, self._beat_s = settings, records, do, now, beat_s
        self._name = f"{socket.gethostname()}-{os.getpid()}"[:128]

    def run(self, stop: threading.Event, on_job: Callable[[Job], None] = lambda _: None) -> None:
        """Do jobs until told to stop; a job that has begun is ended first.

        Args:
            stop: set from outside.
            on_job: told of each job when it has ended, as it is in the records then.
        """
        while not stop.is_set():
            try:
                job = self.work_once()
            except RecordsError as error:
                log.warning("no work is looked for: %s", error)
                job = None
            if job is None:
                stop.wait(POLL_S)
            else:
                on_job(job)

    def work_once(self) -> Job | None:
        """Do the oldest job that waits; None where none does.

        Raises:
            RecordsError: the records are away before a job is taken, or stay away when it is done.
        """
        job = self._records.jobs.take(self._name, at=self._now())
        if job is None:
            return None
        number = job.number
        try:
            with JobProgress(self._records, number, now=self._now, beat_s=self._beat_s) as progress:
                result = (self._do or _trainer())(job, self._settings, progress)
        except JobCancelledError:
            log.info("job %s was cancelled", number)
        except InspectorError as error:
            message = str(error)
            self._persist(lambda: self._records.jobs.fail(number, message, at=self._now()))
        except Exception:
            log.exception("job %s has failed", number)
            message = "an error that nobody has foreseen; the worker's log has it. Report it"
            self._persist(lambda: self._records.jobs.fail(number, message, at=self._now()))
        else:
            self._persist(lambda: self._records.jobs.finish(number, result, at=self._now()))
        return self._records.jobs.get(number)

    def _persist(self, store: Callable[[], None]) -> None:
        """Store what hours of work may have led to, also when the database is away for a while."""
        waiting, waited = threading.Event(), 0.0
        while True:
            try:
                store()
            except RecordsError as error:
                if waited >= KEEP_TRYING_S:
                    raise
                log.warning("the result waits for the database: %s", error)
                waiting.wait(POLL_S)
                waited += POLL_S
            else:
                return


def _trainer() -> Do:
    from training.working.tasks import do  # noqa: PLC0415 - torch

    return do
