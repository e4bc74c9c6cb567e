"""What follows when deliveries are finished: counts, log, news for the relays, descriptions, drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from edge.describing import Describing
from edge.drifting import Drifting
from edge.metrics import Metrics
from edge.storing import Stored
from edge.tally import Tally
from inspector.messages import CameraTopic
from inspector.results import Verdict

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


class Outcome:
    """Told by the last stage of each batch that is on disk and acknowledged.

    Args:
        tally: counts for the summary.
        metrics: figures.
        notify: called when something new waits in the outbox.
        describing: describes rejects; None where nobody does.
        drifting: watches for drift; None where nobody does.
        on_stranger: told of a camera that is not configured.
    """

    def __init__(
        self,
        tally: Tally,
        metrics: Metrics,
        *,
        notify: Callable[[], None],
        describing: Describing | None,
        drifting: Drifting | None,
        on_stranger: Callable[[CameraTopic], None],
    ) -> None:
        self._tally, self._metrics, self._notify = tally, metrics, notify
        self._describing, self._drifting, self._on_stranger = describing, drifting, on_stranger

    def finished(self, batch: Sequence[Stored]) -> None:
        """Pass on what became of a batch."""
        self._notify()
        for stored in batch:
            self._tally.add(stored)
            self._count(stored)
            if stored.record is None and stored.topic is not None:
                self._on_stranger(stored.topic)
            if self._describing is not None and stored.record is not None and stored.inspection is not None:
                self._describing.offer(stored.record, stored.inspection)
            if self._drifting is not None and stored.record is not None and stored.seen is not None:
                self._drifting.offer(stored.record, stored.seen)
            _log(stored)

    def _count(self, stored: Stored) -> None:
        if stored.fault is not None:
            self._metrics.quarantined(str(stored.fault))
        if stored.is_duplicate:
            self._metrics.duplicate()
        elif stored.record is not None:
            self._metrics.inspected(stored.record)


def _log(stored: Stored) -> None:
    record, error = stored.record, stored.error
    if error is not None:
        log.warning(
            "frame is in quarantine",
            frame_id=record.frame_id if record else None,
            code=str(stored.fault),
            what=error.what,
            why=error.why,
            remedy=error.remedy,
        )
    elif record is not None:
        # A line with thousands of good parts an hour must not bury its rejects in the log.
        write = log.debug if record.verdict is Verdict.PASS else log.info
        write(
            "frame was recorded before" if stored.is_duplicate else "frame inspected",
            frame_id=record.frame_id,
            line=record.line,
            camera=record.camera,
            verdict=record.verdict.value,
            reason=record.reason,
            latency_ms=round(record.latency_ms, 1),
        )
