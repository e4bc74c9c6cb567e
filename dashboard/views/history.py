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
from dashboard.language import N_, _, ngettext
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
        show_notice(
            _("No older frames"), _("This page lies behind the last frame."), _("Go back with Newest.")
        )
    elif wish:
        show_notice(
            _("No frame matches"), _("No frame has all that is asked for above."), _("Clear a filter above.")
        )
    else:
        show_notice(
            _("No frames yet"), _("Nothing was inspected so far."), _("The page Live says how to begin.")
        )


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
    text = _("Searched for: {words}.").format(words=understood)
    floor = records().history.searched_since(wanted)
    if floor is not None:
        text = _(
            "Searched for: {words}. Sentences were searched back to {time}; choose a day under To to search"
            " further back."
        ).format(words=understood, time=full_time_text(floor, now.zone))
    with st.container(key="past-search"):
        st.text(text)


def _show_ways(page: PastPage, wanted: HistoryFilter, *, is_first: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="past-ways"):
        st.html(f'<div class="past-count">{count_text(count_of(records(), wanted))}</div>')
        st.button(
            _("Newest"), key="newest", icon=":material/first_page:", disabled=is_first, on_click=to_first_page
        )
        _show_step(N_("Newer"), AFTER, page.newer, ":material/chevron_left:")
        _show_step(N_("Older"), BEFORE, page.older, ":material/chevron_right:")
        with st.popover(_("Export"), icon=":material/download:", disabled=not page.frames):
            _show_export(wanted)


def _show_step(label: str, name: str, cursor: Cursor | None, icon: str) -> None:
    st.button(
        _(label),
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
    st.markdown(_("All frames that were found, the newest first, {n} at most.").format(n=f"{MOST_ROWS:,}"))
    for form in Format:
        if st.button(
            _("Prepare {form}").format(form=form.value), key=f"prepare-{form.value.lower()}", width="stretch"
        ):
            with st.spinner(_("Reading the records…")):
                st.session_state[EXPORTED] = (wanted, form, export(records(), wanted, form))
    kept: tuple[HistoryFilter, Format, Export] | None = st.session_state.get(EXPORTED)
    if kept is None or kept[0] != wanted:
        st.session_state.pop(EXPORTED, None)  # it may be large
        return
    form, made = kept[1:]
    if made.is_cut:
        text = _("{form} with {n} frames, the newest; there are more than {most}.")
    else:
        text = ngettext("{form} with {n} frame.", "{form} with {n} frames.", made.rows)
    st.markdown(text.format(form=form.value, n=f"{made.rows:,}", most=f"{MOST_ROWS:,}"))
    st.download_button(
        _("Download {form}").format(form=form.value),
        made.data,
        file_name=form.file_name,
        mime=form.mime,
        key="download",
        on_click="ignore",
        width="stretch",
    )


main()
