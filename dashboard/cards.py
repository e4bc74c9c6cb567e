"""One inspected frame as a card: picture, verdict and why, a reject's sentence. It opens the frame's page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.clock import time_text
from dashboard.context import Moment
from dashboard.filters import AMONG, Filters
from dashboard.language import _
from dashboard.literal import literal
from dashboard.pictures import NoDrawing, View, draw
from dashboard.scores import score_bar
from dashboard.sentences import Progress, progress_of, sentence
from dashboard.verdicts import WORDS, badge
from inspector.overlay import MAX_OPACITY
from inspector.records import StoredInspection
from inspector.results import Verdict
from inspector.settings import Settings

FRAME_PAGE: Final = "views/frame.py"
FRAME_PARAMETER: Final = "frame"
"""Name in the address of the frame's page."""
_PICTURE_PX: Final = 480


def show_cards(
    inspections: Sequence[StoredInspection],
    settings: Settings,
    filters: Filters,
    moment: Moment,
    *,
    opacity: float = MAX_OPACITY,
) -> None:
    """Draw a card for each inspection, in the order given, as many beside each other as fit.

    Args:
        inspections: what to show.
        settings: where the evidence's relative paths start, and how rejects are described.
        filters: handed to the frame's page, so that its way back leads here.
        moment: now, in the visitor's zone.
        opacity: of the hottest heat, 0..1.
    """
    with st.container(key="cards"):
        for place, inspection in enumerate(inspections):
            with st.container(key=f"card-{place}", gap=None):
                # The picture has an element of its own: it stays as it is while the time beside it changes.
                st.html(picture(inspection, settings.edge.data_dir, _PICTURE_PX, opacity))
                progress = progress_of(inspection, moment.now, settings.describing)
                st.html(_facts(inspection, progress, moment))
                st.page_link(
                    FRAME_PAGE,
                    label=_("Open frame {frame}").format(frame=literal(inspection.frame_id)),
                    icon="",
                    width="stretch",
                    query_params=[(FRAME_PARAMETER, inspection.frame_id), *filters.to_address(AMONG)],
                )


def picture(inspection: StoredInspection, data_dir: Path, side_px: int, opacity: float = MAX_OPACITY) -> str:
    """HTML of a frame's small picture, or of the words that say why there is none.

    Args:
        inspection: the frame's record.
        data_dir: folder that the evidence's relative paths start from.
        side_px: longest side of the picture.
        opacity: of the hottest heat, 0..1.
    """
    # A frame that cannot be judged is shown as it is: its map says nothing about the part.
    view = View.PICTURE if inspection.verdict is Verdict.UNSURE else View.OVERLAY
    drawing = draw(inspection, data_dir, view, side_px, opacity)
    if isinstance(drawing, NoDrawing):
        return f'<div class="card-picture none"><span>{escape(drawing.headline)}</span></div>'
    words = _("{verdict}: frame {frame}").format(
        verdict=_(WORDS[inspection.verdict]), frame=inspection.frame_id
    )
    return f'<div class="card-picture"><img src="{drawing.source}" alt="{escape(words)}"></div>'


def _facts(inspection: StoredInspection, progress: Progress, moment: Moment) -> str:
    # A sentence says more than the reason, whose numbers stand on the bar.
    reason = ""
    if progress is not Progress.DONE:
        reason = f'<div class="card-reason">{escape(inspection.reason)}</div>'
    when = time_text(inspection.inspected_at, moment.now, moment.zone)
    return (
        f'<div class="card-facts" data-frame-id="{escape(inspection.frame_id)}"'
        f' data-verdict="{inspection.verdict.value}">'
        f'<div class="card-head">{badge(inspection.verdict)}<time>{when}</time></div>'
        f"{sentence(inspection, progress)}"
        f'<div class="card-place"><b>{escape(inspection.product)}</b><span>{escape(inspection.line)} /'
        f" {escape(inspection.camera)}</span></div>"
        f"{score_bar(inspection.score, inspection.reject_limit, inspection.verdict)}"
        f"{reason}</div>"
    )
