"""The machine's clock: its zone, and whether a time service keeps it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

from inspector.doctor.finding import Finding, State
from inspector.settings import Settings

_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_LIMIT_S = 5.0
_REMEDY = "Turn on a time service: timedatectl set-ntp true"


def check_clock(_settings: Settings) -> Iterator[Finding]:
    """Zone, plausibility, time service."""
    now = datetime.now().astimezone()
    if now < _EARLIEST:
        why = "this software is younger: a box without a battery starts in the past"
        yield Finding(State.PROBLEM, f"the clock says {now.isoformat()}", why, _REMEDY)
    else:
        yield Finding(State.OK, f"the clock says {now:%Y-%m-%d %H:%M:%S}, time zone {now:%Z (UTC%z)}")
    yield _time_service()


def _time_service() -> Finding:
    """What systemd or chrony says; neither runs in most containers, whose clock is the host's."""
    answer = _ask("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if answer in ("yes", "no"):
        if answer == "yes":
            return Finding(State.OK, "a time service keeps the clock")
        return Finding(State.WARNING, "the clock is not kept by a time service", "says timedatectl", _REMEDY)
    answer = _ask("chronyc", "-c", "tracking")
    if answer is not None:
        is_kept = not answer.endswith("Not synchronised")
        said = "chrony keeps the clock" if is_kept else "chrony does not keep the clock"
        return Finding(
            State.OK if is_kept else State.WARNING, said, "", "" if is_kept else "See chronyc sources"
        )
    why = "neither timedatectl nor chronyc answers here; in a container, look on its host"
    return Finding(State.NOT_APPLICABLE, "the time service is not checked", why)


def _ask(program: str, *words: str) -> str | None:
    """What a program of this machine says; None where it is not there or does not work."""
    path = shutil.which(program)
    if path is None:
        return None
    # Found on this machine's own PATH, with fixed words.
    run = subprocess.run([path, *words], capture_output=True, text=True, check=False, timeout=_LIMIT_S)  # noqa: S603
    return run.stdout.strip() if run.returncode == 0 else None
