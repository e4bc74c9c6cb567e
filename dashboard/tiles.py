"""The large numbers at the top: how many frames got which verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.language import _
from dashboard.scores import DASH
from dashboard.verdicts import BY_URGENCY, WORDS
from inspector.records import VerdictCount
from inspector.results import Verdict


@dataclass(frozen=True, slots=True)
class Totals:
    """Frames by verdict."""

    passed: int
    rejected: int
    unsure: int

    @classmethod
    def of(cls, counts: Sequence[VerdictCount]) -> Totals:
        """Add up the counts of all cameras and products given."""
        sums = dict.fromkeys(Verdict, 0)
        for count in counts:
            sums[count.verdict] += count.frames
        return cls(passed=sums[Verdict.PASS], rejected=sums[Verdict.REJECT], unsure=sums[Verdict.UNSURE])

    @property
    def frames(self) -> int:
        """All frames."""
        return self.passed + self.rejected + self.unsure

    def count(self, verdict: Verdict) -> int:
        """Frames that got one verdict."""
        return {Verdict.PASS: self.passed, Verdict.REJECT: self.rejected, Verdict.UNSURE: self.unsure}[
            verdict
        ]

    @property
    def reject_rate(self) -> float | None:
        """Rejected frames over all frames, 0..1; None without frames."""
        return self.rejected / self.frames if self.frames else None


def percent(share: float | None) -> str:
    """A share as a percentage with one decimal; a dash where there is none."""
    return DASH if share is None else f"{share * 100:.1f} %"


def show_tiles(totals: Totals, period: str) -> None:
    """Draw one tile a verdict and one for the reject rate; `period` is what was counted, such as "today"."""
    tiles = [
        _tile(
            verdict.value,
            f'<i class="symbol" aria-hidden="true"></i>{_(WORDS[verdict])}',
            period,
            f"{totals.count(verdict):,}",
        )
        for verdict in BY_URGENCY
    ]
    tiles.append(
        _tile(
            "rate",
            _("Reject rate"),
            _("of {n}").format(n=f"{totals.frames:,}"),
            percent(totals.reject_rate),
        )
    )
    st.html(f'<div class="tiles">{"".join(tiles)}</div>')


def _tile(kind: str, word: str, note: str, figure: str) -> str:
    return (
        f'<div class="tile {kind}"><div class="tile-label"><div class="tile-word">{word}</div>'
        f'<div class="tile-note">{note}</div></div><div class="tile-number">{figure}</div></div>'
    )
