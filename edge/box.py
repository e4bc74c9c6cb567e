"""The parts of a running service: what each is given by the others, in which order they start and end."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from edge import systemd
from edge.backlog import Backlog
from edge.clients import Publication
from edge.clock import SteadyClock
from edge.data_folder import SPOOL_FOLDER
from edge.describing import Describing
from edge.disk import DiskGuard
from edge.drifting import Drifting
from edge.evidence import EvidenceStore
from edge.evidence_mover import EvidenceMover
from edge.following import Following
from edge.health import Health
from edge.intake import Intake
from edge.metrics import ActiveModel, Metrics
from edge.models import Models
from edge.outcome import Outcome
from edge.pipeline import Batching, Pipeline
from edge.problems import Problem
from edge.reading import Reading
from edge.relays import Relays
from edge.retention import Retention
from edge.sources import Source, open_sources
from edge.stages import Stage
from edge.stations import Station
from edge.storing import Stored, Storing
from edge.tally import Summary, Tally
from edge.watchdog import Watchdog
from edge.writer_process import WriterLoader
from inspector.inspecting import load_inspector
from inspector.messages import CameraTopic
from inspector.records import Records
from inspector.settings import Settings
from inspector.signatures import Trust

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

DRAIN_S: Final = 5.0
"""A stopping service finishes what it has decoded. What lies before that, its source delivers again."""
DRAIN_EMBEDDED_S: Final = 60.0
"""An embedded broker ends with the service: what it has delivered is finished first."""
DELIVER_EMBEDDED_S: Final = 2.0
"""And it delivers what it holds, unless cameras go on sending."""
TELL_S: Final = 5.0
"""How long a stopping service tells what waits; the rest is told after the next start."""


class Box:
    """The parts of a running service, and how they hang together.

    Args:
        settings: all settings.
        stations: what stands ready for each camera.
        folder: the box's data folder.
        records: where inspections are recorded.
        now: the box's clock, UTC.
        chance: source of randomness for waits.
        trust: whose bundles may judge; None: everybody's.
    """

    def __init__(
        self,
        settings: Settings,
        stations: dict[CameraTopic, Station],
        folder: Path,
        records: Records,
        *,
        now: SteadyClock,
        chance: random.Random,
        trust: Trust | None = None,
    ) -> None:
        self._settings, self._stations, self._folder = settings, stations, folder
        self._records, self._now, self._chance = records, now, chance
        edge = settings.edge
        self.metrics = Metrics(edge.box)
        self.health = Health(edge.box, now)
        self._tally = Tally()
        self._backlog = Backlog(edge.queue_size, folder / SPOOL_FOLDER)
        self.models = Models(
            settings,
            stations,
            folder,
            publish=self._publish,
            now=now,
            load=partial(load_inspector, now=now, trust=trust),
            trust=trust,
            largest_batch=settings.engine.largest_batch,
            chance=chance,
        )
        self._intake = Intake(
            settings,
            stations,
            self._backlog,
            chance=chance,
            now=now,
            listeners=self.models.listeners(),
            connected=self.models.on_connected,
            lost=self.metrics.dropped,
        )
        self._sources: list[Source] = [
            self._intake,
            *open_sources(settings, stations, self._backlog, now=now, skipped=self.metrics.skipped),
        ]
        self._relays = Relays(settings, records, folder, self._intake.connection, now=now, chance=chance)
        self._retention = Retention(edge.evidence, folder, now=now)
        self._disk = DiskGuard(edge.disk, folder, self._retention)
        remote = edge.evidence.url
        self._mover = None if remote is None else EvidenceMover(folder, remote, chance=chance)
        self._following = (
            Following(settings.registry_database, folder, self.models) if edge.models.follow else None
        )
        self._describing: Describing | None = None
        self._drifting: Drifting | None = None
        if edge.drift.enabled:
            self._drifting = Drifting(settings, stations, records, folder, metrics=self.metrics)
        self._pipeline = self._new_pipeline()
        self._watchdog = Watchdog(
            self._pipeline.stages,
            limit_s=edge.watchdog.limit_s,
            on_restart=self.metrics.stage_restarted,
            alive=lambda: systemd.notify("WATCHDOG=1"),
            chance=chance,
        )

    def _new_pipeline(self) -> Pipeline:
        edge = self._settings.edge
        storing = Storing(
            box=edge.box,
            data_dir=self._folder,
            records=self._records,
            destinations=self._relays.destinations,
            evidence=EvidenceStore(self._folder, edge.evidence.pass_share, remote=edge.evidence.url),
            now=self._now,
            finished=self._finished,
            with_embeddings=edge.evidence.embeddings,
        )
        return Pipeline(
            self._backlog,
            Reading(edge.box, self._stations),
            storing,
            batching=Batching(self._settings.engine.largest_batch, edge.batch_budget_ms / 1000),
            metrics=self.metrics,
            may_take=self._disk.may_take,
            chance=self._chance,
        )

    def describe(self, loader: WriterLoader | None) -> None:
        """Let rejects be described."""
        self._describing = Describing(
            self._settings,
            self._stations,
            self._records,
            self._folder,
            destinations=self._relays.destinations,
            notify=self._relays.notify,
            described=self.metrics.described,
            now=self._now,
            chance=self._chance,
            load=loader,
        )

    def watch(self, stop: threading.Event) -> None:
        """Let health and figures know all parts."""
        for source in self._sources:
            self.health.add(source.name, source.problem)
        for stage in self._pipeline.stages:
            self.health.add(f"stage {stage.name}", partial(_failing, stage))
        for relay in self._relays.relays:
            self.health.add(f"relay {relay.destination}", partial(_behind, relay))
            self.metrics.watch_outbox(relay.destination.value, relay.depth, relay.age_s)
        self.health.add("disk", self._disk.problem)
        self.health.add("clock", self._now.problem)
        self.health.add("watchdog", self._watchdog.problem)
        self.health.add("models", partial(_without_model, self._stations))
        self.health.add("last model", partial(_refused, self.models))
        if self._mover is not None:
            self.health.add("evidence store", self._mover.problem)
        if self._following is not None:
            self.health.add("registry", self._following.problem)
        if self._drifting is not None:
            for topic in self._stations:
                self.health.add(f"drift {topic.line}/{topic.camera}", partial(self._drifting.problem, topic))
        self.health.add_fact("models", partial(_models, self._stations))
        self.health.add_fact("stopping", stop.is_set)
        self.metrics.watch_disk(self._folder)
        self.metrics.watch_models(self._active_models)

    def start(self, stop: threading.Event, broker_timeout_s: float | None) -> None:
        """Start every part; the sources last, when all that comes can be taken."""
        self._outcome = Outcome(
            self._tally,
            self.metrics,
            notify=self._relays.notify,
            describing=self._describing,
            drifting=self._drifting,
            on_stranger=self._intake.unsubscribe,
        )
        self._disk.start()
        self._retention.start()
        if self._mover is not None:
            self._mover.start()
        self._pipeline.start()
        self._watchdog.start()
        self._relays.start()
        if self._describing is not None:
            self._describing.start()
        if self._drifting is not None:
            self._drifting.start()
        self.models.start()
        if self._following is not None:
            self._following.start()
        for source in self._sources:
            source.start()
        # Before a broker is reached: a box may start before it, and other sources need none.
        systemd.notify("READY=1")
        self._intake.connection.await_broker(stop, broker_timeout_s)

    def stop(self) -> None:
        """End every part in the order of the flow, so that each can finish what the one before has left."""
        embedded = self._settings.mqtt.embedded
        if embedded:
            # What its broker has confirmed to cameras and not delivered yet ends with it.
            self._pipeline.drain(everything=True, timeout_s=DELIVER_EMBEDDED_S)
        for source in self._sources:
            if source is self._intake and embedded:
                self._intake.unsubscribe_all()
            else:
                source.stop()
        self._pipeline.drain(everything=embedded, timeout_s=DRAIN_EMBEDDED_S if embedded else DRAIN_S)
        self._watchdog.stop()
        self._pipeline.stop()
        if self._describing is not None:
            self._describing.stop()
        if self._following is not None:
            self._following.stop()
        if self._drifting is not None:
            self._drifting.stop()
        self.models.stop()
        if not self._relays.stop(TELL_S):
            log.warning("results wait to be told", remedy="They are told after the next start")
        for part in (self._mover, self._retention, self._disk):
            if part is not None:
                part.stop()
        self._intake.connection.stop()

    def summary(self) -> Summary:
        """What was done."""
        described = {} if self._describing is None else self._describing.counts
        return self._tally.summary(dropped=self._intake.dropped, described=described)

    def _publish(self, publication: Publication) -> None:
        self._intake.connection.publish(publication)

    def _finished(self, batch: Sequence[Stored]) -> None:
        self._outcome.finished(batch)

    def _active_models(self) -> dict[str, ActiveModel]:
        states = self.models.states()
        active = {}
        for station in self._stations.values():
            inspector = station.inspector
            active[station.product] = ActiveModel(
                version=None if inspector is None else inspector.bundle.version,
                engine="" if inspector is None else inspector.engine.name,
                is_refusing=states[station.product][0].status == "refused",
            )
        return active


def _failing(stage: Stage[Any, Any]) -> Problem | None:
    failure = stage.failure
    return None if failure is None else Problem.of(failure, is_fatal=True)


def _behind(relay: Any) -> Problem | None:
    failure = relay.failure
    return None if failure is None else Problem.of(failure)


def _without_model(stations: dict[CameraTopic, Station]) -> Problem | None:
    missing = sorted({station.product for station in stations.values() if station.inspector is None})
    if not missing:
        return None
    return Problem(
        f"no model is active for {', '.join(missing)}",
        "none was configured or sent to this box, or each one was refused",
        "Send one with `inspector edge set-model`",
        is_fatal=True,
    )


def _refused(models: Models) -> Problem | None:
    for product, (state, _) in models.states().items():
        if state.status == "refused":
            return Problem(f"a model for {product} was refused", state.why, state.remedy)
    return None


def _models(stations: dict[CameraTopic, Station]) -> dict[str, dict[str, str]]:
    return {
        station.product: {
            "version": station.inspector.bundle.version,
            "engine": station.inspector.engine.name,
        }
        for station in stations.values()
        if station.inspector is not None
    }
