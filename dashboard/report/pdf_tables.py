"""Tables in a PDF: columns as wide as their numbers need, words share the rest."""

from __future__ import annotations

from typing import Final

from reportlab.platypus import Table as Grid
from reportlab.platypus import TableStyle

from dashboard.report.pdf_bars import RowBar
from dashboard.report.pdf_text import INK, QUIET, RULE, paragraph, style, width_of
from dashboard.report.sheet import Table

_GAP: Final = 9.0
"""Points between two columns."""
_BAR_SHARE: Final = 0.34
_LEAST: Final = 44.0
"""Points that a column of words has at least."""
_HEAD = style(8.5, bold=True, colour=QUIET)
_HEAD_OF_NUMBERS = style(8.5, bold=True, colour=QUIET, right=True)
_WORDS = style(9.5)
_NUMBERS = style(9.5, right=True)
_TOTAL_WORDS = style(9.5, bold=True)
_TOTAL_NUMBERS = style(9.5, bold=True, right=True)


def grid(block: Table, width: float) -> Grid:
    """A table as reportlab lays it out; its head is repeated on every page.

    Args:
        block: what it holds.
        width: room for it, points.
    """
    heads = [
        paragraph(text, _HEAD if column < block.words else _HEAD_OF_NUMBERS)
        for column, text in enumerate(block.heads)
    ]
    rows: list[list[object]] = [[*heads, ""] if block.bars else [*heads]]
    for place, cells in enumerate(block.rows):
        is_total = block.has_total and place == len(block.rows) - 1
        of_words = _TOTAL_WORDS if is_total else _WORDS
        of_numbers = _TOTAL_NUMBERS if is_total else _NUMBERS
        row: list[object] = [
            paragraph(text, of_words if column < block.words else of_numbers)
            for column, text in enumerate(cells)
        ]
        rows.append([*row, RowBar(block.bars[place])] if block.bars else row)
    table = Grid(rows, colWidths=_widths(block, width), repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
                ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
                ("VALIGN", (0, 1), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), _GAP),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ]
        )
    )
    if block.has_total:
        table.setStyle(TableStyle([("LINEABOVE", (0, -1), (-1, -1), 1, INK)]))
    return table


def _widths(block: Table, width: float) -> list[float]:
    columns = [[row[column] for row in block.rows] for column in range(len(block.heads))]
    natural = [
        _GAP
        + 2
        + max(
            # A head of several words may stand on several lines; a number may not.
            *(width_of(word, _HEAD) for word in (head if is_number else "").split() or [head]),
            *(width_of(text, _TOTAL_WORDS) for text in cells),
            0.0,
        )
        for head, cells, is_number in zip(
            block.heads, columns, (column >= block.words for column in range(len(columns))), strict=True
        )
    ]
    bar = width * _BAR_SHARE if block.bars else 0.0
    words, numbers = natural[: block.words], natural[block.words :]
    left = width - bar - sum(numbers)
    if sum(words) > left:
        # Long texts get less of what they ask for, so that short ones beside them stay on their line.
        asked = [each**0.5 for each in words]
        words = [max(_LEAST, left * each / sum(asked)) for each in asked]
    elif not block.is_narrow:
        words = [each + (left - sum(words)) / len(words) for each in words]
    return [*words, *numbers, bar] if block.bars else [*words, *numbers]
