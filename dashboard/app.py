"""Entry of the page; `inspector dashboard` runs it through Streamlit.

The pages are in `views/` and not in `pages/`: Streamlit takes a folder of that name beside its script for
pages of their own, and would show them without this frame to the first visitor after a start.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard.context import settings
from dashboard.notices import show_error
from dashboard.theme import FAVICON, apply_theme
from inspector.errors import SettingsError


def main() -> None:
    """Draw the frame around all pages, then the page that the address names."""
    st.set_page_config(page_title="inspector", page_icon=FAVICON, layout="wide")
    apply_theme()
    page = st.navigation(
        [
            st.Page("views/live.py", title="Live", icon=":material/monitoring:", default=True),
            st.Page("views/overview.py", title="Overview", icon=":material/bar_chart:"),
            st.Page("views/history.py", title="History", icon=":material/history:"),
            st.Page("views/frame.py", title="Frame", visibility="hidden"),
        ],
        position="top",
    )
    try:
        site = settings().site
    except SettingsError as error:
        show_error(error)
        return
    st.html(f'<div class="site"><b>inspector</b> {escape(site)}</div>')
    page.run()


main()
