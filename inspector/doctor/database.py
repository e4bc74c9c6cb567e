"""The databases: reachable, writable, with the tables this version needs, room for more, the same time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from inspector.doctor.finding import Finding, State
from inspector.errors import InspectorError
from inspector.records.condition import DatabaseCondition, examine
from inspector.settings import Settings

LARGEST_SKEW: Final = timedelta(seconds=5)
"""Between two machines that both ask a time service, there is far less."""
_MB: Final = 1_000_000


def check_database(settings: Settings) -> Iterator[Finding]:
    """The box's own database, and the plant's where there is one."""
    urls = {"database": settings.database.url}
    if settings.central.url is not None:
        urls["central database"] = settings.central.url.get_secret_value()
    for what, url in urls.items():
        try:
            condition = examine(url)
        except InspectorError as error:
            yield Finding.of_error(error)
            continue
        yield _tables(what, condition)
        if condition.file is not None:
            yield _room(what, condition, settings)
        yield from _time(what, condition, datetime.now(UTC))


def _tables(what: str, condition: DatabaseCondition) -> Finding:
    name = f"{what} {condition.name}"
    if condition.is_newer:
        why = f"its tables are of revision {condition.revision}, which this version does not know"
        return Finding(State.PROBLEM, f"{name} is newer than this inspector", why, "Upgrade inspector here")
    if not condition.exists:
        why = "there is no such file yet; the first start creates it"
        return Finding(State.WARNING, f"{name} is empty", why, "Start the box, or correct database.url")
    if condition.revision is None:
        why = "it has no tables yet; the first start creates them"
        return Finding(State.WARNING, f"{name} is empty", why, "Start the box, or correct database.url")
    if condition.pending:
        why = f"pending: {', '.join(condition.pending)}; the next start migrates"
        return Finding(State.WARNING, f"{name} is at revision {condition.revision}", why, "Back it up before")
    return Finding(State.OK, f"{name} can be read and written, and is at revision {condition.revision}")


def _room(what: str, condition: DatabaseCondition, settings: Settings) -> Finding:
    """Free space of SQLite's disk, against the limits of the box."""
    assert condition.file is not None  # noqa: S101 - the caller has looked; this tells the type
    folder = next(one for one in condition.file.absolute().parents if one.exists())
    free_mb = shutil.disk_usage(folder).free // _MB
    disk = settings.edge.disk
    said = f"the disk of the {what} has {free_mb:,} MB free"
    if free_mb < disk.full_mb:
        return Finding(State.PROBLEM, said, f"edge.disk.full_mb is {disk.full_mb:,}", "Free space")
    if free_mb < disk.low_mb:
        return Finding(State.WARNING, said, f"edge.disk.low_mb is {disk.low_mb:,}", "Free space")
    return Finding(State.OK, said)


def _time(what: str, condition: DatabaseCondition, now: datetime) -> Iterator[Finding]:
    remedy = "Check the time service of both machines (timedatectl, chronyc tracking)"
    if condition.server_clock is not None:
        skew = abs(condition.server_clock - now)
        said = f"this clock and that of the {what}'s server are {skew.total_seconds():.1f} s apart"
        yield Finding(State.OK, said) if skew <= LARGEST_SKEW else Finding(State.WARNING, said, "", remedy)
    if condition.newest is not None and condition.newest > now + LARGEST_SKEW:
        why = f"the newest is of {condition.newest.isoformat()}"
        yield Finding(State.WARNING, f"records in the {what} are from the future", why, remedy)
