"""How strongly heat is drawn over a frame, chosen by the visitor and kept from page to page."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.language import _
from inspector.overlay import MAX_OPACITY

_KEPT: Final = "heat-kept"
_STEP_PERCENT: Final = 25


def choose_opacity(page: str) -> float:
    """Draw the slider; the opacity of the hottest heat, 0..1.

    Args:
        page: name of the page: Streamlit gives a widget's value up when another page has one of its key.
    """
    key = f"heat-{page}"
    if key not in st.session_state:
        st.session_state[key] = st.session_state.get(_KEPT, round(100 * MAX_OPACITY))
    percent = int(st.slider(_("Heat"), 0, 100, step=_STEP_PERCENT, key=key, format="%d %%", width=220))
    st.session_state[_KEPT] = percent
    return percent / 100
