"""The languages that a report can be written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from dashboard.report.chinese import CHINESE
from dashboard.report.english import ENGLISH
from dashboard.report.words import Counted, Words
from inspector.describing.words import Language

WORDS: Final[Mapping[Language, Words]] = {"en": ENGLISH, "zh": CHINESE}


def texts(words: Words) -> dict[str, Counted]:
    """Every text of a language by its name; one that does not depend on a number stands twice."""
    found = ((field.name, getattr(words, field.name)) for field in fields(words))
    return {name: (text, text) if isinstance(text, str) else text for name, text in found}
