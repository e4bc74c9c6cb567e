"""Frames from a folder into which a camera, or somebody's script, puts files.

The folder is looked through every now and then. The kernel's notifications would tell sooner, but they do not
come from network shares, which is where such folders are, and they are lost when their queue is full.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from edge.backlog import Backlog, Delivery
from edge.problems import Problem
from inspector.messages import PROPERTY_CAPTURED_AT, PROPERTY_FRAME_ID, CameraTopic
from inspector.settings import FolderSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

DONE_FOLDER: Final = "done"
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart")


class FolderSource:
    """Watches a folder and its sub-folders.

    A file is taken once its size and time have not changed for a while, so that nobody reads half of it; a
    file that is renamed into place is whole at once, and waits just as long. Its id is made of camera, time
    and content: a file that was recorded before a crash, and not yet put away, is recorded once.

    Args:
        settings: the folder.
        topic: the camera whose pictures these are.
        backlog: where frames wait for the pipeline.
        open_files: files that are delivered and not yet acknowledged, at most.
        now: the box's clock, UTC.
    """

    def __init__(
        self,
        settings: FolderSettings,
        topic: CameraTopic,
        backlog: Backlog,
        open_files: int,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._topic, self._backlog = settings, topic, backlog
        self._most, self._now = open_files, now
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}
        """Size and time of files that are not taken yet, and since when they are like that."""
        self._open: dict[int, Path] = {}
        self._complained: set[Path] = set()
        self._number = 0
        self._problem: Problem | None = None
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"folder-{topic.camera}", daemon=True)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"folder {self._settings.path}"

    def problem(self) -> Problem | None:
        """The folder is away, or files cannot be put away."""
        return self._problem

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more files; those that are not acknowledged stay where they are."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(5.0)

    def acknowledge(self, delivery: Delivery) -> None:
        """Put the file away, or delete it, as the settings say."""
        with self._guard:
            path = self._open.get(delivery.number)
        if path is None:
            return
        try:
            if self._settings.done == "delete":
                path.unlink(missing_ok=True)
            else:
                self._put_away(path)
        except OSError as error:
            # It stays open, so that it is not inspected again and again until the next start.
            self._complain(path, error)
        else:
            with self._guard:
                self._open.pop(delivery.number, None)

    def give_up(self, delivery: Delivery) -> None:
        """The bytes are lost here: the file itself is still there, and is taken again."""
        with self._guard:
            self._open.pop(delivery.number, None)

    def _put_away(self, path: Path) -> None:
        target = self._settings.path / DONE_FOLDER / path.relative_to(self._settings.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            # Counters of cameras begin anew; nobody's picture is overwritten.
            target = target.with_name(f"{target.stem}-{time.time_ns()}{target.suffix}")
        path.replace(target)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
                self._set_problem(None)
            except OSError as error:
                remedy = "Mount or create it; it is watched again as soon as it is there"
                self._set_problem(
                    Problem(f"{self.name} cannot be read", error.strerror or str(error), remedy)
                )
            except Exception:  # one strange name must not end the watch
                log.exception("folder watch has stumbled", folder=str(self._settings.path))
            self._stopping.wait(self._settings.poll_s)

    def _look(self) -> None:
        """Take what is ready, the oldest first."""
        here = dict(self._files())
        moment = time.monotonic()
        self._seen = {
            path: before if (before := self._seen.get(path)) and before[0] == state else (state, moment)
            for path, state in here.items()
        }
        with self._guard:
            taken = set(self._open.values())
        settled = [
            path
            for path, (_, since) in self._seen.items()
            if path not in taken and moment - since >= self._settings.settle_s
        ]
        for path in sorted(settled, key=lambda path: (here[path][1], path.name)):
            while len(self._open) >= self._most:
                # A folder is no queue that grows: the files wait where they are.
                if self._stopping.wait(0.05):
                    return
            if self._stopping.is_set():
                return
            self._take(path, here[path])

    def _files(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        """Files that may be pictures, with size and time of change in nanoseconds."""
        root = self._settings.path
        list(root.iterdir())  # an absent folder is an error, and not an empty one
        for path in root.rglob("*"):
            parts = path.relative_to(root).parts
            if parts[0] == DONE_FOLDER or any(part.startswith((".", "~")) for part in parts):
                continue
            if path.suffix.lower() in _UNFINISHED:
                continue
            try:
                status = path.stat()
                if path.is_file():
                    yield path, (status.st_size, status.st_mtime_ns)
            except FileNotFoundError:  # moved away meanwhile
                continue

    def _take(self, path: Path, state: tuple[int, int]) -> None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            self._complain(path, error)
            return
        captured_at = datetime.fromtimestamp(state[1] / 1e9, UTC)
        said = f"{self._topic.frame}\0{state[1]}\0".encode()
        digest = hashlib.sha256(said + hashlib.sha256(data).digest()).hexdigest()
        properties = {
            PROPERTY_FRAME_ID: f"{self._topic.camera}-{digest[:32]}",
            PROPERTY_CAPTURED_AT: captured_at.isoformat(),
        }
        with self._guard:
            self._number += 1
            number = self._number
            self._open[number] = path
        self._backlog.put(
            Delivery(
                number=number,
                topic=self._topic.frame,
                payload=data,
                properties=properties,
                message_id=0,
                arrived_at=self._now(),
                started=time.perf_counter(),
                source=self,
            )
        )

    def _complain(self, path: Path, error: OSError) -> None:
        """Say once what is wrong with a file."""
        if path not in self._complained:
            self._complained.add(path)
            remedy = "Give this user the right to read and move the files there"
            log.error("file cannot be inspected or put away", file=str(path), why=str(error), remedy=remedy)

    def _set_problem(self, problem: Problem | None) -> None:
        if problem is not None and problem != self._problem:
            log.error("folder cannot be watched", what=problem.what, why=problem.why, remedy=problem.remedy)
        elif problem is None and self._problem is not None:
            log.info("folder is watched again", folder=str(self._settings.path))
        self._problem = problem
