"""A search in words: those of the descriptions' vocabulary ask for facts, the rest is sought in sentences."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile
from typing import Final, NamedTuple, TypeVar

from dashboard.fact_words import fact_word
from dashboard.language import _
from inspector.describing.words import Kind, Position, Severity, Shape, Size
from inspector.records import HistoryFilter

LONGEST: Final = 200
"""Characters of a search that are read."""
_SYNONYMS: Final = {
    "top left": Position.UPPER_LEFT,
    "top right": Position.UPPER_RIGHT,
    "bottom left": Position.LOWER_LEFT,
    "bottom right": Position.LOWER_RIGHT,
    "center": Position.CENTRE,
    "middle": Position.CENTRE,
    "color change": Kind.COLOUR_CHANGE,
}
_FILLERS: Final = frozenset({"a", "an", "and", "at", "in", "near", "of", "on", "the", "with"})
"""These ask for nothing, unless they stand between words that are sought together."""
_TOKEN: Final = re.compile(r'"([^"]*)"|((?:[^\s"]|"(?![^"]*"))+)')


@dataclass(frozen=True, slots=True)
class Search:
    """What a search asks for.

    Attributes:
        kinds: kinds of defects.
        places: cells of the frame.
        sizes: of a region.
        shapes: of a region.
        severities: of a region.
        texts: what a sentence must have in it, each of them.
    """

    kinds: tuple[str, ...] = ()
    places: tuple[Position, ...] = ()
    sizes: tuple[Size, ...] = ()
    shapes: tuple[Shape, ...] = ()
    severities: tuple[Severity, ...] = ()
    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, kinds: Collection[str]) -> Search:
        """Read a search such as `scratch upper left`. What stands in double quotes is sought as it is.

        Args:
            text: what was typed.
            kinds: kinds of defects that this plant knows beside the common ones.
        """
        vocabulary = _vocabulary(kinds)
        found: list[StrEnum | _OwnKind] = []
        texts: list[str] = []
        run: list[str] = []
        # PostgreSQL refuses a text with a null character, and nobody types one.
        tokens = _tokens(text[:LONGEST].replace("\0", " "))
        while tokens:
            length = _length_of_phrase(tokens, vocabulary)
            if not length and not tokens[0].is_quoted:
                run.append(tokens.pop(0).text)
                continue
            texts += _text_of(run)
            run = []
            if length:
                found.append(vocabulary[_phrase(tokens[:length])])
            else:
                texts += [tokens[0].text] if tokens[0].text else []
            del tokens[: max(length, 1)]
        texts += _text_of(run)
        return cls(
            kinds=_unique(str(each) for each in found if isinstance(each, Kind | _OwnKind)),
            places=_unique(each for each in found if isinstance(each, Position)),
            sizes=_unique(each for each in found if isinstance(each, Size)),
            shapes=_unique(each for each in found if isinstance(each, Shape)),
            severities=_unique(each for each in found if isinstance(each, Severity)),
            texts=_unique(texts),
        )

    def narrow(self, wanted: HistoryFilter) -> HistoryFilter:
        """A filter with what the search asks for added."""
        return replace(
            wanted,
            kinds=_unique((*wanted.kinds, *self.kinds)),
            places=_unique((*wanted.places, *self.places)),
            sizes=_unique((*wanted.sizes, *self.sizes)),
            shapes=_unique((*wanted.shapes, *self.shapes)),
            severities=_unique((*wanted.severities, *self.severities)),
            texts=_unique((*wanted.texts, *self.texts)),
        )

    def __str__(self) -> str:
        """How it was understood, such as "kind scratch; place upper left; “thread” in the sentence"."""
        named: tuple[tuple[str, tuple[str, ...]], ...] = (
            (_("kind {words}"), self.kinds),
            (_("place {words}"), self.places),
            (_("size {words}"), self.sizes),
            (_("shape {words}"), self.shapes),
            (_("severity {words}"), self.severities),
        )
        parts = [text.format(words=_(" or ").join(map(fact_word, words))) for text, words in named if words]
        if self.texts:
            quoted = _(" and ").join(f"“{text}”" for text in self.texts)
            parts.append(_("{texts} in the sentence").format(texts=quoted))
        return _("; ").join(parts)


class _OwnKind(str):
    """A kind that only this plant knows."""

    __slots__ = ()


def _vocabulary(kinds: Iterable[str]) -> dict[str, StrEnum | _OwnKind]:
    own = {_plain(kind): _OwnKind(kind) for kind in kinds if kind.strip()}
    common = {_plain(word): word for words in (Kind, Position, Size, Shape, Severity) for word in words}
    return own | common | _SYNONYMS


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("-", " ").split())


class _Token(NamedTuple):
    text: str
    is_quoted: bool


def _tokens(text: str) -> list[_Token]:
    """Words, and what stands in quotes; a quote without a partner is part of a word."""
    return [
        _Token(match[2], is_quoted=False) if match[2] else _Token((match[1] or "").strip(), is_quoted=True)
        for match in _TOKEN.finditer(text)
    ]


def _phrase(tokens: Iterable[_Token]) -> str:
    return _plain(" ".join(token.text for token in tokens).strip(",;."))


def _length_of_phrase(tokens: list[_Token], vocabulary: Collection[str]) -> int:
    """Tokens of the longest phrase of the vocabulary that begins here; 0 where none does."""
    words = list(takewhile(lambda token: not token.is_quoted, tokens))
    longest = max(len(phrase.split()) for phrase in vocabulary)
    lengths = range(min(longest, len(words)), 0, -1)
    return next((length for length in lengths if _phrase(words[:length]) in vocabulary), 0)


def _text_of(run: list[str]) -> list[str]:
    asks = [place for place, word in enumerate(run) if word.casefold().strip(",;.") not in _FILLERS | {""}]
    return [" ".join(run[asks[0] : asks[-1] + 1])] if asks else []


T = TypeVar("T")


def _unique(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
