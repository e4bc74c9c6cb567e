"""A report as it is laid out: words, tables, bars and pictures, the same for HTML, PDF and the page.

All texts are plain: whoever writes a format escapes them for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspector.describing.words import Language


class Tone(StrEnum):
    """What a statement is to its reader."""

    PLAIN = "plain"
    ATTENTION = "attention"
    """Somebody should do something."""
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Line:
    """One statement."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Figure:
    """A large number: what it is, the number, and what it is measured by."""

    label: str
    value: str
    note: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A remark under or instead of a table."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words and numbers.

    Attributes:
        heads: what each column holds.
        rows: cells, as many a row as heads.
        words: so many columns from the left hold words; the others hold numbers.
        bars: for each row how long its bar is, 0..1; empty where there are no bars.
        has_total: whether the last row sums up the others.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int
    bars: tuple[float, ...] = ()
    has_total: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether its numbers would fall apart from their names if it took the whole width."""
        return self.words == 1 and not self.bars


@dataclass(frozen=True, slots=True)
class Bar:
    """What happened in a part of the span.

    Attributes:
        label: when it began; empty where there is no room for a label.
        title: the whole of it in words.
        rejected: frames.
        unsure: frames.
    """

    label: str
    title: str
    rejected: int
    unsure: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Frames over time, rejected and unsure ones on top of each other.

    Attributes:
        bars: one for each interval, in order.
        rejected: word for the rejected frames.
        unsure: word for the unsure frames.
    """

    bars: tuple[Bar, ...]
    rejected: str
    unsure: str

    @property
    def highest(self) -> int:
        """The largest number of frames of a bar; 1 at least, so that it can be divided by."""
        return max((bar.rejected + bar.unsure for bar in self.bars), default=0) or 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, or in words why there is none.

    Attributes:
        caption: what it shows.
        jpeg: its bytes; None where there is none.
        absence: why there is none; empty where there is one.
    """

    caption: str
    jpeg: bytes | None
    absence: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One of the worst parts.

    Attributes:
        title: rank, product and place.
        sentence: what is wrong with it.
        facts: smaller statements.
        pictures: the part, and the part under its heat map.
    """

    title: str
    sentence: str
    facts: tuple[str, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Cards:
    """Parts in order."""

    cards: tuple[Card, ...]


Block = Paragraph | Table | Bars | Cards


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole report.

    Attributes:
        language: of its words.
        title: what it is.
        subtitle: place and time.
        details: what was looked at, and when the report was made.
        lines: what a reader should know after half a minute.
        figures: the large numbers.
        sections: the rest.
        page: template of a page's number, with `{number}`.
    """

    language: Language
    title: str
    subtitle: str
    details: str
    lines: tuple[Line, ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    page: str
