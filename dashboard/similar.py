"""Frames that look like one: a list of the history, by the embeddings that boxes record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import streamlit as st

from dashboard.cards import FRAME_PAGE, FRAME_PARAMETER
from dashboard.context import Moment
from dashboard.history_filters import PAST
from dashboard.history_rows import show_rows
from dashboard.language import _, ngettext
from dashboard.literal import literal
from dashboard.notices import show_notice
from dashboard.past import ROWS, PastPage
from dashboard.trails import FROM_HISTORY, SIMILAR
from inspector.records import Records, SimilarFrames, StoredInspection
from inspector.settings import Settings

HISTORY_PAGE: Final = "views/history.py"


def similar_asked(query: Mapping[str, Sequence[str]]) -> str | None:
    """The frame whose like the history is asked for by its address; None where it is not."""
    # PostgreSQL refuses a text with a null character, and no frame's id has one.
    return next((value for value in query.get(SIMILAR, ()) if value and "\0" not in value), None)


def show_way_to_similar(frame: StoredInspection) -> None:
    """Draw the link from a frame's page to the frames that look like it."""
    st.page_link(
        HISTORY_PAGE,
        label=_("Similar frames"),
        icon=":material/image_search:",
        query_params=[(SIMILAR, frame.frame_id)],
    )


def show_similar(frame_id: str, records: Records, settings: Settings, now: Moment) -> None:
    """Draw the frames that look like one, the most alike first.

    Args:
        frame_id: the frame.
        records: where it is.
        settings: where the evidence's relative paths start, and how rejects are described.
        now: now, in the visitor's zone.

    Raises:
        RecordsError: the database cannot be reached.
    """
    here = records.get(frame_id)
    _show_ways(frame_id, is_known=here is not None)
    if here is None:
        show_notice(
            _("There is no frame {frame}").format(frame=frame_id),
            "",
            _("Check the address, or choose a frame in the history."),
        )
        return
    found = records.embeddings.similar_to(frame_id, limit=ROWS)
    if found is None:
        show_notice(
            _("No similar frames can be found for this one"),
            _("The records do not have what it looks like to the network (its embedding)."),
            _(
                "Embeddings are recorded with kept pictures of judged frames, where edge.evidence.embeddings"
                " is on; frames that were inspected before that have none."
            ),
        )
        return
    st.html(f'<div class="among">{escape(_how_far(here, found))}</div>')
    if not found.frames:
        show_notice(
            _("Nothing to compare with"), "", _("It is the first frame of this kind with an embedding.")
        )
        return
    _show_found(found, frame_id, records, settings, now)


def _show_ways(frame_id: str, *, is_known: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="ways"):
        st.page_link(HISTORY_PAGE, label=_("All frames"), icon=":material/arrow_back:")
        if is_known:
            label = _("Frames that look like {frame}").format(frame=literal(frame_id))
            st.page_link(FRAME_PAGE, label=label, query_params=[(FRAME_PARAMETER, frame_id)])


def _how_far(here: StoredInspection, found: SimilarFrames) -> str:
    text = ngettext(
        "Compared with {count} other frame of {product} with a picture, judged by the same network.",
        "Compared with {count} other frames of {product} with a picture, judged by the same network.",
        found.compared,
    ).format(count=f"{found.compared:,}", product=here.product)
    if not found.has_more:
        return text
    return text + " " + _("Older ones were not compared.")


def _show_found(
    found: SimilarFrames, frame_id: str, records: Records, settings: Settings, now: Moment
) -> None:
    frames = tuple(one.inspection for one in found.frames)
    page = PastPage(frames, records.reviews.latest([frame.frame_id for frame in frames]))
    likeness = {
        one.inspection.frame_id: _("Likeness {percent} %").format(percent=f"{100 * one.likeness:.1f}")
        for one in found.frames
    }
    show_rows(page, settings, [(FROM_HISTORY, "1"), (PAST + SIMILAR, frame_id)], now, likeness)
