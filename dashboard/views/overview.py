"""The overview: how every camera and product did over a day or a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from html import escape

import streamlit as st

from dashboard.charts import show_charts
from dashboard.clock import start_of_day
from dashboard.context import Moment, moment
from dashboard.counting import counts_over_time, counts_since, split
from dashboard.language import N_, _
from dashboard.notices import draw_or_explain, show_notice
from dashboard.tiles import Totals, percent, show_tiles
from inspector.records import VerdictCount

REFRESH_S = 15.0


class Period(StrEnum):
    """Time that is looked at."""

    TODAY = N_("Today")
    DAY = N_("24 hours")
    WEEK = N_("7 days")


def main() -> None:
    """Draw the page, and again every few seconds."""
    st.fragment(_draw_overview, run_every=REFRESH_S)()


def _draw_overview() -> None:
    draw_or_explain(lambda: _draw(moment()))


def _draw(now: Moment) -> None:
    period = Period(
        st.segmented_control(
            _("Period"),
            list(Period),
            default=Period.TODAY,
            format_func=lambda period: _(period.value),
            key="period",
            required=True,
            label_visibility="collapsed",
        )
    )
    start, step, words = _span(period, now)
    counts = counts_since(start)
    show_tiles(Totals.of(counts), words)
    if not counts:
        show_notice(
            _("No frames in this time"),
            _("Nothing was inspected {period}.").format(period=words),
            _("Choose a longer period above."),
        )
        return
    show_charts(counts_over_time(split(start, now.now, step)), now.zone)
    st.html(_table(counts))


def _span(period: Period, now: Moment) -> tuple[datetime, timedelta, str]:
    hour = now.now.astimezone(now.zone).replace(minute=0, second=0, microsecond=0)
    midnight = start_of_day(now.now, now.zone)
    match period:
        case Period.TODAY:
            return midnight, timedelta(hours=1), _("today")
        case Period.DAY:
            return hour - timedelta(hours=23), timedelta(hours=1), _("in 24 hours")
        case Period.WEEK:
            return midnight - timedelta(days=6), timedelta(hours=6), _("in 7 days")


def _table(counts: Sequence[VerdictCount]) -> str:
    places = sorted({(count.line, count.camera, count.product) for count in counts})
    rows = []
    for line, camera, product in places:
        totals = Totals.of([c for c in counts if (c.line, c.camera, c.product) == (line, camera, product)])
        rows.append(
            f"<tr><th>{escape(camera)}</th><td>{escape(line)}</td><td>{escape(product)}</td>"
            f"<td class=n>{totals.frames:,}</td><td class=n>{totals.passed:,}</td>"
            f"<td class=n>{totals.unsure:,}</td><td class=n>{totals.rejected:,}</td>"
            f"<td class=n>{percent(totals.reject_rate)}</td></tr>"
        )
    words = "".join(f"<th>{word}</th>" for word in (_("Camera"), _("Line"), _("Product")))
    words += "".join(
        f"<th class=n>{word}</th>"
        for word in (_("Frames"), _("Pass"), _("Unsure"), _("Reject"), _("Reject rate"))
    )
    return f'<table class="figures"><thead><tr>{words}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


main()
