"""Models and limits by a real broker: retained requests, reconnects, and the commands that ask."""
# ruff: noqa: S311 - chance spreads waits, it keeps no secret

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from paho.mqtt.client import MQTTMessage

from edge.clients import Publication, Subscriber
from edge.connection import Connection
from inspector.bundle import Bundle, load_bundle
from inspector.settings import MqttSettings, Settings
from tests.edge.model_rig import TOPICS, ModelBox, box_settings
from tests.edge.rig import DEADLINE_S, wait_until
from tests.services import HOST, MosquittoServer
from tests.tiny_bundle import MARGIN, write_tiny_bundle


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "second", margin=1.1 * MARGIN)


class OnBroker:
    """A box's models behind the session that the intake has."""

    def __init__(self, settings: Settings, mqtt: MqttSettings) -> None:
        self.connection = Connection(
            mqtt,
            "inspector-plant-1-box-1",
            chance=random.Random(0),
            subscriber=Subscriber(self._on_connected, self._on_message, lambda: None, 8),
        )
        self.taken = 0
        self.box = ModelBox(settings, publish=self.connection.publish)

    def _on_connected(self) -> None:
        self.connection.subscribe([], retained=list(self.box.listeners))
        self.box.models.on_connected()

    def _on_message(self, message: MQTTMessage) -> None:
        self.box.listeners[message.topic](bytes(message.payload))
        self.connection.acknowledge(message.mid)
        self.taken += 1

    def __enter__(self) -> ModelBox:
        self.box.__enter__()
        self.connection.start()
        self.connection.await_broker(threading.Event(), DEADLINE_S)
        return self.box

    def __exit__(self, *_: object) -> None:
        self.box.__exit__()
        self.connection.stop()


@pytest.fixture(params=["auto", "3.1.1"])
def mqtt(request: pytest.FixtureRequest, mosquitto: MosquittoServer) -> MqttSettings:
    return MqttSettings(host=HOST, port=mosquitto.port, protocol=request.param)


@pytest.fixture
def config(mqtt: MqttSettings, tmp_path: Path) -> Path:
    path = tmp_path / "inspector.toml"
    path.write_text(f'site = "plant-1"\n[mqtt]\nhost = "{HOST}"\nport = {mqtt.port}\n')
    return path


def ask(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inspector.cli", "edge", *words, "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def retain(mqtt: MqttSettings, topic: str, payload: dict[str, object]) -> None:
    """Publish a retained message as a program of somebody else's would."""
    client = Connection(mqtt, "somebody", chance=random.Random(0))
    client.start()
    client.await_broker(threading.Event(), DEADLINE_S)
    client.publish(Publication(topic, json.dumps({"product": "washer", **payload}).encode(), retain=True))
    assert client.stop()


@pytest.fixture
def away(mqtt: MqttSettings, bundle: Path, tmp_path: Path) -> OnBroker:
    """A box that has not started yet."""
    return OnBroker(box_settings(tmp_path, bundle), mqtt)


def test_a_request_from_before_the_start_is_acted_upon(
    mqtt: MqttSettings, away: OnBroker, second: Bundle
) -> None:
    retain(mqtt, TOPICS.model_set, {"version": second.version, "source": str(second.path)})
    retain(mqtt, TOPICS.limits_set, {"sensitivity": 2.0})
    with away as box:
        box.await_model(lambda state: state.active == second.version)
        wait_until(lambda: box.limits.limit == second.manifest.limits.reject / 2, "a limit")


def test_the_same_request_after_a_reconnect_changes_nothing(
    mosquitto: MosquittoServer, mqtt: MqttSettings, away: OnBroker, second: Bundle
) -> None:
    with away as box:
        retain(mqtt, TOPICS.model_set, {"version": second.version, "source": str(second.path)})
        box.await_model(lambda state: state.active == second.version)
        retain(mqtt, TOPICS.model_set, {"version": "previous"})
        back = box.await_model(lambda state: state.active != second.version)
        taken = away.taken
        mosquitto.stop()
        mosquitto.start()
        wait_until(lambda: away.taken > taken, "the retained message again")
        box.set_limits(sensitivity=2.0)
        assert box.version == back.active
        assert box.state == back


def test_set_model_waits_for_the_box_and_prints_what_judges(
    config: Path, away: OnBroker, bundle: Path, second: Bundle
) -> None:
    with away as box:
        done = ask(config, "set-model", "washer", "--source", str(second.path), "--by", "anna", "--json")
        assert done.returncode == 0, done.stderr
        state = json.loads(done.stdout)
        assert (state["status"], state["active"], state["requested_by"]) == ("active", second.version, "anna")
        assert state["gate"]["passed"]
        assert box.version == second.version
        done = ask(config, "set-model", "washer", "--previous")
        assert done.returncode == 0, done.stderr
        assert f"active  {load_bundle(bundle).version}" in done.stdout


def test_set_model_ends_with_1_and_the_reason_where_the_box_refuses(
    config: Path, away: OnBroker, second: Bundle
) -> None:
    with away:
        done = ask(config, "set-model", "washer", "--version", "0" * 16, "--source", str(second.path))
    assert done.returncode == 1
    assert "status  refused" in done.stdout
    assert f"the bundle there has version {second.version}" in done.stdout
    assert "Correct the version or the source" in done.stdout


def test_set_limits_waits_for_the_box(config: Path, away: OnBroker) -> None:
    with away as box:
        done = ask(config, "set-limits", "washer", "--reject", "7.5")
        assert done.returncode == 0, done.stderr
        assert "limit  7.5" in done.stdout
        assert box.judge().limit == 7.5
        done = ask(config, "set-limits", "washer", "--own")
        assert "status  own" in done.stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("set-model", "washer"), "give either --previous"),
        (("set-model", "washer", "--previous", "--version", "0" * 16), "give either --previous"),
        (("set-model", "washer", "--version", "latest"), "version"),
        (("set-model", "washer", "--source", "s3://models/washer"), "give --version"),
        (("set-model", "washer", "--source", "/nowhere"), "there is no such folder"),
        (("set-limits", "washer"), "give --reject"),
        (("set-limits", "washer", "--reject", "-1"), "greater than 0"),
        (("set-limits", "wa/sher", "--reject", "1"), "is not usable"),
        (("set-limits", "washer", "--sensitivity", "99"), "less than or equal to 10"),
    ],
)
def test_what_makes_no_sense_is_not_even_asked(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    config = tmp_path / "inspector.toml"
    config.write_text('[mqtt]\nhost = "192.0.2.1"\n')
    done = ask(config, *words)
    assert done.returncode in {1, 2}
    assert why in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_a_box_that_does_not_answer_gets_the_request_later(
    config: Path, mqtt: MqttSettings, away: OnBroker, second: Bundle
) -> None:
    done = ask(config, "set-model", "washer", "--source", str(second.path), "--timeout", "0.5")
    assert done.returncode == 1
    assert "The request stays at the broker" in done.stderr
    with away as box:
        box.await_model(lambda state: state.active == second.version)


def test_a_broker_that_is_away_is_named(tmp_path: Path) -> None:
    config = tmp_path / "inspector.toml"
    config.write_text("[mqtt]\nport = 9\n")
    done = ask(config, "set-limits", "washer", "--own", "--timeout", "1")
    assert done.returncode == 1
    assert "broker 127.0.0.1:9 cannot be used" in done.stderr
