"""What a lexicon holds: the phrases of a language, and what each means. The phrases themselves are data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from inspector.describing.reading.values import Amount, Bound, Count, Unit
from inspector.describing.words import Contrast, Shape, Size


def phrases(text: str) -> tuple[str, ...]:
    """Phrases written one after the other, with commas between them."""
    return tuple(phrase.strip() for phrase in text.split(","))


class Cell(NamedTuple):
    """A place: row 0 is the upper, column 0 the left. None: not said, as in "left" or "centre"."""

    row: int | None
    column: int | None


class Tag(Enum):
    """The part that a phrase plays in a sentence."""

    KIND = auto()
    UNKNOWN_KIND = auto()
    DEFECT = auto()
    """A noun without a kind: defect, mark, spot."""
    AREA = auto()
    """A noun that may belong to a position, "the left area", or be one like `DEFECT`, "a dark area"."""
    POSITION = auto()
    SIZE = auto()
    SHAPE = auto()
    CONTRAST = auto()
    AMOUNT = auto()
    COUNT = auto()
    CLAIM = auto()
    """What no fact can confirm: a named colour, "everywhere", digits that count nothing."""
    ARTICLE = auto()
    """Begins the first mention of something: a, another."""
    DEFINITE = auto()
    """Points back to what was mentioned: the, this."""
    MORE = auto()
    """Others, not described: more, others."""
    SAME = auto()
    """What follows describes the defect before it again: possibly, it is, which looks like."""
    BESIDE = auto()
    """Before a thing of the part's own: near the hole."""
    NOT = auto()
    BUT = auto()
    """Ends what "not" covers."""
    GOOD = auto()
    """Says that there is no defect: flawless, the part is good."""
    UNSURE = auto()
    FILLER = auto()
    """Words inside a position: corner, edge, of."""
    AND = auto()
    COMMA = auto()
    STOP = auto()
    WORD = auto()
    """Any other word."""


Meaning = str | Size | Shape | Contrast | Cell | Count | Amount | None


@dataclass(frozen=True, slots=True)
class Token:
    """A phrase of a sentence.

    Attributes:
        tag: its part in the sentence.
        text: as written, after normalisation.
        meaning: kind, size, shape, contrast, cell, count or amount, by the tag.
        plural: the noun's form says that there are several.
    """

    tag: Tag
    text: str
    meaning: Meaning = None
    plural: bool = False


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A language's phrases. All are in lower case, with one space between words and no hyphens.

    Attributes:
        kinds: phrases for each kind; nouns in the singular.
        nouns: phrases for `Tag.DEFECT` and `Tag.AREA`, in the singular.
        positions: phrases for each cell, or for a row or a column alone.
        sizes: phrases for each size.
        shapes: phrases for each shape.
        contrasts: phrases for each contrast.
        counts: phrases for each count, but for digits.
        signals: phrases for the other tags.
        bounds: phrases before an amount.
        units: phrases after a number.
        shares: phrases for fractions of the part, by their percentage.
        percent_before: phrases before a number that make it a percentage.
        numbers: number words that may stand before a unit.
        amount_endings: phrases after an amount that belong to it, such as "wide".
        classifiers: words that have to follow the digits of a count; none where digits alone count.
        spelling: spellings and what they are read as.
        spaced: words are parted by spaces, and nouns have a plural with -s.
        foreign: a regular expression for letters of other languages.
        part_phrase: how the part is named in a share, with `{part}`.
    """

    kinds: Mapping[str, tuple[str, ...]]
    nouns: Mapping[Tag, tuple[str, ...]]
    positions: Mapping[Cell, tuple[str, ...]]
    sizes: Mapping[Size, tuple[str, ...]]
    shapes: Mapping[Shape, tuple[str, ...]]
    contrasts: Mapping[Contrast, tuple[str, ...]]
    counts: Mapping[Count, tuple[str, ...]]
    signals: Mapping[Tag, tuple[str, ...]]
    bounds: Mapping[Bound, tuple[str, ...]]
    units: Mapping[Unit, tuple[str, ...]]
    shares: Mapping[float, tuple[str, ...]]
    percent_before: tuple[str, ...]
    numbers: Mapping[str, int]
    amount_endings: tuple[str, ...]
    classifiers: tuple[str, ...]
    spelling: Mapping[str, str]
    spaced: bool
    foreign: str
    part_phrase: str
