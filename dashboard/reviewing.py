"""A frame, or several, before a reviewer: the evidence, the buttons, and what became of the last decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

import streamlit as st

from dashboard.claims import Claims
from dashboard.clock import time_text
from dashboard.comparison import show_comparison
from dashboard.context import Moment, records, settings
from dashboard.deciding import LONGEST_NOTE, TOLD, Choice, Outcome, choices, decide, take_back
from dashboard.fact_words import fact_word
from dashboard.golden import golden_normals
from dashboard.language import _
from dashboard.pictures import Drawing, View, draw
from dashboard.queues import Queue
from dashboard.scores import score_bar
from dashboard.sentences import progress_of, sentence
from dashboard.telling import Told, attempt, show_told
from dashboard.verdicts import badge
from inspector.describing.words import Kind
from inspector.records import Decision, Review, StoredInspection

_CURRENT: Final = "review-current"
_UNDO: Final = "review-undo"
_PICKED: Final = "review-picked-"
_LOOK_AHEAD: Final = 20
_MOST_UNDONE: Final = 50
_CARD_PX: Final = 360


def next_frame(queue: Queue, reviewer: str) -> StoredInspection | None:
    """The frame before the reviewer: the one they have, or else the first that nobody else has.

    Raises:
        RecordsError: the records cannot be reached.
    """
    waiting = {frame.frame_id: frame for frame in queue.waiting(records(), _LOOK_AHEAD)}
    current = st.session_state.get(_CURRENT)
    # A newer reject must not push away what somebody is looking at.
    if current is not None and current not in waiting:
        kept = records().get(current)
        if kept is not None and kept.verdict in queue.verdicts and _is_undecided(current):
            waiting = {current: kept, **waiting}
    wanted = [current] if current in waiting else []
    chosen = _claims().take(reviewer, [*wanted, *waiting])
    st.session_state[_CURRENT] = chosen
    return waiting[chosen] if chosen is not None else None


def show_one(frame: StoredInspection, now: Moment) -> None:
    """Draw a frame with its evidence, and the buttons that decide about it.

    Raises:
        RecordsError: the records cannot be reached.
    """
    progress = progress_of(frame, now.now, settings().describing)
    st.html(
        f'<div class="review-head" data-frame-id="{escape(frame.frame_id)}">{badge(frame.verdict)}'
        f"{sentence(frame, progress) or f'<div class=sentence><p>{escape(frame.reason)}</p></div>'}"
        f"<span>{escape(frame.product)} · {escape(frame.line)} / {escape(frame.camera)}"
        f" · {time_text(frame.inspected_at, now.now, now.zone)}</span></div>"
    )
    normals = golden_normals(records(), settings(), frame.product, frame.model_version)
    show_comparison(frame, settings().edge.data_dir, normals)
    st.html(score_bar(frame.score, frame.reject_limit, frame.verdict))
    with st.container(horizontal=True, vertical_alignment="bottom", key="decide"):
        _show_buttons(frame)


def show_reviews(frame: StoredInspection, now: Moment, *, may_decide: bool) -> None:
    """Draw what was decided about a frame, and, for who may, the buttons that decide anew.

    Raises:
        RecordsError: the records cannot be reached.
    """
    show_told()
    for review in records().reviews.of(frame.frame_id):
        details = ", ".join(part for part in (fact_word(review.kind or ""), review.note) if part)
        when = time_text(review.reviewed_at, now.now, now.zone)
        st.html(
            f'<div class="told" data-review="{review.decision.value}"><b>{escape(review.reviewer)}</b>,'
            f" {when}: {_(TOLD[review.decision])}{f' ({escape(details)})' if details else ''}</div>"
        )
    if may_decide:
        with st.container(horizontal=True, vertical_alignment="bottom", key="decide-here"):
            _show_buttons(frame)


def _show_buttons(frame: StoredInspection) -> None:
    seen = records().reviews.latest([frame.frame_id])
    for choice in choices(frame.verdict):
        _button(choice, [frame], seen)
    _show_undo()
    kinds = [kind.value for kind in Kind if kind is not Kind.UNKNOWN]
    st.selectbox(
        _("Kind"),
        kinds,
        index=_told_kind(frame, kinds),
        placeholder=_("Kind"),
        format_func=fact_word,
        key=f"kind-{frame.frame_id}",
        label_visibility="collapsed",
        filter_mode=None,
    )
    st.text_input(
        _("Note"),
        key=f"note-{frame.frame_id}",
        placeholder=_("Note"),
        max_chars=LONGEST_NOTE,
        label_visibility="collapsed",
    )


def show_many(frames: Sequence[StoredInspection], now: Moment) -> None:
    """Draw frames as cards to pick from, and the buttons that decide about all that are picked.

    Raises:
        RecordsError: the records cannot be reached.
    """
    seen = records().reviews.latest([frame.frame_id for frame in frames])
    picked = [frame for frame in frames if st.session_state.get(_PICKED + frame.frame_id)]
    with st.container(horizontal=True, vertical_alignment="bottom", key="decide"):
        ids = [frame.frame_id for frame in frames]
        st.button(_("Pick all"), on_click=_pick, args=(ids,), icon=":material/select_all:")
        for choice in choices(frames[0].verdict):
            _button(choice, picked, seen)
        _show_undo()
        picked_words = _("{n} of {all} picked").format(n=len(picked), all=len(frames))
        st.html(f'<div class="picked" role="status">{picked_words}</div>')
    with st.container(key="cards"):
        for place, frame in enumerate(frames):
            with st.container(key=f"pick-{place}", gap=None):
                drawing = draw(frame, settings().edge.data_dir, View.OVERLAY, _CARD_PX)
                st.html(_card(frame, drawing.source if isinstance(drawing, Drawing) else None, now))
                st.checkbox(_("Pick"), key=_PICKED + frame.frame_id)


def _button(choice: Choice, frames: Sequence[StoredInspection], seen: dict[str, Review]) -> None:
    st.button(
        _(choice.label),
        key=f"decide-{choice.decision.value}",
        icon=choice.icon,
        shortcut=choice.key,
        disabled=not frames,
        on_click=_decide,
        args=(list(frames), choice.decision, seen),
    )


def _show_undo() -> None:
    st.button(
        _("Undo"),
        key="undo",
        icon=":material/undo:",
        shortcut="U",
        disabled=not st.session_state.get(_UNDO),
        on_click=_take_back,
    )


def _decide(frames: list[StoredInspection], decision: Decision, seen: dict[str, Review]) -> None:
    one = frames[0].frame_id if len(frames) == 1 else ""

    def decide_all() -> Told:
        outcome = decide(
            records(),
            frames,
            decision,
            seen=seen,
            at=datetime.now(UTC),
            kind=st.session_state.get(f"kind-{one}"),
            note=st.session_state.get(f"note-{one}") or "",
        )
        if outcome.stored:
            st.session_state[_UNDO] = [*st.session_state.get(_UNDO, []), outcome.stored][-_MOST_UNDONE:]
        st.session_state[_CURRENT] = None
        return _told(outcome)

    attempt(decide_all)


def _take_back() -> None:
    undo: list[tuple[Review, ...]] = st.session_state.get(_UNDO, [])
    if not undo:
        return

    def withdraw() -> Told:
        outcome = take_back(records(), undo[-1], at=datetime.now(UTC))
        # It is looked at again at once.
        st.session_state[_CURRENT] = undo[-1][0].frame_id
        st.session_state[_UNDO] = undo[:-1]
        return _told(outcome)

    attempt(withdraw)


def _told(outcome: Outcome) -> Told:
    text = ""
    if outcome.stored:
        first = outcome.stored[0]
        many = len(outcome.stored)
        # Not by ngettext: languages without a singular would lose the name of the one frame.
        text = _("frame {frame}: {decision}") if many == 1 else _("{n} frames: {decision}")
        text = text.format(frame=first.frame_id, n=many, decision=_(TOLD[first.decision]))
    return Told(text, tuple(_("Not stored. {why}").format(why=line) for line in outcome.conflicts))


def _pick(frame_ids: list[str]) -> None:
    everything = all(st.session_state.get(_PICKED + frame_id) for frame_id in frame_ids)
    for frame_id in frame_ids:
        st.session_state[_PICKED + frame_id] = not everything


def _is_undecided(frame_id: str) -> bool:
    latest = records().reviews.latest([frame_id]).get(frame_id)
    return latest is None or latest.decision is Decision.WITHDRAWN


def _told_kind(frame: StoredInspection, kinds: list[str]) -> int | None:
    facts = frame.description.facts if frame.description is not None else ()
    kind = facts[0].kind if facts else None
    return kinds.index(kind) if kind in kinds else None


def _card(frame: StoredInspection, source: str | None, now: Moment) -> str:
    name = _("frame {frame}").format(frame=frame.frame_id)
    picture = (
        f'<div class="card-picture"><img src="{source}" alt="{escape(name)}"></div>'
        if source
        else f'<div class="card-picture none"><span>{_("No picture")}</span></div>'
    )
    when = time_text(frame.inspected_at, now.now, now.zone)
    return (
        f'{picture}<div class="card-facts" data-frame-id="{escape(frame.frame_id)}">'
        f'<div class="card-head">{badge(frame.verdict)}<time>{when}</time></div>'
        f'<div class="card-place"><b>{escape(frame.product)}</b><span>{escape(frame.line)}</span></div></div>'
    )


@st.cache_resource(show_spinner=False)
def _claims() -> Claims:
    return Claims()
