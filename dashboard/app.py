"""Entry of the page; `inspector dashboard` runs it through Streamlit.

The pages are in `views/` and not in `pages/`: Streamlit takes a folder of that name beside its script for
pages of their own, and would show them without this frame to the first visitor after a start.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard.context import settings
from dashboard.language import _
from dashboard.language_choice import show_choice, take_choice
from dashboard.notices import draw_and_recover, show_error
from dashboard.sign_in import show_sign_in
from dashboard.theme import FAVICON, apply_theme
from dashboard.visit_cookie import draw_ticket
from dashboard.visitors import visitor
from inspector.errors import RecordsError, SettingsError
from inspector.records import Role


def main() -> None:
    """Draw the frame around all pages, then the page that the address names."""
    st.set_page_config(page_title="inspector", page_icon=FAVICON, layout="wide")
    apply_theme()
    take_choice()
    page = st.navigation(
        [
            st.Page("views/live.py", title=_("Live"), icon=":material/monitoring:", default=True),
            st.Page("views/review.py", title=_("Review"), icon=":material/rule:"),
            st.Page("views/overview.py", title=_("Overview"), icon=":material/bar_chart:"),
            st.Page("views/history.py", title=_("History"), icon=":material/history:"),
            st.Page("views/report.py", title=_("Shift report"), icon=":material/summarize:"),
            st.Page("views/products.py", title=_("Products"), icon=":material/category:"),
            st.Page("views/health.py", title=_("Health"), icon=":material/vital_signs:"),
            st.Page("views/account.py", title=_("Account"), icon=":material/person:"),
            st.Page("views/frame.py", title=_("Frame"), visibility="hidden"),
        ],
        position="top",
    )
    try:
        site = settings().site
    except SettingsError as error:
        show_error(error)
        return
    st.html(f'<div class="site"><b>inspector</b> {escape(site)}{_who()}</div>')
    show_choice()
    draw_ticket()
    if settings().dashboard.require_sign_in and not _may_look():
        return
    page.run()


def _may_look() -> bool:
    """Whether the visitor may see the pages; draws the sign-in where they may not."""
    may = False

    def draw() -> None:
        nonlocal may
        may = visitor().may(Role.VIEWER)
        if not may:
            show_sign_in(_("Sign in to look"))

    draw_and_recover(draw, retry_s=settings().dashboard.refresh_s)
    return may


def _who() -> str:
    """HTML of the visitor's name; empty for somebody unknown, or where the records are away."""
    try:
        name = visitor().name
    except RecordsError:
        return ""
    return f" · {escape(name)}" if name else ""


main()
