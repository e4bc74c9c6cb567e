"""Words of filters in an address, which may have been kept by a visitor who reads another language."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from dashboard.language import LANGUAGES, catalogue, language
from inspector.describing.words import Language


def text_in(of: Language, text: str) -> str:
    """A text of the pages in one language."""
    return catalogue(of).gettext(text)


def accept_words(
    key: str, options: Iterable[str], said: Callable[[Language, str], str] = text_in, *, many: bool = True
) -> None:
    """Choose what the address says in another language, for a widget that Streamlit binds to the address.

    Streamlit takes only the words that the widget shows, which are those of the visitor's language.

    Args:
        key: of the widget, and name in the address.
        options: what the widget offers.
        said: an option in a language.
        many: whether several can be chosen.
    """
    given = st.query_params.get_all(key)
    if not given or key in st.session_state:
        return
    offered = list(options)
    here = {said(language(), option) for option in offered}
    if set(given) <= here:
        return
    known = {said(each, option): option for each in LANGUAGES for option in offered}
    chosen = list(dict.fromkeys(known[word] for word in given if word in known))
    if chosen:
        st.session_state[key] = chosen if many else chosen[0]
