"""How long pictures are kept on the box: by age, by room, and less where the disk gets full.

Passes go first, then what was unsure, rejects last; the oldest first. Records stay: they say what was seen
when the picture is gone.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from edge.quarantine import QUARANTINE_FOLDER
from inspector.evidence import EVIDENCE_FOLDER
from inspector.results import Verdict
from inspector.settings import EvidenceSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

EVERY_S: Final = 300.0
YOUNGEST_S: Final = 60.0
"""A file is left alone for so long: its record may not be stored yet."""
_ORDER: Final = {Verdict.PASS.value: 0, Verdict.UNSURE.value: 1, Verdict.REJECT.value: 2}
_UNKNOWN = 2  # files of earlier versions may be rejects


@dataclass(frozen=True, slots=True, order=True)
class _Kept:
    """A file, so that the first to go sorts first."""

    rank: int
    day: str
    changed: float
    size: int
    path: Path


class Retention:
    """Removes evidence and quarantine that were kept long enough, in a thread of its own.

    Args:
        settings: how long, and how much.
        data_dir: the box's data folder.
        now: the box's clock, UTC.
    """

    def __init__(self, settings: EvidenceSettings, data_dir: Path, *, now: Callable[[], datetime]) -> None:
        self._settings, self._data_dir, self._now = settings, data_dir, now
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self.removed: Counter[str] = Counter()
        """Files removed since the start, by the name of their folder: a verdict, or quarantine."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(5.0)

    def apply(self) -> None:
        """Remove what is too old, then what is too much.

        Raises:
            OSError: a folder cannot be read.
        """
        today = self._now().date()
        with self._guard:
            before = self.removed.copy()
            self._remove_days(EVIDENCE_FOLDER, self._settings.keep_days, today)
            self._remove_days(QUARANTINE_FOLDER, self._settings.quarantine_days, today)
            if self._settings.largest_gb is not None:
                kept = list(self._kept())
                excess = sum(one.size for one in kept) - round(self._settings.largest_gb * 1e9)
                self._remove_first(sorted(kept), excess)
            self._report("their time or their room is used up", before)

    def make_room(self, wanted_bytes: int) -> int:
        """Remove the oldest passes until so many bytes are gone; how many bytes went.

        Raises:
            OSError: a folder cannot be read.
        """
        with self._guard:
            before = self.removed.copy()
            passes = [one for one in self._kept() if one.rank == _ORDER[Verdict.PASS.value]]
            removed = self._remove_first(sorted(passes), wanted_bytes)
            self._report("the disk is nearly full", before)
            return removed

    def _kept(self) -> Iterator[_Kept]:
        """Every file of evidence that is old enough to be removed."""
        newest = time.time() - YOUNGEST_S
        for path in (self._data_dir / EVIDENCE_FOLDER).rglob("*"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file() and status.st_mtime < newest:
                day, verdict = (*path.relative_to(self._data_dir).parts[1:], "", "")[:2]
                rank = _ORDER.get(verdict, _UNKNOWN)
                yield _Kept(rank, day, status.st_mtime, status.st_size, path)

    def _remove_first(self, kept: list[_Kept], wanted_bytes: int) -> int:
        removed = 0
        for one in kept:
            if removed >= wanted_bytes or self._stopping.is_set():
                break
            self._remove(one.path)
            removed += one.size
        return removed

    def _remove_days(self, folder: str, days: int | None, today: date) -> None:
        if days is None or not (self._data_dir / folder).is_dir():
            return
        first = today - timedelta(days=days)
        for path in sorted((self._data_dir / folder).iterdir()):
            try:
                is_old = date.fromisoformat(path.name) < first
            except ValueError:  # no folder of ours
                continue
            if is_old:
                for file in [file for file in path.rglob("*") if file.is_file()]:
                    self._remove(file)
                _remove_empty(path)

    def _remove(self, path: Path) -> None:
        parts = path.relative_to(self._data_dir).parts
        kind = parts[2] if parts[0] == EVIDENCE_FOLDER and parts[2] in _ORDER else parts[0]
        path.unlink(missing_ok=True)
        self.removed[kind] += 1

    def _report(self, why: str, before: Counter[str]) -> None:
        if gone := self.removed - before:
            log.info("pictures were removed", why=why, files=dict(gone))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.apply()
            except OSError as error:
                log.error(  # noqa: TRY400 - the reason is in the error
                    "old pictures cannot be removed",
                    why=str(error),
                    remedy="Give this user the right to remove files in edge.data_dir",
                )
            except Exception:  # one strange file must not end it for all others
                log.exception("retention has stumbled")
            self._stopping.wait(EVERY_S)


def _remove_empty(folder: Path) -> None:
    """Remove a folder and its sub-folders as far as they are empty."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
