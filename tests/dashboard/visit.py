"""A visit to the pages with a real browser, while frames keep arriving on the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from selenium.common.exceptions import (
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.dashboard.browser import DESKTOP_PX, show_at
from tests.dashboard.line import Line
from tests.dashboard.serving import serving
from tests.services import HOST, free_port

WAIT_S = 90.0
T = TypeVar("T")


@dataclass(frozen=True)
class Pages:
    """Pages in a browser.

    Attributes:
        browser: a running Chromium.
        address: of the pages, without a slash at its end.
    """

    browser: Chrome
    address: str

    def open(self, path: str = "/") -> None:
        """Go to a page and wait for its frame."""
        self.browser.get(self.address + path)
        self.see(".site")

    def all(self, selector: str) -> list[WebElement]:
        """Every element that a CSS selector finds now."""
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str, words: str | None = None) -> WebElement:
        """The first element that a selector finds now, and that has a line of exactly these words."""
        found = [each for each in self.all(selector) if words is None or words in each.text.splitlines()]
        if not found:
            raise NoSuchElementException(f"no {selector} says {words}")
        return found[0]

    def see(self, selector: str, words: str | None = None) -> WebElement:
        """Wait for an element."""
        return self.until(lambda: self.one(selector, words))

    def press(self, selector: str, words: str | None = None) -> None:
        """Click the middle of an element, whatever lies there, as a finger does."""

        def click() -> bool:
            self.one(selector, words).click()
            return True

        self.until(click)

    def until(self, condition: Callable[[], T]) -> T:
        """Wait for something true; the page redraws itself meanwhile, so an element may go stale."""
        ignored = (StaleElementReferenceException, NoSuchElementException, ElementNotInteractableException)
        wait = WebDriverWait(self.browser, WAIT_S, poll_frequency=0.1, ignored_exceptions=ignored)
        return wait.until(lambda _: condition())

    def until_cards_are(self, *frame_ids: str) -> None:
        """Wait until the live page shows these frames in this order, and no other."""
        self.until(lambda: self.cards() == list(frame_ids))

    def cards(self) -> list[str | None]:
        """Frame ids of the cards."""
        return [card.get_attribute("data-frame-id") for card in self.all(".card-facts")]

    def text(self) -> str:
        """All that can be read."""
        return self.one("body").text

    def run(self, script: str, *arguments: object) -> Any:
        """Run JavaScript in the page."""
        return self.browser.execute_script(script, *arguments)

    def error_boxes(self) -> Sequence[WebElement]:
        """Whatever tells an error now, Streamlit's boxes and ours."""
        return self.all(".stException, .stAlert, .notice.failed")

    def complaints(self) -> list[str]:
        """Errors in the browser's console since the last call.

        Streamlit looks for its server below a page's own address first and then at the root: not an error.
        """
        entries = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [
            entry["message"]
            for entry in entries
            if entry["level"] == "SEVERE" and "/_stcore/" not in entry["message"]
        ]


@dataclass(frozen=True)
class Visit(Pages):
    """A visit to the pages of a line.

    Attributes:
        line: what is shown.
    """

    line: Line


@contextmanager
def visiting(chrome: Chrome, line: Line, folder: Path) -> Iterator[Visit]:
    """Serve a line's pages; afterwards neither the browser nor the server may have complained."""
    port = free_port()
    with serving(line.config, port, folder):
        show_at(chrome, DESKTOP_PX)
        visit = Visit(chrome, f"http://{HOST}:{port}", line)
        visit.complaints()
        yield visit
        assert not visit.all(".stException")
        assert not visit.complaints()
        chrome.get("about:blank")
    said = re.sub(r"\x1b\[[\d;]*m", "", (folder / "dashboard.err").read_text(encoding="utf-8"))
    # Streamlit has tracebacks of its own where a browser leaves in the middle of an update.
    assert not re.search(r"\bdashboard/[\w/]+\.py", said), said
