"""Signing in by an identity provider: a real one for tests (oidc-provider-mock), the command, a browser."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from selenium.webdriver import Chrome

from dashboard.identity_provider import check_secrets
from inspector.errors import DashboardError
from inspector.records import Role
from tests.dashboard.browser import DESKTOP_PX, show_at
from tests.dashboard.line import Line
from tests.dashboard.people import person
from tests.dashboard.serving import serving
from tests.dashboard.visit import Visit
from tests.services import HOST, free_port

ENGINEER: Final = "mei@plant.example"
USERS: Final = (
    {"sub": "1", "email": ENGINEER, "email_verified": True},
    {"sub": "2", "email": ENGINEER, "email_verified": False},
    {"sub": "3", "email": "guest@plant.example", "email_verified": True},
    {"sub": "admin"},
)
SECRETS: Final = """[auth]
redirect_uri = "http://{host}:{port}/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "inspector"
client_secret = "of this client"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Address of a running provider."""
    port = free_port()
    users = [word for user in USERS for word in ("--user-claims", json.dumps(user))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--host", HOST, *users]
    address = f"http://{HOST}:{port}"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _answers(address):
            assert process.poll() is None, "the provider has ended"
            assert time.monotonic() < deadline, "the provider does not answer"
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/.well-known/openid-configuration", timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def pages(chrome: Chrome, line: Line, folder: Path, provider: str) -> Iterator[Visit]:
    """Serve a line's pages to whoever the provider knows."""
    port = free_port()
    secrets = folder / "secrets.toml"
    secrets.write_text(SECRETS.format(host=HOST, port=port, provider=provider), encoding="utf-8")
    text = line.config.read_text(encoding="utf-8")
    named = f'[dashboard]\nrequire_sign_in = true\nsecrets_file = "{secrets}"\n'
    line.config.write_text(text.replace("[dashboard]\n", named), encoding="utf-8")
    with serving(line.config, port, folder):
        show_at(chrome, DESKTOP_PX)
        chrome.get("about:blank")
        chrome.delete_all_cookies()
        yield Visit(chrome, f"http://{HOST}:{port}", line)
        chrome.get("about:blank")


def come_as(visit: Visit, subject: str) -> None:
    """Sign in at the provider, and wait for the page of one's account."""
    visit.open("/account")
    visit.press("button", "Sign in at your organisation")
    visit.press(f'button[name="sub"][value="{subject}"]')
    visit.see(".site")
    visit.open("/account")


def leave(visit: Visit) -> None:
    """Sign out, which also leads to where the provider ends its own session."""
    visit.press("button", "Sign out")
    visit.until(lambda: "/end_session" in visit.browser.current_url)
    visit.open("/account")
    visit.see("button", "Sign in at your organisation")


def test_the_account_of_a_proven_address_says_what_one_may_do_and_nothing_else_does(
    chrome: Chrome, line: Line, tmp_path: Path, provider: str
) -> None:
    person(line.records, ENGINEER, Role.ENGINEER)
    person(line.records, "root", Role.ADMIN)
    with pages(chrome, line, tmp_path, provider) as visit:
        come_as(visit, "1")
        visit.see(".notice h3", ENGINEER)
        assert "looks, decides, trains, promotes" in visit.text()
        leave(visit)

        for subject, name in (("2", "oidc:2"), ("3", "guest@plant.example"), ("admin", "oidc:admin")):
            come_as(visit, subject)
            visit.see(".notice h3", name)
            role = visit.see(".notice p").text
            assert role == "looks", f"{name} {role}"
            assert not visit.all('[aria-label="Name of a new account"]')
            leave(visit)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[auth", "no TOML"),
        ("[other]\n", "no section"),
        ('[auth]\nclient_id = "a"\n', "lacks redirect_uri"),
        (SECRETS.replace("/oauth2callback", "/"), "redirect_uri is"),
        (SECRETS.replace("0123456789abcdef", "0"), "guesses cookie_secret"),
    ],
)
def test_secrets_by_which_nobody_could_sign_in_are_told_before_anything_starts(
    tmp_path: Path, text: str, why: str
) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(text.format(host=HOST, port=8501, provider="http://x"), encoding="utf-8")
    with pytest.raises(DashboardError, match=why):
        check_secrets(secrets)


def test_a_secrets_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DashboardError, match="cannot be read"):
        check_secrets(tmp_path / "nothing.toml")


def test_sound_secrets_are_taken(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(SECRETS.format(host=HOST, port=8501, provider="http://x"), encoding="utf-8")
    check_secrets(secrets)
