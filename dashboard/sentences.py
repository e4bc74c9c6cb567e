"""What is said of a rejected part: the sentence, and how it came about."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from html import escape
from typing import Final

from inspector.describing.words import Source
from inspector.records import StoredDescription, StoredInspection
from inspector.results import Verdict
from inspector.settings import DescribingSettings

WORDS: Final[dict[Source, str]] = {
    Source.TEMPLATE: "Template",
    Source.LLM: "Language model",
    Source.LLM_RETRY: "Language model",
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
            f"<small>{WORDS[told.source]}</small></div>"
        )
    if progress is Progress.PENDING:
        return '<div class="sentence pending"><p>Being described…</p></div>'
    return ""


def how_it_came(description: StoredDescription) -> str:
    """Who wrote a sentence and how long it took, such as "Language model, 0.8 s after the verdict"."""
    return f"{WORDS[description.source]}, {duration_text(description.seconds)} after the verdict"


def duration_text(seconds: float) -> str:
    """Seconds as a person reads them: "0.4 s", "12 s", "5 min", "3 h"."""
    if seconds < 10:  # noqa: PLR2004 - two digits
        return f"{seconds:.1f} s"
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"  # noqa: PLR2004
