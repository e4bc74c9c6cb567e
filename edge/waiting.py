"""Rejects that wait for their sentence: few, the newest first, none longer than its deadline."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from inspector.records import StoredInspection
from inspector.results import Inspection


@dataclass(frozen=True, slots=True, eq=False)
class Reject:
    """A rejected frame that is recorded and has no description yet.

    The picture is not held here: it is on disk since before the record was made, and the frames of a large
    camera would be a gigabyte.

    Attributes:
        record: the frame as it is stored.
        inspection: what was seen in it; None where that has to be seen again in the kept picture.
        deadline: `time.monotonic()` after which the template's sentence stands.
    """

    record: StoredInspection
    inspection: Inspection | None
    deadline: float


class Waiting:
    """A queue whose newest entry comes out first; safe from several threads, and nobody has to wait to put.

    Args:
        size: rejects that may wait; one more pushes the oldest out. As many of those that were pushed out are
            kept until somebody takes them; beyond that, only their number is.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: deque[Reject] = deque()
        self._pushed_out: deque[Reject] = deque()
        self._forgotten = 0
        self._guard = threading.Lock()

    def __len__(self) -> int:
        with self._guard:
            return len(self._entries) + len(self._pushed_out)

    def put(self, reject: Reject) -> None:
        """Add a reject whose deadline is not before those of the others."""
        with self._guard:
            self._entries.append(reject)
            if len(self._entries) > self._size:
                self._pushed_out.append(self._entries.popleft())
            if len(self._pushed_out) > self._size:
                self._pushed_out.popleft()
                self._forgotten += 1

    def take_newest(self) -> Reject | None:
        """Remove and return the newest reject that was not pushed out; None when there is none."""
        with self._guard:
            return self._entries.pop() if self._entries else None

    def take_due(self, moment: float) -> Reject | None:
        """Remove and return a reject that shall not wait any longer; None when there is none.

        Args:
            moment: rejects whose deadline is at this time or before are due; so are those pushed out.
        """
        with self._guard:
            if self._entries and self._entries[-1].deadline <= moment:
                return self._entries.pop()
            if self._entries and self._entries[0].deadline <= moment:
                return self._entries.popleft()
            return self._pushed_out.popleft() if self._pushed_out else None

    def next_deadline(self) -> float | None:
        """The deadline that comes first; None when nothing waits."""
        with self._guard:
            return self._entries[0].deadline if self._entries else None

    def take_forgotten(self) -> int:
        """How many rejects were forgotten since the last call."""
        with self._guard:
            forgotten, self._forgotten = self._forgotten, 0
            return forgotten
