"""Texts of others in labels of Streamlit's widgets, which read Markdown, colours and icons in them."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
"""ASCII punctuation: what a backslash makes literal (spec.commonmark.org, backslash escapes)."""


def literal(text: str) -> str:
    """A text as Markdown that shows just this text, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
