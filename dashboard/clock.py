"""Times as the person at the page reads them: in the browser's own time zone."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboard.language import _, ngettext

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def zone_of(name: str | None) -> tzinfo:
    """The zone a browser names, such as `Europe/Berlin`; this machine's own where that is not known here."""
    if name:
        # Small images lack the time zone database; the machine's own time is the next best.
        with suppress(ZoneInfoNotFoundError, ValueError):
            return ZoneInfo(name)
    local = datetime.now(UTC).astimezone().tzinfo
    return local if local is not None else UTC


def start_of_day(now: datetime, zone: tzinfo) -> datetime:
    """The last midnight in a zone, as UTC."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def time_text(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """The time of day, with the date before it where that is not today."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M:%S}"
    form = _("%d %b %H:%M:%S") if local.year == today.year else _("%d %b %Y %H:%M:%S")
    return f"{local:{form}}"


def full_time_text(moment: datetime, zone: tzinfo) -> str:
    """Date, time and zone, to the second."""
    form = _("%d %b %Y, %H:%M:%S %Z")
    return f"{moment.astimezone(zone):{form}}"


def age_text(moment: datetime, now: datetime) -> str:
    """How long ago a moment was, in its largest unit: "4 s ago", "3 min ago", "2 h ago", "5 days ago"."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < _MINUTE_S:
        return _("{n} s ago").format(n=seconds)
    if seconds < _HOUR_S:
        return _("{n} min ago").format(n=seconds // _MINUTE_S)
    if seconds < _DAY_S:
        return _("{n} h ago").format(n=seconds // _HOUR_S)
    days = seconds // _DAY_S
    return ngettext("{n} day ago", "{n} days ago", days).format(n=days)
