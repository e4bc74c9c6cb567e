"""Which frame each reviewer has before them, so that two people are not shown the same one.

Only a courtesy within one server: that nothing is overwritten is the records' work (`Reviews.decide`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from threading import Lock
from typing import Final

CLAIM_S: Final = 90.0
"""A frame is kept for a reviewer for so long after it was last drawn."""


class Claims:
    """Frames before reviewers. Safe from several threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._held: dict[str, tuple[str, float]] = {}

    def take(self, reviewer: str, wanted: Collection[str]) -> str | None:
        """The first of some frames that no other reviewer has, for this one from now on; None: there is none.

        Args:
            reviewer: who asks; what they had before is free again.
            wanted: ids of frames, in order of preference.
        """
        now = self._clock()
        with self._lock:
            self._held = {
                frame: (who, until)
                for frame, (who, until) in self._held.items()
                if until > now and who != reviewer
            }
            free = next((frame for frame in wanted if frame not in self._held), None)
            if free is not None:
                self._held[free] = (reviewer, now + CLAIM_S)
            return free
