"""The history: every frame there ever was, found by filters and words, page by page, and as a file."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.choosing import choices_of, count_of
from dashboard.clock import full_time_text
from dashboard.context import Moment, moment, records, settings
from dashboard.exporting import MOST_ROWS, Export, Format, export
from dashboard.filters import address
from dashboard.history_filters import (
    AFTER,
    BEFORE,
    Wish,
    choose_wish,
    cursor_from_address,
    cursor_to_address,
    to_first_page,
)
from dashboard.history_rows import show_rows
from dashboard.notices import draw_and_recover, show_notice
from dashboard.past import PastPage, count_text, look_back
from dashboard.searching import Search
from dashboard.similar import show_similar, similar_asked
from dashboard.trails import along_history
from inspector.errors import RecordsError
from inspector.records import Cursor, HistoryChoices, HistoryFilter

CHOICES: Final = "past-choices"
EXPORTED: Final = "past-exported"


def main() -> None:
    """Draw the page that the address names."""
    draw_and_recover(_draw, retry_s=max(settings().dashboard.refresh_s, 1.0))


def _draw() -> None:
    if (frame_id := similar_asked(address())) is not None:
        show_similar(frame_id, records(), settings(), moment())
        return
    now, choices = moment(), _choices()
    wish = choose_wish(choices)
    wanted = wish.filter(now.zone, choices.kinds)
    _show_search(wish, wanted, choices, now)
    query = address()
    before, after = cursor_from_address(query, BEFORE), cursor_from_address(query, AFTER)
    page = look_back(records(), wanted, before=before, after=None if before else after)
    _show_ways(page, wanted, is_first=before is None and (after is None or page.newer is None))
    if page.frames:
        cursors = [(name, value) for name in (BEFORE, AFTER) for value in query.get(name, ())]
        show_rows(page, settings(), along_history(wish, cursors), now)
    elif before is not None:
        show_notice("No older frames", "This page lies behind the last frame.", "Go back with Newest.")
    elif wish:
        show_notice("No frame matches", "No frame has all that is asked for above.", "Clear a filter above.")
    else:
        show_notice("No frames yet", "Nothing was inspected so far.", "The page Live says how to begin.")


def _choices() -> HistoryChoices:
    """What is offered; the last answer where the records fail, so that a choice outlives that."""
    try:
        st.session_state[CHOICES] = choices_of(records())
    except RecordsError:
        # The next thing that is read from the records tells it. Without any answer until now it is told at
        # once: widgets without options would take the choice out of the address.
        if CHOICES not in st.session_state:
            raise
    found: HistoryChoices = st.session_state[CHOICES]
    return found


def _show_search(wish: Wish, wanted: HistoryFilter, choices: HistoryChoices, now: Moment) -> None:
    """Say how the words of a search were understood, and how far back it went."""
    understood = str(Search.of(wish.search, choices.kinds))
    if not understood:
        return
    text = f"Searched for: {understood}."
    floor = records().history.searched_since(wanted)
    if floor is not None:
        text += (
            f" Sentences were searched back to {full_time_text(floor, now.zone)}; choose a day under To to"
            " search further back."
        )
    with st.container(key="past-search"):
        st.text(text)


def _show_ways(page: PastPage, wanted: HistoryFilter, *, is_first: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="past-ways"):
        st.html(f'<div class="past-count">{count_text(count_of(records(), wanted))}</div>')
        st.button(
            "Newest", key="newest", icon=":material/first_page:", disabled=is_first, on_click=to_first_page
        )
        _show_step("Newer", AFTER, page.newer, ":material/chevron_left:")
        _show_step("Older", BEFORE, page.older, ":material/chevron_right:")
        with st.popover("Export", icon=":material/download:", disabled=not page.frames):
            _show_export(wanted)


def _show_step(label: str, name: str, cursor: Cursor | None, icon: str) -> None:
    st.button(
        label,
        key=label.lower(),
        icon=icon,
        disabled=cursor is None,
        on_click=_go,
        args=(name, cursor_to_address(cursor) if cursor else ""),
    )


def _go(name: str, cursor: str) -> None:
    to_first_page()
    st.query_params[name] = cursor


def _show_export(wanted: HistoryFilter) -> None:
    st.markdown(f"All frames that were found, the newest first, {MOST_ROWS:,} at most.")
    for form in Format:
        if st.button(f"Prepare {form.value}", key=f"prepare-{form.value.lower()}", width="stretch"):
            with st.spinner("Reading the records…"):
                st.session_state[EXPORTED] = (wanted, form, export(records(), wanted, form))
    kept: tuple[HistoryFilter, Format, Export] | None = st.session_state.get(EXPORTED)
    if kept is None or kept[0] != wanted:
        st.session_state.pop(EXPORTED, None)  # it may be large
        return
    _, form, made = kept
    cut = f", the newest; there are more than {MOST_ROWS:,}" if made.is_cut else ""
    st.markdown(f"{form.value} with {made.rows:,} frames{cut}.")
    st.download_button(
        f"Download {form.value}",
        made.data,
        file_name=form.file_name,
        mime=form.mime,
        key="download",
        on_click="ignore",
        width="stretch",
    )


main()
