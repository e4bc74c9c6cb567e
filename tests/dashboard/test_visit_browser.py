"""A visit that outlives a reload, in a real browser: what the cookie is, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.accounts import reset_password
from dashboard.visit_cookie import COOKIE
from inspector.records import Role
from tests.dashboard.people import PASSWORD, person
from tests.dashboard.visit import Visit

NAME = "mei"


def cookie(visit: Visit) -> dict[str, Any] | None:
    found: dict[str, Any] | None = visit.browser.get_cookie(COOKIE)
    return found


def sign_in(visit: Visit) -> dict[str, Any]:
    visit.open("/account")
    visit.see('[aria-label="Name"]').send_keys(NAME)
    visit.see('[aria-label="Password"]').send_keys(PASSWORD)
    visit.press(".stFormSubmitButton button", "Sign in")
    visit.see(".notice h3", NAME)
    kept = visit.until(lambda: cookie(visit))
    assert kept is not None
    return kept


def is_signed_out(visit: Visit) -> bool:
    return bool(visit.all('[aria-label="Password"]')) and not visit.all(".notice.failed")


@pytest.fixture
def signed_in(visit: Visit) -> dict[str, Any]:
    visit.browser.delete_all_cookies()
    person(visit.line.records, NAME, Role.OPERATOR)
    return sign_in(visit)


def test_a_reload_keeps_the_visit_by_a_cookie_that_scripts_cannot_read(
    visit: Visit, signed_in: dict[str, Any]
) -> None:
    assert signed_in["httpOnly"]
    assert signed_in["sameSite"] == "Strict"
    assert COOKIE not in visit.run("return document.cookie")
    visit.open("/account")
    visit.see(".notice h3", NAME)


def test_signing_out_ends_the_visit_and_the_old_cookie_is_worth_nothing(
    visit: Visit, signed_in: dict[str, Any]
) -> None:
    visit.press("button", "Sign out")
    visit.until(lambda: is_signed_out(visit))
    visit.until(lambda: cookie(visit) is None)
    visit.open("/account")
    visit.until(lambda: is_signed_out(visit))
    visit.browser.add_cookie({"name": COOKIE, "value": signed_in["value"], "path": "/"})
    visit.open("/account")
    visit.until(lambda: is_signed_out(visit))


def test_a_forged_cookie_and_one_from_before_a_new_password_sign_nobody_in(
    visit: Visit, signed_in: dict[str, Any]
) -> None:
    reset_password(visit.line.records, NAME, by="admin", at=datetime.now(UTC))
    visit.open("/account")
    visit.until(lambda: is_signed_out(visit))
    visit.browser.delete_all_cookies()
    visit.browser.add_cookie({"name": COOKIE, "value": "A" * 43, "path": "/"})
    visit.open("/account")
    visit.until(lambda: is_signed_out(visit))
