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
    """A sentence for the person who pressed a button.

    Attributes:
        text: the sentence; None where `error` says it.
        error: why nothing was done.
    """

    text: str | None = None
    error: InspectorError | None = None


def told_by(error: InspectorError) -> Told:
    """That nothing was done, and why."""
    return Told(error=error)


def tell(told: Told) -> None:
    """Keep it for the next drawing."""
    st.session_state[_TOLD] = told


def attempt(do: Callable[[], str]) -> None:
    """Do something for a button: its sentence, or the error that it raises, is told.

    Args:
        do: gives the sentence.
    """
    try:
        tell(Told(text=do()))
    except InspectorError as error:
        tell(told_by(error))


def show_told() -> None:
    """Draw what was kept, once."""
    told: Told | None = st.session_state.pop(_TOLD, None)
    if told is None:
        return
    if told.error is not None:
        show_error(told.error)
    else:
        st.html(f'<div class="told" role="status">{escape(told.text or "")}</div>')
