"""Cameras as processes of their own, so that they do not share Python's lock with what watches them."""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.sharedctypes
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from inspector.messages import PROPERTY_CAPTURED_AT, PROPERTY_FRAME_ID, PROPERTY_PRODUCT
from tests.campaigns.box import CAMERA
from tests.campaigns.report import CampaignError
from tests.services import HOST

IN_FLIGHT = 50
CONFIRM_S = 120.0


@dataclass(frozen=True)
class Shot:
    """One message of a camera, with QoS 1.

    Attributes:
        topic: where.
        payload: the picture.
        properties: MQTT 5 user properties.
    """

    topic: str
    payload: bytes
    properties: Mapping[str, str]


@dataclass(frozen=True)
class Script:
    """What a camera sends.

    Attributes:
        port: the broker's.
        product: what it says is in front of it.
        files: pictures, in turn.
        frames: how many.
        prefix: of the ids.
        rate_per_s: frames a second; 0 is as fast as the broker confirms them.
    """

    port: int
    product: str
    files: Sequence[Path]
    frames: int
    prefix: str
    rate_per_s: float = 0.0

    @property
    def ids(self) -> list[str]:
        """Of all frames, in their order."""
        return [f"{self.prefix}-{number:06}" for number in range(self.frames)]

    def picture(self, frame_id: str) -> Path:
        """The file that a frame shows."""
        return self.files[int(frame_id.rpartition("-")[2]) % len(self.files)]


class CameraProcess:
    """A camera at work. A context manager: it is gone afterwards.

    Args:
        script: what it sends.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        context = multiprocessing.get_context("spawn")
        self._sent: multiprocessing.sharedctypes.Synchronized[int] = context.Value("q", 0)
        self._started: multiprocessing.sharedctypes.Synchronized[float] = context.Value("d", 0.0)
        self._process = context.Process(target=_play, args=(script, self._sent, self._started), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.is_alive():
            self._process.terminate()
        self._process.join()

    @property
    def sent(self) -> int:
        """Frames published so far."""
        return self._sent.value

    @property
    def started_s(self) -> float:
        """`time.monotonic()` of its first frame."""
        return self._started.value

    @property
    def is_done(self) -> bool:
        """Whether the broker has confirmed all frames.

        Raises:
            CampaignError: it has ended without that.
        """
        if self._process.exitcode not in (None, 0):
            raise CampaignError(f"the camera has failed, exit code {self._process.exitcode}")
        return self._process.exitcode == 0


def publish(port: int, shots: Iterable[Shot], name: str = "publisher") -> int:
    """Publish all; how many. Returns when the broker has confirmed each one.

    What is not confirmed when the connection is lost is published again, under the same id and with the same
    properties, on the next one: paho keeps it until then.

    Raises:
        CampaignError: a confirmation does not come.
    """
    client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
    confirmations = _Confirmations()
    client.on_publish = confirmations.on_publish
    client.max_inflight_messages_set(IN_FLIGHT)
    client.reconnect_delay_set(1, 1)
    client.connect(HOST, port)
    client.loop_start()
    count = 0
    try:
        for count, shot in enumerate(shots, 1):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = list(shot.properties.items())
            client.publish(shot.topic, shot.payload, qos=1, properties=properties)
            confirmations.await_count(count - IN_FLIGHT)
        confirmations.await_count(count)
        client.disconnect()
    finally:
        client.loop_stop()
    return count


class _Confirmations:
    """Counts what the broker has confirmed; paho's own way takes a lost connection for a failure."""

    def __init__(self) -> None:
        self._count = 0
        self._refused: ReasonCode | None = None
        self._changed = threading.Condition()

    def on_publish(
        self, _client: Client, _data: object, _mid: int, reason: ReasonCode, _said: Properties
    ) -> None:
        """The broker has answered one message."""
        with self._changed:
            self._count += 1
            if reason.is_failure:
                self._refused = reason
            self._changed.notify()

    def await_count(self, count: int) -> None:
        """Wait until so many are confirmed."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count >= count or self._refused, CONFIRM_S):
                raise CampaignError(f"a frame was not confirmed in {CONFIRM_S:g} s")
        if self._refused is not None:
            raise CampaignError(f"the broker refuses a frame: {self._refused}")


def _play(
    script: Script,
    sent: multiprocessing.sharedctypes.Synchronized[int],
    started: multiprocessing.sharedctypes.Synchronized[float],
) -> None:
    publish(script.port, _shots(script, sent, started), f"camera-{script.prefix}")


def _shots(
    script: Script,
    sent: multiprocessing.sharedctypes.Synchronized[int],
    started: multiprocessing.sharedctypes.Synchronized[float],
) -> Iterator[Shot]:
    pictures = itertools.cycle([file.read_bytes() for file in script.files])
    started.value = begin = time.monotonic()
    for number, (frame_id, payload) in enumerate(zip(script.ids, pictures, strict=False)):
        if script.rate_per_s:
            time.sleep(max(0.0, begin + number / script.rate_per_s - time.monotonic()))
        said = {
            PROPERTY_FRAME_ID: frame_id,
            PROPERTY_CAPTURED_AT: datetime.now(UTC).isoformat(),
            PROPERTY_PRODUCT: script.product,
        }
        yield Shot(CAMERA.frame, payload, said)
        sent.value = number + 1
