"""A description is stored with its outbox entries, so that nobody hears of what the records do not know."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

import structlog

from edge.backoff import Backoff
from inspector.describing.words import Source
from inspector.errors import RecordsError
from inspector.records import Destination, Records, StoredDescription, StoredInspection

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.5, 30.0


class Telling:
    """Stores descriptions and has them told. Used by one thread.

    Args:
        records: where they are stored.
        destinations: who shall be told of them.
        notify: called when something new waits in the outbox.
        described: told of each sentence that is stored: what wrote it.
        stopping: set when the service ends: nothing is waited for then.
        chance: source of randomness for the waits between attempts.
    """

    def __init__(
        self,
        records: Records,
        destinations: Collection[Destination],
        notify: Callable[[], None],
        described: Callable[[Source], None],
        *,
        stopping: threading.Event,
        chance: random.Random,
    ) -> None:
        self._records, self._destinations = records, destinations
        self._notify, self._described = notify, described
        self._stopping = stopping
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, chance)
        self._counts: Counter[Source] = Counter()

    @property
    def counts(self) -> dict[Source, int]:
        """Descriptions that were stored, by what wrote them."""
        return {source: self._counts[source] for source in Source}

    def tell(self, record: StoredInspection, description: StoredDescription) -> bool:
        """Store, to be told; tries until the database is there.

        Returns:
            False when the service ends before it could be stored.
        """
        try:
            is_new = self._store(record.frame_id, description)
        except RecordsError as error:
            log.warning("description is not stored", frame_id=record.frame_id, why=str(error))
            return False
        except ValueError:  # a row that something else wrote, or removed
            log.exception("description cannot be stored", frame_id=record.frame_id)
            return True
        if is_new:
            self._counts[description.source] += 1
            self._described(description.source)
            self._notify()
            log.info(
                "reject described",
                frame_id=record.frame_id,
                sentence=description.sentence,
                source=description.source.value,
                seconds=round(description.seconds, 2),
            )
        return True

    def _store(self, frame_id: str, description: StoredDescription) -> bool:
        while True:
            try:
                is_new = self._records.describe(frame_id, description, self._destinations)
            except RecordsError as error:
                wait_s = self._backoff.next_s()
                log.error(  # noqa: TRY400 - the reason is in the error
                    "description cannot be stored",
                    frame_id=frame_id,
                    why=f"{error.what}: {error.why}",
                    remedy=error.remedy,
                    again_in_s=round(wait_s, 1),
                )
                if self._stopping.wait(wait_s):
                    raise
            else:
                self._backoff.reset()
                return is_new
