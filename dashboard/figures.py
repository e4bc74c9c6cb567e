"""The large picture of a frame's page, with the numbers of its regions over it."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.language import _
from dashboard.pictures import Drawing, NoDrawing, View, colour_scale, draw
from dashboard.scores import number
from inspector.records import StoredInspection

_LARGE_PX: Final = 1600


def show_figure(inspection: StoredInspection, data_dir: Path, view: View, opacity: float) -> None:
    """Draw the frame in one view, or say why it cannot be shown.

    Args:
        inspection: the frame's record.
        data_dir: folder that the evidence's relative paths start from.
        view: overlay, picture alone, or heat map.
        opacity: of the hottest heat of the overlay, 0..1.
    """
    drawing = draw(inspection, data_dir, view, _LARGE_PX, opacity)
    if isinstance(drawing, NoDrawing):
        why = f"<h3>{escape(drawing.headline)}</h3><p>{escape(drawing.explanation)}</p>"
        st.html(f'<div class="figure none">{why}</div>')
        return
    shape = f"aspect-ratio:{drawing.width_px}/{drawing.height_px}"
    words = escape(_("{view} of frame {frame}").format(view=_(view.value), frame=inspection.frame_id))
    numbers = "" if view is View.PICTURE else _numbers(inspection)
    st.html(
        f'<div class="figure"><div class="figure-frame" style="{shape}">'
        f'<img src="{drawing.source}" alt="{words}">{numbers}</div>'
        f"{_scale(drawing, inspection.reject_limit)}</div>"
    )


def _numbers(inspection: StoredInspection) -> str:
    return "".join(
        f'<span class="region-number" style="left:{region.centre_px[0] / inspection.width_px:.2%};'
        f'top:{region.centre_px[1] / inspection.height_px:.2%}">{place}</span>'
        for place, region in enumerate(inspection.regions, start=1)
    )


def _scale(drawing: Drawing, limit: float) -> str:
    """HTML of the heat map's colours with the scores they stand for; nothing for other views."""
    if math.isnan(drawing.lowest):
        return ""
    mark = f"left:{(limit - drawing.lowest) / max(drawing.highest - drawing.lowest, 1e-12):.1%}"
    ends = f"<span>{number(drawing.lowest)}</span><span>{number(drawing.highest)}</span>"
    if not math.isfinite(limit):
        mark = "display:none"
    words = _("Map scores from dark to bright; the mark is the limit {limit}.")
    return (
        f'<div class="scale"><div class="scale-bar" style="background:{colour_scale()}">'
        f'<i style="{mark}"></i></div>'
        f'<div class="scale-numbers">{ends}</div>'
        f"<p>{words.format(limit=number(limit))}</p></div>"
    )
