"""Two boxes of one name: the broker lets in whoever comes last, and throws out the other, again and again.

Under MQTT 5 the broker says so (reason 0x8E, session taken over). Under 3.1.1 it only closes the connection:
a client that is thrown out several times, each time soon after it came in, is taken to have a rival.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from edge.problems import Problem

SOON_S: Final = 10.0
"""A connection that is lost within this time was short."""
SHORT_ONES: Final = 3
"""So many short connections within `MEMORY_S` tell of a rival."""
MEMORY_S: Final = 120.0
WAIT_S: Final = 20.0
"""How long a box with a rival stays away: one of the two works most of the time, and the log stays short."""


class Rivals:
    """Finds out whether another client uses this one's name.

    Args:
        client_id: the name.
    """

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._connected_at: float | None = None
        self._short: deque[float] = deque(maxlen=SHORT_ONES)
        self._told_at: float | None = None

    def connected(self, now: float) -> None:
        """The broker let us in, at a time of `time.monotonic()`."""
        self._connected_at = now

    def lost(self, now: float, *, taken_over: bool) -> None:
        """The connection is gone.

        Args:
            now: time of `time.monotonic()`.
            taken_over: the broker says that another client took the session over.
        """
        if taken_over:
            self._told_at = now
        if self._connected_at is not None and now - self._connected_at < SOON_S:
            self._short.append(now)
        self._connected_at = None

    def problem(self, now: float) -> Problem | None:
        """There is a rival, as far as the last minutes tell."""
        told = self._told_at is not None and now - self._told_at < MEMORY_S
        often = len(self._short) == SHORT_ONES and now - self._short[0] < MEMORY_S
        if not told and not often:
            return None
        why = (
            "the broker says that another client took the session over"
            if told
            else f"the connection was lost {SHORT_ONES} times soon after it was made"
        )
        remedy = (
            "Give each box its own edge.box"
            if told
            else "Give each box its own edge.box; see the broker's log"
        )
        return Problem(f"another box may use the name {self._client_id}", why, remedy)
