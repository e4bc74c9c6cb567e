"""Text in a PDF: which font each letter is in, how wide it is, and the markup that reportlab reads."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.platypus import Paragraph

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


@cache
def register_fonts() -> None:
    """Make the font of non-western letters known to reportlab; its measures come with reportlab."""
    registerFont(UnicodeCIDFont(OTHER))


def runs(text: str, font: str) -> list[tuple[str, str]]:
    """A text cut into pieces of one font each: `(font, piece)`. Letters outside cp1252 are in `OTHER`."""
    pieces = groupby(text, key=_is_western)
    return [(font if western else OTHER, "".join(letters)) for western, letters in pieces]


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


def _is_western(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
