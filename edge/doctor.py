"""What `inspector doctor` looks at on a box: its data folder, its broker, and what a running box says."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from typing import Final

from edge.broker_trial import try_broker
from inspector.doctor.finding import Check, Finding, State
from inspector.settings import Settings

_MB: Final = 1_000_000
_LIMIT_S: Final = 3.0


def checks() -> Sequence[Check]:
    """The checks of this room."""
    return (
        Check("disk", check_disk),
        Check("broker", check_broker, 30.0),
        Check("box", check_box),
    )


def check_disk(settings: Settings) -> Iterator[Finding]:
    """The data folder: writable, and room against the limits of the settings."""
    folder, limits = settings.edge.data_dir, settings.edge.disk
    existing = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    probe = existing / f".doctor-{secrets.token_hex(4)}"
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, bytes(4096))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            probe.unlink()
        free_mb = shutil.disk_usage(existing).free // _MB
    except OSError as error:
        why = error.strerror or str(error)
        remedy = "Free space, mount it for writing, or give this user the right to write there"
        yield Finding(State.PROBLEM, f"edge.data_dir {folder} cannot be written", why, remedy)
        return
    said = f"the disk of edge.data_dir has {free_mb:,} MB free"
    if free_mb < limits.full_mb:
        why = f"below edge.disk.full_mb ({limits.full_mb:,}) no frame is taken"
        yield Finding(State.PROBLEM, said, why, "Free space")
    elif free_mb < limits.low_mb:
        why = f"below edge.disk.low_mb ({limits.low_mb:,}) kept passes are removed"
        yield Finding(State.WARNING, said, why, "Free space, or lower edge.evidence.largest_gb")
    else:
        yield Finding(State.OK, f"{said} and can be written")
    kept = folder / "evidence"
    used_mb = sum(one.stat().st_size for one in kept.rglob("*") if one.is_file()) // _MB
    largest = settings.edge.evidence.largest_gb
    if largest is not None and 1000 * largest - used_mb > free_mb - limits.low_mb:
        why = f"edge.evidence.largest_gb is {largest:g}, {used_mb:,} MB are used, {free_mb:,} MB free"
        remedy = "Lower edge.evidence.largest_gb, or give the box a larger disk"
        yield Finding(State.WARNING, "the disk will be low before pictures reach their limit", why, remedy)


def check_broker(settings: Settings) -> Iterator[Finding]:
    """Connect as the box does, and let a message go round."""
    yield from try_broker(settings.mqtt, f"inspector/v1/{settings.site}/doctor/{secrets.token_hex(4)}")


def check_box(settings: Settings) -> Iterator[Finding]:
    """What a running box says of itself."""
    health = settings.edge.health
    if not health.enabled or not health.port:
        why = "edge.health is off, or takes any free port"
        yield Finding(State.NOT_APPLICABLE, "a running box is not asked", why)
        return
    host = "127.0.0.1" if health.host == "0.0.0.0" else health.host  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, health.port, timeout=_LIMIT_S)
    try:
        connection.request("GET", "/health")
        said = json.loads(connection.getresponse().read())
        problems = list(said["problems"].values())
    except ConnectionRefusedError:
        why = f"nothing listens at {host}:{health.port}"
        yield Finding(State.NOT_APPLICABLE, "the box does not run at the moment", why)
        return
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"
        remedy = "End what else listens there, or set edge.health.port"
        yield Finding(State.PROBLEM, f"no box answers at {host}:{health.port}", why, remedy)
        return
    finally:
        connection.close()
    for problem in problems:
        state = State.PROBLEM if problem["is_fatal"] else State.WARNING
        yield Finding(state, f"the running box says: {problem['what']}", problem["why"], problem["remedy"])
    if not problems:
        yield Finding(State.OK, f"box {said['box']} runs and is {said['status']}")
