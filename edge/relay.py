"""Delivers what waits in the outbox to one destination, in order, until it is confirmed.

Entries are removed after the confirmation: a box that dies in between tells them again, and whoever hears
them knows them by the frame id. Removing is put off a little, so that it does not cost a sync to disk for
each frame.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from edge.backoff import Backoff
from inspector.errors import InspectorError, RecordsError
from inspector.records import Destination, OutboxEntry, Records

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

AT_ONCE: Final = 100
"""Entries that are sent ahead of their confirmation."""
_REMOVE_EVERY_S, _REMOVE_AT_ONCE = 0.5, 500
_LOOK_S = 1.0
_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.5, 30.0


class Courier(Protocol):
    """Brings entries to their destination."""

    def deliver(self, entries: Sequence[OutboxEntry], stopping: threading.Event) -> bool:
        """Deliver entries in their order; whether all were confirmed before the relay was told to stop.

        Raises:
            InspectorError: the destination is away or refuses; all of them are tried again later.
        """

    def close(self) -> None:
        """Let go of what is open."""


class Relay:
    """A thread that delivers to one destination.

    Args:
        destination: whose entries.
        records: the box's records, with the outbox.
        courier: brings entries there.
        now: the box's clock, UTC.
        chance: source of randomness for waits.
    """

    def __init__(
        self,
        destination: Destination,
        records: Records,
        courier: Courier,
        *,
        now: Callable[[], datetime],
        chance: random.Random,
    ) -> None:
        self.destination = destination
        self._records, self._courier, self._now = records, courier, now
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, chance)
        self._news, self._stopping = threading.Event(), threading.Event()
        self._after = 0
        self._told: list[int] = []
        self._remove_at = 0.0
        self._failure: InspectorError | None = None
        self._thread = threading.Thread(target=self._run, name=f"relay-{destination}", daemon=True)

    @property
    def failure(self) -> InspectorError | None:
        """Why the last attempt failed; None while all is well."""
        return self._failure

    def depth(self) -> int:
        """How many entries wait; those that are told and not yet removed count.

        Raises:
            RecordsError: the database cannot be reached.
        """
        return self._records.outbox.backlog(self.destination).count

    def age_s(self) -> float:
        """Seconds since the oldest entry was stored; 0 where none waits.

        Raises:
            RecordsError: the database cannot be reached.
        """
        oldest_at = self._records.outbox.backlog(self.destination).oldest_at
        return 0.0 if oldest_at is None else max(0.0, (self._now() - oldest_at).total_seconds())

    def start(self) -> None:
        """Begin, with what an earlier run has left."""
        self._thread.start()

    def notify(self) -> None:
        """Something new waits. Returns at once."""
        self._news.set()

    def stop(self, timeout_s: float) -> bool:
        """Deliver what waits, as far as the time allows, and end; whether nothing is left."""
        deadline = time.monotonic() + timeout_s
        self.notify()
        while self._thread.is_alive() and self._failure is None and time.monotonic() < deadline:
            if self._is_empty():
                break
            time.sleep(0.02)
        self._stopping.set()
        self.notify()
        if self._thread.ident is not None:
            self._thread.join(max(1.0, deadline - time.monotonic()))
        self._courier.close()
        return self._is_empty()

    def _is_empty(self) -> bool:
        try:
            return not self._records.outbox.pending(self.destination, self._after, 1)
        except RecordsError:
            return False

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Cleared before looking: what comes while we look is seen the next time.
            self._news.clear()
            try:
                went_on = self._deliver_some()
                self._remove(due=not went_on)
            except InspectorError as error:
                self._wait(error)
            except Exception as error:  # a defect of ours must not end all deliveries
                log.exception("relay has stumbled", destination=self.destination.value)
                self._wait(
                    InspectorError("a delivery failed", type(error).__name__, "Report it with the log")
                )
            else:
                self._failure = None
                self._backoff.reset()
                if not went_on:
                    self._news.wait(_REMOVE_EVERY_S if self._told else _LOOK_S)
        try:
            self._remove(due=True, at_once=True)
        except InspectorError as error:
            log.warning("what was told is told again", why=str(error), frames=len(self._told))

    def _deliver_some(self) -> bool:
        """Deliver the next entries; False when there are none."""
        entries = self._records.outbox.pending(self.destination, self._after, AT_ONCE)
        if not entries:
            return False
        if not self._courier.deliver(entries, self._stopping):
            return False
        self._after = entries[-1].id
        if not self._told:
            self._remove_at = time.monotonic() + _REMOVE_EVERY_S
        self._told += [entry.id for entry in entries]
        return True

    def _remove(self, *, due: bool, at_once: bool = False) -> None:
        """Remove what was told; soon, or now where nothing else is to be done and its time has come."""
        if not self._told:
            return
        is_time = time.monotonic() >= self._remove_at
        if at_once or len(self._told) >= _REMOVE_AT_ONCE or (due and is_time):
            self._records.outbox.delivered(self._told)
            self._told = []

    def _wait(self, error: InspectorError) -> None:
        wait_s = self._backoff.next_s()
        if self._failure is None or str(self._failure) != str(error):
            log.warning(
                "results wait to be told",
                destination=self.destination.value,
                why=f"{error.what}: {error.why}",
                remedy=error.remedy,
                again_in_s=round(wait_s, 1),
            )
        self._failure = error
        self._stopping.wait(wait_s)
