"""How a verdict looks: always a word, a symbol and a colour, so that no one depends on the colour."""

from __future__ import annotations

from html import escape
from typing import Final

from inspector.results import Verdict

WORDS: Final[dict[Verdict, str]] = {
    Verdict.PASS: "Pass",
    Verdict.REJECT: "Reject",
    Verdict.UNSURE: "Unsure",
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
    word = escape(WORDS[verdict])
    return f'<span class="verdict {verdict.value}"><i class="symbol" aria-hidden="true"></i>{word}</span>'
