"""The frames before and after one, in the order of the live page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dashboard.filters import Filters
from inspector.records import Records, StoredInspection

_FIRST_WINDOW: Final = timedelta(seconds=1)
_SHORTEST_STEP: Final = timedelta(microseconds=1)
_AT_ONCE: Final = 50


def older(records: Records, here: StoredInspection, filters: Filters) -> StoredInspection | None:
    """The next older frame among those the filters choose, or None.

    Raises:
        RecordsError: the database cannot be reached.
    """
    return next(iter(filters.latest(records, 1, before=here)), None)


def newer(records: Records, here: StoredInspection, filters: Filters) -> StoredInspection | None:
    """The next newer frame among those the filters choose, or None.

    The records look back from a moment only. So a moment is searched that has the wanted frame behind it and
    few others between: the window after `here` doubles until it holds frames, and halves while it holds too
    many.

    Raises:
        RecordsError: the database cannot be reached.
    """
    newest = next(iter(filters.latest(records, 1)), None)
    if newest is None or _order(newest) <= _order(here):
        return None
    empty, full, window = timedelta(0), None, _FIRST_WINDOW
    found: list[StoredInspection] = []
    while full is None or full - empty > _SHORTEST_STEP:
        frames = filters.latest(records, _AT_ONCE, before=here.inspected_at + window)
        after = [frame for frame in frames if _order(frame) > _order(here)]
        if after:
            full, found = window, after
            if len(after) < _AT_ONCE:
                break
        else:
            empty = window
        window = window * 2 if full is None else empty + (full - empty) / 2
    return found[-1]


def _order(inspection: StoredInspection) -> tuple[datetime, str]:
    return inspection.inspected_at, inspection.frame_id
