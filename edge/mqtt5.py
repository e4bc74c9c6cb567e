"""MQTT 5 properties, which paho keeps in untyped objects."""

from __future__ import annotations

from collections.abc import Mapping

from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


def connect_properties(*, session_expiry_s: int, receive_maximum: int) -> Properties:
    """For a session that the broker keeps, with a bound on messages sent ahead of their acknowledgement."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = session_expiry_s
    properties.ReceiveMaximum = receive_maximum
    return properties


def will_properties(*, delay_s: int) -> Properties:
    """For a last will that waits whether the client comes back."""
    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    properties.WillDelayInterval = delay_s
    return properties


def publish_properties(user_properties: Mapping[str, str]) -> Properties:
    """User properties of a message to publish."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = list(user_properties.items())
    return properties


def user_properties(message: MQTTMessage) -> dict[str, str]:
    """User properties of a message that came; the first of each name, empty under MQTT 3.1.1."""
    pairs = getattr(message.properties, "UserProperty", [])
    return dict(reversed(pairs))
