"""A question to a box by the broker: publish a retained request, wait for the state that answers it."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from paho.mqtt.client import Client, MQTTMessage

from edge.clients import QOS, V5, V311, Publication, begin, new_client
from inspector.errors import BrokerError
from inspector.settings import MqttSettings

Answer = TypeVar("Answer")


class Asking:
    """A short-lived client of the broker. A context manager: inside, it is subscribed to the answers.

    It speaks MQTT 3.1.1 unless the settings insist on 5: retained messages are the same in both.

    Args:
        settings: the broker.
        client_id: name of the session, unique at the broker.
        topic: where the box answers.
        timeout_s: how long the broker may take to answer.
    """

    def __init__(self, settings: MqttSettings, client_id: str, topic: str, timeout_s: float) -> None:
        self._settings, self._topic, self._timeout_s = settings, topic, timeout_s
        protocol = V5 if settings.protocol == "5" else V311
        self._client = new_client(settings, client_id, protocol, lasting=False, will=None)
        self._events: queue.Queue[str | bytes] = queue.Queue()
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = lambda *_: self._events.put(str(sys.exception()))
        self._client.on_subscribe = lambda *_: self._events.put("subscribed")
        self._client.on_message = self._on_message

    def __enter__(self) -> Asking:
        begin(self._client, self._settings, None)
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            first = self._events.get(timeout=self._timeout_s)
        except queue.Empty:
            first = f"there was no answer for {self._timeout_s:g} s"
        if first != "subscribed":
            self._client.loop_stop()
            remedy = "Start it, or correct [mqtt] in the settings"
            raise BrokerError(f"broker {address} cannot be used", str(first), remedy)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, question: Publication) -> None:
        """Publish a question with QoS 1.

        Raises:
            BrokerError: the broker did not confirm it in time.
        """
        info = self._client.publish(question.topic, question.payload, QOS, question.retain)
        info.wait_for_publish(self._timeout_s)
        if not info.is_published():
            what, why = f"nothing can be published on {question.topic}", "the broker did not confirm it"
            raise BrokerError(what, why, "See the broker's log")

    def await_answer(self, read: Callable[[bytes], Answer | None], timeout_s: float) -> Answer | None:
        """Wait for a state that counts.

        Args:
            read: makes the answer of a state's payload; None: it is not the one.
            timeout_s: how long at most.

        Returns:
            The answer; None where none came in time.
        """
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left_s)
            except queue.Empty:
                return None
            try:
                answer = read(event) if isinstance(event, bytes) else None
            except ValueError:  # somebody else's message on the topic
                continue
            if answer is not None:
                return answer
        return None

    def _on_connect(self, client: Client, _u: object, _f: object, reason: object, _p: object) -> None:
        if getattr(reason, "is_failure", False):
            self._events.put(str(reason))
        else:
            client.subscribe(self._topic, QOS)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._events.put(bytes(message.payload))
