"""One short session at the broker: is it there, does it let us in, does a message come back."""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
from collections.abc import Iterator

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.clients import QOS, V5, V311, new_client
from edge.probe import speaks_mqtt5
from edge.tls import tls_context, tls_remedy
from inspector.doctor.finding import Finding, State
from inspector.settings import MqttSettings

_LIMIT_S = 5.0
_PERMIT_IT = "Let the broker's access list permit it, if frames and results do not get through either"


def try_broker(settings: MqttSettings, topic: str) -> Iterator[Finding]:
    """Connect, subscribe to a topic, publish there and wait for the message. Leaves nothing at the broker.

    Args:
        settings: the broker.
        topic: one that nobody else uses.

    Raises:
        SettingsError: a file of `mqtt.tls` cannot be used.
    """
    address = f"{settings.host}:{settings.port}"
    try:
        is_5 = speaks_mqtt5(settings.host, settings.port, tls=tls_context(settings.tls))
    except OSError as error:
        if settings.embedded and not isinstance(error, ssl.SSLError):
            why = "the service starts its own (mqtt.embedded), and does not run"
            yield Finding(State.NOT_APPLICABLE, f"broker {address} is not checked", why)
            return
        remedy = tls_remedy(error) or "Start the broker, or correct mqtt.host and mqtt.port"
        yield Finding(State.PROBLEM, f"broker {address} cannot be reached", str(error), remedy)
        return
    if settings.protocol == "5" and not is_5:
        yield Finding(
            State.PROBLEM, f"broker {address} does not speak MQTT 5", "", "Set mqtt.protocol to auto"
        )
        return
    trial = _Trial(settings, is_5=is_5 and settings.protocol != "3.1.1")
    try:
        yield from trial.run(topic, address)
    finally:
        trial.end()


class _Trial:
    """The session, and what the broker has answered."""

    def __init__(self, settings: MqttSettings, *, is_5: bool) -> None:
        self._settings = settings
        self._client = new_client(
            settings, f"doctor-{secrets.token_hex(4)}", V5 if is_5 else V311, lasting=False, will=None
        )
        self._connected, self._subscribed = threading.Event(), threading.Event()
        self._published, self._came = threading.Event(), threading.Event()
        self._refusal, self._payload = "", secrets.token_bytes(8)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    def run(self, topic: str, address: str) -> Iterator[Finding]:
        how = "with TLS" if self._settings.tls.enabled else "without TLS"
        protocol = "MQTT 5" if self._client.protocol == V5 else "MQTT 3.1.1"
        try:
            self._client.connect(self._settings.host, self._settings.port, self._settings.keepalive_s)
        except (OSError, socket.gaierror) as error:
            remedy = tls_remedy(error) or "Correct mqtt.host and mqtt.port"
            yield Finding(State.PROBLEM, f"broker {address} cannot be reached", str(error), remedy)
            return
        self._client.loop_start()
        if not self._connected.wait(_LIMIT_S) or self._refusal:
            why = self._refusal or f"no answer within {_LIMIT_S:g} s"
            remedy = "Set mqtt.username and mqtt.password to what the broker knows, and see the broker's log"
            yield Finding(State.PROBLEM, f"broker {address} refuses the connection", why, remedy)
            return
        yield Finding(State.OK, f"broker {address} takes the connection by {protocol}, {how}")
        self._client.subscribe(topic, QOS)
        if not self._subscribed.wait(_LIMIT_S) or self._refusal:
            yield self._refused(f"broker refuses a subscription to {topic}")
            return
        self._client.publish(topic, self._payload, QOS)
        if self._published.wait(_LIMIT_S) and not self._refusal and self._came.wait(_LIMIT_S):
            yield Finding(State.OK, "a message went to the broker and came back")
        else:
            yield self._refused(f"a message to {topic} does not come back")

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _refused(self, what: str) -> Finding:
        # Under MQTT 3.1.1 a broker cannot say that it drops a message.
        return Finding(State.WARNING, what, self._refusal or f"no answer within {_LIMIT_S:g} s", _PERMIT_IT)

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _props: object
    ) -> None:
        self._note(reason)
        self._connected.set()

    def _on_subscribe(
        self, _client: Client, _data: object, _id: int, reasons: list[ReasonCode], _props: object
    ) -> None:
        for reason in reasons:
            self._note(reason)
        self._subscribed.set()

    def _on_publish(
        self, _client: Client, _data: object, _id: int, reason: ReasonCode, _props: Properties
    ) -> None:
        self._note(reason)
        self._published.set()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.payload == self._payload:
            self._came.set()

    def _note(self, reason: ReasonCode) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
