"""Files that are either whole or not there, whatever happens to the process or the power."""

from __future__ import annotations

import os
from pathlib import Path


def write_durably(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, sync it, give it its name and sync the folder (POSIX fsync).

    The temporary name depends on the final one alone: when a write was cut off, the next delivery of the same
    frame reuses and renames it, so that nothing piles up.

    Raises:
        OSError: the disk is full, gone or read-only; a file that stood at `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make new, renamed and removed entries of a folder durable (POSIX: fsync of the folder itself).

    Raises:
        OSError: the folder is gone, or its disk fails.
    """
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
