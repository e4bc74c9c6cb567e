"""Texts from cameras and settings where Streamlit would read Markdown: labels, options, links."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
"""ASCII punctuation: what a backslash makes literal (spec.commonmark.org, backslash escapes)."""


def literal(text: str) -> str:
    """A text as Markdown that shows just this text, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
