"""The shift report: what the lines did in a shift, to look at and to take away as HTML or PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

import streamlit as st

from dashboard.clock import zone_of
from dashboard.context import Moment, moment, records, settings
from dashboard.counting import counts_of_cameras_seen
from dashboard.language import CHOICE, N_, _
from dashboard.notices import draw_and_recover, show_error, show_notice
from dashboard.report.gathering import Report, gather
from dashboard.report.html import body, document
from dashboard.report.pdf import pdf
from dashboard.report.pdf_text import register
from dashboard.report.sheet import Sheet
from dashboard.report.spans import USUAL, Span, shift_at, shift_before, span_from, today_until
from dashboard.report.telling import tell
from dashboard.thrift import Thrifty
from inspector.describing.words import Language
from inspector.errors import ReportError

RETRY_S: Final = 5.0
_GOOD_FOR_S: Final = 60.0
_LANGUAGES: Final[dict[Language, str]] = {"en": "English", "zh": "中文"}
_FROM, _UNTIL = "report-from", "report-until"


class Time(StrEnum):
    """Which time the report is about."""

    THIS_SHIFT = N_("This shift")
    LAST_SHIFT = N_("Last shift")
    TODAY = N_("Today")
    OWN = N_("Own time")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a visitor wants to see; equal wishes of a minute get the same report."""

    span: Span
    zone: tzinfo
    lines: tuple[str, ...]
    products: tuple[str, ...]


def main() -> None:
    """Draw the page; without a database it says why, and tries again."""
    draw_and_recover(lambda: _draw(moment()), RETRY_S)


def _draw(now: Moment) -> None:
    chosen = settings().report
    # A plant that has set its zone has its shifts there, wherever its manager is.
    zone = zone_of(chosen.zone) if chosen.zone else now.zone
    with st.container(horizontal=True, vertical_alignment="bottom", key="report-choice"):
        which = Time(
            st.segmented_control(
                _("Time"),
                list(Time),
                default=Time.THIS_SHIFT,
                format_func=lambda time: _(time.value),
                key="report-time",
                required=True,
            )
        )
        languages = list(_LANGUAGES)
        language: Language = st.segmented_control(
            _("Language"),
            languages,
            default=st.session_state.get(CHOICE, chosen.language),
            format_func=_LANGUAGES.__getitem__,
            key="report-language",
            required=True,
        )
    try:
        span = _span(which, now.now, zone)
    except ReportError as error:
        show_error(error)
        return
    lines, products = _choose_places(now)
    with st.spinner(_("Adding up the frames of this time…")):
        report = _report(Wish(span, zone, lines, products), now.now)
    if not report.total.frames:
        show_notice(
            _("Nothing to report"),
            _("No frame was inspected in this time, on these lines and of these products."),
            _("Choose another time above, or wait for the first frame."),
        )
        return
    sheet = tell(report, language)
    _offer(sheet, f"shift-report-{span.since.astimezone(zone):%Y-%m-%d-%H%M}")
    with st.container(key="sheet"):
        st.html(body(sheet))


def _span(which: Time, now: datetime, zone: tzinfo) -> Span:
    """The span of a choice; draws the inputs where the visitor gives it.

    Raises:
        ReportError: the end that the visitor gave is not after the begin.
    """
    shifts = settings().report.shifts
    match which:
        case Time.THIS_SHIFT:
            return shift_at(shifts, now, zone)
        case Time.LAST_SHIFT:
            return shift_before(shifts, now, zone)
        case Time.TODAY:
            return today_until(now, zone)
        case Time.OWN:
            return _own(now, zone)


def _own(now: datetime, zone: tzinfo) -> Span:
    # Given by the state, and not as a default: a default that moves with the clock would undo what was typed.
    local = now.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    st.session_state.setdefault(_FROM, local - USUAL)
    st.session_state.setdefault(_UNTIL, local + timedelta(minutes=1))
    with st.container(horizontal=True, vertical_alignment="bottom", key="report-own"):
        begin = st.datetime_input(_("From"), key=_FROM)
        end = st.datetime_input(_("Until"), key=_UNTIL)
    return span_from(begin.replace(tzinfo=zone), end.replace(tzinfo=zone), zone)


def _choose_places(now: Moment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Draw the choice of lines and products; both are empty where all are wanted."""
    seen = counts_of_cameras_seen(now.now)
    with st.container(horizontal=True, vertical_alignment="bottom", key="report-places"):
        lines = _choose(_("Lines"), _("All lines"), {one.line for one in seen}, "report-lines")
        products = _choose(_("Products"), _("All products"), {one.product for one in seen}, "report-products")
    return lines, products


def _choose(label: str, everything: str, seen: set[str], key: str) -> tuple[str, ...]:
    # What was chosen stays on offer, also when it was not seen for a week.
    kept: Sequence[str] = st.session_state.get(key, ())
    options = sorted(seen | set(kept))
    return tuple(st.multiselect(label, options, key=key, placeholder=everything))


def _report(wish: Wish, now: datetime) -> Report:
    """The report, up to a minute old; shared by all visitors who want the same.

    Raises:
        RecordsError: the database cannot be reached.
    """
    minute = (wish.span.since, wish.span.until.replace(second=0, microsecond=0))
    key = (minute, wish.span.shift, str(wish.zone), wish.lines, wish.products)
    return _answers().ask(
        key,
        lambda: gather(
            records(),
            wish.span,
            site=settings().site,
            data_dir=settings().edge.data_dir,
            zone=wish.zone,
            now=now,
            lines=wish.lines,
            products=wish.products,
        ),
        _GOOD_FOR_S,
    )


def _offer(sheet: Sheet, name: str) -> None:
    """Draw the buttons; each file is made when its button is pressed."""
    font = settings().report.font
    with st.container(horizontal=True, key="report-files"):
        try:
            # Looked at now: an error while a file is made would not reach the visitor.
            register(font)
        except ReportError as error:
            show_error(error)
        else:
            st.download_button(
                _("Download PDF"),
                lambda: pdf(sheet, font),
                f"{name}.pdf",
                "application/pdf",
                key="report-pdf",
                icon=":material/picture_as_pdf:",
                on_click="ignore",
            )
        st.download_button(
            _("Download HTML"),
            lambda: document(sheet).encode("utf-8"),
            f"{name}.html",
            "text/html",
            key="report-html",
            icon=":material/download:",
            on_click="ignore",
        )


@st.cache_resource(show_spinner=False)
def _answers() -> Thrifty:
    return Thrifty()


main()
