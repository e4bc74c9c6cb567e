"""What the history page asks the records: a page with its reviews, a bounded count, what can be chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from dashboard.language import ngettext
from inspector.records import Cursor, FrameCount, HistoryFilter, Records, Review, StoredInspection

ROWS: Final = 24
"""Frames on a page."""
COUNTED: Final = 10_000
"""Frames are counted up to here; there are "10,000+" where there are more."""


@dataclass(frozen=True, slots=True)
class PastPage:
    """A page of the history.

    Attributes:
        frames: the newest first.
        reviews: the latest review of those that have any, by frame id.
        newer: where the page of newer frames ends; None where there are none.
        older: where the page of older frames begins; None where there are none.
    """

    frames: tuple[StoredInspection, ...]
    reviews: dict[str, Review] = field(default_factory=dict)
    newer: Cursor | None = None
    older: Cursor | None = None


def look_back(
    records: Records, wanted: HistoryFilter, *, before: Cursor | None = None, after: Cursor | None = None
) -> PastPage:
    """One page of the history.

    Args:
        records: to look into.
        wanted: which frames.
        before: a page behind this place, of older frames.
        after: a page in front of this place, of newer frames; the first page where that is reached. Without
            either cursor, the first page.

    Raises:
        RecordsError: the database cannot be reached.
    """
    # One more than is shown tells whether there is another page.
    found = records.history.page(wanted, ROWS + 1, before=before, after=after)
    if after is not None and len(found) <= ROWS:
        return look_back(records, wanted)
    has_more = len(found) > ROWS
    if after is not None:
        frames, has_newer, has_older = found[1:], has_more, True
    else:
        frames, has_newer, has_older = found[:ROWS], before is not None, has_more
    return PastPage(
        frames=tuple(frames),
        reviews=records.reviews.latest([frame.frame_id for frame in frames]),
        newer=Cursor.of(frames[0]) if has_newer and frames else None,
        older=Cursor.of(frames[-1]) if has_older and frames else None,
    )


def count_text(count: FrameCount) -> str:
    """A count as a person reads it: "1 frame", "345 frames", "10,000+ frames"."""
    shown = f"{count.frames:,}{'+' if count.has_more else ''}"
    return ngettext("{n} frame", "{n} frames", count.frames + count.has_more).format(n=shown)
