"""The visitor's choice of a language: one button on each page, kept in the session and in the address."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.language import CHOICE, LANGUAGES, language
from inspector.describing.words import Language

PARAMETER: Final = "lang"
"""Name in the address of every page, once a language was chosen."""


def take_choice() -> None:
    """Read the choice out of the address; put it back where a change of the page has dropped it.

    Called before anything is drawn.
    """
    asked = st.query_params.get(PARAMETER)
    if asked in LANGUAGES and CHOICE not in st.session_state:
        st.session_state[CHOICE] = asked
    if CHOICE in st.session_state and asked != st.session_state[CHOICE]:
        st.query_params[PARAMETER] = st.session_state[CHOICE]


def show_choice() -> None:
    """Draw the button; it names the language that it leads to."""
    other = next(each for each in LANGUAGES if each != language())
    st.button(LANGUAGES[other], key="switch-language", on_click=_choose, args=(other,))


def _choose(wanted: Language) -> None:
    st.session_state[CHOICE] = wanted
    st.query_params[PARAMETER] = wanted
