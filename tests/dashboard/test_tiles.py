from __future__ import annotations

import pytest

from dashboard.tiles import Totals, percent
from inspector.records import VerdictCount
from inspector.results import Verdict


def counts(passed: int, rejected: int, unsure: int, camera: str = "cam-1") -> list[VerdictCount]:
    frames = {Verdict.PASS: passed, Verdict.REJECT: rejected, Verdict.UNSURE: unsure}
    return [VerdictCount("line-1", camera, "washer", verdict, number) for verdict, number in frames.items()]


def test_totals_add_up_all_cameras() -> None:
    totals = Totals.of(counts(90, 8, 2) + counts(9, 1, 0, camera="cam-2"))
    assert totals == Totals(passed=99, rejected=9, unsure=2)
    assert totals.frames == 110
    assert [totals.count(verdict) for verdict in Verdict] == [99, 9, 2]


def test_the_reject_rate_counts_all_frames() -> None:
    assert Totals.of(counts(90, 8, 2)).reject_rate == pytest.approx(0.08)


def test_without_frames_there_is_no_rate() -> None:
    assert Totals.of([]).reject_rate is None


@pytest.mark.parametrize(
    ("share", "text"), [(None, "\N{EN DASH}"), (0.0, "0.0 %"), (0.0449, "4.5 %"), (1.0, "100.0 %")]
)
def test_a_share_is_a_percentage(share: float | None, text: str) -> None:
    assert percent(share) == text
