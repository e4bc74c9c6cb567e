"""A sentence taken apart into tokens, by a language's lexicon and a product's own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from inspector.describing.reading.chinese import CHINESE
from inspector.describing.reading.english import ENGLISH
from inspector.describing.reading.lexicon import Lexicon, Meaning, Tag, Token
from inspector.describing.reading.values import Amount, Bound, Count, Unit

LEXICONS: Mapping[str, Lexicon] = {"en": ENGLISH, "zh": CHINESE}
NUMBER = r"\d+(?:[.,]\d+)?"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A lexicon made ready: every phrase and its token, and the pattern that finds them.

    Attributes:
        lexicon: where the phrases come from.
        entries: token of each phrase.
        bounds: bound of each phrase before an amount.
        units: unit of each phrase after a number.
        pattern: finds amounts, phrases, numbers, words and marks, the longest phrase first.
    """

    lexicon: Lexicon
    entries: Mapping[str, Token]
    bounds: Mapping[str, Bound]
    units: Mapping[str, Unit]
    pattern: re.Pattern[str]


@lru_cache(maxsize=16)
def vocabulary(language: str, kinds: tuple[str, ...], part: str | None) -> Vocabulary:
    """The phrases of a language and of a product.

    Args:
        language: "en" or "zh".
        kinds: the product's own kinds of defects; they go before the language's phrases.
        part: what the part is called. Its words say nothing about a defect, "left bracket"; a name that is
            a phrase of the language is only known where it follows a share, "2 % of the top".

    Raises:
        ValueError: there is no lexicon for this language.
    """
    if language not in LEXICONS:
        raise ValueError(f"there is no lexicon for {language!r}, only for {', '.join(LEXICONS)}")
    lexicon = LEXICONS[language]
    entries: dict[str, Token] = {}
    for text, token in (*_own_kinds(lexicon, kinds), *_phrases(lexicon)):
        entries.setdefault(text, token)
    if part is not None and (name := _normalise(part, lexicon)):
        if name in entries:
            name = lexicon.part_phrase.format(part=name)
        entries.setdefault(name, Token(Tag.WORD, name))
    bounds = {phrase: bound for bound, phrases in lexicon.bounds.items() for phrase in phrases}
    units = {phrase: unit for unit, phrases in lexicon.units.items() for phrase in phrases}
    return Vocabulary(lexicon, entries, bounds, units, _pattern(lexicon, entries, bounds, units))


def tokenise(sentence: str, vocabulary: Vocabulary) -> tuple[Token, ...]:
    """The tokens of a sentence, in order; white space is dropped."""
    text = _normalise(sentence, vocabulary.lexicon)
    return tuple(_token(match, vocabulary) for match in vocabulary.pattern.finditer(text))


def _token(match: re.Match[str], vocabulary: Vocabulary) -> Token:
    text = match.group()
    if match["unit"]:
        bound = vocabulary.bounds.get(match["bound"] or "", Bound.ABOUT)
        value = _value(match["amount"], vocabulary.lexicon)
        return Token(Tag.AMOUNT, text, Amount(value, vocabulary.units[match["unit"]], bound))
    if match["percent"]:
        return Token(Tag.AMOUNT, text, Amount(_value(match["percent"], vocabulary.lexicon), Unit.PERCENT))
    if match["count"]:
        number = int(match["count"])
        return Token(Tag.COUNT, text, Count(number, number)) if number else Token(Tag.NOT, text)
    if match["number"]:
        return Token(Tag.CLAIM, text)
    return vocabulary.entries.get(text, Token(Tag.WORD, text))


def _value(text: str, lexicon: Lexicon) -> float:
    return float(lexicon.numbers.get(text) or text.replace(",", "."))


def _own_kinds(lexicon: Lexicon, kinds: tuple[str, ...]) -> Iterator[tuple[str, Token]]:
    for kind in kinds:
        if text := _normalise(kind, lexicon):
            yield from _noun(text, Tag.KIND, kind, lexicon)


def _phrases(lexicon: Lexicon) -> Iterator[tuple[str, Token]]:
    for kind, phrases in lexicon.kinds.items():
        for phrase in phrases:
            yield from _noun(phrase, Tag.KIND, kind, lexicon)
    for tag, phrases in lexicon.nouns.items():
        for phrase in phrases:
            yield from _noun(phrase, tag, None, lexicon)
    for tag, meaning, found in _meanings(lexicon):
        none = isinstance(meaning, Count) and meaning.most == 0
        for phrase in found:
            yield phrase, Token(Tag.NOT if none else tag, phrase, meaning)
    for tag, phrases in lexicon.signals.items():
        for phrase in phrases:
            yield phrase, Token(tag, phrase)


def _meanings(lexicon: Lexicon) -> Iterator[tuple[Tag, Meaning, tuple[str, ...]]]:
    for cell, phrases in lexicon.positions.items():
        yield Tag.POSITION, cell, phrases
    for size, phrases in lexicon.sizes.items():
        yield Tag.SIZE, size, phrases
    for shape, phrases in lexicon.shapes.items():
        yield Tag.SHAPE, shape, phrases
    for contrast, phrases in lexicon.contrasts.items():
        yield Tag.CONTRAST, contrast, phrases
    for count, phrases in lexicon.counts.items():
        yield Tag.COUNT, count, phrases
    for percent, phrases in lexicon.shares.items():
        yield Tag.AMOUNT, Amount(percent, Unit.PERCENT), phrases


def _noun(text: str, tag: Tag, kind: str | None, lexicon: Lexicon) -> Iterator[tuple[str, Token]]:
    yield text, Token(tag, text, kind)
    if lexicon.spaced:
        if text.endswith("y") and text[-2:-1] not in tuple("aeiou"):
            plural = f"{text[:-1]}ies"
        else:
            plural = f"{text}es" if text.endswith(("s", "x", "ch", "sh")) else f"{text}s"
        yield plural, Token(tag, plural, kind, plural=True)


def _pattern(
    lexicon: Lexicon, entries: Mapping[str, Token], bounds: Mapping[str, Bound], units: Mapping[str, Unit]
) -> re.Pattern[str]:
    start, end = (r"(?<!\w)", r"(?!\w)") if lexicon.spaced else ("", "")
    words = [phrase for phrase in entries if re.search(r"\w", phrase)]
    marks = [phrase for phrase in entries if not re.search(r"\w", phrase)]
    classifiers = rf"\s*(?:{_any(lexicon.classifiers)})" if lexicon.classifiers else rf"{end}(?![.,]\d)"
    word = r"\w+" if lexicon.spaced else r"[a-z_]+|\w"
    return re.compile(
        rf"(?:(?P<bound>{_any(bounds)})\s*)?{start}(?P<amount>{NUMBER}|{_any(lexicon.numbers)})\s*"
        rf"(?P<unit>{_any(units)}){end}(?:\s+(?:{_any(lexicon.amount_endings)}){end})?"
        rf"|(?:{_any(lexicon.percent_before)})(?P<percent>{NUMBER}|{_any(lexicon.numbers)})"
        rf"|{start}(?:{_any(words)}){end}"
        rf"|{start}(?P<count>\d+){classifiers}"
        rf"|(?P<number>{NUMBER})"
        rf"|{_any(marks)}"
        rf"|{word}|[^\w\s]"
    )


def _any(phrases: Mapping[str, object] | tuple[str, ...] | list[str]) -> str:
    """An alternation, the longest first; it matches nothing where there are no phrases."""
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True)) or r"(?!)"


def _normalise(text: str, lexicon: Lexicon) -> str:
    """Lower case, plain punctuation, one space between words, no hyphens inside of words."""
    text = unicodedata.normalize("NFKC", text).lower()
    for spelling, read_as in lexicon.spelling.items():
        text = text.replace(spelling, read_as)
    text = re.sub(r"\s[-\u2013]\s|\u2014", " , ", text)
    return " ".join(re.sub(r"[-\u2013_/]", " ", text).split())
