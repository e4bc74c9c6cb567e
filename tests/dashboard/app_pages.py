"""The app run by Streamlit without a browser: opened on a line, read, signed in to."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Final

import pytest
from streamlit.runtime.context import ContextProxy, StreamlitCookies
from streamlit.testing.v1 import AppTest

from tests.dashboard.line import noon_zone
from tests.dashboard.people import PASSWORD

APP: Final = Path(__file__).parents[2] / "dashboard" / "app.py"
TIMEOUT_S: Final = 60


def open_app(config: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app with these settings, for a visitor for whom it is noon."""
    monkeypatch.setattr(sys, "argv", ["app.py", "--config", str(config)])
    for name in [name for name in os.environ if name.startswith("INSPECTOR_")]:
        monkeypatch.delenv(name)
    # AppTest has a stand-in for the server, whose cookies would be stand-ins too.
    monkeypatch.setattr(ContextProxy, "cookies", StreamlitCookies({}))
    page = AppTest.from_file(APP, default_timeout=TIMEOUT_S)
    page.context["timezone"] = noon_zone(datetime.now(UTC))
    return page


def html(page: AppTest) -> str:
    """Everything that the page has drawn itself."""
    assert not page.exception
    return "\n".join(element.value for element in page.html)


def text(page: AppTest) -> str:
    """What a reader sees: no tags, no styles, no scripts, no pictures, one space between words."""
    without_styles = re.sub(r"<(style|script)>.*?</\1>", " ", html(page), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", without_styles)).split())


def sign_in(page: AppTest, view: str, name: str, password: str = PASSWORD) -> AppTest:
    """Go to a page that asks who is there, and sign in."""
    page.run().switch_page(f"views/{view}.py").run()
    page.text_input(key="sign-in-name").input(name)
    page.text_input(key="sign-in-password").input(password)
    return page.button(key="FormSubmitter:sign-in-form-Sign in").click().run()
