"""A real Chromium on an empty profile, that touches nothing but the pages it is sent to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests.services import missing

DESKTOP_PX = (1280, 800)
TABLET_PX = (1024, 768)
PHONE_PX = (390, 844)
GLOVE_PX = 44
"""Smallest target for a finger, WCAG 2.2 success criterion 2.5.5."""
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-GB",
)


@contextmanager
def chromium(profile: Path, zone: str) -> Iterator[Chrome]:
    """Start the browser; skips the test where there is none, and fails it under CI.

    Args:
        profile: a new folder for the browser's own files.
        zone: time zone that the browser tells its pages.
    """
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        missing("Chromium with chromedriver", "install the packages chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(executable_path=driver))
    try:
        chrome.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": zone})
        yield chrome
    finally:
        chrome.quit()


def show_at(chrome: Chrome, size_px: tuple[int, int]) -> None:
    """Give the page a width and height, apart from the window's own borders."""
    width, height = size_px
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
