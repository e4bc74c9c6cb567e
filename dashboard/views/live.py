"""The live page: what the line does right now, for someone with gloves and half a minute."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final

import streamlit as st

from dashboard.cards import show_cards
from dashboard.clock import age_text, start_of_day
from dashboard.context import Moment, moment, records, settings
from dashboard.counting import counts_of_cameras_seen, counts_since, of
from dashboard.filters import choose_filters
from dashboard.notices import draw_or_explain, show_notice
from dashboard.tiles import Totals, show_tiles
from inspector.errors import RecordsError
from inspector.messages import CameraTopic
from inspector.records import VerdictCount

CARDS: Final = 12
HOLD: Final = "hold"
SEEN: Final = "seen"


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
    today = counts_since(start_of_day(now.now, now.zone))
    newest = filters.latest(records(), CARDS)
    with tiles:
        show_tiles(Totals.of(of(today, filters.product, filters.camera)), "today")
    _show_state(newest[0].inspected_at if newest else None, now, held)
    if newest:
        show_cards(newest, settings().edge.data_dir, filters, now)
    elif filters:
        show_notice("No frame matches", f"There is no frame of {filters}.", "Clear a filter above.")
    else:
        _show_welcome()


def _seen(now: Moment) -> list[VerdictCount]:
    """What the filters offer; the last answer where the records fail, so that a choice outlives that."""
    with suppress(RecordsError):  # the next thing that is read from the records tells it
        st.session_state[SEEN] = counts_of_cameras_seen(now.now)
    seen: list[VerdictCount] = st.session_state.get(SEEN, [])
    return seen


def _show_state(newest: datetime | None, now: Moment, held: bool) -> None:
    age = f"Last frame {age_text(newest, now.now)}" if newest else "No frames yet"
    state = "On hold, not updating" if held else "Updating"
    clock = f"{now.now.astimezone(now.zone):%H:%M:%S}"
    with st.container(horizontal=True, vertical_alignment="center", key="state"):
        st.html(
            f'<div class="state {"held" if held else "live"}"><span>{state}</span><span>{age}</span>'
            f"<time>{clock}</time></div>"
        )
        st.toggle("Hold the picture still", key=HOLD, width="content")


def _show_welcome() -> None:
    mqtt, topic = settings().mqtt, CameraTopic(settings().site, "LINE", "CAMERA").frame
    show_notice(
        "No frames yet",
        "The first one appears here by itself, as soon as a camera has published it and a box has judged it.",
        "Start the box with `inspector edge run`, then publish pictures with `inspector camera`"
        f" to the broker at {mqtt.host}:{mqtt.port}, topic `{topic}`.",
    )


main()
