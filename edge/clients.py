"""paho clients, one kind for each version of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.mqtt5 import connect_properties, will_properties
from edge.tls import tls_context
from inspector.settings import MqttSettings

QOS: Final = 1
"""At least once: frames and results may come twice, and are told apart by the frame id."""
SESSION_EXPIRY_S: Final = 30 * 24 * 3600
"""How long an MQTT 5 broker collects frames for a box that is away: longer than a plant's holidays."""
WILL_DELAY_S: Final = 3
"""A box that returns within this time was never announced as gone (MQTT 5): a glitch must not alarm."""

V5: Final = MQTTProtocolVersion.MQTTv5
V311: Final = MQTTProtocolVersion.MQTTv311


@dataclass(frozen=True, slots=True)
class Publication:
    """A message to publish with QoS 1."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Makes a connection one that receives: the broker keeps its session, acknowledgements are by hand.

    Attributes:
        on_connected: called after each connect, before any message.
        on_message: called with each message; must not block.
        on_lost: called when the connection is gone; what was not acknowledged will come again.
        receive_maximum: messages that an MQTT 5 broker sends ahead of their acknowledgement.
    """

    on_connected: Callable[[], None]
    on_message: Callable[[MQTTMessage], None]
    on_lost: Callable[[], None]
    receive_maximum: int


def new_client(
    settings: MqttSettings,
    client_id: str,
    protocol: MQTTProtocolVersion,
    *,
    lasting: bool,
    will: Publication | None,
) -> Client:
    """A client that is not connected yet.

    Args:
        settings: the broker.
        client_id: name of the session.
        protocol: version to speak.
        lasting: the broker keeps the session, and messages are acknowledged by hand.
        will: published by the broker when the connection is lost.

    Raises:
        SettingsError: a file of `mqtt.tls` cannot be used.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id,
        clean_session=None if protocol == V5 else not lasting,
        protocol=protocol,
        manual_ack=lasting,
    )
    password = settings.password
    client.username_pw_set(settings.username, password.get_secret_value() if password else None)
    context = tls_context(settings.tls)
    if context is not None:
        client.tls_set_context(context)
    if will is not None:
        delay = will_properties(delay_s=WILL_DELAY_S) if protocol == V5 else None
        client.will_set(will.topic, will.payload, QOS, will.retain, delay)
    return client


def begin(client: Client, settings: MqttSettings, subscriber: Subscriber | None) -> None:
    """Let a client connect in a thread of its own, and connect again whenever it must."""
    host, port, keepalive = settings.host, settings.port, settings.keepalive_s
    if client.protocol != V5:
        client.connect_async(host, port, keepalive)
    elif subscriber is None:
        client.connect_async(host, port, keepalive, clean_start=True)
    else:
        properties = connect_properties(
            session_expiry_s=SESSION_EXPIRY_S, receive_maximum=subscriber.receive_maximum
        )
        client.connect_async(host, port, keepalive, clean_start=False, properties=properties)
    client.loop_start()


def subscribe(client: Client, topics: Sequence[str], retained: Sequence[str] = ()) -> None:
    """Subscribe with QoS 1.

    Args:
        client: connected.
        topics: frames; what is retained there is not asked for where MQTT 5 lets us: it is old. (A shared
            subscription never brings retained messages.)
        retained: topics whose retained message is wanted, each time.
    """
    if client.protocol == V5:
        fresh = SubscribeOptions(qos=QOS, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        every = SubscribeOptions(qos=QOS, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
        client.subscribe([*((topic, fresh) for topic in topics), *((topic, every) for topic in retained)])
    else:
        client.subscribe([(topic, QOS) for topic in (*topics, *retained)])
