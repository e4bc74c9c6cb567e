"""Run checks one after the other: each within its time, none able to end the others or to tell a secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from inspector.doctor.finding import Check, Finding, State
from inspector.errors import InspectorError
from inspector.settings import Settings

HIDDEN: Final = "***"


def run_checks(checks: Sequence[Check], settings: Settings) -> Iterator[tuple[str, Finding]]:
    """What each check finds, with its subject, as soon as it is known.

    Args:
        checks: in this order.
        settings: of the installation; its secrets appear in no finding.
    """
    secrets = secrets_of(settings)
    for check in checks:
        for finding in run_check(check, settings):
            yield (
                check.subject,
                Finding(finding.state, *(_hidden(text, secrets) for text in _texts(finding))),
            )


def run_check(check: Check, settings: Settings) -> list[Finding]:
    """What one check finds; an error or too much time is a finding as well.

    A check that takes too long goes on in its thread, which ends with the process: Python cannot end it.
    """
    found: list[Finding] = []
    done = threading.Event()

    def look() -> None:
        try:
            for finding in check.run(settings):
                found.append(finding)  # noqa: PERF402 - what was found before an error is told too
        except InspectorError as error:
            found.append(Finding.of_error(error))
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            found.append(Finding(State.PROBLEM, f"{check.subject}: the check failed", why, "Report it"))
        done.set()

    threading.Thread(target=look, name=f"doctor {check.subject}", daemon=True).start()
    if done.wait(check.limit_s):
        return found
    why = f"it has not ended within {check.limit_s:g} s"
    remedy = "Something that it asks does not answer: look at the network, the server or the disk"
    return [*found, Finding(State.PROBLEM, f"{check.subject}: the check was given up", why, remedy)]


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Everything in the settings that nobody may read in a report, the longest first."""
    given = (settings.mqtt.password, settings.central.url)
    values = [secret.get_secret_value() for secret in given if secret is not None]
    urls = [settings.database.url]
    if settings.central.url is not None:
        urls.append(settings.central.url.get_secret_value())
    for url in urls:
        try:
            password = make_url(url).password
        except (ArgumentError, ValueError):
            continue  # the check of the database tells that it is no URL
        if password:
            values.append(str(password))
    return tuple(sorted({value for value in values if value}, key=len, reverse=True))


def _texts(finding: Finding) -> tuple[str, str, str]:
    return finding.what, finding.why, finding.remedy


def _hidden(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
