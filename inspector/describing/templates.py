"""Sentences built from the facts alone: always true, always there, also where no language model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from inspector.describing.facts import Facts
from inspector.describing.words import Language
from inspector.describing.writing import chinese, english

WRITERS: Mapping[str, Callable[[Facts, str | None], str]] = {
    "en": english.describe,
    "zh": chinese.describe,
}
TRANSLATIONS: Mapping[str, Mapping[str, str]] = {"en": {}, "zh": chinese.WORDS}


def describe_by_template(facts: Facts, language: Language = "en", part: str | None = None) -> str:
    """One short sentence for an operator: how many defects, and the worst ones with look, kind and place.

    Args:
        facts: what was measured.
        language: the sentence's language.
        part: what the part is called, such as "bottle"; None: "part".

    Raises:
        ValueError: there are no templates in this language.
    """
    if language not in WRITERS:
        raise ValueError(f"there are no templates in {language!r}, only in {', '.join(WRITERS)}")
    return WRITERS[language](facts, part)


def translate(word: StrEnum | str, language: Language) -> str:
    """A word of the vocabulary in a language; a product's own words stay as they are.

    Raises:
        ValueError: there are no templates in this language.
    """
    if language not in TRANSLATIONS:
        raise ValueError(f"there are no words in {language!r}, only in {', '.join(TRANSLATIONS)}")
    return TRANSLATIONS[language].get(word, str(word))
