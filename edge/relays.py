"""All relays of a box: to the broker always, to the plant's database where one is configured."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from edge.connection import Connection
from edge.couriers import BrokerCourier, CentralCourier
from edge.relay import Courier, Relay
from inspector.records import Destination, Records
from inspector.records.database import parse_url
from inspector.settings import Settings


class Relays:
    """Starts, wakes and stops a box's relays.

    Args:
        settings: whether there is a central database.
        records: the box's records.
        data_dir: the box's data folder.
        connection: to the broker.
        now: the box's clock, UTC.
        chance: source of randomness for waits.

    Raises:
        RecordsError: the central database's URL is no URL of one.
    """

    def __init__(
        self,
        settings: Settings,
        records: Records,
        data_dir: Path,
        connection: Connection,
        *,
        now: Callable[[], datetime],
        chance: random.Random,
    ) -> None:
        couriers: dict[Destination, Courier] = {Destination.BROKER: BrokerCourier(connection)}
        url = settings.central.url
        if url is not None:
            parse_url(url.get_secret_value())
            couriers[Destination.CENTRAL] = CentralCourier(
                url.get_secret_value(), data_dir, records.embeddings.of
            )
        self._relays = [
            Relay(destination, records, courier, now=now, chance=chance)
            for destination, courier in couriers.items()
        ]

    @property
    def relays(self) -> list[Relay]:
        """One for each destination."""
        return self._relays

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Who is told of what is stored."""
        return tuple(relay.destination for relay in self._relays)

    def notify(self) -> None:
        """Something new waits. Returns at once."""
        for relay in self._relays:
            relay.notify()

    def start(self) -> None:
        """Begin, with what an earlier run has left."""
        for relay in self._relays:
            relay.start()

    def stop(self, timeout_s: float) -> bool:
        """Deliver what waits, as far as the time allows, and end; whether nothing is left."""
        stopped = [relay.stop(timeout_s) for relay in self._relays]
        return all(stopped)
