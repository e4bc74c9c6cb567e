"""The embedded broker: who may use it, where it serves, and that it keeps what is not acknowledged."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr

from edge.broker import EmbeddedBroker
from inspector.errors import BrokerError
from inspector.settings import MqttSettings
from tests.edge.rig import AmqttBroker, wait_until
from tests.services import HOST, free_port


def settings(host: str = HOST, port: int | None = None, **more: object) -> MqttSettings:
    return MqttSettings.model_validate({"host": host, "port": port or free_port(), **more})


class Box:
    """A client with a lasting session that acknowledges by hand."""

    def __init__(self, port: int) -> None:
        self.messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            "box",
            clean_session=False,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._ended = threading.Event()
        self.client.on_disconnect = lambda *_: self._ended.set()
        subscribed = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe("frames/#", 1)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = lambda _client, _data, message: self.messages.put(message)
        self.client.connect(HOST, port)
        self.client.loop_start()
        wait_until(subscribed.is_set, "a subscription")

    def acknowledge(self, *messages: mqtt.MQTTMessage) -> None:
        """Acknowledge, and wait until the broker has heard of it."""
        for message in messages:
            self.client.ack(message.mid, 1)
        # The broker reads in order: this confirmation comes after it has read the acknowledgements.
        self.client.publish("done", b"x", 1).wait_for_publish(20)

    def cut(self) -> None:
        """Lose the connection without a goodbye."""
        connection = self.client.socket()
        assert isinstance(connection, socket.socket)
        connection.shutdown(socket.SHUT_RDWR)
        wait_until(self._ended.is_set, "the end of the connection")

    def take(self, count: int) -> list[mqtt.MQTTMessage]:
        return [self.messages.get(timeout=20) for _ in range(count)]


def publish(port: int, *payloads: bytes) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.connect(HOST, port)
    client.loop_start()
    for payload in payloads:
        client.publish("frames/1", payload, 1).wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


def test_what_a_client_did_not_acknowledge_is_delivered_again_when_it_is_back(amqtt: AmqttBroker) -> None:
    box = Box(amqtt.port)
    publish(amqtt.port, b"1", b"2", b"3")
    first, second, third = box.take(3)
    box.acknowledge(second)
    publish(amqtt.port, b"4")
    box.take(1)
    box.cut()
    publish(amqtt.port, b"5")
    box = Box(amqtt.port)
    again = box.take(4)
    assert [message.payload for message in again] == [b"1", b"3", b"4", b"5"]
    assert [message.mid for message in again[:2]] == [first.mid, third.mid]
    assert [message.dup for message in again] == [True, True, True, False]
    box.acknowledge(*again)
    publish(amqtt.port, b"6")
    box.take(1)
    box.cut()
    box = Box(amqtt.port)
    assert [message.payload for message in box.take(1)] == [b"6"]
    assert box.messages.empty()
    box.cut()


def test_a_client_that_is_back_before_its_end_was_noticed_gets_everything(amqtt: AmqttBroker) -> None:
    for number in range(5):
        box = Box(amqtt.port)
        publish(amqtt.port, b"%d" % number)
        payloads = [message.payload for message in box.take(number + 1)]
        assert payloads == [b"%d" % earlier for earlier in range(number + 1)]
        # The next one takes over from this one, which has no end of its own.


def test_a_client_may_take_its_time_to_acknowledge(amqtt: AmqttBroker) -> None:
    """amqtt itself forgets a message after five seconds, hence the wait."""
    box = Box(amqtt.port)
    publish(amqtt.port, b"slow")
    [message] = box.take(1)
    threading.Event().wait(5.5)
    box.cut()
    box = Box(amqtt.port)
    [again] = box.take(1)
    assert (again.payload, again.mid) == (b"slow", message.mid)
    box.cut()


def test_clients_can_subscribe_and_publish_while_frames_wait_for_them(amqtt: AmqttBroker) -> None:
    Box(amqtt.port).cut()
    publish(amqtt.port, *(b"%d" % number for number in range(50)))
    box = Box(amqtt.port)  # waits for the confirmation of its subscription
    box.client.publish("other", b"x", 1).wait_for_publish(20)
    assert len(box.take(50)) == 50
    box.cut()


def test_a_taken_port_is_named_with_a_remedy(amqtt: AmqttBroker) -> None:
    with pytest.raises(BrokerError, match=rf"{HOST}:{amqtt.port}: the port is taken.*mqtt.embedded = false"):
        EmbeddedBroker(settings(port=amqtt.port)).start()


def test_an_address_of_another_machine_is_refused() -> None:
    account: dict[str, Any] = {"username": "camera", "password": SecretStr("secret")}
    with pytest.raises(BrokerError, match=r"Correct mqtt.host and mqtt.port"):
        EmbeddedBroker(settings(host="192.0.2.1", **account)).start()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104 - refused
def test_the_network_is_not_let_in_without_a_password(host: str) -> None:
    with pytest.raises(BrokerError, match=r"Set mqtt.username and mqtt.password"):
        EmbeddedBroker(settings(host=host)).start()


def test_the_port_is_free_again_after_the_broker_stopped() -> None:
    where = settings()
    for _ in range(2):
        with EmbeddedBroker(where):
            publish(where.port, b"x")


def connected(port: int, prepare: Callable[[mqtt.Client], Any]) -> bool:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311, reconnect_on_failure=False)
    prepare(client)
    answers: queue.Queue[bool] = queue.Queue()
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.put(not reason.is_failure)
    client.connect(HOST, port)
    client.loop_start()
    answer = answers.get(timeout=10)
    client.disconnect()
    client.loop_stop()
    return answer


def test_an_account_keeps_others_out() -> None:
    where = settings(username="camera", password=SecretStr("secret"))
    with EmbeddedBroker(where):
        assert connected(where.port, lambda client: client.username_pw_set("camera", "secret"))
        assert not connected(where.port, lambda client: client.username_pw_set("camera", "Secret"))
        assert not connected(where.port, lambda client: client.username_pw_set("camera"))
        assert not connected(where.port, lambda client: client.username_pw_set(None))
