"""Words of facts (kind, place, size, shape, severity) in the visitor's language: those of the sentences."""

from __future__ import annotations

from dashboard.language import language
from inspector.describing.templates import TRANSLATIONS
from inspector.describing.words import Language


def fact_word(word: str) -> str:
    """A word of the vocabulary in the visitor's language; a plant's own kind stays as it is."""
    return fact_word_in(language(), word)


def fact_word_in(of: Language, word: str) -> str:
    """A word of the vocabulary in one language."""
    # Inside a sentence "large" qualifies a noun; alone it stands without the particle.
    return TRANSLATIONS[of].get(word, word).removesuffix("的")
