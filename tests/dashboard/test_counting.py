from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.counting import counts_over_time, of, split
from inspector.records import VerdictCount
from inspector.results import Verdict
from tests.dashboard.line import Line, bare_inspection, seconds

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_time_is_split_into_steps_that_cover_it() -> None:
    edges = split(NOON, NOON + 2.5 * HOUR, HOUR)
    assert edges == (NOON, NOON + HOUR, NOON + 2 * HOUR, NOON + 3 * HOUR)


def test_every_frame_is_counted_in_its_interval(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["app.py", "--config", str(line.config)])
    good = line.inspect("good", at=NOON - seconds(1))
    bad = line.inspect("bad", defect=True, at=NOON)
    for number, minutes in enumerate((0, 59.999, 60, 179)):
        line.add(bare_inspection(f"good-{number}", NOON + timedelta(minutes=minutes), good))
    line.add(bare_inspection("bad-1", NOON + 1.5 * HOUR, bad))

    intervals = counts_over_time(split(NOON, NOON + 3 * HOUR, HOUR))

    assert len(intervals) == 3 * len(Verdict)
    found = Counter({(i.start, i.verdict): i.frames for i in intervals if i.frames})
    assert found == Counter(
        {
            (NOON, Verdict.PASS): 2,
            (NOON, Verdict.REJECT): 1,
            (NOON + HOUR, Verdict.PASS): 1,
            (NOON + HOUR, Verdict.REJECT): 1,
            (NOON + 2 * HOUR, Verdict.PASS): 1,
        }
    )


def test_counts_are_narrowed_to_a_product_and_a_camera() -> None:
    counts = [
        VerdictCount("line-1", camera, product, Verdict.PASS, 1)
        for camera in ("cam-1", "cam-2")
        for product in ("washer", "gasket")
    ]
    assert of(counts, None, None) == counts
    assert [count.camera for count in of(counts, "washer", None)] == ["cam-1", "cam-2"]
    assert [(c.camera, c.product) for c in of(counts, "gasket", "cam-2")] == [("cam-2", "gasket")]
