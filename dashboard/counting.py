"""Counts from the records, shared by all visitors for a moment, and split over time for charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import streamlit as st

from dashboard.context import records
from dashboard.thrift import Thrifty
from inspector.records import VerdictCount
from inspector.results import Verdict

SEEN_WITHIN: Final = timedelta(days=7)
"""Products and cameras without a frame for longer are not offered as filters."""
_COUNTS_S: Final = 1.0
_SEEN_S: Final = 60.0
_CHART_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Interval:
    """Frames of one verdict inspected from `start` (included) to `end` (excluded)."""

    start: datetime
    end: datetime
    verdict: Verdict
    frames: int


def counts_since(since: datetime) -> list[VerdictCount]:
    """Counts of the frames inspected since a moment, a second old, or more where counting takes long.

    Raises:
        RecordsError: the database cannot be reached.
    """
    return _answers().ask(("since", since), lambda: records().counts(since=since), _COUNTS_S)


def counts_of_cameras_seen(now: datetime) -> list[VerdictCount]:
    """Counts of the last days, from which filters take what they offer; up to a minute old.

    Raises:
        RecordsError: the database cannot be reached.
    """
    return _answers().ask("seen", lambda: records().counts(since=now - SEEN_WITHIN), _SEEN_S)


def split(start: datetime, end: datetime, step: timedelta) -> tuple[datetime, ...]:
    """Moments from `start`, one step apart, the last one at `end` or after it; all in UTC."""
    moments = [start.astimezone(UTC)]
    while moments[-1] < end:
        moments.append(moments[-1] + step)
    return tuple(moments)


def counts_over_time(edges: tuple[datetime, ...]) -> list[Interval]:
    """Frames by verdict between each two neighbouring moments, 15 s old, or more where counting takes long.

    The records count from a moment on, not up to one: a frame that arrives between two queries is missed in
    its neighbour's interval, until the next look.

    Args:
        edges: moments in order; the last one lies in the future or is now.

    Raises:
        RecordsError: the database cannot be reached.
    """
    return _answers().ask(edges, lambda: _count_intervals(edges), _CHART_S)


def of(counts: Sequence[VerdictCount], product: str | None, camera: str | None) -> list[VerdictCount]:
    """The counts of one product and camera; None takes all."""
    return [count for count in counts if product in (None, count.product) and camera in (None, count.camera)]


@st.cache_resource(show_spinner=False)
def _answers() -> Thrifty:
    return Thrifty()


def _count_intervals(edges: tuple[datetime, ...]) -> list[Interval]:
    since = [_by_verdict(records().counts(since=edge)) for edge in edges[:-1]] + [Counter()]
    return [
        Interval(start, end, verdict, max(0, from_start[verdict] - from_end[verdict]))
        for (start, end), (from_start, from_end) in zip(pairwise(edges), pairwise(since), strict=True)
        for verdict in Verdict
    ]


def _by_verdict(counts: Sequence[VerdictCount]) -> Counter[Verdict]:
    sums: Counter[Verdict] = Counter()
    for count in counts:
        sums[count.verdict] += count.frames
    return sums
