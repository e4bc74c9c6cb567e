"""What a button has done, or why not: kept by its callback, told once by the next drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Final

import streamlit as st

from dashboard.notices import show_error
from inspector.errors import InspectorError

_TOLD: Final = "told"


@dataclass(frozen=True, slots=True)
class Told:
    """What the person who pressed a button is told.

    Attributes:
        text: what was done; empty where nothing was.
        warnings: what of it was not done, and why; one sentence each.
        secret: something that is shown this once, such as a one-time password; empty where there is none.
    """

    text: str = ""
    warnings: tuple[str, ...] = ()
    secret: str = ""


def attempt(do: Callable[[], str | Told]) -> None:
    """Do something for a button, and keep what it says, or the error that it raises, for the next drawing."""
    try:
        told = do()
    except InspectorError as error:
        st.session_state[_TOLD] = error
    else:
        st.session_state[_TOLD] = Told(told) if isinstance(told, str) else told


def show_told() -> None:
    """Draw what was kept, once."""
    told: Told | InspectorError | None = st.session_state.pop(_TOLD, None)
    if isinstance(told, InspectorError):
        show_error(told)
    elif told is not None:
        secret = f"<p><code>{escape(told.secret)}</code></p>" if told.secret else ""
        if told.text:
            st.html(f'<div class="told" role="status">{escape(told.text)}{secret}</div>')
        for line in told.warnings:
            st.html(f'<div class="told conflict" role="alert">{escape(line)}</div>')
