"""The live page: what the line does right now, for someone with gloves and half a minute."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import streamlit as st

from dashboard.cards import show_cards
from dashboard.clock import age_text
from dashboard.context import Moment, moment, settings
from dashboard.counting import counts_of_cameras_seen
from dashboard.filters import Filters, choose_filters
from dashboard.language import _
from dashboard.notices import draw_or_explain, show_notice
from dashboard.opacity import choose_opacity
from dashboard.snapshots import Snapshot
from dashboard.tiles import show_tiles
from inspector.errors import RecordsError
from inspector.messages import CameraTopic
from inspector.records import VerdictCount

CARDS: Final = 12
HOLD: Final = "hold"
SEEN: Final = "seen"
SHOWN: Final = "shown"


def main() -> None:
    """Draw the page, and again every `refresh_s` unless it is held."""
    held = bool(st.session_state.get(HOLD))
    st.fragment(_draw_live, run_every=None if held else settings().dashboard.refresh_s)(held)


def _draw_live(held: bool) -> None:
    draw_or_explain(lambda: _draw(moment(), held))
    if bool(st.session_state.get(HOLD)) != held:
        st.rerun(scope="app")  # the timer belongs to the whole page


def _draw(now: Moment, held: bool) -> None:
    tiles = st.container(key="totals")
    filters = choose_filters(_seen(now))
    shown = _snapshot(now, filters, held)
    with tiles:
        show_tiles(shown.today, _("today"))
    opacity = _show_state(shown, held)
    if shown.newest:
        show_cards(shown.newest, settings(), filters, shown.moment, opacity=opacity)
    elif filters:
        show_notice(
            _("No frame matches"),
            _("There is no frame of {choice}.").format(choice=filters),
            _("Clear a filter above."),
        )
    else:
        _show_welcome()


def _snapshot(now: Moment, filters: Filters, held: bool) -> Snapshot:
    """The line now, or as it was when it was held: a last update may still be on its way then."""
    kept: Snapshot | None = st.session_state.get(SHOWN)
    if held and kept is not None and kept.filters == filters:
        return kept
    shown = Snapshot.take(now, filters, CARDS)
    st.session_state[SHOWN] = shown
    return shown


def _seen(now: Moment) -> list[VerdictCount]:
    """What the filters offer; the last answer where the records fail, so that a choice outlives that."""
    with suppress(RecordsError):  # the next thing that is read from the records tells it
        st.session_state[SEEN] = counts_of_cameras_seen(now.now)
    seen: list[VerdictCount] = st.session_state.get(SEEN, [])
    return seen


def _show_state(shown: Snapshot, held: bool) -> float:
    """Draw what keeps the page up to date; the opacity that is chosen beside it."""
    now = shown.moment
    age = _("No frames yet")
    if shown.newest:
        age = _("Last frame {age}").format(age=age_text(shown.newest[0].inspected_at, now.now))
    state = _("On hold, not updating") if held else _("Updating")
    clock = f"{now.now.astimezone(now.zone):%H:%M:%S}"
    with st.container(horizontal=True, vertical_alignment="center", key="state"):
        st.html(
            f'<div class="state {"held" if held else "live"}"><span>{state}</span><span>{age}</span>'
            f"<time>{clock}</time></div>"
        )
        st.toggle(_("Hold the picture still"), key=HOLD, width="content")
        return choose_opacity("live")


def _show_welcome() -> None:
    mqtt, topic = settings().mqtt, CameraTopic(settings().site, "LINE", "CAMERA").frame
    show_notice(
        _("No frames yet"),
        _(
            "The first one appears here by itself, as soon as a camera has published it and a box has"
            " judged it."
        ),
        _(
            "Start the box with `inspector edge run`, then publish pictures with `inspector camera`"
            " to the broker at {broker}, topic `{topic}`."
        ).format(broker=f"{mqtt.host}:{mqtt.port}", topic=topic),
    )


main()
