from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from tests.dashboard.line import Line


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Line(tmp_path) as line:
        yield line


@pytest.fixture(autouse=True)
def no_answers_of_earlier_tests() -> Iterator[None]:
    """Streamlit's caches live as long as the process."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()
