"""The box's peers in tests: cameras, and clients that watch."""
# ruff: noqa: S311 - chance spreads waits, it keeps no secret

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.camera import CameraPlan, CameraStats, publish_pictures
from edge.clients import Publication
from edge.connection import Connection
from inspector.inspecting import utc_now
from inspector.messages import (
    PREFIX,
    AvailabilityMessage,
    CameraTopic,
    DescriptionMessage,
    ResultMessage,
    frame_filters,
)
from inspector.settings import Settings
from tests.edge.rig import CAMERA, DEADLINE_S, SITE, ServiceProcess, wait_until
from tests.services import HOST


class Observer:
    """Another client of the broker: sees what the box publishes, and may publish raw frames."""

    def __init__(self, port: int) -> None:
        self.results: list[ResultMessage] = []
        self.descriptions: list[DescriptionMessage] = []
        self.order: list[tuple[str, str]] = []
        """Kind and frame of every result and description, as they came."""
        self.availability: list[str] = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe(
            [
                (f"{PREFIX}/{SITE}/+/+/result", 1),
                (f"{PREFIX}/{SITE}/+/+/description", 1),
                (f"{PREFIX}/{SITE}/boxes/+/available", 1),
            ]
        )
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect(HOST, port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        wait_until(self._subscribed.is_set, "a subscription")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/available"):
            self.availability.append(AvailabilityMessage.model_validate_json(message.payload).status)
        elif message.topic.endswith("/description"):
            self.descriptions.append(DescriptionMessage.model_validate_json(message.payload))
            self.order.append(("description", self.descriptions[-1].frame_id))
        else:
            self.results.append(ResultMessage.model_validate_json(message.payload))
            self.order.append(("result", self.results[-1].frame_id))

    def publish_once(self, topic: str, data: bytes) -> None:
        """Publish with QoS 0."""
        self._client.publish(topic, data, qos=0)

    def await_online(self, service: ServiceProcess | None = None) -> None:
        """Wait until the box says that it takes frames, which its process must live to see."""

        def is_online() -> bool:
            assert service is None or service.process.poll() is None, service.log()
            return self.availability[-1:] == ["online"]

        wait_until(is_online, "a box that is online")

    def await_offline(self) -> None:
        wait_until(lambda: self.availability[-1:] == ["offline"], "a box that is offline")

    def await_results(self, count: int) -> list[ResultMessage]:
        wait_until(lambda: len(self.results) >= count, f"{count} results")
        assert len(self.results) == count
        return self.results

    def await_descriptions(self, count: int) -> list[DescriptionMessage]:
        wait_until(lambda: len(self.descriptions) >= count, f"{count} descriptions")
        assert len(self.descriptions) == count
        return self.descriptions


class FrameTap:
    """A client that sees every frame, as a box would."""

    def __init__(self, port: int) -> None:
        self.frames: list[mqtt.MQTTMessage] = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe(
            [(topic, 1) for topic in frame_filters(SITE)]
        )
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _data, message: self.frames.append(message)
        self._client.connect(HOST, port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        wait_until(self._subscribed.is_set, "a subscription")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Sender:
    """A connected camera."""

    def __init__(self, settings: Settings, topic: CameraTopic = CAMERA) -> None:
        self.topic = topic
        name = f"test-{topic.line}-{topic.camera}-{random.getrandbits(48):x}"
        self.connection = Connection(settings.mqtt, name, chance=random.Random(0))

    def __enter__(self) -> Self:
        self.connection.start()
        self.connection.await_broker(threading.Event(), DEADLINE_S)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.connection.stop()

    def send(
        self, data: bytes, *, properties: dict[str, str] | None = None, id_level: str | None = None
    ) -> None:
        """Publish one frame as a foreign camera might."""
        topic = self.topic.frame if id_level is None else f"{self.topic.frame}/{id_level}"
        self.connection.publish(Publication(topic, data), properties)
        assert self.connection.wait_confirmed(0, DEADLINE_S)

    def play(
        self,
        files: Sequence[Path],
        *,
        count: int | None = None,
        rate_per_s: float = 0.0,
        product: str | None = "washer",
        stop: threading.Event | None = None,
    ) -> tuple[CameraStats, list[str]]:
        """Publish pictures by the code of `inspector camera`; what it did, and the frame ids."""
        ids: list[str] = []
        plan = CameraPlan(self.topic, product, files, rate_per_s, count or len(files), None)
        stats = publish_pictures(
            self.connection,
            plan,
            stop or threading.Event(),
            now=utc_now,
            on_sent=lambda frame_id, _path: ids.append(frame_id),
        )
        return stats, ids
