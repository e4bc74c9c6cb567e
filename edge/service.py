"""The service beside the line: takes frames, lets them be judged, and tells the results."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Final

import structlog

from edge.backlog import Backlog, Delivery
from edge.backoff import Backoff
from edge.broker import EmbeddedBroker
from edge.clients import Publication
from edge.data_folder import SPOOL_FOLDER, data_folder
from edge.describing import Describing
from edge.evidence import EvidenceStore
from edge.intake import Intake
from edge.pipeline import Pipeline, Processed
from edge.quarantine import Fault
from edge.stations import open_stations
from edge.tally import Summary, Tally
from edge.telling import publish_description
from edge.writer_process import WriterLoader
from edge.writers import find_writer
from inspector.errors import BrokerError, InspectorError, MessageError, RecordsError
from inspector.inspecting import utc_now
from inspector.messages import CameraTopic, ResultMessage
from inspector.records import Records
from inspector.results import Verdict
from inspector.settings import Settings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

_LOOK_S = 0.25  # how often an idle service looks whether it shall stop
_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.5, 30.0


class EdgeService:
    """One box's service.

    Args:
        settings: all settings.
        chance: source of randomness for waits.
        now: the box's clock, UTC.
        load_writer: loads what writes sentences about rejects, in a process of its own; by default what the
            settings say.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        chance: random.Random | None = None,
        now: Callable[[], datetime] = utc_now,
        load_writer: WriterLoader | None = None,
    ) -> None:
        self._settings, self._load_writer = settings, load_writer
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries
        self._now = now

    def run(self, stop: threading.Event, *, broker_timeout_s: float | None = None) -> Summary:
        """Work until told to stop; then finish the frame in hand, deliver its result and disconnect.

        Args:
            stop: set it from a signal handler or another thread.
            broker_timeout_s: give up when the broker was not reached for so long at the start; None keeps
                trying, as a box must whose broker starts later.

        Raises:
            SettingsError: the cameras or the data folder are configured wrongly.
            BundleError: a bundle is missing or damaged.
            EngineError: a bundle's network cannot be loaded.
            AdapterError: the adapter does not fit the language model.
            RecordsError: the database cannot be used.
            BrokerError: the embedded broker cannot start, or no broker was reached in time.
        """
        settings = self._settings
        stations = open_stations(settings)
        with ExitStack() as resources:
            folder = resources.enter_context(data_folder(settings.edge.data_dir))
            records = resources.enter_context(Records.open(settings.database.url))
            if settings.mqtt.embedded:
                resources.enter_context(EmbeddedBroker(settings.mqtt))
            backlog = Backlog(settings.edge.queue_size, folder / SPOOL_FOLDER)
            intake = Intake(settings, stations, backlog, chance=self._chance, now=self._now)
            pipeline = Pipeline(
                box=settings.edge.box,
                data_dir=folder,
                stations=stations,
                records=records,
                evidence=EvidenceStore(folder, settings.edge.evidence.pass_share),
                now=self._now,
            )
            for station in stations.values():
                log.info(
                    "camera is ready",
                    line=station.topic.line,
                    camera=station.topic.camera,
                    product=station.product,
                    model=station.inspector.bundle.version,
                    engine=station.inspector.engine.name,
                )
            describing = None
            if settings.describing.enabled:
                describing = Describing(
                    settings,
                    stations,
                    records,
                    folder,
                    intake.connection.publish,
                    now=self._now,
                    chance=self._chance,
                    load=self._load_writer or find_writer(settings.describing),
                )
            worker = _Worker(intake, backlog, pipeline, stop, describing=describing, chance=self._chance)
            intake.connection.start()
            try:
                intake.connection.await_broker(stop, broker_timeout_s)
                if describing is not None:
                    describing.start()
                worker.run()
                if settings.mqtt.embedded:
                    worker.drain()
            finally:
                if describing is not None:
                    describing.stop()
                if not intake.connection.stop():
                    log.warning("results were not delivered", why="the broker did not confirm them in time")
            summary = worker.summary()
            log.info("service has stopped", **summary.facts())
            return summary


class _Worker:
    """Takes one delivery after the other until told to stop."""

    def __init__(
        self,
        intake: Intake,
        backlog: Backlog,
        pipeline: Pipeline,
        stop: threading.Event,
        *,
        describing: Describing | None,
        chance: random.Random,
    ) -> None:
        self._intake, self._backlog, self._pipeline, self._stop = intake, backlog, pipeline, stop
        self._describing = describing
        self._backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S, chance)
        self._tally = Tally()

    def run(self) -> None:
        """Work until told to stop. What is in the backlog then, the broker delivers again."""
        while not self._stop.is_set():
            delivery = self._backlog.take(_LOOK_S)
            if delivery is not None:
                self._finish(delivery)

    def drain(self) -> None:
        """Ask for no more frames and finish those that came: a broker that ends with us forgets them."""
        self._intake.unsubscribe_all()
        while (delivery := self._backlog.take(_LOOK_S)) is not None:
            self._finish(delivery)

    def summary(self) -> Summary:
        """What was done."""
        described = {} if self._describing is None else self._describing.counts
        return self._tally.summary(dropped=self._intake.dropped, described=described)

    def _finish(self, delivery: Delivery) -> None:
        """Process a delivery until it is stored; only then tell the result and acknowledge.

        The result goes first: both leave on one connection, in this order. Whoever pulls the plug between
        the two gets the frame again, and with it the result.
        """
        while True:
            try:
                processed = self._process(delivery)
                self._tell(processed)
                break
            except FileNotFoundError as error:
                if not _is_lost(delivery):
                    self._wait(delivery, error)
                else:
                    log.warning("frame is lost here", why=str(error), remedy="The broker delivers it again")
                    self._intake.give_up(delivery)
                    return
            except (RecordsError, BrokerError, OSError) as error:
                self._wait(delivery, error)
            if self._stop.is_set():
                return
        self._backoff.reset()
        self._intake.acknowledge(delivery)
        delivery.discard()
        if self._describing is not None and processed.record is not None and processed.inspection is not None:
            self._describing.offer(processed.record, processed.inspection)
        self._tally.add(processed)
        self._report(processed)

    def _process(self, delivery: Delivery) -> Processed:
        try:
            return self._pipeline.process(delivery)
        except (RecordsError, OSError):
            raise
        except Exception as error:  # one frame must not end the service, whatever it holds
            log.exception("frame cannot be processed", topic=delivery.topic)
            what, why = "a frame cannot be processed", f"a defect of inspector, {type(error).__name__}"
            remedy = "Report it with the log and the quarantined file"
            return self._pipeline.set_aside(delivery, Fault.INTERNAL, InspectorError(what, why, remedy))

    def _tell(self, processed: Processed) -> None:
        record = processed.record
        if record is not None:
            try:
                topic = CameraTopic(record.site, record.line, record.camera).result
                message = ResultMessage.of(record).model_dump_json().encode()
            except (MessageError, ValueError):  # a row that something else wrote
                log.exception("result cannot be told", frame_id=record.frame_id)
            else:
                self._intake.connection.publish(Publication(topic, message))
                if record.description is not None:  # of a frame that is delivered again
                    publish_description(record, self._intake.connection.publish)
        elif processed.topic is not None:
            self._intake.unsubscribe(processed.topic)

    def _wait(self, delivery: Delivery, error: InspectorError | OSError) -> None:
        """Log what is in the way and wait; the broker keeps the frame, it was not acknowledged."""
        wait_s = self._backoff.next_s()
        if isinstance(error, InspectorError):
            why, remedy = f"{error.what}: {error.why}", error.remedy
        else:
            why, remedy = str(error), "Free or repair the disk of edge.data_dir"
        log.error(
            "frame cannot be recorded",
            topic=delivery.topic,
            why=why,
            remedy=remedy,
            again_in_s=round(wait_s, 1),
            waiting=len(self._backlog),
        )
        self._stop.wait(wait_s)

    def _report(self, processed: Processed) -> None:
        record, error = processed.record, processed.error
        if error is not None:
            log.warning(
                "frame is in quarantine",
                frame_id=record.frame_id if record else None,
                code=str(processed.fault),
                what=error.what,
                why=error.why,
                remedy=error.remedy,
            )
        elif record is not None:
            # A line with thousands of good parts an hour must not bury its rejects in the log.
            write = log.debug if record.verdict is Verdict.PASS else log.info
            write(
                "frame was recorded before" if processed.is_duplicate else "frame inspected",
                frame_id=record.frame_id,
                line=record.line,
                camera=record.camera,
                verdict=record.verdict.value,
                reason=record.reason,
                latency_ms=round(record.latency_ms, 1),
            )


def _is_lost(delivery: Delivery) -> bool:
    """Whether the file that a delivery's bytes waited in is gone."""
    return not isinstance(delivery.payload, bytes) and not delivery.payload.exists()
