from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from selenium.webdriver import Chrome
from streamlit.testing.v1 import AppTest

from tests.dashboard.app_pages import open_app
from tests.dashboard.browser import chromium
from tests.dashboard.line import Line, noon_zone
from tests.dashboard.visit import Visit, visiting


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Line(tmp_path) as line:
        yield line


@pytest.fixture
def page(line: Line, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app on the line's records."""
    return open_app(line.config, monkeypatch)


@pytest.fixture(autouse=True)
def no_answers_of_earlier_tests() -> Iterator[None]:
    """Streamlit's caches live as long as the process."""
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    # For the browser it is noon, so that no test runs over midnight.
    with chromium(tmp_path_factory.mktemp("profile"), noon_zone(datetime.now(UTC))) as browser:
        yield browser


@pytest.fixture
def visit(chrome: Chrome, line: Line, tmp_path: Path) -> Iterator[Visit]:
    with visiting(chrome, line, tmp_path) as visit:
        yield visit
