"""Which span a report is about."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.report.spans import (
    Span,
    edges_of,
    parse_moment,
    shift_at,
    shift_before,
    shift_called,
    span_between,
    today_until,
)
from inspector.errors import ReportError

BERLIN = ZoneInfo("Europe/Berlin")
SHIFTS = {"early": time(6), "late": time(14), "night": time(22)}
NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)


def local(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


def test_shifts_begin_and_end_by_the_clock_of_the_plant() -> None:
    assert shift_at(SHIFTS, NOW, BERLIN) == Span(local(4, 14), local(4, 22), "late")
    assert shift_before(SHIFTS, NOW, BERLIN) == Span(local(4, 6), local(4, 14), "early")
    assert shift_at(SHIFTS, local(4, 22), BERLIN) == Span(local(4, 22), local(5, 6), "night")
    assert shift_at(SHIFTS, local(5, 3), BERLIN) == Span(local(4, 22), local(5, 6), "night")


@pytest.mark.parametrize(
    ("name", "begin"),
    [("this", local(4, 14)), ("last", local(4, 6)), ("late", local(4, 14)), ("night", local(3, 22))],
)
def test_a_shift_is_called_by_its_name_and_the_last_one_that_began_is_meant(
    name: str, begin: datetime
) -> None:
    assert shift_called(name, SHIFTS, NOW, BERLIN).since == begin


def test_an_unknown_shift_is_told_with_those_there_are() -> None:
    with pytest.raises(ReportError, match=r"no shift 'noon': the settings have early, late, night\. Give"):
        shift_called("noon", SHIFTS, NOW, BERLIN)


def test_a_night_on_which_clocks_change_has_its_true_length() -> None:
    night = shift_at(SHIFTS, local(29, 1), BERLIN)
    assert night.length == timedelta(hours=7)
    night = shift_at(SHIFTS, local(25, 1, month=10), BERLIN)
    assert night.length == timedelta(hours=9)


def test_one_shift_a_day_lasts_a_day() -> None:
    assert shift_before({"day": time(6)}, NOW, UTC) == Span(
        datetime(2026, 3, 3, 6, tzinfo=UTC), datetime(2026, 3, 4, 6, tzinfo=UTC), "day"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01 06:00", local(1, 6)),
        ("2026-03-01T06:00+00:00", datetime(2026, 3, 1, 6, tzinfo=UTC)),
        ("2026-03-01T06:00Z", datetime(2026, 3, 1, 6, tzinfo=UTC)),
        ("2026-03-01", local(1, 0)),
        (" 06:00 ", local(4, 6)),
    ],
)
def test_a_moment_is_read_in_the_zone_of_the_plant(text: str, expected: datetime) -> None:
    assert parse_moment(text, "--from", NOW, BERLIN) == expected


@pytest.mark.parametrize("text", ["yesterday", "", "25:00", "2026-13-01", "0001-01-01"])
def test_what_is_no_moment_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ReportError, match=r"--from .* cannot be read: .*Write 2026-03-04 06:00"):
        parse_moment(text, "--from", NOW, BERLIN)


def test_without_times_the_last_eight_hours_are_meant() -> None:
    assert span_between(None, None, NOW, UTC) == Span(NOW - timedelta(hours=8), NOW)
    assert span_between("14:00", None, NOW, UTC).length == timedelta(hours=1.5)
    assert span_between(None, "14:00", NOW, UTC).length == timedelta(hours=8)


@pytest.mark.parametrize(("since", "until"), [("14:00", "14:00"), ("14:00", "06:00"), ("23:00", None)])
def test_a_span_without_length_is_refused(since: str, until: str | None) -> None:
    with pytest.raises(ReportError, match=r"span of the report is empty: it begins at 2026-03-04"):
        span_between(since, until, NOW, UTC)


def test_today_begins_at_midnight_of_the_zone() -> None:
    assert today_until(NOW, BERLIN) == Span(local(4, 0), NOW)
    assert today_until(local(4, 0), BERLIN) == Span(local(3, 0), local(4, 0))


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.integers(min_value=1, max_value=10**9),
    st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kolkata")]),
)
def test_intervals_cover_their_span_without_gap_and_are_never_many(
    begin: datetime, length_s: int, zone: ZoneInfo
) -> None:
    since = begin.replace(tzinfo=UTC)
    span = Span(since, since + timedelta(seconds=length_s))
    edges = edges_of(span, zone)
    assert (edges[0], edges[-1]) == (span.since, span.until)
    assert all(earlier < later for earlier, later in pairwise(edges))
    assert len(edges) <= 24 + 2
    inner = {later - earlier for earlier, later in pairwise(edges[1:-1])}
    assert len(inner) <= 1


def test_the_intervals_of_a_shift_lie_on_round_times() -> None:
    edges = edges_of(Span(local(4, 6), local(4, 14)), BERLIN)
    assert len(edges) == 17
    assert {edge.minute for edge in edges} == {0, 30}
