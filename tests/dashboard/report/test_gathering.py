"""What a report counts, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dashboard.report.gathering import MOST_PARTS
from dashboard.report.parts import Absence
from dashboard.report.spans import Span
from dashboard.report.tallies import ReviewTally, Tally
from inspector.records import KindCount
from inspector.results import Verdict
from tests.dashboard.line import Line
from tests.dashboard.report.shift import BEGIN, END, after, report_of, work


def test_a_report_counts_what_happened_in_the_shift_and_nothing_else(any_line: Line) -> None:
    work(any_line)
    report = report_of(any_line)
    assert report.total == Tally(frames=20, passed=15, rejected=4, unsure=1)
    assert report.total.reject_rate == 0.2
    assert report.before == Tally(frames=8, passed=6, rejected=2, unsure=0)
    assert ReviewTally.of(report.decisions) == ReviewTally(
        done=3, waiting=3, true_defects=1, false_rejects=1, missed=1, skipped=0
    )
    assert ReviewTally.of(report.decisions).false_reject_rate == 0.5
    assert set(report.kinds) == {
        KindCount("scratch", 2, 1),
        KindCount("dent", 1, 0),
        KindCount(None, 1, 0),
    }
    assert [alarm.sentence for alarm in report.alarms] == ["the picture is 20 % darker"]
    assert [(change.at, change.after) for change in report.changes] == [(after(250), "f" * 16)]
    assert {line for line, _ in report.latency_by_line} == {"line-1", "line-2"}
    assert dict(report.latency_by_line)["line-2"].p99_ms == 40.0
    assert not report.is_running


def test_intervals_add_up_to_the_frames_of_the_shift(any_line: Line) -> None:
    work(any_line)
    report = report_of(any_line)
    assert report.edges[0] == BEGIN
    assert report.edges[-1] == END
    assert sum(one.frames for one in report.intervals) == 20
    rejects = {one.interval: one.frames for one in report.intervals if one.verdict is Verdict.REJECT}
    assert rejects == {(100 // 30): 4}


def test_the_worst_parts_have_their_pictures_and_reviews(any_line: Line) -> None:
    work(any_line)
    worst = report_of(any_line).worst
    assert {part.record.frame_id for part in worst} == {"bad-0", "bad-2", "bad-3"}
    scores = [part.record.score for part in worst]
    assert scores == sorted(scores, reverse=True)
    for part in worst:
        assert isinstance(part.picture, bytes)
        assert isinstance(part.heat, bytes)
        assert part.picture != part.heat
    assert {part.record.frame_id: part.review and part.review.note for part in worst}["bad-0"] == "deep"


def test_no_more_parts_than_fit_are_shown(line: Line) -> None:
    for number in range(MOST_PARTS + 2):
        line.inspect(f"bad-{number}", defect=True, at=after(number))
    assert len(report_of(line).worst) == MOST_PARTS


def test_a_picture_that_is_gone_damaged_or_was_not_kept_is_told(line: Line) -> None:
    gone, broken, no_map = (
        line.inspect(name, defect=True, at=after(1)) for name in ("gone", "broken", "no-map")
    )
    for location, data in (
        (gone.evidence, None),
        (broken.evidence, b"no picture"),
        (no_map.evidence_map, None),
    ):
        assert location is not None
        (line.data_dir / location).unlink()
        if data is not None:
            (line.data_dir / location).write_bytes(data)
    other = line.inspect("other", defect=True, at=after(2))
    line.add(replace(other, frame_id="not-kept", evidence=None, evidence_map=None))
    parts = {part.record.frame_id: part for part in report_of(line).worst}
    assert parts["gone"].picture is parts["gone"].heat is Absence.UNREADABLE
    assert "is gone: there is no such file" in parts["gone"].why
    assert parts["broken"].picture is Absence.UNREADABLE
    assert parts["broken"].why
    assert isinstance(parts["no-map"].picture, bytes)
    assert parts["no-map"].heat is Absence.UNREADABLE
    assert parts["not-kept"].picture is Absence.NOT_KEPT
    assert parts["not-kept"].why == ""
    assert isinstance(parts["other"].heat, bytes)


def test_a_report_can_be_of_some_lines_and_products(any_line: Line) -> None:
    work(any_line)
    assert report_of(any_line, lines=("line-2",)).total == Tally(5, 5, 0, 0)
    assert report_of(any_line, products=("washer",)).total.frames == 15
    assert report_of(any_line, lines=("line-2",)).alarms == ()
    assert report_of(any_line, lines=("line-2",), products=("washer",)).total.frames == 0


def test_a_running_shift_is_compared_with_the_same_length_before(any_line: Line) -> None:
    work(any_line)
    report = report_of(any_line, now=after(8))
    assert report.is_running
    assert report.choice.until == after(8)
    assert report.total.frames == 1
    # Of the 8 frames before the shift, 2 rejects lie in the last 8 minutes.
    assert report.before == Tally(2, 0, 2, 0)


def test_an_empty_database_makes_an_empty_report(any_line: Line) -> None:
    report = report_of(any_line, Span(BEGIN, BEGIN + timedelta(days=400)))
    assert report.total.frames == 0
    assert report.latency is None
    assert report.worst == ()
