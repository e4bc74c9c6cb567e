"""A report as PDF, on A4, by reportlab: pure Python, no browser and no system library.

Letters of western languages are in Helvetica, all others in STSong-Light. Both are fonts that a reader of PDF
brings along and that no file has to carry (ISO 32000-1, 9.6.2.2 and 9.7.5.2): a report stays small, and
Chinese needs no font on the machine that writes it. A font of the settings takes the place of STSong-Light
where readers have no such font, or names have letters that it lacks.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, SimpleDocTemplate, Spacer

from dashboard.report.pdf_bars import Columns
from dashboard.report.pdf_parts import card_row, figure_row, legend, statements
from dashboard.report.pdf_tables import grid
from dashboard.report.pdf_text import ACCENT, QUIET, WESTERN, lettering, paragraph, runs, style
from dashboard.report.sheet import Bars, Block, Cards, Paragraph, Sheet, Table

_MARGIN: Final = 14 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
_PADDING: Final = 6.0
"""Points that reportlab leaves free inside a page's frame."""
_TITLE, _SUBTITLE = style(19, bold=True), style(12)
_HEADING = style(13, bold=True, colour=ACCENT, before=13, after=4)
_QUIET, _PLAIN = style(8.5, colour=QUIET, before=2), style(9.5)
_FOOTER_SIZE: Final = 8.0


def pdf(sheet: Sheet, font: Path | None = None) -> bytes:
    """The report as the bytes of a PDF.

    Args:
        sheet: what it tells.
        font: a TrueType file for letters that are not western; STSong-Light without one.

    Raises:
        ReportError: the font cannot be used.
    """
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN - _PADDING,
        rightMargin=_MARGIN - _PADDING,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 4 * mm,
        title=f"{sheet.title} \N{EN DASH} {sheet.subtitle}",
        author="inspector",
        lang=sheet.language,
    )
    footer = _footer(sheet)
    with lettering(font):
        document.build(list(_story(sheet)), onFirstPage=footer, onLaterPages=footer)
    return file.getvalue()


def _story(sheet: Sheet) -> Iterator[Flowable]:
    yield paragraph(sheet.title, _TITLE)
    yield paragraph(sheet.subtitle, _SUBTITLE)
    yield paragraph(sheet.details, _QUIET)
    yield Spacer(0, 8)
    yield statements(sheet.lines, _WIDTH)
    if sheet.figures:
        yield Spacer(0, 8)
        yield figure_row(sheet.figures, _WIDTH)
    for section in sheet.sections:
        # A heading is not left alone at the foot of a page.
        needed = 75 * mm if isinstance(section.blocks[0], Cards | Bars) else 32 * mm
        yield CondPageBreak(needed)
        yield paragraph(section.title, _HEADING)
        for place, block in enumerate(section.blocks):
            yield from _block(block, is_first=place == 0)


def _block(block: Block, *, is_first: bool) -> Iterator[Flowable]:
    match block:
        case Paragraph():
            yield paragraph(block.text, _PLAIN if is_first else _QUIET)
        case Table():
            yield grid(block, _WIDTH)
        case Bars():
            yield legend(block)
            yield Columns(block)
        case Cards():
            for first in range(0, len(block.cards), 2):
                yield card_row(block.cards[first : first + 2], _WIDTH)


def _footer(sheet: Sheet) -> Callable[[Canvas, BaseDocTemplate], None]:
    def draw(canvas: Canvas, document: BaseDocTemplate) -> None:
        words = f"{sheet.title} · {sheet.subtitle} · {sheet.page.format(number=document.page)}"
        canvas.saveState()
        canvas.setFillColor(QUIET)
        line = canvas.beginText(_MARGIN, 9 * mm)
        for font, piece in runs(words, WESTERN):
            line.setFont(font, _FOOTER_SIZE)
            line.textOut(piece)
        canvas.drawText(line)
        canvas.restoreState()

    return draw
