"""A shift on a real line, small enough to be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from dashboard.report.gathering import Report, gather
from dashboard.report.spans import Span
from inspector.drift.channels import DriftKind, What
from inspector.records import Decision, Review, StoredAlarm
from tests.dashboard.line import Line, bare_inspection, dark_frame

BEGIN: Final = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
END: Final = BEGIN + timedelta(hours=8)
SHIFT: Final = Span(BEGIN, END, "early")
HOSTILE: Final = "<script>alert(1)</script><img src=x onerror=alert(2)>&amp;{{ 7 * 7 }}"
"""Would run in a page that does not escape it, and is nothing but text in one that does."""


def after(minutes: float) -> datetime:
    """So many minutes after the shift began."""
    return BEGIN + timedelta(minutes=minutes)


def work(line: Line) -> None:
    """Line 1: 4 rejected washers (2 scratches, 1 dent, 1 not named), 1 unsure, 10 passed; line 2: 5 passed.

    Of the rejects one is confirmed and one was good; a passed part was defective. After four hours another
    bundle judges; the pictures of a camera have changed. Before the shift, 2 of 8 were rejected.
    """
    good = line.inspect("good", at=after(1))
    later = replace(good, model_version="f" * 16)
    line.records.add_all(
        [bare_inspection(f"early-{number}", after(10 + number), good) for number in range(4)]
        + [bare_inspection(f"late-{number}", after(250 + number), later) for number in range(5)]
        + [
            replace(
                bare_inspection(f"other-{number}", after(20 + number), good),
                line="line-2",
                camera="cam-2",
                product="gasket",
                latency_ms=40.0,
            )
            for number in range(5)
        ]
    )
    for number, kind in enumerate(("scratch", "scratch", "dent", None)):
        bad = line.inspect(f"bad-{number}", defect=True, at=after(100 + number))
        if kind is not None:
            line.describe(bad, kind=(kind, 0.9))
    line.inspect("dark", image=dark_frame(), at=after(130))
    before = line.inspect("before", defect=True, at=after(-5))
    line.add(replace(before, frame_id="before-2"))
    line.records.add_all(
        [bare_inspection(f"before-good-{number}", after(-10 - number), good) for number in range(6)]
    )
    decide(line, "bad-0", Decision.TRUE_DEFECT, "deep")
    decide(line, "bad-1", Decision.FALSE_REJECT)
    decide(line, "early-0", Decision.MISSED)
    decide(line, "before", Decision.FALSE_REJECT)
    for detected, sentence in ((150, "the picture is 20 % darker"), (-30, "the camera has moved")):
        line.records.drift.add(
            StoredAlarm(
                "plant-7",
                "line-1",
                "cam-1",
                "box-1",
                "washer",
                good.model_version,
                after(detected - 5),
                after(detected),
                DriftKind.CAMERA,
                What.BRIGHTNESS,
                sentence,
                "Clean the lamp",
                112.5,
                90.0,
                (),
                (),
            )
        )


def decide(line: Line, frame_id: str, decision: Decision, note: str = "", reviewer: str = "anna") -> None:
    """Review a frame."""
    line.records.reviews.add(Review(frame_id, decision, reviewer, END, note))


def work_with_hostile_names(line: Line) -> None:
    """A reject of which every text that comes from elsewhere is markup, and long where that is possible."""
    bad = line.inspect("plain", defect=True, at=after(30))
    hostile = replace(bad, frame_id=HOSTILE, product=HOSTILE, line=HOSTILE, camera=HOSTILE)
    line.add(replace(hostile, model_version=HOSTILE[:64]))
    line.add(replace(hostile, frame_id="next", inspected_at=after(40), score=bad.score / 2))
    line.records.describe(HOSTILE, line.describe(bad, sentence=HOSTILE * 30, kind=(HOSTILE, 0.9)))
    decide(line, HOSTILE, Decision.TRUE_DEFECT, HOSTILE * 30, HOSTILE)
    line.records.drift.add(
        StoredAlarm(
            HOSTILE,
            HOSTILE,
            HOSTILE,
            HOSTILE,
            HOSTILE,
            HOSTILE,
            after(1),
            after(2),
            DriftKind.PROCESS,
            What.SCORE,
            HOSTILE * 30,
            HOSTILE,
            0.0,
            1.0,
            (),
            (),
            acknowledged_at=after(3),
            acknowledged_by=HOSTILE,
        )
    )


def report_of(line: Line, span: Span = SHIFT, *, now: datetime = END, **choice: tuple[str, ...]) -> Report:
    """The report of a line, made when the shift has just ended."""
    return gather(line.records, span, site="plant-7", data_dir=line.data_dir, zone=UTC, now=now, **choice)
