"""Reviewing in a real Chromium: by touch, by keyboard, with gloves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from inspector.records import Decision, Role
from tests.dashboard.browser import DESKTOP_PX, GLOVE_PX, PHONE_PX, TABLET_PX, show_at
from tests.dashboard.line import seconds
from tests.dashboard.people import PASSWORD, person
from tests.dashboard.visit import Visit


def sign_in(visit: Visit, name: str) -> None:
    visit.open("/review")
    field = visit.see("[class*='st-key-sign-in-name'] input")
    field.send_keys(name)
    visit.one("[class*='st-key-sign-in-password'] input").send_keys(PASSWORD, Keys.TAB)
    visit.press(".stFormSubmitButton button")


def type_key(visit: Visit, key: str, of: str) -> None:
    """Press a key once its button is there: the page is drawn from its top."""
    visit.see(f".st-key-{of} button:not(:disabled)")
    ActionChains(visit.browser).send_keys(key).perform()


def shown(visit: Visit) -> str | None:
    found = visit.all(".review-head")
    return found[0].get_attribute("data-frame-id") if found else None


def test_keys_and_taps_decide_and_take_back(visit: Visit) -> None:
    person(visit.line.records, "anna", Role.OPERATOR)
    start = datetime.now(UTC)
    for number in range(3):
        visit.line.inspect(f"bad-{number}", defect=True, at=start + seconds(number))
    sign_in(visit, "anna")
    visit.until(lambda: shown(visit) == "bad-2")
    type_key(visit, "d", "decide-true_defect")
    visit.until(lambda: shown(visit) == "bad-1")
    visit.press("[class*='st-key-decide-false_reject'] button")
    visit.until(lambda: shown(visit) == "bad-0")
    type_key(visit, "u", "undo")
    visit.until(lambda: shown(visit) == "bad-1")
    type_key(visit, "s", "decide-skipped")
    visit.until(lambda: shown(visit) == "bad-0")
    latest = visit.line.records.reviews.latest([f"bad-{number}" for number in range(3)])
    assert {name: one.decision for name, one in latest.items()} == {
        "bad-2": Decision.TRUE_DEFECT,
        "bad-1": Decision.SKIPPED,
    }
    assert not visit.error_boxes()


@pytest.mark.parametrize("size_px", [DESKTOP_PX, TABLET_PX, PHONE_PX])
def test_the_evidence_and_the_buttons_fit_the_screen(visit: Visit, size_px: tuple[int, int]) -> None:
    person(visit.line.records, "anna", Role.OPERATOR)
    visit.line.describe(visit.line.inspect("bad", defect=True))
    show_at(visit.browser, size_px)
    sign_in(visit, "anna")
    visit.until(lambda: shown(visit) == "bad")
    visit.see("[class*='st-key-decide-true_defect'] button")
    assert visit.run("return document.documentElement.scrollWidth") <= size_px[0]
    for button in visit.all(".st-key-decide .stButton button"):
        box = button.rect
        assert box["height"] >= GLOVE_PX, button.text
        assert box["y"] + box["height"] <= size_px[1], f"{button.text} is below the screen"
