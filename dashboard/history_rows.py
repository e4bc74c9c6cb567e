"""Frames of the history as rows: small picture, verdict, sentence, kind and place, score, model, review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import streamlit as st

from dashboard.cards import FRAME_PAGE, FRAME_PARAMETER, picture
from dashboard.clock import time_text
from dashboard.context import Moment
from dashboard.fact_words import fact_word
from dashboard.history_filters import REVIEW_WORDS
from dashboard.language import _
from dashboard.literal import literal
from dashboard.past import PastPage
from dashboard.regions import headline
from dashboard.scores import score_bar
from dashboard.sentences import progress_of, sentence
from dashboard.verdicts import badge
from inspector.records import Review, StoredInspection
from inspector.settings import Settings

_PICTURE_PX: Final = 240


def show_rows(
    page: PastPage,
    settings: Settings,
    along: Sequence[tuple[str, str]],
    moment: Moment,
    said: Mapping[str, str] | None = None,
) -> None:
    """Draw a row for each frame, in the order of the page; it opens the frame's page.

    Args:
        page: what to show.
        settings: where the evidence's relative paths start, and how rejects are described.
        along: names and values for the frame's address, so that its way back leads here.
        moment: now, in the visitor's zone.
        said: what else is said of a frame, by its id.
    """
    with st.container(key="past-rows", gap=None):
        for place, frame in enumerate(page.frames):
            with st.container(key=f"past-row-{place}", gap=None):
                st.html(picture(frame, settings.edge.data_dir, _PICTURE_PX))
                also = (said or {}).get(frame.frame_id, "")
                st.html(_row(frame, page.reviews.get(frame.frame_id), settings, moment, also))
                st.page_link(
                    FRAME_PAGE,
                    label=_("Open frame {frame}").format(frame=literal(frame.frame_id)),
                    icon="",
                    width="stretch",
                    query_params=[(FRAME_PARAMETER, frame.frame_id), *along],
                )


def _row(
    frame: StoredInspection, review: Review | None, settings: Settings, moment: Moment, also: str
) -> str:
    told = sentence(frame, progress_of(frame, moment.now, settings.describing))
    when = time_text(frame.inspected_at, moment.now, moment.zone)
    model = escape(_("Model {version}").format(version=frame.model_version))
    return (
        f'<div class="past-row" data-frame-id="{escape(frame.frame_id)}"'
        f' data-verdict="{frame.verdict.value}">'
        f"<div>{badge(frame.verdict)}<time>{when}</time>"
        f"{f'<b>{escape(also)}</b>' if also else ''}</div>"
        f"<div>{told or _reason(frame)}{_defect(frame)}</div>"
        f"<div><b>{escape(frame.product)}</b><span>{escape(frame.line)} / {escape(frame.camera)}</span></div>"
        f"<div>{score_bar(frame.score, frame.reject_limit, frame.verdict)}</div>"
        f'<div><span class="model">{model}</span>{_review(review)}</div></div>'
    )


def _reason(frame: StoredInspection) -> str:
    return f'<p class="card-reason">{escape(frame.reason)}</p>'


def _defect(frame: StoredInspection) -> str:
    """Kind and place of the worst region, and how many more there are."""
    facts = frame.description.facts if frame.description is not None else ()
    text = headline(facts[0]) if facts else ""
    if not text:
        return ""
    if len(facts) > 1:
        text = _("{defect}, and {n} more").format(defect=text, n=len(facts) - 1)
    return f'<p class="defect">{escape(text)}</p>'


def _review(review: Review | None) -> str:
    word = None if review is None else REVIEW_WORDS.get(review.decision)
    if review is None or word is None:  # a decision that was withdrawn says nothing
        return ""
    said = _("{decision}, {kind}, by {name}") if review.kind else _("{decision}, by {name}")
    said = said.format(decision=_(word), kind=fact_word(review.kind or ""), name=review.reviewer)
    note = f"<small>{escape(review.note)}</small>" if review.note else ""
    return f'<span class="review">{escape(said)}</span>{note}'
