"""The box's session with the broker: frames are taken in order and acknowledged when they are recorded."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from paho.mqtt.client import MQTTMessage

from edge.backlog import Backlog, Delivery
from edge.clients import Publication, Subscriber
from edge.connection import Connection
from edge.frame_filters import FrameFilters
from edge.mqtt5 import user_properties
from edge.problems import Problem
from inspector.messages import AvailabilityMessage, CameraTopic, availability_topic
from inspector.settings import Settings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Open:
    """A message that was taken and not acknowledged.

    Attributes:
        number: number of its delivery, which lies in the backlog or in the worker's hand.
        digest: hash of its topic, properties and content.
        connection: number of the connection that delivered it last.
    """

    number: int
    digest: bytes
    connection: int


class Intake:
    """The box's session with the broker.

    The session is a lasting one: what is published while the box is away, and what it did not acknowledge
    before it died, is delivered when it is back (MQTT 5, section 4.1; `clean_session = 0` in MQTT 3.1.1).

    An acknowledgement names a message by the broker's packet identifier, which means something else once the
    broker has lost the session. So it is only sent on the connection that the message came by; a message that
    was overtaken by a reconnect comes again, and is told by its frame id.

    Args:
        settings: site, broker, box and queue size.
        cameras: only their frames are asked for.
        backlog: where taken frames wait for the worker.
        chance: source of randomness for the waits between attempts to connect.
        now: the box's clock, UTC.
        listeners: what else is listened to: by exact topic, what takes a message. Retained are asked for,
            each is acknowledged at once, and a listener must not block.
        connected: called after each connect.
        lost: called for each frame that was dropped.

    Raises:
        SettingsError: the topic filter is none, or could match what is no frame.
    """

    def __init__(
        self,
        settings: Settings,
        cameras: Collection[CameraTopic],
        backlog: Backlog,
        *,
        chance: random.Random,
        now: Callable[[], datetime],
        listeners: Mapping[str, Callable[[bytes], None]] | None = None,
        connected: Callable[[], None] | None = None,
        lost: Callable[[], None] | None = None,
    ) -> None:
        self._filters = FrameFilters(settings, cameras)
        self._listeners, self._connected, self._lost = listeners or {}, connected, lost
        self._backlog, self._now = backlog, now
        self._guard = threading.Lock()
        self._open: dict[int, _Open] = {}
        self._numbers = itertools.count()
        self._connections = 0
        self._is_connected = self._is_closed = False
        self._dropped = 0
        box = settings.edge.box
        topic = availability_topic(settings.site, box)
        online = AvailabilityMessage(box=box, status="online").model_dump_json().encode()
        offline = AvailabilityMessage(box=box, status="offline").model_dump_json().encode()
        self.connection = Connection(
            settings.mqtt,
            f"inspector-{settings.site}-{box}",
            chance=chance,
            subscriber=Subscriber(
                self._on_connected, self._on_message, self._on_lost, settings.edge.queue_size
            ),
            greeting=Publication(topic, online, retain=True),
            will=Publication(topic, offline, retain=True),
        )

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"broker {self.connection.address}"

    def problem(self) -> Problem | None:
        """There is no connection."""
        return self.connection.problem

    def start(self) -> None:
        """Begin to connect, and keep trying."""
        self.connection.start()

    def stop(self) -> None:
        """Ask for no more frames; the connection stays, because results may wait to be told.

        The subscriptions of a lasting session stay as well: the broker collects frames for the next start.
        """
        self._is_closed = True

    @property
    def dropped(self) -> int:
        """Frames published with QoS 0 for which there was no room: the broker does not keep those."""
        return self._dropped

    def acknowledge(self, delivery: Delivery) -> None:
        """The frame is recorded: let the broker forget it."""
        with self._guard:
            entry = self._open.get(delivery.message_id)
            if entry is None or entry.number != delivery.number:
                return
            del self._open[delivery.message_id]
            if self._is_connected and entry.connection == self._connections:
                self.connection.acknowledge(delivery.message_id)

    def give_up(self, delivery: Delivery) -> None:
        """The frame's bytes are lost here: take it anew when the broker delivers it again."""
        with self._guard:
            entry = self._open.get(delivery.message_id)
            if entry is not None and entry.number == delivery.number:
                del self._open[delivery.message_id]

    def unsubscribe(self, topic: CameraTopic) -> None:
        """Ask for a camera's frames no more: the lasting session remembers what older settings asked for."""
        if stale := self._filters.of_stranger(topic):
            self.connection.unsubscribe(stale)

    def unsubscribe_all(self) -> None:
        """Ask for no more frames."""
        self.connection.unsubscribe(self._filters.all)

    def _on_connected(self) -> None:
        with self._guard:
            self._connections += 1
            self._is_connected = True
        self.connection.subscribe(self._filters.all, retained=list(self._listeners))
        if self._connected is not None:
            self._connected()

    def _on_lost(self) -> None:
        with self._guard:
            self._is_connected = False

    def _on_message(self, message: MQTTMessage) -> None:
        listener = self._listeners.get(message.topic)
        if listener is not None:
            if message.qos:
                self.connection.acknowledge(message.mid)
            listener(bytes(message.payload))
            return
        if self._is_closed and message.qos:
            return  # not acknowledged, so it comes again
        if message.qos == 0 and self._backlog.is_full:
            self._dropped += 1
            if self._lost is not None:
                self._lost()
            remedy = "Let the camera publish with QoS 1"
            log.warning("frame is lost", topic=message.topic, why="QoS 0, and no room", remedy=remedy)
            return
        delivery = Delivery(
            number=next(self._numbers),
            topic=message.topic,
            payload=bytes(message.payload),
            properties=user_properties(message),
            message_id=message.mid,
            arrived_at=self._now(),
            started=time.perf_counter(),
            source=self,
        )
        if message.qos == 0 or self._is_new(delivery):
            self._backlog.put(delivery)

    def _is_new(self, delivery: Delivery) -> bool:
        """Note a message as open; False when it lies here since before the last reconnect.

        Without this, a connection that comes and goes while the database is away would pile up copies.
        """
        said = repr((delivery.topic, sorted(delivery.properties.items()))).encode()
        digest = hashlib.sha256(said + b"\0" + delivery.read()).digest()
        with self._guard:
            entry = self._open.get(delivery.message_id)
            if entry is not None and entry.digest == digest and entry.connection != self._connections:
                entry.connection = self._connections
                return False
            self._open[delivery.message_id] = _Open(delivery.number, digest, self._connections)
            return True
