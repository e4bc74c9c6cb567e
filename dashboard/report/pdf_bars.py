"""Bars in a PDF, drawn as boxes."""

from __future__ import annotations

from typing import Final

from reportlab.platypus import Flowable

from dashboard.report.pdf_text import QUIET, REJECT, UNSURE, WESTERN
from dashboard.report.sheet import Bars

_GAP: Final = 2.0
_LABEL: Final = 7.5
_HEIGHT: Final = 92.0
_FULL: Final = 0.84
"""Share of the height that the highest bar takes; its number stands above it."""


class Columns(Flowable):
    """Frames over time. Its labels are numbers and times, which need no other font.

    Args:
        block: the bars.
    """

    def __init__(self, block: Bars) -> None:
        super().__init__()
        self._block = block

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: ARG002, N803 - reportlab's names
        """Take the whole width."""
        self.width, self.height = aW, _HEIGHT + _LABEL * 1.6
        return self.width, self.height

    def draw(self) -> None:
        """Draw bars, the numbers above them and the times below."""
        canvas, bars = self.canv, self._block.bars
        floor, step = _LABEL * 1.6, self.width / max(1, len(bars))
        canvas.setFont(WESTERN, _LABEL)
        for place, bar in enumerate(bars):
            x, y = place * step, floor
            for frames, colour in ((bar.rejected, REJECT), (bar.unsure, UNSURE)):
                if not frames:
                    continue  # a box without height shows as a hair line
                height = _HEIGHT * _FULL * frames / self._block.highest
                canvas.setFillColor(colour)
                canvas.rect(x, y, step - _GAP, height, stroke=0, fill=1)
                y += height
            canvas.setFillColor(QUIET)
            if frames := bar.rejected + bar.unsure:
                canvas.drawCentredString(x + (step - _GAP) / 2, y + 2, f"{frames}")
            canvas.drawString(x, 0, bar.label)
        canvas.setStrokeColor(QUIET)
        canvas.setLineWidth(0.5)
        canvas.line(0, floor, self.width, floor)


class RowBar(Flowable):
    """The bar of a table's row.

    Args:
        share: how much of the column it fills, 0..1.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: ARG002, N803 - reportlab's names
        """Take the whole width of the column."""
        self.width, self.height = aW, 9.0
        return self.width, self.height

    def draw(self) -> None:
        """Draw the bar."""
        self.canv.setFillColor(REJECT)
        self.canv.rect(0, 0, max(1.0, self.width * self._share), self.height, stroke=0, fill=1)
