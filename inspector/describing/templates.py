"""Sentences built from the facts alone: always true, always there, also where no language model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from inspector.describing.facts import Facts
from inspector.describing.words import Language, Position
from inspector.describing.writing import chinese, english

WRITERS: Mapping[str, Callable[[Facts, str | None], str]] = {
    "en": english.describe,
    "zh": chinese.describe,
}
PLACE_WRITERS: Mapping[str, Callable[[Sequence[Position]], str]] = {
    "en": english.describe_places,
    "zh": chinese.describe_places,
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


def describe_places(places: Sequence[Position], language: Language = "en") -> str:
    """One short sentence about a rejected frame of which nothing but the places of its defects is known.

    Args:
        places: of each defect, the worst first; none: also the place is not known.
        language: the sentence's language.

    Raises:
        ValueError: there are no templates in this language.
    """
    if language not in PLACE_WRITERS:
        raise ValueError(f"there are no templates in {language!r}, only in {', '.join(PLACE_WRITERS)}")
    return PLACE_WRITERS[language](places)


def translate(word: StrEnum | str, language: Language) -> str:
    """A word of the vocabulary in a language; a product's own words stay as they are.

    Raises:
        ValueError: there are no templates in this language.
    """
    if language not in TRANSLATIONS:
        raise ValueError(f"there are no words in {language!r}, only in {', '.join(TRANSLATIONS)}")
    return TRANSLATIONS[language].get(word, str(word))
