"""How a verdict looks: always a word, a symbol and a colour, so that no one depends on the colour."""

from __future__ import annotations

from html import escape
from typing import Final

from dashboard.language import N_, _
from inspector.results import Verdict

WORDS: Final[dict[Verdict, str]] = {
    Verdict.PASS: N_("Pass"),
    Verdict.REJECT: N_("Reject"),
    Verdict.UNSURE: N_("Unsure"),
}

COLOURS: Final[dict[Verdict, str]] = {
    Verdict.PASS: "#0b6e4f",
    Verdict.REJECT: "#b3261e",
    Verdict.UNSURE: "#f2b134",
}
"""For charts; style.css has the same. They differ in lightness as well as in hue."""

BY_URGENCY: Final = (Verdict.REJECT, Verdict.UNSURE, Verdict.PASS)
"""What a person must act on comes first."""


def badge(verdict: Verdict) -> str:
    """HTML of the verdict as symbol and word on its colour."""
    word = escape(_(WORDS[verdict]))
    return f'<span class="verdict {verdict.value}"><i class="symbol" aria-hidden="true"></i>{word}</span>'
