from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard.clock import age_text, full_time_text, start_of_day, time_text, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight of 2 July in Berlin


def test_a_browser_names_its_zone() -> None:
    assert zone_of("Europe/Berlin") == BERLIN


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../../etc/passwd"])
def test_an_unknown_zone_is_this_machines_own(name: str | None) -> None:
    assert NOW.astimezone(zone_of(name)).utcoffset() == NOW.astimezone().utcoffset()


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (NOW, datetime(2026, 7, 1, 22, 0, tzinfo=UTC)),
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), datetime(2026, 6, 30, 22, 0, tzinfo=UTC)),
        # On the day the clocks go forward, midnight is still in winter time.
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_of_the_zone(now: datetime, midnight: datetime) -> None:
    assert start_of_day(now, BERLIN) == midnight


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW - timedelta(minutes=10), "00:20:00"),
        (NOW - timedelta(hours=1), "01 Jul 23:30:00"),
        (datetime(2025, 12, 31, 12, 0, tzinfo=UTC), "31 Dec 2025 13:00:00"),
    ],
)
def test_a_time_has_as_much_date_as_it_needs(moment: datetime, text: str) -> None:
    assert time_text(moment, NOW, BERLIN) == text


def test_a_full_time_names_its_zone() -> None:
    assert full_time_text(NOW, BERLIN) == "02 Jul 2026, 00:30:00 CEST"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s ago"),  # another machine's clock is ahead
        (0, "0 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 day ago"),
        (3 * 86_400, "3 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert age_text(NOW - timedelta(seconds=seconds), NOW) == text
