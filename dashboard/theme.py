"""Colours and sizes of the pages: Streamlit's theme, and the style sheet for what is drawn here."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

STYLE_SHEET: Final = Path(__file__).with_name("style.css")

THEME: Final[dict[str, str | int | bool]] = {
    "theme.base": "light",
    "theme.primaryColor": "#1f4e79",
    "theme.backgroundColor": "#f3f5f7",
    "theme.secondaryBackgroundColor": "#ffffff",
    "theme.textColor": "#15202b",
    "theme.borderColor": "#c5ced6",
    "theme.baseRadius": "8px",
    "theme.baseFontSize": 18,
    "theme.showWidgetBorder": True,
}
"""Streamlit options of the theme. The text is larger than usual: it is read from 2 m away."""


FAVICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='7' fill='%231f4e79'/%3E%3Ccircle cx='16' cy='16' r='8' fill='none'"
    " stroke='white' stroke-width='3'/%3E%3Ccircle cx='16' cy='16' r='2.5' fill='white'/%3E%3C/svg%3E"
)
"""A lens, inside the page: Streamlit would fetch an icon of its own set from the internet."""


def apply_theme() -> None:
    """Add the style sheet to the page being drawn."""
    st.html(STYLE_SHEET)
