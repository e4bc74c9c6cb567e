"""The review queue: what the line has stopped, one decision after the other, for gloves and 30 seconds."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.context import moment, records, settings
from dashboard.counting import counts_of_cameras_seen
from dashboard.language import N_, _
from dashboard.notices import draw_and_recover, show_notice
from dashboard.queues import Queue, choose_queue
from dashboard.reviewing import next_frame, show_many, show_one
from dashboard.sign_in import show_sign_in
from dashboard.telling import show_told
from dashboard.visitors import visitor
from inspector.records import Role

MANY: Final = N_("Many at once")
ONE: Final = N_("One by one")
AT_ONCE: Final = 12


def main() -> None:
    """Draw the page."""
    draw_and_recover(_draw, retry_s=max(settings().dashboard.refresh_s, 1.0))


def _draw() -> None:
    who = visitor()
    if not who.may(Role.OPERATOR):
        show_sign_in(_("Decisions need an operator"))
        return
    now = moment()
    with st.container(horizontal=True, vertical_alignment="bottom", key="queue"):
        queue = choose_queue(counts_of_cameras_seen(now.now), now.now)
        mode = st.segmented_control(
            _("How"),
            [ONE, MANY],
            default=ONE,
            format_func=_,
            key="mode",
            required=True,
            label_visibility="collapsed",
        )
    st.html(f'<div class="waiting" role="status">{queue.count(records())}</div>')
    show_told()
    if mode == MANY and (frames := queue.waiting(records(), AT_ONCE)):
        show_many(frames, now)
    elif mode == ONE and (frame := next_frame(queue, who.name)) is not None:
        show_one(frame, now)
    else:
        _show_done(queue)


def _show_done(queue: Queue) -> None:
    show_notice(
        _("Nothing is waiting"),
        _("Every frame of {queue} has been decided, or another reviewer has it before them.").format(
            queue=queue
        ),
        _("New ones appear here; the passed frames can be looked through on the History page."),
    )


main()
