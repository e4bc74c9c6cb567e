"""The parts of a PDF that are no plain tables: statements, large numbers, cards with pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, Image, Paragraph, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from dashboard.report.pdf_text import (
    ACCENT,
    GOOD,
    PANEL,
    QUIET,
    REJECT,
    RULE,
    UNSURE,
    markup,
    paragraph,
    style,
)
from dashboard.report.sheet import Bars, Card, Figure, Line, Picture, Tone

_GAP: Final = 8.0
_PICTURE_HEIGHT: Final = 36 * mm
_MARKS: Final = {Tone.PLAIN: "\N{BULLET}", Tone.ATTENTION: "!", Tone.GOOD: "\N{BULLET}"}
_COLOURS: Final = {Tone.PLAIN: ACCENT, Tone.ATTENTION: REJECT, Tone.GOOD: GOOD}
_FIRST, _STATEMENT = style(11, bold=True), style(10.5)
_LABEL, _NUMBER, _NOTE = style(9.5), style(18, bold=True), style(8.5, colour=QUIET)
_CARD, _SENTENCE = style(9.5, bold=True), style(10, bold=True)


def statements(lines: Sequence[Line], width: float) -> Grid:
    """The statements in a panel, those that ask for attention with a red mark."""
    rows = [
        [
            paragraph(_MARKS[line.tone], style(11, bold=True, colour=_COLOURS[line.tone])),
            paragraph(line.text, _STATEMENT if place else _FIRST),
        ]
        for place, line in enumerate(lines)
    ]
    panel = Grid(rows, colWidths=[18, width - 18])
    panel.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), PANEL),
                ("LINEBEFORE", (0, 0), (0, -1), 4, ACCENT),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (0, -1), 10),
                ("LEFTPADDING", (1, 0), (1, -1), 4),
                ("RIGHTPADDING", (0, 0), (0, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
                ("TOPPADDING", (0, 0), (-1, 0), 6),
                ("BOTTOMPADDING", (0, -1), (-1, -1), 6),
            ]
        )
    )
    return panel


def figure_row(figures: Sequence[Figure], width: float) -> Grid:
    """The large numbers in one row of boxes."""
    boxes = [
        [paragraph(one.label, _LABEL), paragraph(one.value, _NUMBER), paragraph(one.note, _NOTE)]
        for one in figures
    ]
    row = Grid([boxes], colWidths=[width / len(boxes)] * len(boxes))
    tops = [
        ("LINEABOVE", (place, 0), (place, 0), 3, _COLOURS[figure.tone])
        for place, figure in enumerate(figures)
    ]
    row.setStyle(
        TableStyle(
            [
                ("BOX", (0, 0), (-1, -1), 0.5, RULE),
                ("INNERGRID", (0, 0), (-1, -1), 0.5, RULE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                *tops,
            ]
        )
    )
    return row


def legend(block: Bars) -> Paragraph:
    """What the colours of the bars mean."""
    rejected, unsure = (
        # A box of the colour: the letter that Zapf Dingbats, which every reader has, draws as one.
        f'<font name="ZapfDingbats" color="{colour.hexval().replace("0x", "#")}">n</font> {markup(word)}'
        for colour, word in ((REJECT, block.rejected), (UNSURE, block.unsure))
    )
    return Paragraph(f"{rejected} &nbsp;&nbsp; {unsure}", _NOTE)


def card_row(cards: Sequence[Card], width: float) -> Grid:
    """One or two parts side by side; a row is never divided between pages."""
    column = (width - _GAP) / 2
    cells = [_card(card, column - 2 * _GAP) for card in cards]
    row = Grid(
        [[cells[0], "", cells[1] if len(cells) > 1 else ""]],
        colWidths=[column, _GAP, column],
        spaceAfter=_GAP,
        splitByRow=0,
    )
    boxes = [("BOX", (2 * place, 0), (2 * place, 0), 0.5, RULE) for place in range(len(cells))]
    row.setStyle(
        TableStyle(
            [
                *boxes,
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), _GAP),
                ("RIGHTPADDING", (0, 0), (-1, -1), _GAP),
                ("TOPPADDING", (0, 0), (-1, -1), 5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
            ]
        )
    )
    return row


def _card(card: Card, width: float) -> list[Flowable]:
    return [
        paragraph(card.title, _CARD),
        _pictures(card.pictures, width),
        paragraph(card.sentence, _SENTENCE),
        Spacer(0, 2),
        *(paragraph(fact, _NOTE) for fact in card.facts),
    ]


def _pictures(pictures: Sequence[Picture], width: float) -> Grid:
    column = width / 2
    shown = [_picture(one, column - 4) for one in pictures]
    captions: list[Flowable | str] = [paragraph(one.caption, _NOTE) for one in pictures]
    fill = [""] * (2 - len(pictures))
    row = Grid([[*shown, *fill], [*captions, *fill]], colWidths=[column, column])
    row.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, 0), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ]
        )
    )
    return row


def _picture(picture: Picture, width: float) -> Flowable:
    if picture.jpeg is None:
        box = Grid([[paragraph(picture.absence, _NOTE)]], colWidths=[width], rowHeights=[_PICTURE_HEIGHT])
        looks = [("BACKGROUND", (0, 0), (0, 0), PANEL), ("VALIGN", (0, 0), (0, 0), "MIDDLE")]
        box.setStyle(TableStyle(looks))
        return box
    width_px, height_px = ImageReader(io.BytesIO(picture.jpeg)).getSize()
    factor = min(width / width_px, _PICTURE_HEIGHT / height_px)
    return Image(io.BytesIO(picture.jpeg), width_px * factor, height_px * factor, hAlign="LEFT")
