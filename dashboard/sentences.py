"""What is said of a rejected part: the sentence, and how it came about."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from html import escape
from typing import Final

from dashboard.language import N_, _
from inspector.describing.words import Source
from inspector.records import StoredDescription, StoredInspection
from inspector.results import Verdict
from inspector.settings import DescribingSettings

WORDS: Final[dict[Source, str]] = {
    Source.TEMPLATE: N_("Template"),
    Source.LLM: N_("Language model"),
    Source.LLM_RETRY: N_("Language model"),
}
"""An operator need not know how many tries it took."""
_PATIENCE: Final = 6
"""Deadlines that may pass until nobody believes any more that a sentence is being written."""


class Progress(Enum):
    """How far a frame's description is."""

    NONE = auto()
    """There is none, and none will come."""
    PENDING = auto()
    """It is being written."""
    DONE = auto()


def progress_of(inspection: StoredInspection, now: datetime, settings: DescribingSettings) -> Progress:
    """How far a frame's description is; only rejects get one."""
    if inspection.description is not None:
        return Progress.DONE
    age = now - inspection.inspected_at
    awaited = settings.enabled and age < timedelta(seconds=_PATIENCE * settings.deadline_s)
    return Progress.PENDING if inspection.verdict is Verdict.REJECT and awaited else Progress.NONE


def sentence(inspection: StoredInspection, progress: Progress) -> str:
    """HTML of the sentence with a hint who wrote it, or that it is being written; empty without either."""
    told = inspection.description
    if told is not None:
        return (
            f'<div class="sentence"><p lang="{told.language}">{escape(told.sentence)}</p>'
            f"<small>{_(WORDS[told.source])}</small></div>"
        )
    if progress is Progress.PENDING:
        pending = _("Being described…")
        return f'<div class="sentence pending"><p>{pending}</p></div>'
    return ""


def how_it_came(description: StoredDescription) -> str:
    """Who wrote a sentence and how long it took, such as "Language model, 0.8 s after the verdict"."""
    return _("{writer}, {time} after the verdict").format(
        writer=_(WORDS[description.source]), time=duration_text(description.seconds)
    )


def duration_text(seconds: float) -> str:
    """Seconds as a person reads them: "0.4 s", "12 s", "5 min", "3 h"."""
    if seconds < 10:  # noqa: PLR2004 - two digits
        return _("{n} s").format(n=f"{seconds:.1f}")
    if seconds < 120:  # noqa: PLR2004
        return _("{n} s").format(n=f"{seconds:.0f}")
    if seconds < 7200:  # noqa: PLR2004
        return _("{n} min").format(n=f"{seconds / 60:.0f}")
    return _("{n} h").format(n=f"{seconds / 3600:.0f}")
