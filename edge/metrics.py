"""Figures for Prometheus. Names follow its conventions; docs/operating.md lists them.

Labels hold configured names only: a stranger on the broker cannot make the number of series grow.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from inspector.describing.words import Source
from inspector.drift.channels import DriftKind, What
from inspector.messages import CameraTopic
from inspector.records import StoredInspection

SECONDS_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class ActiveModel:
    """What judges a product.

    Attributes:
        version: of the bundle; None where none is active.
        engine: what runs it.
        is_refusing: the last one that was sent was refused.
    """

    version: str | None
    engine: str
    is_refusing: bool


class Metrics:
    """The figures of one box, in a registry of its own. Safe from several threads.

    Args:
        box: name of the box, a label of `inspector_box_info`.
    """

    def __init__(self, box: str) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        info = Gauge("inspector_box_info", "1, with the name of the box", ["box"], registry=registry)
        info.labels(box).set(1)
        place = ["line", "camera", "product", "verdict"]
        self._frames = Counter(
            "inspector_frames", "Frames that were recorded, by verdict", place, registry=registry
        )
        self._latency = Histogram(
            "inspector_verdict_latency_seconds",
            "From the arrival of a frame's bytes to its verdict",
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self._stage = Histogram(
            "inspector_stage_seconds",
            "Time of one batch in a stage",
            ["stage"],
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self._stage_frames = Counter(
            "inspector_stage_frames", "Frames that a stage has finished", ["stage"], registry=registry
        )
        self._quarantined = Counter(
            "inspector_quarantined", "Frames in quarantine, by reason", ["code"], registry=registry
        )
        self._duplicates = Counter(
            "inspector_duplicates", "Frames that were recorded before", registry=registry
        )
        self._dropped = Counter(
            "inspector_dropped", "Frames that were lost: QoS 0 without room", registry=registry
        )
        self._skipped = Counter(
            "inspector_video_skipped",
            "Pictures of a live video that were due, and for which there was no room",
            ["line", "camera"],
            registry=registry,
        )
        self._described = Counter(
            "inspector_descriptions", "Sentences, by what wrote them", ["source"], registry=registry
        )
        self._restarts = Counter(
            "inspector_stage_restarts", "Restarts of a stage that was stuck", ["stage"], registry=registry
        )
        self._drift_alarms = Counter(
            "inspector_drift_alarms",
            "Changes in a camera's frames that were told",
            ["line", "camera", "kind"],
            registry=registry,
        )
        self._drift = Gauge(
            "inspector_drift_statistic",
            "Mean of a figure over the last 50 frames, in steps of its usual spread from the usual value",
            ["line", "camera", "what"],
            registry=registry,
        )
        self._drift_skipped = Counter(
            "inspector_drift_skipped", "Frames that the watch for drift had no time for", registry=registry
        )
        self._model_refused = Gauge(
            "inspector_model_refused",
            "1 where the last model that was sent for a product was refused",
            ["product"],
            registry=registry,
        )
        self._queue = Gauge(
            "inspector_queue_depth", "What waits before a stage", ["stage"], registry=registry
        )
        self._outbox = Gauge(
            "inspector_outbox_depth", "What waits to be told", ["destination"], registry=registry
        )
        self._outbox_age = Gauge(
            "inspector_outbox_age_seconds", "Age of the oldest that waits", ["destination"], registry=registry
        )
        self._model = Gauge(
            "inspector_model_info",
            "1, with the model that judges a product",
            ["product", "version", "engine"],
            registry=registry,
        )
        self._ask_models: Callable[[], Mapping[str, ActiveModel]] = dict
        self._disk = Gauge("inspector_disk_free_bytes", "Room on the data folder's disk", registry=registry)

    def stage_took(self, stage: str, seconds: float, frames: int) -> None:
        """A stage has finished a batch."""
        self._stage.labels(stage).observe(seconds)
        self._stage_frames.labels(stage).inc(frames)

    def inspected(self, record: StoredInspection) -> None:
        """A frame was recorded."""
        self._frames.labels(record.line, record.camera, record.product, record.verdict.value).inc()
        self._latency.observe(record.latency_ms / 1000)

    def quarantined(self, code: str) -> None:
        """A frame was put into quarantine; `code` is one of the fixed words of `Fault` and `FrameFault`."""
        self._quarantined.labels(code).inc()

    def duplicate(self) -> None:
        """A frame was recorded before."""
        self._duplicates.inc()

    def dropped(self, count: int = 1) -> None:
        """Frames were lost."""
        self._dropped.inc(count)

    def skipped(self, camera: CameraTopic) -> None:
        """A picture of a live video was let go."""
        self._skipped.labels(camera.line, camera.camera).inc()

    def described(self, source: Source) -> None:
        """A sentence was stored."""
        self._described.labels(source.value).inc()

    def stage_restarted(self, stage: str) -> None:
        """A stage was stuck, and was restarted."""
        self._restarts.labels(stage).inc()

    def drift_alarm(self, camera: CameraTopic, kind: DriftKind) -> None:
        """A change in a camera's frames was told."""
        self._drift_alarms.labels(camera.line, camera.camera, kind.value).inc()

    def drift_steps(self, camera: CameraTopic, steps: Mapping[What, float]) -> None:
        """How far a camera's frames are from the usual."""
        for what, value in steps.items():
            self._drift.labels(camera.line, camera.camera, what.value).set(value)

    def drift_skipped(self) -> None:
        """A frame was not watched."""
        self._drift_skipped.inc()

    def watch_queue(self, stage: str, depth: Callable[[], float]) -> None:
        """Ask `depth` whenever the figures are read."""
        self._queue.labels(stage).set_function(depth)

    def watch_outbox(self, destination: str, depth: Callable[[], float], age_s: Callable[[], float]) -> None:
        """Ask both whenever the figures are read; NaN where the database cannot say."""
        self._outbox.labels(destination).set_function(_or_nan(depth))
        self._outbox_age.labels(destination).set_function(_or_nan(age_s))

    def watch_disk(self, folder: Path) -> None:
        """Ask for the free space of a folder's disk whenever the figures are read."""
        self._disk.set_function(_or_nan(lambda: shutil.disk_usage(folder).free))

    def watch_models(self, ask: Callable[[], Mapping[str, ActiveModel]]) -> None:
        """Ask which model judges each product whenever the figures are read."""
        self._ask_models = ask

    def render(self) -> tuple[bytes, str]:
        """The figures in Prometheus' text format, and its content type."""
        self._model.clear()
        self._model_refused.clear()
        for product, model in self._ask_models().items():
            self._model_refused.labels(product).set(model.is_refusing)
            if model.version is not None:
                self._model.labels(product, model.version, model.engine).set(1)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def _or_nan(ask: Callable[[], float]) -> Callable[[], float]:
    def answer() -> float:
        try:
            return ask()
        except Exception:  # one figure that is not to be had must not cost all others
            return float("nan")

    return answer
