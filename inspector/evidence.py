"""Reading the pictures behind the verdicts, wherever they are.

A record names a picture by a path relative to the box's data folder, or by a URI. One that a box brings to a
remote store has its URI from the beginning, and lies in the data folder until it was brought there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import fsspec

from inspector.errors import EvidenceError

EVIDENCE_FOLDER: Final = "evidence"
"""Folder of a box's data folder, and of a remote store, that all evidence is in."""


def read_evidence(location: str, data_dir: Path) -> bytes:
    """The bytes of a kept picture or map.

    Args:
        location: path relative to the box's data folder, or an absolute URI that fsspec can open.
        data_dir: the box's data folder.

    Raises:
        EvidenceError: there is nothing at this place, or this machine cannot reach it.
    """
    remedy = ""
    try:
        if "://" in location:
            here = _not_brought_yet(location, data_dir)
            if here is not None:
                return here
            remedy = "It may have been kept long enough; see edge.evidence in the settings"
            with fsspec.open(location, "rb") as file:
                return bytes(file.read())
        remedy = "Check data_dir under [edge]: it must be the box's data folder, as this machine sees it"
        folder = data_dir.resolve()
        path = (folder / location).resolve()
        if not path.is_relative_to(folder):
            raise EvidenceError(f"the evidence {location} is not read", f"it lies outside of {data_dir}")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise EvidenceError(f"the evidence {location} is gone", "there is no such file", remedy) from error
    except (OSError, ImportError, ValueError) as error:
        raise EvidenceError(f"the evidence {location} cannot be read", str(error), remedy) from error


def _not_brought_yet(uri: str, data_dir: Path) -> bytes | None:
    """Evidence that still waits on the box to be brought to its store; None where it does not."""
    _, found, tail = uri.rpartition(f"/{EVIDENCE_FOLDER}/")
    folder = (data_dir / EVIDENCE_FOLDER).resolve()
    path = (folder / tail).resolve()
    if not found or not path.is_relative_to(folder):
        return None
    try:
        return path.read_bytes()
    except OSError:
        return None
