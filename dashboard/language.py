"""The language of the page: gettext catalogues, one for each language beside English, and who reads which.

Texts stand in English where they are drawn, inside `_` or `ngettext`, and are the keys of the catalogues
(`locale/LANGUAGE/LC_MESSAGES/dashboard.po`). A text without a translation is shown in English.
"""

from __future__ import annotations

import gettext
import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from inspector.describing.words import Language

LANGUAGES: Final[dict[Language, str]] = {"en": "English", "zh": "中文"}
"""What a visitor can choose, each by its own name."""
CATALOGUES: Final = Path(__file__).parent / "locale"
CHOICE: Final = "language"
"""Key of the session state that holds what the visitor chose."""


def _(text: str) -> str:
    """A text in the visitor's language.

    Args:
        text: in English, with `{name}` where `str.format` puts something in afterwards.
    """
    return catalogue(language()).gettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    """A text that depends on a number, in the visitor's language.

    Args:
        one: in English, for 1.
        many: in English, for any other number.
        n: the number.
    """
    return catalogue(language()).ngettext(one, many, n)


def language() -> Language:
    """What the visitor chose, else what their browser asks for, else English; English outside a page."""
    # The shift report is made without the page's server, and need not load it.
    if "streamlit" not in sys.modules:
        return "en"
    import streamlit as st  # noqa: PLC0415 - see above
    from streamlit.runtime.scriptrunner import get_script_run_ctx  # noqa: PLC0415

    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    chosen: Language | None = st.session_state.get(CHOICE)
    if chosen in LANGUAGES:
        return chosen
    asked = (st.context.locale or "en").split("-")[0].lower()
    return next((known for known in LANGUAGES if known == asked), "en")


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark a text of a constant for the catalogues; it is translated by `_` where it is drawn."""
    return text


@cache
def catalogue(of: Language) -> gettext.NullTranslations:
    """The translations of a language; those of English give every text back as it is.

    Catalogues are read as they are kept: no compiled file can be older than its source.
    """
    if of == "en":
        return gettext.NullTranslations()
    with (CATALOGUES / of / "LC_MESSAGES" / "dashboard.po").open("rb") as file:
        messages = read_po(file, locale=of)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
