"""Where a visitor of a frame's page came from: the way back, and the frames beside this one on that way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Final

from dashboard import neighbours
from dashboard.choosing import choices_of
from dashboard.filters import AMONG, Filters
from dashboard.history_filters import AFTER, BEFORE, PAST, Wish
from dashboard.language import N_
from inspector.records import Cursor, Records, StoredInspection

FROM_HISTORY: Final = "past"
"""In the address of a frame that was opened from the history."""
SIMILAR: Final = "similar"
"""In the address of a list of the history: the frame whose like it shows."""
Pairs = list[tuple[str, str]]


class Trail(ABC):
    """A way to a frame.

    Attributes:
        page: script of the page that the visitor came from.
        label: name of that page, in English.
        back: names and values of its address.
        along: what a frame's address has, beside the frame, to stay on this trail.
        words: what was chosen there; empty for everything.
    """

    page: str
    label: str
    back: Pairs
    along: Pairs
    words: str

    @abstractmethod
    def older(self, records: Records, here: StoredInspection) -> StoredInspection | None:
        """The next older frame of the choice, or None; raises RecordsError."""

    @abstractmethod
    def newer(self, records: Records, here: StoredInspection) -> StoredInspection | None:
        """The next newer frame of the choice, or None; raises RecordsError."""


class LiveTrail(Trail):
    """From the live page, through what its filters choose."""

    page, label = "views/live.py", N_("Live")

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self.back, self.along, self.words = filters.to_address(), filters.to_address(AMONG), str(filters)

    def older(self, records: Records, here: StoredInspection) -> StoredInspection | None:
        """The next older frame."""
        return neighbours.older(records, here, self._filters)

    def newer(self, records: Records, here: StoredInspection) -> StoredInspection | None:
        """The next newer frame."""
        return neighbours.newer(records, here, self._filters)


class PastTrail(Trail):
    """From a page of the history, through all that it was filtered for.

    Args:
        wish: what was chosen there.
        cursors: names and values in its address that say which page it was.
        zone: of the visitor, in which the chosen days begin and end.
    """

    page, label = "views/history.py", N_("History")

    def __init__(self, wish: Wish, cursors: Pairs, zone: tzinfo) -> None:
        self._wish, self._zone = wish, zone
        self.back = [*wish.to_address(), *cursors]
        self.along = along_history(wish, cursors)
        self.words = ", ".join(wish.words())

    def older(self, records: Records, here: StoredInspection) -> StoredInspection | None:
        """The next older frame."""
        wanted = self._wish.filter(self._zone, choices_of(records).kinds)
        return next(iter(records.history.page(wanted, 1, before=Cursor.of(here))), None)

    def newer(self, records: Records, here: StoredInspection) -> StoredInspection | None:
        """The next newer frame."""
        wanted = self._wish.filter(self._zone, choices_of(records).kinds)
        return next(iter(records.history.page(wanted, 1, after=Cursor.of(here))), None)


def along_history(wish: Wish, cursors: Sequence[tuple[str, str]]) -> Pairs:
    """What the address of a frame gets that is opened from the history."""
    return [(FROM_HISTORY, "1"), *wish.to_address(PAST), *((PAST + name, value) for name, value in cursors)]


def trail_of(query: Mapping[str, Sequence[str]], zone: tzinfo) -> Trail:
    """The trail that a frame's address tells.

    Args:
        query: all values by name.
        zone: of the visitor.
    """
    if FROM_HISTORY not in query:
        return LiveTrail(Filters.from_address(query, AMONG))
    cursors = [(name, value) for name in (BEFORE, AFTER, SIMILAR) for value in query.get(PAST + name, ())]
    return PastTrail(Wish.from_address(query, PAST), cursors, zone)
