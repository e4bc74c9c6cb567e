"""Watches the box's frames for drift, in a thread of its own and beside the line's work.

Who stores frames offers each and goes on. A frame that the watch has no time for is not watched but counted;
its verdict does not depend on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from edge.camera_watch import CameraWatch
from edge.metrics import Metrics
from edge.problems import Problem
from edge.queues import BoundedQueue
from edge.stations import Station
from inspector.drift.observation import Observation
from inspector.errors import InspectorError, RecordsError
from inspector.messages import CameraTopic
from inspector.records import Records, StoredAlarm, StoredInspection
from inspector.results import Inspection
from inspector.settings import Settings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

QUEUE_SIZE: Final = 256
"""Frames that may wait; each holds some 20 kB."""
STOP_S: Final = 5.0
_TAKE = 32
_LOOK_S = 0.5
_ASK_S = 5.0
"""How often the database is asked whether an alarm was acknowledged."""


class Drifting:
    """Watches a box's cameras.

    Args:
        settings: all settings.
        stations: what stands ready for each camera.
        records: where alarms are stored.
        data_dir: the box's data folder.
        metrics: figures.
        clock: seconds that only count up.
    """

    def __init__(
        self,
        settings: Settings,
        stations: Mapping[CameraTopic, Station],
        records: Records,
        data_dir: Path,
        *,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records, self._metrics, self._clock = records, metrics, clock
        self._watches = {
            topic: CameraWatch(
                station, settings.edge.box, data_dir, learn_frames=settings.edge.drift.learn_frames
            )
            for topic, station in stations.items()
        }
        self._queue: BoundedQueue[tuple[CameraTopic, str, Observation]] = BoundedQueue(QUEUE_SIZE)
        self._untold: list[tuple[CameraTopic, StoredAlarm]] = []
        self._failures: dict[str, Problem] = {}
        self._asked_at = clock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drifting", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier run has kept."""
        self._thread.start()

    def offer(self, record: StoredInspection, inspection: Inspection) -> None:
        """Let a recorded frame be watched. Returns at once, and never raises.

        Args:
            record: as it is stored.
            inspection: what was seen in the frame.
        """
        seen = Observation.of(inspection, has_picture=record.evidence is not None)
        if seen is None:
            return
        topic = CameraTopic(record.site, record.line, record.camera)
        if not self._queue.put((topic, inspection.model_version, seen), 0):
            self._metrics.drift_skipped()

    def problem(self, topic: CameraTopic) -> Problem | None:
        """A change in a camera's frames that nobody has dealt with."""
        watch = self._watches.get(topic)
        alarm = None if watch is None else watch.alarm
        if alarm is None:
            return next(iter(list(self._failures.values())), None)
        number = "" if alarm.id is None else f"; then `inspector drift acknowledge {alarm.id}`"
        return Problem(
            f"{alarm.line}/{alarm.camera}: {alarm.sentence}",
            f"a change of the {alarm.kind.value} since {alarm.since:%Y-%m-%d %H:%M:%S} UTC",
            f"{alarm.suggestion}{number}",
        )

    def stop(self) -> None:
        """Watch what waits, keep the state, and end."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)

    def _run(self) -> None:
        for watch in self._watches.values():
            # Before any frame: an alarm that stands must not be told again.
            what = "the watch for drift cannot go on where it was"
            while not self._try(what, watch.restore, self._records) and not self._stopping.wait(1):
                pass
        while not self._stopping.is_set():
            self._work(_LOOK_S)
        self._work(0)
        for watch in self._watches.values():
            self._try("the state of the watch for drift cannot be kept", watch.save)

    def _work(self, timeout_s: float) -> None:
        for topic, version, seen in self._queue.take(_TAKE, timeout_s):
            self._try("a frame cannot be watched for drift", self._see, topic, version, seen)
        self._try("an alarm of drift cannot be stored", self._tell)
        if self._clock() - self._asked_at >= _ASK_S:
            self._asked_at = self._clock()
            for watch in self._watches.values():
                self._try("alarms of drift cannot be read", watch.ask, self._records)

    def _see(self, topic: CameraTopic, version: str, seen: Observation) -> None:
        watch = self._watches.get(topic)
        if watch is None:
            return
        alarm = watch.see(version, seen)
        if (steps := watch.news()) is not None:
            self._metrics.drift_steps(topic, steps)
        if alarm is not None:
            self._metrics.drift_alarm(topic, alarm.kind)
            self._untold.append((topic, alarm))
            log.warning(
                "frames have changed",
                line=alarm.line,
                camera=alarm.camera,
                product=alarm.product,
                kind=alarm.kind.value,
                what=alarm.sentence,
                since=alarm.since.isoformat(),
                remedy=alarm.suggestion,
                frames=list(alarm.frames_after),
            )

    def _tell(self) -> None:
        while self._untold:
            topic, alarm = self._untold[0]
            self._watches[topic].stored(alarm, self._records.drift.add(alarm))
            self._untold.pop(0)

    def _try(self, what: str, work: Callable[..., None], *arguments: object) -> bool:
        """Do something; what fails is told once, and must not end the watch over all other frames.

        Returns:
            False where the database was away, and trying again later may work.
        """
        try:
            work(*arguments)
        except Exception as error:
            problem = _problem(what, error)
            if problem != self._failures.get(what):
                unforeseen = not isinstance(error, InspectorError | ImportError | OSError)
                log.error(what, why=problem.why, remedy=problem.remedy, exc_info=unforeseen)  # noqa: TRY400
            self._failures[what] = problem
            return not isinstance(error, RecordsError)
        self._failures.pop(what, None)
        return True


def _problem(what: str, error: Exception) -> Problem:
    if isinstance(error, InspectorError):
        return Problem(what, f"{error.what}: {error.why}", error.remedy)
    if isinstance(error, ImportError):
        return Problem(what, str(error), "Run: pip install river")
    if isinstance(error, OSError):
        return Problem(what, str(error), "Free or repair the disk of edge.data_dir")
    return Problem(what, f"a defect of inspector, {type(error).__name__}", "Report it with the log")
