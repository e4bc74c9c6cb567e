from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.history_filters import BEFORE, Wish, cursor_from_address, cursor_to_address
from inspector.describing.words import Position
from inspector.records import UNDECIDED, Cursor, Decision, HistoryFilter
from inspector.results import Verdict

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=9)
SOME = st.lists(NAMES, max_size=3, unique=True).map(tuple)
DAYS = st.none() | st.dates()
WISHES = st.builds(
    Wish,
    search=st.just("") | NAMES,
    verdicts=st.sampled_from([(), (Verdict.REJECT,), (Verdict.REJECT, Verdict.PASS)]),
    review=st.sampled_from([None, UNDECIDED, Decision.TRUE_DEFECT, Decision.MISSED]),
    first_day=DAYS,
    last_day=DAYS,
    products=SOME,
    lines=SOME,
    cameras=SOME,
    kinds=SOME,
    places=st.sampled_from([(), (Position.UPPER_LEFT, Position.TOP)]),
    models=SOME,
)
ZONES = [UTC, ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]


def as_query(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    return {name: [value for key, value in pairs if key == name] for name, _ in pairs}


@given(WISHES, st.sampled_from(["", "past-"]))
def test_an_address_tells_all_that_was_chosen(wish: Wish, prefix: str) -> None:
    assert Wish.from_address(as_query(wish.to_address(prefix)), prefix) == wish


@given(WISHES, st.sampled_from(ZONES))
def test_every_choice_can_be_asked_for_in_every_zone(wish: Wish, zone: timezone) -> None:
    wanted = wish.filter(zone, ("burr",))
    assert (wanted.products, wanted.review) == (wish.products, wish.review)
    assert set(wish.kinds) <= set(wanted.kinds)


def test_days_begin_and_end_at_midnight_of_the_visitor_also_when_clocks_change() -> None:
    wish = Wish(first_day=date(2026, 3, 29), last_day=date(2026, 3, 29))
    assert wish.filter(ZoneInfo("Europe/Berlin"), ()) == HistoryFilter(
        since=datetime(2026, 3, 28, 23, tzinfo=UTC), until=datetime(2026, 3, 29, 22, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "query",
    [
        {"verdicts": ["maybe"], "review": ["perhaps"], "places": ["nowhere"]},
        {"from": ["soon"], "to": ["2026-13-01"], "models": [""]},
        {"search": ["a\0"], "lines": ["\0"]},
        {},
    ],
)
def test_what_cannot_be_read_is_left_out(query: dict[str, list[str]]) -> None:
    wish = Wish.from_address(query)
    assert wish == Wish()
    assert not wish


# No clock shows a time that daylight saving skips: such a moment is none, and does not come back.
MOMENTS = st.datetimes(
    datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.sampled_from(ZONES), allow_imaginary=False
)


@given(MOMENTS, NAMES)
def test_a_cursor_comes_back_from_the_address(moment: datetime, frame_id: str) -> None:
    cursor = Cursor(moment, frame_id)
    assert cursor_from_address({BEFORE: [cursor_to_address(cursor)]}, BEFORE) == cursor
