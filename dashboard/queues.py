"""Which undecided frames a reviewer works through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import streamlit as st

from dashboard.language import N_, _
from dashboard.verdicts import WORDS
from inspector.records import Records, StoredInspection, VerdictCount
from inspector.results import Verdict

LOOK_BACK: Final = timedelta(days=30)
"""Older frames do not wait any more: nobody can lay a hand on the part."""
STOPPED: Final = N_("Stopped")
PASSED: Final = N_("Passed")


@dataclass(frozen=True, slots=True)
class Queue:
    """A choice of undecided frames.

    Attributes:
        verdicts: of which.
        product: only this one; None: all.
        line: only this one; None: all.
        since: only those inspected later.
    """

    verdicts: tuple[Verdict, ...]
    product: str | None
    line: str | None
    since: datetime

    def waiting(self, records: Records, limit: int) -> list[StoredInspection]:
        """The first of them.

        Raises:
            RecordsError: the records cannot be reached.
        """
        return records.reviews.waiting(limit=limit, **self._narrowed())

    def count(self, records: Records) -> str:
        """How many wait, in words, such as "3 rejects and 1 unsure are waiting".

        Raises:
            RecordsError: the records cannot be reached.
        """
        counts = records.reviews.count_waiting(**self._narrowed())
        parts = [
            f"{counts[verdict]:,} {_(WORDS[verdict]).lower()}"
            for verdict in self.verdicts
            if counts.get(verdict)
        ]
        if not parts:
            return _("Nothing is waiting")
        return _("Waiting: {counts}").format(counts=_(", ").join(parts))

    def _narrowed(self) -> dict[str, Any]:
        return {
            "verdicts": self.verdicts,
            "products": (self.product,) if self.product else (),
            "lines": (self.line,) if self.line else (),
            "since": self.since,
        }

    def __str__(self) -> str:
        """In words, such as "bottle, line-1"."""
        return ", ".join(part for part in (self.product, self.line) if part) or _("all lines")


def choose_queue(seen: Sequence[VerdictCount], now: datetime) -> Queue:
    """Draw the choice and return it.

    Args:
        seen: counts whose products and lines are offered.
        now: UTC.
    """
    show = st.segmented_control(
        _("Show"),
        [STOPPED, PASSED],
        default=STOPPED,
        format_func=_,
        key="queue-of",
        required=True,
        label_visibility="collapsed",
    )
    product = _one_of("product", _("Product"), _("All products"), sorted({count.product for count in seen}))
    line = _one_of("line", _("Line"), _("All lines"), sorted({count.line for count in seen}))
    verdicts = (Verdict.PASS,) if show == PASSED else (Verdict.REJECT, Verdict.UNSURE)
    # To the hour: a moment that changes with every drawing would make every answer a new one.
    since = (now - LOOK_BACK).replace(minute=0, second=0, microsecond=0)
    return Queue(verdicts, product, line, since)


def _one_of(name: str, label: str, everything: str, options: list[str]) -> str | None:
    return st.selectbox(
        label,
        options,
        index=None,
        placeholder=everything,
        filter_mode=None,  # no typing, hence no keyboard over a tablet's screen
        key=f"queue-{name}",
        bind="query-params",
        label_visibility="collapsed",
    )
