"""What a campaign says: lines on the terminal, and a passage of a document between a campaign's marks."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "docs/benchmarks.md"


class CampaignError(Exception):
    """A campaign cannot go on: what was not so in time, or what is wrong."""


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)  # noqa: T201 - a campaign is a command


def await_true(condition: Callable[[], object], what: str, timeout_s: float, *, look_s: float = 0.1) -> None:
    """Look until something holds.

    Raises:
        CampaignError: not in time.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise CampaignError(f"not in {timeout_s:g} s: {what}")
        time.sleep(look_s)


def machine() -> str:
    """What it ran on."""
    return f"Measured on {platform.machine()}, {os.cpu_count()} cores."


def write_between(document: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->`; add missing marks at the end."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    whole = document.read_text(encoding="utf-8")
    if begin not in whole:
        whole = f"{whole.rstrip()}\n\n{begin}\n{end}\n"
    head, _, rest = whole.partition(begin)
    tail = rest.partition(end)[2]
    document.write_text(f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}", encoding="utf-8")
