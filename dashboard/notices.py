"""Panels that take the place of content: something failed, or there is nothing yet. They say what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import streamlit as st

from dashboard.context import forget_records
from dashboard.language import _
from inspector.errors import InspectorError, RecordsError


def show_notice(headline: str, explanation: str, remedy: str = "", *, failed: bool = False) -> None:
    """Draw a panel.

    Args:
        headline: what is the matter.
        explanation: why; may be empty. Commands stand between backticks.
        remedy: what to do; may be empty.
        failed: whether something is broken, rather than merely absent.
    """
    parts = [f"<h3>{escape(headline)}</h3>"]
    parts += [f"<p>{_with_code(text)}</p>" for text in (explanation, remedy) if text]
    kind, role = ("failed", "alert") if failed else ("empty", "status")
    st.html(f'<div class="notice {kind}" role="{role}">{"".join(parts)}</div>')


def show_error(error: InspectorError, *, afterwards: str = "") -> None:
    """Draw what failed, why and the remedy; `afterwards` says what happens next."""
    remedy = ". ".join(text.rstrip(".") for text in (error.remedy, afterwards) if text)
    show_notice(_sentence(error.what), _sentence(error.why), f"{remedy}." if remedy else "", failed=True)


def draw_or_explain(draw: Callable[[], None]) -> bool:
    """Draw something that reads the records; where they fail, draw what failed instead.

    Args:
        draw: raises `RecordsError` where the database cannot be reached.

    Returns:
        Whether the records answered.
    """
    try:
        draw()
    except RecordsError as error:
        forget_records()
        show_error(error, afterwards=_("This page tries again by itself"))
        return False
    return True


def draw_and_recover(draw: Callable[[], None], retry_s: float) -> None:
    """Like `draw_or_explain`, for a page without updates of its own: it is drawn again once records answer.

    Args:
        draw: raises `RecordsError` where the database cannot be reached.
        retry_s: seconds between two tries.
    """
    if not draw_or_explain(draw):
        draw_again(retry_s)


def draw_again(after_s: float) -> None:
    """Draw the whole page again after some seconds."""
    timer_runs = False

    @st.fragment(run_every=after_s)
    def again() -> None:
        nonlocal timer_runs
        if timer_runs:
            st.rerun(scope="app")
        timer_runs = True  # the first call is part of the drawing that is under way

    again()


def _with_code(text: str) -> str:
    """HTML of a text, in which backticks surround what is to be typed."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""
