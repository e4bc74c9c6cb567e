"""Numbers, times and names as a report writes them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from dashboard.report.words import Words
from dashboard.scores import number
from inspector.describing.words import Kind

LONGEST: Final = 400
"""Characters of a text from the records that are shown; a page must have room for it."""
LONGEST_NAME: Final = 80
_VERSION: Final = 12
"""Characters of a bundle's version that tell it from the others."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that show nothing, or turn what stands around them: direction marks, lone surrogates."""


def percent(share: float | None, words: Words) -> str:
    """A share as a percentage with one decimal; a dash where there is none."""
    return words.none if share is None else f"{share * 100:.1f} %"


def count(frames: int) -> str:
    """A number of frames, its thousands set apart."""
    return f"{frames:,}"


def times(score: float, limit: float, words: Words) -> str:
    """How many times the limit a score is; a dash where that says nothing."""
    return number(score / limit) if limit > 0 and math.isfinite(score / limit) else words.none


def moment(at: datetime, zone: tzinfo) -> str:
    """Date and time to the minute, in the order of ISO 8601, which every language reads alike."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def clock(at: datetime, zone: tzinfo, beside: datetime) -> str:
    """The time of day; with the date before it where that is not that of `beside`."""
    local = at.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == beside.astimezone(zone).date() else moment(at, zone)


def zone_name(at: datetime, zone: tzinfo) -> str:
    """The zone's name at a moment, such as CET, or UTC+08 where it only has a number."""
    name = f"{at.astimezone(zone):%Z}"
    return f"UTC{name}" if name[:1] in "+-" else name


def clip(text: str, longest: int = LONGEST) -> str:
    """One line of a text from the records, without control characters, cut where it is long."""
    line = " ".join("".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def name(text: str) -> str:
    """A name from the records, such as a product's, as `clip` does it."""
    return clip(text, LONGEST_NAME)


def names(some: Sequence[str], words: Words) -> str:
    """Names in a row."""
    return words.separator.join(map(name, some))


def version(text: str) -> str:
    """The beginning of a bundle's version."""
    return clip(text)[:_VERSION]


def is_known(kind: str | None) -> bool:
    """Whether a kind of defect is one, and not the word for none."""
    return kind is not None and kind != Kind.UNKNOWN
