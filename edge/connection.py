"""A lasting connection to the broker: MQTT 5 or 3.1.1, and back again after every loss."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.backoff import Backoff
from edge.clients import QOS, V5, V311, Publication, Subscriber, begin, new_client, subscribe
from edge.confirmations import Unconfirmed
from edge.mqtt5 import publish_properties
from edge.probe import speaks_mqtt5
from edge.problems import Problem
from edge.rivals import WAIT_S, Rivals
from edge.tls import tls_context, tls_remedy
from inspector.errors import BrokerError
from inspector.settings import MqttSettings

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
NOT_YET: Final = "the broker is not reached yet"
_LOOK_S = 0.25  # how often a waiting caller looks whether it shall stop
_START_IT = "Start mosquitto or `inspector broker`, or correct mqtt.host and mqtt.port"
_PERMIT_IT = "Let the broker's access list permit it"
_NAMES = {V5: "MQTT 5", V311: "MQTT 3.1.1"}
_UNSUPPORTED = "Unsupported protocol version"
_TAKEN_OVER = "Session taken over"
_REMEDIES = {
    _UNSUPPORTED: "Set mqtt.protocol to auto, or to 3.1.1 where the box has a certificate",
    "Bad user name or password": "Set mqtt.username and mqtt.password to what the broker knows",
    "Not authorized": "Set mqtt.username and mqtt.password to what the broker knows",
}


class Connection:
    """A client of the broker that connects by itself, in a thread of its own.

    Args:
        settings: the broker.
        client_id: name of the session, unique at the broker.
        chance: source of randomness for the waits between attempts.
        subscriber: makes the session a lasting one; None for a client that only publishes.
        greeting: published after each connect; by a subscriber, when its subscriptions are in force.
        will: published by the broker when the connection is lost, and by `stop`.
    """

    def __init__(
        self,
        settings: MqttSettings,
        client_id: str,
        *,
        chance: random.Random,
        subscriber: Subscriber | None = None,
        greeting: Publication | None = None,
        will: Publication | None = None,
    ) -> None:
        self._settings, self._client_id = settings, client_id
        self._subscriber, self._greeting, self._will = subscriber, greeting, will
        # A broker that knows clients by certificate may name sessions by it too: then the question which
        # protocol it speaks, which wants no session, would end ours with all frames that wait in it.
        self._may_ask = settings.protocol == "auto" and settings.tls.certificate is None
        self._chance = chance
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S, chance)
        self._stopping, self._connected, self._ended = threading.Event(), threading.Event(), threading.Event()
        self._in_force = threading.Event()
        """Connected, and where there are subscriptions, the broker has confirmed them."""
        self._answered = False
        self._unconfirmed = Unconfirmed()
        self._refused = 0
        self._problem: Problem | None = None
        self._rivals = Rivals(client_id)
        self._guard = threading.Lock()
        self._client = self._new_client(V311 if settings.protocol == "3.1.1" else V5)

    @property
    def address(self) -> str:
        """The broker as host:port."""
        return f"{self._settings.host}:{self._settings.port}"

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection at this moment."""
        return self._connected.is_set()

    @property
    def problem(self) -> Problem | None:
        """Why there is no connection, or none that lasts; None where all is well."""
        known = self._problem or self._rivals.problem(time.monotonic())
        if known is None and not self._in_force.is_set():
            why = "subscriptions are not confirmed" if self.is_connected else "it is being connected to"
            return Problem(f"{NOT_YET} ({self.address})", why, "It takes a moment")
        return known

    @property
    def refused(self) -> int:
        """Messages that the broker has refused so far."""
        return self._refused

    @property
    def has_properties(self) -> bool:
        """Whether user properties reach the broker: MQTT 5 was agreed on. Known once connected."""
        return self._client.protocol == V5

    def start(self) -> None:
        """Begin to connect, and keep trying until `stop`."""
        if self._may_ask:
            self._negotiate()
        else:
            begin(self._client, self._settings, self._subscriber)

    def await_broker(self, stop: threading.Event, timeout_s: float | None = None) -> None:
        """Wait until connected, or until told to stop.

        Raises:
            BrokerError: there was no connection in time; None waits for ever.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not stop.is_set() and not self._connected.wait(_LOOK_S):
            if deadline is not None and time.monotonic() > deadline:
                why = f"there was no connection for {timeout_s:g} s"
                raise BrokerError(f"broker {self.address} cannot be reached", why, _START_IT)

    def publish(self, message: Publication, properties: Mapping[str, str] | None = None) -> None:
        """Publish with QoS 1. Without a connection it waits in memory for the next one.

        Args:
            message: what to publish.
            properties: MQTT 5 user properties; left out under MQTT 3.1.1.

        Raises:
            BrokerError: 65,535 messages wait already.
        """
        client = self._client
        extra = publish_properties(properties) if properties and client.protocol == V5 else None
        info = client.publish(message.topic, message.payload, QOS, message.retain, extra)
        if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            raise BrokerError(
                f"nothing can be published on {message.topic}",
                f"65,535 messages wait for broker {self.address}",
                "Check the broker",
            )
        self._unconfirmed.add(info.mid)

    def wait_confirmed(self, allowed: int, timeout_s: float) -> bool:
        """Wait until at most `allowed` messages lack the broker's confirmation; whether it came so."""
        return self._unconfirmed.wait(allowed, timeout_s)

    def subscribe(self, topics: list[str], *, retained: Sequence[str] = ()) -> None:
        """Subscribe with QoS 1; needed after each connect, because the broker may have lost the session.

        Args:
            topics: without what is retained there, which is old, where MQTT 5 lets us say so.
            retained: topics whose retained message is wanted, each time.
        """
        subscribe(self._client, topics, retained)

    def unsubscribe(self, topics: list[str]) -> None:
        """End subscriptions, which a lasting session would keep for ever."""
        self._client.unsubscribe(topics)

    def acknowledge(self, message_id: int) -> None:
        """Tell the broker that it may forget a message."""
        self._client.ack(message_id, QOS)

    def stop(self, timeout_s: float = 3.0) -> bool:
        """Publish the will, wait until all is delivered, and disconnect.

        Returns:
            Whether the broker confirmed everything within the time.
        """
        delivered = not self._unconfirmed.count
        if self._connected.is_set():
            if self._will is not None:
                self.publish(self._will)
            delivered = self.wait_confirmed(0, timeout_s)
        was_connected = self._connected.is_set()
        with self._guard:
            self._stopping.set()
            self._client.disconnect()
        if was_connected:
            # The client's thread ends by itself after it has sent the DISCONNECT.
            self._ended.wait(timeout_s)
        return delivered

    def _new_client(self, protocol: MQTTProtocolVersion) -> mqtt.Client:
        lasting = self._subscriber is not None
        client = new_client(self._settings, self._client_id, protocol, lasting=lasting, will=self._will)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        # paho waits without chance; `_wait` does it instead, and can be interrupted.
        client.reconnect_delay_set(0, 0)
        return client

    def _negotiate(self) -> None:
        """Find out, in a thread, which version the broker speaks, and go on with a client of that version."""
        threading.Thread(target=self._find_protocol, name="mqtt-protocol", daemon=True).start()

    def _find_protocol(self) -> None:
        while not self._stopping.is_set():
            try:
                tls = tls_context(self._settings.tls)
                is_5 = speaks_mqtt5(self._settings.host, self._settings.port, tls=tls)
            except OSError as error:
                self._wait("broker cannot be reached", str(error), tls_remedy(error) or _START_IT)
            else:
                self._take_over(V5 if is_5 else V311)
                return

    def _take_over(self, protocol: MQTTProtocolVersion) -> None:
        """Replace the client, which cannot change its protocol; what it has not delivered goes along."""
        with self._guard:
            if self._stopping.is_set():
                return
            old, self._client = self._client, self._new_client(protocol)
            old.disconnect()
            self._unconfirmed.clear()
            for message in old.drop_out_messages():
                self.publish(Publication(message.topic, bytes(message.payload), message.retain))
            begin(self._client, self._settings, self._subscriber)

    def _wait(self, event: str, why: str, remedy: str) -> None:
        """Log why there is no connection and wait before paho's thread tries again."""
        wait_s = self._backoff.next_s()
        self._problem = Problem(f"{event} ({self.address})", why, remedy)
        log.warning(event, broker=self.address, why=why, remedy=remedy, again_in_s=round(wait_s, 1))
        self._stopping.wait(wait_s)

    def _complain(self, event: str, why: str, remedy: str) -> None:
        self._problem = Problem(f"{event} ({self.address})", why, remedy)
        log.error(event, broker=self.address, why=why, remedy=remedy)

    def _on_connect(
        self,
        client: mqtt.Client,
        _userdata: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if client is not self._client:
            return
        self._answered = True
        if self._stopping.is_set():
            client.disconnect()
            return
        if reason.is_failure:
            self._answered = str(reason) != _UNSUPPORTED
            self._complain("broker refuses the connection", str(reason), _remedy(reason))
            return
        log.info(
            "connected to the broker",
            broker=self.address,
            protocol=_NAMES[client.protocol],
            session="continued" if flags.session_present else "new",
        )
        self._backoff.reset()
        self._rivals.connected(time.monotonic())
        self._problem = None
        if self._subscriber is not None:
            self._subscriber.on_connected()
        else:
            self._in_force.set()
            if self._greeting is not None:
                self.publish(self._greeting)
        self._connected.set()

    def _on_connect_fail(self, client: mqtt.Client, _userdata: object) -> None:
        if self._stopping.is_set():
            client.disconnect()  # paho forgets an earlier one when it begins to connect
        elif client is self._client:
            # paho calls this while it handles the socket's error, which it does not pass on.
            error = sys.exception()
            remedy = None if error is None else tls_remedy(error)
            self._wait("broker cannot be reached", str(error), remedy or _START_IT)

    def _on_disconnect(
        self,
        client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if client is not self._client:
            return
        answered, self._answered = self._answered, False
        self._connected.clear()
        self._in_force.clear()
        if self._subscriber is not None:
            self._subscriber.on_lost()
        if self._stopping.is_set():
            self._ended.set()
            return
        self._rivals.lost(time.monotonic(), taken_over=str(reason) == _TAKEN_OVER)
        rival = self._rivals.problem(time.monotonic())
        if rival is not None:
            self._complain(rival.what, rival.why, rival.remedy)
            self._stopping.wait(WAIT_S * self._chance.uniform(0.5, 1.5))
        else:
            self._wait("connection to the broker is lost", str(reason), _remedy(reason))
        if not answered and self._may_ask and not self._stopping.is_set():
            # Another broker may serve there now, one that does not speak this protocol.
            client.disconnect()
            self._negotiate()

    def _on_publish(self, _c: object, _u: object, message_id: int, reason: ReasonCode, _p: object) -> None:
        if reason.is_failure:
            self._refused += 1
            self._complain("broker refuses a message", str(reason), _PERMIT_IT)
        self._unconfirmed.discard(message_id)

    def _on_subscribe(self, _c: object, _u: object, _m: int, reasons: list[ReasonCode], _p: object) -> None:
        refused = sorted({str(reason) for reason in reasons if reason.is_failure})
        if refused:
            self._complain("broker refuses a subscription", ", ".join(refused), _PERMIT_IT)
        self._in_force.set()
        if self._greeting is not None:
            self.publish(self._greeting)

    def _on_message(self, _c: object, _u: object, message: mqtt.MQTTMessage) -> None:
        if self._subscriber is None:
            return
        try:
            self._subscriber.on_message(message)
        except Exception:  # paho's thread must outlive it; the message is not acknowledged and comes again
            log.exception("message cannot be taken")


def _remedy(reason: ReasonCode) -> str:
    return _REMEDIES.get(str(reason), "See the broker's log")
