"""Why a frame was stopped: the picture, where it is abnormal, and the same place of a good part."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.drawing import fit
from dashboard.evidence import read_picture
from dashboard.golden import Normals
from dashboard.language import _
from dashboard.nearest_normal import nearest_normal
from dashboard.pictures import Drawing, NoDrawing, View, data_address, draw
from inspector.errors import InspectorError
from inspector.records import StoredInspection

_PANEL_PX: Final = 900
_WINDOW_PX: Final = 420


def show_comparison(inspection: StoredInspection, data_dir: Path, normals: Normals) -> None:
    """Draw three panels beside each other, or what each of them lacks.

    Args:
        inspection: the frame's record.
        data_dir: folder that the evidence's relative paths start from.
        normals: good parts of the model that judged it.
    """
    panels = [
        _panel(_("Picture"), draw(inspection, data_dir, View.PICTURE, _PANEL_PX)),
        _panel(_("Where it is abnormal"), draw(inspection, data_dir, View.OVERLAY, _PANEL_PX)),
        _beside_a_good_part(inspection, data_dir, normals),
    ]
    st.html(f'<div class="comparison">{"".join(panels)}</div>')


def _panel(title: str, drawing: Drawing | NoDrawing) -> str:
    if isinstance(drawing, NoDrawing):
        return _words(title, f"{drawing.headline}. {drawing.explanation}")
    return (
        f'<figure><img src="{drawing.source}" alt="{escape(title)}"><figcaption>{title}</figcaption></figure>'
    )


def _beside_a_good_part(inspection: StoredInspection, data_dir: Path, normals: Normals) -> str:
    title = _("Worst place, and the most alike one of a good part")
    if inspection.evidence is None or not inspection.regions:
        return _words(title, _("There is no place to compare."))
    if not normals.images:
        return _words(title, normals.why)
    try:
        picture = read_picture(inspection.evidence, data_dir)
    except InspectorError as error:
        return _words(title, str(error))
    found = nearest_normal(picture, inspection.regions[0].box_px, normals.images)
    if found is None:
        return _words(title, normals.why)
    pair = "".join(
        f'<span><img src="{data_address(fit(image, _WINDOW_PX))}" alt="{words}"><b>{words}</b></span>'
        for image, words in ((found.here, _("This part")), (found.normal, _("Good part")))
    )
    return f'<figure class="pair"><div>{pair}</div><figcaption>{title}</figcaption></figure>'


def _words(title: str, why: str) -> str:
    return f'<figure class="none"><p>{escape(why)}</p><figcaption>{title}</figcaption></figure>'
