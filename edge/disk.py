"""What happens when the disk gets full: kept passes go, then no more frames are taken.

The broker, a folder or the camera keeps them meanwhile. Rejects' pictures are never removed for room: they
are what people will ask for. A disk that cannot be written at all is found by trying.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import Final

import structlog

from edge.problems import Problem
from edge.retention import Retention
from inspector.settings import DiskSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

LOOK_S: Final = 2.0
_MB = 1_000_000
PROBE_NAME: Final = ".probe"


class DiskState(Enum):
    """How much room there is."""

    OK = auto()
    LOW = auto()
    """Kept passes are removed."""
    FULL = auto()
    """No frame is taken."""
    UNWRITABLE = auto()
    """No frame is taken: the disk is read-only, broken or gone."""


class DiskGuard:
    """Watches the data folder's disk, in a thread of its own.

    Args:
        settings: what counts as low and as full.
        data_dir: the box's data folder.
        retention: removes kept passes.
        free_bytes: free space of a folder's disk.
        look_s: seconds between looks.
    """

    def __init__(
        self,
        settings: DiskSettings,
        data_dir: Path,
        retention: Retention,
        *,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
        look_s: float = LOOK_S,
    ) -> None:
        self._settings, self._data_dir, self._retention = settings, data_dir, retention
        self._free_bytes, self._look_s = free_bytes, look_s
        self._state, self._why = DiskState.OK, ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)

    @property
    def state(self) -> DiskState:
        """At the last look."""
        return self._state

    def may_take(self) -> bool:
        """Whether another frame may be taken. Costs nothing."""
        return self._state in (DiskState.OK, DiskState.LOW)

    def problem(self) -> Problem | None:
        """What is wrong with the disk."""
        if self._state is DiskState.OK:
            return None
        if self._state is DiskState.UNWRITABLE:
            remedy = "Mount it for writing, or replace the disk; frames wait at their source until then"
            return Problem("the disk of edge.data_dir cannot be written", self._why, remedy, is_fatal=True)
        if self._state is DiskState.LOW:
            remedy = "Free space, or lower edge.evidence.largest_gb; kept passes are removed"
            return Problem("the disk of edge.data_dir is nearly full", self._why, remedy)
        remedy = "Free space; no frame is taken until then, they wait at their source"
        return Problem("the disk of edge.data_dir is full", self._why, remedy, is_fatal=True)

    def start(self) -> None:
        """Look once, and begin."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(5.0)

    def look(self) -> DiskState:
        """Look now, remove passes where room is low, and say how it is."""
        try:
            self._probe()
            free = self._free_bytes(self._data_dir)
            low, full = self._settings.low_mb * _MB, self._settings.full_mb * _MB
            if free < low:
                self._retention.make_room(low - free)
                free = self._free_bytes(self._data_dir)
        except OSError as error:
            self._turn(DiskState.UNWRITABLE, error.strerror or str(error))
            return self._state
        # Once full, it takes a little more than the limit to go on: else it would change with every frame.
        enough = full if self.may_take() else full + (low - full) // 10
        state = DiskState.FULL if free < enough else DiskState.LOW if free < low else DiskState.OK
        self._turn(state, f"{free / _MB:,.0f} MB are free")
        return state

    def _probe(self) -> None:
        """Touch a file, which a read-only disk refuses. On a full one it may succeed: room tells that."""
        probe = self._data_dir / PROBE_NAME
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.utime(descriptor)
        finally:
            os.close(descriptor)

    def _turn(self, state: DiskState, why: str) -> None:
        before, self._state, self._why = self._state, state, why
        if state is before:
            return
        problem = self.problem()
        if problem is None:
            log.info("disk has room again", why=why)
        else:
            write = log.error if problem.is_fatal else log.warning
            write(problem.what, why=why, remedy=problem.remedy)

    def _run(self) -> None:
        while not self._stopping.wait(self._look_s):
            try:
                self.look()
            except Exception:  # the guard is needed most when strange things happen
                log.exception("disk guard has stumbled")
