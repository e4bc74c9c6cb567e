"""Brings evidence from the box to its remote store, after the verdict and beside the line's work.

What lies in the evidence folder is what was not brought yet: a box that dies in between goes on where it was.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import fsspec
import structlog

from edge.backoff import Backoff
from edge.problems import Problem
from inspector.evidence import EVIDENCE_FOLDER

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

_LOOK_S = 2.0
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 300.0
_REMEDY = "Check edge.evidence.url, its credentials and the network; pictures wait on the box meanwhile"


class EvidenceMover:
    """A thread that brings files to a store and removes them here.

    Args:
        data_dir: the box's data folder.
        remote: fsspec URL of the store; credentials are fsspec's own affair.
        chance: source of randomness for waits.
        look_s: seconds between looks for new files.
    """

    def __init__(
        self, data_dir: Path, remote: str, *, chance: random.Random, look_s: float = _LOOK_S
    ) -> None:
        self._data_dir, self._remote, self._look_s = data_dir, remote.rstrip("/"), look_s
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, chance)
        self._problem: Problem | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="evidence-mover", daemon=True)
        self.moved = 0
        """Files that were brought since the start."""

    def start(self) -> None:
        """Begin, with what an earlier run has left."""
        self._thread.start()

    def stop(self) -> None:
        """End after the file in hand."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(10.0)

    def problem(self) -> Problem | None:
        """The store is away."""
        return self._problem

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                for path in self._waiting():
                    if self._stopping.is_set():
                        return
                    self._move(path)
                self._backoff.reset()
                if self._problem is not None:
                    self._problem = None
                    log.info("evidence store is back", url=self._remote)
                self._stopping.wait(self._look_s)
            except Exception as error:  # each of fsspec's stores has errors of its own
                self._wait(error)

    def _waiting(self) -> Iterator[Path]:
        """Whole files, the oldest first; those that are being written have a dot before their name."""
        folder = self._data_dir / EVIDENCE_FOLDER
        found = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
        yield from sorted(found)

    def _move(self, path: Path) -> None:
        name = path.relative_to(self._data_dir).as_posix()
        store, target = fsspec.core.url_to_fs(f"{self._remote}/{name}")
        self._put(store, path, target)
        size = path.stat().st_size
        if store.size(target) != size:
            raise OSError(f"{target} has {store.size(target)} bytes instead of {size}")
        path.unlink()
        self.moved += 1

    def _put(self, store: Any, path: Path, target: str) -> None:
        """Bring one file; under a temporary name first where a store has folders: readers see whole files."""
        store.makedirs(store._parent(target), exist_ok=True)
        protocols = store.protocol if isinstance(store.protocol, tuple) else (store.protocol,)
        if "file" in protocols:
            temporary = f"{target}.part"
            store.put_file(str(path), temporary)
            store.mv(temporary, target)
        else:
            store.put_file(str(path), target)

    def _wait(self, error: Exception) -> None:
        wait_s = self._backoff.next_s()
        why = str(error) or type(error).__name__
        if self._problem is None:
            log.error("evidence cannot be brought to its store", url=self._remote, why=why, remedy=_REMEDY)
        self._problem = Problem("evidence cannot be brought to its store", why, _REMEDY)
        self._stopping.wait(wait_s)
