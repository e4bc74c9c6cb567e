"""Which span of time a report is about: a shift of the settings, or two moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from inspector.errors import ReportError
from inspector.settings.report import LAST_SHIFT, THIS_SHIFT

USUAL: Final = timedelta(hours=8)
"""What is reported where nothing is asked for: the time until now."""
_EXAMPLES: Final = "Write 2026-03-04 06:00, 2026-03-04T06:00+01:00, or 06:00 for a time of today"


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment (included) to another (excluded).

    Attributes:
        since: its begin, UTC.
        until: its end, UTC; may lie in the future where a shift is still running.
        shift: name of the shift in the settings; empty where the span is none.
    """

    since: datetime
    until: datetime
    shift: str = ""

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.until - self.since

    def before(self) -> Span:
        """The span of the same length that ends where this one begins."""
        return Span(self.since - self.length, self.since)

    def so_far(self, now: datetime) -> Span:
        """What has passed of it; the span itself where all of it has, or nothing."""
        return Span(self.since, now, self.shift) if self.since < now < self.until else self


def shift_at(shifts: Mapping[str, time], now: datetime, zone: tzinfo) -> Span:
    """The shift that is running.

    Args:
        shifts: when each begins by the zone's clock; at least one.
        now: the moment.
        zone: where the shifts are.
    """
    return _shifts_around(shifts, now, zone)[-1]


def shift_before(shifts: Mapping[str, time], now: datetime, zone: tzinfo) -> Span:
    """The shift that ended last; arguments as for `shift_at`."""
    return _shifts_around(shifts, now, zone)[-2]


def shift_called(name: str, shifts: Mapping[str, time], now: datetime, zone: tzinfo) -> Span:
    """The last shift of a name that has begun, or the running or last one by `this` and `last`.

    Raises:
        ReportError: no shift has this name.
    """
    begun = _shifts_around(shifts, now, zone)
    if name == THIS_SHIFT:
        return begun[-1]
    if name == LAST_SHIFT:
        return begun[-2]
    if name not in shifts:
        raise ReportError(
            f"there is no shift {name!r}",
            f"the settings have {', '.join(shifts)}",
            f"Give one of these, {THIS_SHIFT} or {LAST_SHIFT}; shifts are set under [report.shifts]",
        )
    return next(span for span in reversed(begun) if span.shift == name)


def today_until(now: datetime, zone: tzinfo) -> Span:
    """From the last midnight of a zone until now; the day before at midnight itself."""
    midnight = _moment(now.astimezone(zone).date(), time(), zone)
    return Span(midnight if midnight < now else midnight - timedelta(days=1), now)


def span_between(since: str | None, until: str | None, now: datetime, zone: tzinfo) -> Span:
    """The span between two moments that a person wrote.

    Args:
        since: its begin; 8 hours before its end without.
        until: its end; now without.
        now: the moment of the question.
        zone: of moments that have none of their own.

    Raises:
        ReportError: a moment cannot be read, or the end is not after the begin.
    """
    end = now if until is None else parse_moment(until, "--until", now, zone)
    begin = end - USUAL if since is None else parse_moment(since, "--from", now, zone)
    return span_from(begin, end, zone)


def span_from(begin: datetime, end: datetime, zone: tzinfo) -> Span:
    """A span of two moments; `zone` is the one they are told in.

    Raises:
        ReportError: the end is not after the begin.
    """
    if begin >= end:
        raise ReportError(
            "the span of the report is empty",
            f"it begins at {begin.astimezone(zone):%Y-%m-%d %H:%M %Z} and ends at"
            f" {end.astimezone(zone):%Y-%m-%d %H:%M %Z}",
            "Choose an end that is after the begin",
        )
    return Span(begin.astimezone(UTC), end.astimezone(UTC))


def parse_moment(text: str, option: str, now: datetime, zone: tzinfo) -> datetime:
    """The moment that a person wrote: ISO 8601, with or without zone, or a time of today.

    Args:
        text: what was written.
        option: where, for the message.
        now: which day is today.
        zone: of moments without one.

    Raises:
        ReportError: it is none of these.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            clock = time.fromisoformat(text.strip())
        except ValueError as error:
            why = "it is neither a date with a time nor a time of the day"
            raise ReportError(f"{option} {text!r} cannot be read", why, _EXAMPLES) from error
        moment = datetime.combine(now.astimezone(clock.tzinfo or zone).date(), clock)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        why = "no calendar goes that far"
        raise ReportError(f"{option} {text!r} cannot be read", why, _EXAMPLES) from error


def edges_of(span: Span, zone: tzinfo, most: int = 24) -> tuple[datetime, ...]:
    """Moments that cut a span into intervals of equal length, from its begin to its end, in UTC.

    The cuts between lie on round times of the zone's clock; so the first and last interval may be shorter.

    Args:
        span: what is cut.
        zone: whose round times.
        most: about so many intervals at most.
    """
    step = next((step for step in _STEPS if span.length <= step * most), None)
    if step is None:
        days = -(-span.length // timedelta(days=1))
        step = timedelta(days=-(-days // most))
    midnight = _moment(span.since.astimezone(zone).date(), time(), zone)
    cut = midnight + ((span.since - midnight) // step + 1) * step
    cuts = [span.since]
    while cut < span.until:
        cuts.append(cut)
        cut += step
    return (*cuts, span.until)


_STEPS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440)
)


def _shifts_around(shifts: Mapping[str, time], now: datetime, zone: tzinfo) -> list[Span]:
    """The shifts of some days that have begun, in order; the last one is running."""
    today = now.astimezone(zone).date()
    begins = sorted(
        (_moment(today + timedelta(days=days), clock, zone), name)
        for days in range(-3, 2)
        for name, clock in shifts.items()
    )
    spans = [Span(begin, end, name) for (begin, name), (end, _) in pairwise(begins)]
    return [span for span in spans if span.since <= now and span.length]


def _moment(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
