"""Text in a PDF: which font each letter is in, how wide it is, and the markup that reportlab reads."""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import getFont, registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import Paragraph

from inspector.errors import ReportError

WESTERN, WESTERN_BOLD, OTHER = "Helvetica", "Helvetica-Bold", "STSong-Light"
INK: Final[Color] = HexColor("#15202b")
QUIET: Final[Color] = HexColor("#52606d")
RULE: Final[Color] = HexColor("#d5dce3")
ACCENT: Final[Color] = HexColor("#1f4e79")
REJECT: Final[Color] = HexColor("#b3261e")
UNSURE: Final[Color] = HexColor("#f2b134")
GOOD: Final[Color] = HexColor("#0b6e4f")
PANEL: Final[Color] = HexColor("#eef3f8")
_LEADING: Final = 1.32


_other: ContextVar[str] = ContextVar("font of letters that are not western", default=OTHER)


@contextmanager
def lettering(font: Path | None) -> Iterator[None]:
    """Write letters that are not western in a font, as long as the block lasts.

    Args:
        font: a TrueType file, of which the PDF gets what it uses; None takes `OTHER`.

    Raises:
        ReportError: the file cannot be used.
    """
    before = _other.set(register(font))
    try:
        yield
    finally:
        _other.reset(before)


@lru_cache(maxsize=8)
def register(font: Path | None) -> str:
    """Make a font known to reportlab; its name there.

    Raises:
        ReportError: the file cannot be used.
    """
    if font is None:
        registerFont(UnicodeCIDFont(OTHER))
        return OTHER
    try:
        registerFont(TTFont(str(font), str(font)))
    # A damaged file makes reportlab stumble over what it reads.
    except (TTFError, OSError, struct.error, LookupError) as error:
        raise ReportError(
            f"the font {font} cannot be used",
            f"{error or type(error).__name__}",
            "Set a TrueType file (.ttf, .ttc) as `font` under [report], or none",
        ) from error
    return str(font)


def runs(text: str, font: str) -> list[tuple[str, str]]:
    """A text cut into pieces of one font each: `(font, piece)`.

    Letters outside cp1252 are in the font of `lettering`. One that it does not have loses its marks, or is a
    question mark: a letter that is left out would make another name of it.
    """
    other = _other.get()
    pieces = groupby(
        (letter for each in text for letter in _shown(each, other)), key=lambda letter: _in(letter, "cp1252")
    )
    return [(font if western else other, "".join(letters)) for western, letters in pieces]


def width_of(text: str, style: ParagraphStyle) -> float:
    """Width of a text on one line, in points."""
    return sum(stringWidth(piece, font, style.fontSize) for font, piece in runs(text, style.fontName))


def markup(text: str, font: str = WESTERN) -> str:
    """A plain text as reportlab's markup: nothing in it is taken for a tag."""
    return "".join(
        escape(piece) if name == font else f'<font name="{name}">{escape(piece)}</font>'
        for name, piece in runs(text, font)
    )


def paragraph(text: str, style: ParagraphStyle, before: str = "") -> Paragraph:
    """A plain text as a paragraph; `before` is markup that is put before it."""
    return Paragraph(before + markup(text, style.fontName), style)


def style(
    size: float,
    *,
    bold: bool = False,
    colour: Color = INK,
    right: bool = False,
    before: float = 0,
    after: float = 0,
) -> ParagraphStyle:
    """A style.

    Args:
        size: of the letters, points.
        bold: whether western letters are bold; the other font has one weight.
        colour: of the letters.
        right: whether lines end at the right.
        before: room above, points.
        after: room below, points.
    """
    return ParagraphStyle(
        f"{size}-{bold}-{right}",
        fontName=WESTERN_BOLD if bold else WESTERN,
        fontSize=size,
        leading=size * _LEADING,
        textColor=colour,
        alignment=TA_RIGHT if right else TA_LEFT,
        spaceBefore=before,
        spaceAfter=after,
    )


def _shown(letter: str, other: str) -> str:
    if _in(letter, "cp1252") or _has(other, letter):
        return letter
    bare = "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
    return bare if bare and _in(bare, "cp1252") else "?"


def _has(font: str, letter: str) -> bool:
    if font == OTHER:
        # What Adobe-GB1 names are the letters of GBK (Adobe Technical Note 5079).
        return _in(letter, "gbk")
    known = getFont(font)
    return isinstance(known, TTFont) and ord(letter) in known.face.charToGlyph


def _in(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
