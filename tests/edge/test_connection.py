"""Protocols, refusals and reconnects of a connection; what it means for frames is in test_redelivery.py."""
# ruff: noqa: S311 - chance spreads waits, it keeps no secret

from __future__ import annotations

import random
import socket
import threading

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from edge.broker import EmbeddedBroker
from edge.clients import Publication, Subscriber
from edge.connection import NOT_YET, Connection
from edge.probe import speaks_mqtt5
from inspector.errors import BrokerError
from inspector.settings import MqttSettings
from tests.edge.rig import AmqttBroker, wait_until
from tests.services import HOST, MosquittoServer, free_port, mosquitto_server, running


def connection(port: int, **settings: object) -> Connection:
    mqtt = MqttSettings.model_validate({"host": HOST, "port": port, **settings})
    return Connection(mqtt, "test", chance=random.Random(0))


@pytest.fixture
def never() -> threading.Event:
    return threading.Event()


def test_mqtt_5_is_taken_where_the_broker_speaks_it(
    mosquitto: MosquittoServer, never: threading.Event
) -> None:
    client = connection(mosquitto.port)
    client.start()
    client.await_broker(never, 10)
    assert client.has_properties
    assert client.stop()


def test_a_subscriber_is_well_only_when_its_subscriptions_are_confirmed(mosquitto: MosquittoServer) -> None:
    connected = threading.Event()
    subscriber = Subscriber(connected.set, lambda _: None, lambda: None, 8)
    mqtt = MqttSettings(host=HOST, port=mosquitto.port)
    client = Connection(mqtt, "subscriber", chance=random.Random(0), subscriber=subscriber)
    problem = client.problem
    assert problem is not None
    assert (problem.what.startswith(NOT_YET), problem.why) == (True, "it is being connected to")
    client.start()
    wait_until(lambda: connected.is_set() and client.is_connected, "a connection")
    problem = client.problem
    assert problem is not None
    assert problem.why == "subscriptions are not confirmed"
    client.subscribe(["inspector/v1/plant-1/line-1/cam-1/frame"])
    wait_until(lambda: client.problem is None, "a subscriber that is well")
    mosquitto.stop()
    wait_until(lambda: client.problem is not None, "a problem")
    client.stop(0.1)


@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
def test_mqtt_3_1_1_is_taken_where_the_broker_refuses_mqtt_5(
    amqtt: AmqttBroker, never: threading.Event, protocol: str
) -> None:
    client = connection(amqtt.port, protocol=protocol)
    client.start()
    client.await_broker(never, 10)
    assert not client.has_properties
    assert client.stop()


class SilentServer:
    """Takes connections; closes them after the first bytes, or never says a word."""

    def __init__(self, *, closes: bool) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._closes, self._open = closes, list[socket.socket]()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.recv(64)
            if self._closes:
                client.close()
            else:
                self._open.append(client)

    def close(self) -> None:
        self._listener.close()
        for client in self._open:
            client.close()


@pytest.mark.parametrize("closes", [True, False])
def test_a_broker_that_does_not_answer_does_not_speak_mqtt_5(closes: bool) -> None:
    server = SilentServer(closes=closes)
    assert not speaks_mqtt5(HOST, server.port, timeout_s=0.2)
    server.close()


def test_the_probe_tells_the_brokers_apart(mosquitto: MosquittoServer, amqtt: AmqttBroker) -> None:
    assert speaks_mqtt5(HOST, mosquitto.port)
    assert not speaks_mqtt5(HOST, amqtt.port)
    with pytest.raises(OSError, match="refused"):
        speaks_mqtt5(HOST, free_port())


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
def test_an_absent_broker_is_named_with_a_remedy_and_found_when_it_starts(
    never: threading.Event, protocol: str
) -> None:
    server = mosquitto_server()
    client = connection(server.port, protocol=protocol)
    with capture_logs() as logs:
        client.start()
        with pytest.raises(BrokerError, match=f"{HOST}:{server.port} cannot be reached.*Start mosquitto"):
            client.await_broker(never, 0.5)
        with running(server):
            client.await_broker(never, 10)
            client.publish(Publication("inspector/v1/test/topic", b"x"))
            assert client.wait_confirmed(0, 10)
            assert client.stop()
    complaint = next(entry for entry in logs if entry["event"] == "broker cannot be reached")
    assert complaint["broker"] == f"{HOST}:{server.port}"
    assert "refused" in complaint["why"]
    assert "Start mosquitto" in complaint["remedy"]


def test_what_is_published_without_a_connection_is_delivered_after_the_protocol_is_known(
    amqtt: AmqttBroker, never: threading.Event
) -> None:
    client = connection(amqtt.port)
    client.publish(Publication("inspector/v1/test/topic", b"early"))
    assert not client.wait_confirmed(0, 0)
    client.start()
    client.await_broker(never, 10)
    assert client.wait_confirmed(0, 10)
    assert client.stop()


def test_a_broker_of_another_protocol_in_the_same_place_is_served_too(never: threading.Event) -> None:
    amqtt = AmqttBroker()
    server = mosquitto_server()
    server.close()
    amqtt.port = server.port
    with running(mosquitto_server(f"listener {amqtt.port} {HOST}")) as first:
        client = connection(amqtt.port)
        client.start()
        client.await_broker(never, 10)
        assert client.has_properties
        first.stop()
        amqtt.start()
        wait_until(lambda: not client.has_properties, "the other protocol")
        client.await_broker(never, 10)
        client.publish(Publication("inspector/v1/test/topic", b"x"))
        assert client.wait_confirmed(0, 10)
        client.stop()
        amqtt.stop()


def test_stopping_does_not_wait_for_an_absent_broker() -> None:
    client = connection(free_port())
    client.start()
    assert client.stop()


def test_undelivered_messages_are_reported_at_the_end() -> None:
    client = connection(free_port(), protocol="5")
    client.start()
    client.publish(Publication("inspector/v1/test/topic", b"x"))
    assert not client.stop(timeout_s=0.2)


def test_a_wrong_password_is_named_with_a_remedy(never: threading.Event) -> None:
    port = free_port()
    account = {"username": "camera", "password": SecretStr("right")}
    with EmbeddedBroker(MqttSettings.model_validate({"host": HOST, "port": port, **account})):
        right = connection(port, **account)
        right.start()
        right.await_broker(never, 10)
        assert right.stop()
        for wrong in (
            {},
            {"username": "camera", "password": "wrong"},
            {"username": "other", "password": "right"},
        ):
            client = connection(port, **wrong)
            with capture_logs() as logs:
                client.start()
                wait_until(lambda: any("refuses" in entry["event"] for entry in logs), "a refusal")
                client.stop()
            refusal = next(entry for entry in logs if "refuses" in entry["event"])
            assert "mqtt.username and mqtt.password" in refusal["remedy"]
            assert "right" not in str(logs)
