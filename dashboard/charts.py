"""Frames over time, as small bar charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from typing import Any, Final

import altair as alt
import streamlit as st

from dashboard.counting import Interval
from dashboard.language import _
from dashboard.verdicts import BY_URGENCY, COLOURS, WORDS, badge
from inspector.results import Verdict

_HEIGHT_PX: Final = 190
_LABELS: Final = 7
"""About so many times are written under a chart."""
_AXIS: Final[dict[str, Any]] = {
    "labelFontSize": 15,
    "labelColor": "#52606d",
    "domainColor": "#c5ced6",
    "tickColor": "#c5ced6",
}
_DAY: Final = timedelta(hours=25)
"""Charts of at most a day, also one on which clocks change, have hours on their axis; longer ones dates."""


def show_charts(intervals: Sequence[Interval], zone: tzinfo) -> None:
    """Draw two charts side by side: what was not passed, on a scale of its own, and all frames.

    Args:
        intervals: in order, with an entry for every verdict; at least one.
        zone: in which their times are told.
    """
    left, right = st.columns(2)
    with left:
        _show_bars("not-passed", _("Rejected and unsure"), intervals, (Verdict.REJECT, Verdict.UNSURE), zone)
    with right:
        _show_bars("all", _("All frames"), intervals, BY_URGENCY, zone)


def _show_bars(
    key: str, title: str, intervals: Sequence[Interval], verdicts: Sequence[Verdict], zone: tzinfo
) -> None:
    shown = [interval for interval in intervals if interval.verdict in verdicts]
    legend = "".join(badge(verdict) for verdict in verdicts)
    with st.container(key=f"chart-{key}", gap=None):
        st.html(f'<div class="chart-head"><b>{title}</b><span>{legend}</span></div>')
        st.altair_chart(_bars(shown, verdicts, zone), width="stretch", theme=None)


def _bars(intervals: Sequence[Interval], verdicts: Sequence[Verdict], zone: tzinfo) -> alt.Chart:
    starts = sorted({interval.start for interval in intervals})
    names = {start: f"{start.astimezone(zone):%d %b %H:%M}" for start in starts}
    rows = [
        {
            "start": names[interval.start],
            "verdict": _(WORDS[interval.verdict]),
            "frames": interval.frames,
            "order": BY_URGENCY.index(interval.verdict),
        }
        for interval in intervals
    ]
    highest = max(sum(i.frames for i in intervals if i.start == start) for start in starts)
    every = max(1, round(len(starts) / _LABELS))
    of_a_day = intervals[-1].end - intervals[0].start <= _DAY
    # Scales are given, not found from the data: Streamlit draws a chart once before its data are there.
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows), height=_HEIGHT_PX, background="transparent")
        .mark_bar()
        .encode(
            x=alt.X(
                "start:O",
                title=None,
                scale=alt.Scale(domain=list(names.values()), paddingInner=0.08),
                axis=alt.Axis(
                    values=list(names.values())[::every],
                    labelExpr="slice(datum.label, -5)" if of_a_day else "slice(datum.label, 0, 6)",
                    labelAngle=0,
                    **_AXIS,
                ),
            ),
            y=alt.Y(
                "frames:Q",
                title=None,
                stack="zero",
                scale=alt.Scale(domain=[0, max(highest, 1)], nice=True),
                axis=alt.Axis(tickMinStep=1, tickCount=4, format="~s", gridColor="#e6eaee", **_AXIS),
            ),
            color=alt.Color(
                "verdict:N",
                legend=None,
                scale=alt.Scale(
                    domain=[_(WORDS[verdict]) for verdict in verdicts],
                    range=[COLOURS[verdict] for verdict in verdicts],
                ),
            ),
            order="order:Q",
            tooltip=[
                alt.Tooltip("start:O", title=_("From")),
                alt.Tooltip("verdict:N", title=_("Verdict")),
                alt.Tooltip("frames:Q", title=_("Frames")),
            ],
        )
        .configure_view(stroke=None)
        .configure(font="Source Sans, sans-serif")
    )
    return chart
