"""The service beside the line: from its settings to a running box, and to its end."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from edge import systemd
from edge.box import Box
from edge.broker import EmbeddedBroker
from edge.clock import SteadyClock
from edge.data_folder import data_folder
from edge.health import HealthServer
from edge.model_store import served_products
from edge.stations import Station, open_stations
from edge.tally import Summary
from edge.writer_process import WriterLoader
from edge.writers import find_writer
from inspector.inspecting import load_inspector, utc_now
from inspector.messages import CameraTopic
from inspector.records import Records
from inspector.settings import Settings
from inspector.signatures import Trust

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


class EdgeService:
    """One box's service.

    Args:
        settings: all settings.
        chance: source of randomness for waits.
        now: the machine's clock, UTC.
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
        self._now = SteadyClock(now)

    def run(self, stop: threading.Event, *, broker_timeout_s: float | None = None) -> Summary:
        """Work until told to stop; then finish what is decoded, tell the results and disconnect.

        Args:
            stop: set it from a signal handler or another thread.
            broker_timeout_s: give up when the broker was not reached for so long at the start; None keeps
                trying, as a box must whose broker starts later.

        Raises:
            SettingsError: the cameras, the sources or the data folder are configured wrongly.
            BundleError: a bundle is missing, damaged, not by somebody who is trusted, or refused by the gate,
                and nothing else can judge its product.
            KeyFileError: a trusted key cannot be read.
            EngineError: a bundle's network cannot be loaded.
            AdapterError: the adapter does not fit the language model.
            RecordsError: the database cannot be used.
            BrokerError: the embedded broker cannot start, or no broker was reached in time.
        """
        settings, now = self._settings, self._now
        trust = Trust.of(settings.edge)
        log_trust(trust)
        load = partial(load_inspector, now=now, trust=trust)
        served = served_products(settings.edge.data_dir)
        stations = open_stations(settings, load=load, served=served)
        with ExitStack() as resources:
            folder = resources.enter_context(data_folder(settings.edge.data_dir))
            records = resources.enter_context(Records.open(settings.database.url))
            now.compare(next((record.inspected_at for record in records.latest(limit=1)), None))
            if settings.mqtt.embedded:
                resources.enter_context(EmbeddedBroker(settings.mqtt))
            box = Box(settings, stations, folder, records, now=now, chance=self._chance, trust=trust)
            box.models.restore()
            if settings.describing.enabled:
                loader = self._load_writer or find_writer(settings.describing)
                box.describe(loader)
            _log_stations(stations)
            box.watch(stop)
            if settings.edge.health.enabled:
                resources.enter_context(HealthServer(settings.edge.health, box.health, box.metrics))
            try:
                box.start(stop, broker_timeout_s)
                stop.wait()
            finally:
                systemd.notify("STOPPING=1")
                box.stop()
            summary = box.summary()
            log.info("service has stopped", **summary.facts())
            return summary


def log_trust(trust: Trust) -> None:
    """Say at the start whether bundles that nobody has signed may judge."""
    if not trust.allow_unsigned:
        log.info("bundles must be signed", keys=sorted(trust.keys))
        return
    log.warning(
        "bundles without a signature may judge",
        why="edge.allow_unsigned is set" if trust.keys else "edge.trusted_keys names no key",
        remedy="Remove edge.allow_unsigned"
        if trust.keys
        else "Name the public keys of who trains under edge.trusted_keys",
    )


def _log_stations(stations: dict[CameraTopic, Station]) -> None:
    for station in stations.values():
        inspector = station.inspector
        log.info(
            "camera is ready",
            line=station.topic.line,
            camera=station.topic.camera,
            product=station.product,
            model=None if inspector is None else inspector.bundle.version,
            engine=None if inspector is None else inspector.engine.name,
        )
