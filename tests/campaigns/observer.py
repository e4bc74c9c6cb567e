"""A client that misses nothing: it has a lasting session at the broker, and counts what the box tells."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from inspector.messages import ResultMessage
from tests.campaigns.box import CAMERA
from tests.campaigns.report import CampaignError
from tests.services import HOST

SUBSCRIBED_S = 30.0


class Observer:
    """Results by frame id. A context manager.

    Args:
        port: the broker's.

    Attributes:
        results: what was told first of each frame.
        times: how often each frame's result was told.
        contradictions: frames of which two different results were told.
    """

    def __init__(self, port: int) -> None:
        self.results: dict[str, ResultMessage] = {}
        self.times: Counter[str] = Counter()
        self.contradictions: set[str] = set()
        self._port = port
        self._subscribed = threading.Event()
        # MQTT 3.1.1, because there a session lasts for ever without further ado.
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            "observer",
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(CAMERA.result, 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect(HOST, self._port)
        self._client.loop_start()
        if not self._subscribed.wait(SUBSCRIBED_S):
            raise CampaignError("the broker does not answer a subscription")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        result = ResultMessage.model_validate_json(message.payload)
        self.times[result.frame_id] += 1
        if self.results.setdefault(result.frame_id, result) != result:
            self.contradictions.add(result.frame_id)
