"""What the history can be filtered by, and how many frames a filter finds: asked once for all visitors."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.past import COUNTED
from dashboard.thrift import Thrifty
from inspector.records import FrameCount, HistoryChoices, HistoryFilter, Records

_CHOICES_S: Final = 15.0
_COUNT_S: Final = 5.0


def choices_of(records: Records) -> HistoryChoices:
    """What occurs in the records, up to 15 s old, or more where asking takes long.

    Raises:
        RecordsError: the database cannot be reached.
    """
    return _answers().ask("choices", records.history.choices, _CHOICES_S)


def count_of(records: Records, wanted: HistoryFilter) -> FrameCount:
    """How many frames a filter finds, counted up to `COUNTED`; 5 s old, or more where counting takes long.

    Raises:
        RecordsError: the database cannot be reached.
    """
    return _answers().ask(wanted, lambda: records.history.count(wanted, at_most=COUNTED), _COUNT_S)


@st.cache_resource(show_spinner=False)
def _answers() -> Thrifty:
    return Thrifty()
