"""The share of rejects that reviews call good, day by day, beside the changes that were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import altair as alt
import streamlit as st

from dashboard.clock import start_of_day
from dashboard.context import Moment, records
from dashboard.language import _
from dashboard.thrift import Thrifty
from inspector.records import TRUTHS, Decision, StoredAlarm

DAYS: Final = 14
_KEPT_S: Final = 30.0
_HEIGHT_PX: Final = 170


@dataclass(frozen=True, slots=True)
class DayRate:
    """Reviewed rejects of a day.

    Attributes:
        day: its beginning.
        reviewed: rejects whose latest review says what they are.
        good: those of them that are good.
    """

    day: datetime
    reviewed: int
    good: int


def day_rates(decided: Sequence[tuple[datetime, Decision]], days: Sequence[datetime]) -> list[DayRate]:
    """Count decisions by day.

    Args:
        decided: when each reject was inspected, and what its latest review says.
        days: beginnings of the days in order, and the end of the last one.
    """
    return [
        DayRate(
            start,
            sum(start <= at < end and decision in TRUTHS for at, decision in decided),
            sum(start <= at < end and decision is Decision.FALSE_REJECT for at, decision in decided),
        )
        for start, end in pairwise(days)
    ]


def show_rates(now: Moment, alarms: Sequence[StoredAlarm]) -> None:
    """Draw the last days, with a mark where a change was told.

    Raises:
        RecordsError: the records cannot be reached.
    """
    today = start_of_day(now.now, now.zone)
    days = [
        start_of_day(today - timedelta(days=back, hours=-2), now.zone) for back in range(DAYS - 1, -1, -1)
    ]
    days.append(now.now)
    decided = _answers().ask(days[0], lambda: records().reviews.decided_in(days[0], days[-1]), _KEPT_S)
    rates = day_rates(decided, days)
    reviewed, good = sum(rate.reviewed for rate in rates), sum(rate.good for rate in rates)
    if not reviewed:
        none = _("No reject of the last {days} days was reviewed.").format(days=DAYS)
        st.html(f'<p class="among">{none}</p>')
        return
    words = _(
        "False rejects among reviewed rejects, {days} days: {good} of {reviewed}. A dashed line is a change"
        " that was told."
    ).format(days=DAYS, good=good, reviewed=reviewed)
    st.html(f'<p class="among">{words}</p>')
    st.altair_chart(_chart(rates, alarms, now), width="stretch", theme=None)


def _chart(
    rates: Sequence[DayRate], alarms: Sequence[StoredAlarm], now: Moment
) -> alt.LayerChart | alt.FacetChart:
    day_form = _("%d %b")
    names = [f"{rate.day.astimezone(now.zone):{day_form}}" for rate in rates]
    rows: list[dict[str, Any]] = [
        {
            "day": name,
            "share": rate.good / rate.reviewed if rate.reviewed else 0.0,
            "of": f"{rate.good}/{rate.reviewed}",
        }
        for name, rate in zip(names, rates, strict=True)
    ]
    told = {f"{alarm.detected_at.astimezone(now.zone):{day_form}}" for alarm in alarms} & set(names)
    x = alt.X("day:O", title=None, scale=alt.Scale(domain=names), axis=alt.Axis(labelAngle=0))
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(color="#52606d")
        .encode(
            x=x,
            y=alt.Y(
                "share:Q", title=_("false rejects"), axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
            ),
            tooltip=[alt.Tooltip("day:O", title=_("day")), alt.Tooltip("of:N", title=_("of"))],
        )
    )
    marks = (
        alt.Chart(alt.InlineData(values=[{"day": day} for day in sorted(told)]))
        .mark_rule(color="#b3261e", strokeDash=[5, 4], size=2)
        .encode(x=x)
    )
    return alt.layer(bars, marks).properties(height=_HEIGHT_PX, background="transparent")


@st.cache_resource(show_spinner=False)
def _answers() -> Thrifty:
    return Thrifty()
