from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from dashboard.filters import Filters
from dashboard.neighbours import newer, older
from inspector.records import StoredInspection
from inspector.results import Verdict
from tests.dashboard.line import Line, bare_inspection, seconds

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def fill(line: Line, moments: list[datetime]) -> list[StoredInspection]:
    """Frames at these moments, in the order of the live page from the oldest to the newest."""
    first = line.inspect("seed", at=START - timedelta(days=400))
    frames = [line.add(bare_inspection(f"f-{i:04}", at, first)) for i, at in enumerate(moments)]
    return [first, *sorted(frames, key=lambda frame: (frame.inspected_at, frame.frame_id))]


@pytest.mark.parametrize(
    "moments",
    [
        [START + seconds(i) for i in range(5)],
        [START + timedelta(days=30 * i) for i in range(5)],
        [START] * 5,
        [START + timedelta(microseconds=i) for i in range(120)],
        [START + seconds(0.01 * i) for i in range(120)] + [START + timedelta(days=100)],
    ],
    ids=["a second apart", "a month apart", "at one moment", "a burst", "a burst, then silence"],
)
def test_stepping_visits_every_frame_once(line: Line, moments: list[datetime]) -> None:
    frames = fill(line, moments)
    for before, after in pairwise(frames):
        assert newer(line.records, before, Filters()) == after
        assert older(line.records, after, Filters()) == before


def test_there_is_nothing_beyond_the_ends(line: Line) -> None:
    frames = fill(line, [START, START + seconds(1)])
    assert older(line.records, frames[0], Filters()) is None
    assert newer(line.records, frames[-1], Filters()) is None


def test_stepping_keeps_to_the_filter(line: Line) -> None:
    first = line.inspect("a", defect=True, at=START, camera="cam-1")
    line.inspect("b", at=START + seconds(1), camera="cam-1")
    line.inspect("c", defect=True, at=START + seconds(2), camera="cam-2")
    last = line.inspect("d", defect=True, at=START + seconds(3), camera="cam-1")
    rejects_of_camera = Filters((Verdict.REJECT,), None, "cam-1")
    assert newer(line.records, first, rejects_of_camera) == last
    assert older(line.records, last, rejects_of_camera) == first


def test_a_frame_outside_of_the_filter_has_neighbours_inside(line: Line) -> None:
    line.inspect("a", defect=True, at=START)
    here = line.inspect("b", at=START + seconds(1))
    line.inspect("c", defect=True, at=START + seconds(2))
    rejects = Filters((Verdict.REJECT,))
    before, after = older(line.records, here, rejects), newer(line.records, here, rejects)
    assert before is not None
    assert after is not None
    assert (before.frame_id, after.frame_id) == ("a", "c")
