"""The box's data folder: its sub-folders, and the lock that keeps a second service out of it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inspector.errors import SettingsError

SPOOL_FOLDER = "spool"
LOCK_NAME = "edge.lock"


@contextmanager
def data_folder(path: Path) -> Iterator[Path]:
    """Create the folder where needed and hold it for this process; yields it as an absolute path.

    The lock is the kernel's (`flock`): it is gone with the process, even after a `kill -9`.

    Raises:
        SettingsError: the folder cannot be written, or another service works in it.
    """
    try:
        (path / SPOOL_FOLDER).mkdir(parents=True, exist_ok=True)
        lock = (path / LOCK_NAME).open("w")
    except OSError as error:
        raise SettingsError(
            f"data folder {path} cannot be used",
            error.strerror or str(error),
            "Give this user the right to write there, or correct edge.data_dir",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(
                f"data folder {path} cannot be used",
                "another edge service works in it",
                "Stop that one, or give each service its own edge.box and edge.data_dir",
            ) from error
        yield path.resolve()
