"""Counts from the records, shared by all visitors for a moment, and split over time for charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st

from dashboard.context import records
from inspector.records import VerdictCount
from inspector.results import Verdict

SEEN_WITHIN: Final = timedelta(days=7)
"""Products and cameras without a frame for longer are not offered as filters."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Frames of one verdict inspected from `start` (included) to `end` (excluded)."""

    start: datetime
    end: datetime
    verdict: Verdict
    frames: int


def counts_since(since: datetime) -> list[VerdictCount]:
    """Counts of the frames inspected since a moment, at most a second old.

    Raises:
        RecordsError: the database cannot be reached.
    """
    return _counts(since)


def counts_of_cameras_seen(now: datetime) -> list[VerdictCount]:
    """Counts of the last days, from which filters take what they offer; up to a minute older than `now`."""
    # Whole minutes, so that the answer is asked for once a minute and not once a drawing.
    return _counts_of_minute((now - SEEN_WITHIN).replace(second=0, microsecond=0))


@st.cache_data(ttl=1.0, max_entries=32, show_spinner=False)
def _counts(since: datetime) -> list[VerdictCount]:
    return records().counts(since=since)


@st.cache_data(ttl=60.0, max_entries=4, show_spinner=False)
def _counts_of_minute(since: datetime) -> list[VerdictCount]:
    return records().counts(since=since)


def split(start: datetime, end: datetime, step: timedelta) -> tuple[datetime, ...]:
    """Moments from `start`, one step apart, the last one at `end` or after it; all in UTC."""
    moments = [start.astimezone(UTC)]
    while moments[-1] < end:
        moments.append(moments[-1] + step)
    return tuple(moments)


@st.cache_data(ttl=15.0, max_entries=32, show_spinner=False)
def counts_over_time(edges: tuple[datetime, ...]) -> list[Interval]:
    """Frames by verdict between each two neighbouring moments, at most 15 s old.

    Args:
        edges: moments in order; the last one lies in the future or is now.

    Raises:
        RecordsError: the database cannot be reached.
    """
    since = [_by_verdict(records().counts(since=edge)) for edge in edges[:-1]] + [Counter()]
    return [
        # Frames that arrive between two queries are counted in the later one only.
        Interval(start, end, verdict, max(0, from_start[verdict] - from_end[verdict]))
        for start, end, from_start, from_end in zip(edges, edges[1:], since, since[1:], strict=False)
        for verdict in Verdict
    ]


def of(counts: Sequence[VerdictCount], product: str | None, camera: str | None) -> list[VerdictCount]:
    """The counts of one product and camera; None takes all."""
    return [count for count in counts if product in (None, count.product) and camera in (None, count.camera)]


def _by_verdict(counts: Sequence[VerdictCount]) -> Counter[Verdict]:
    sums: Counter[Verdict] = Counter()
    for count in counts:
        sums[count.verdict] += count.frames
    return sums
