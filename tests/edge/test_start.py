"""What the service refuses before it takes a frame, each time with the thing, the cause and the remedy."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge.service import EdgeService
from inspector.errors import BrokerError, BundleError, InspectorError, RecordsError, SettingsError
from inspector.settings import Settings, load_settings
from tests.edge.rig import AmqttBroker, Line, ServiceThread, wait_until
from tests.services import HOST, MosquittoServer, free_port
from tests.tiny_bundle import write_tiny_bundle


def start(settings: Settings) -> None:
    EdgeService(settings).run(threading.Event(), broker_timeout_s=0.3)


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (
            ('product = "washer"', 'product = "bottle"'),
            SettingsError,
            r"product is bottle.*for washer\. Correct",
        ),
        (
            ('bundle = "', 'bundle = "/nowhere'),
            BundleError,
            r"line-1/cam-1.*no such folder\. Give the folder",
        ),
        (("sqlite:///", "mysql://"), RecordsError, r"mysql is not a known driver\. Use sqlite"),
        (("sqlite:///", "sqlite:////proc/nowhere"), RecordsError, r"cannot be created.*\. Give this user"),
        (
            ('data_dir = "', 'data_dir = "/proc/nowhere'),
            SettingsError,
            r"data folder /proc.*correct edge.data_dir",
        ),
        (
            ('"auto"', '"auto"\nembedded = true\nusername = "a"'),
            BrokerError,
            r"Correct mqtt.host and mqtt.port",
        ),
    ],
)
def test_a_wrong_configuration(
    bundle: Path, tmp_path: Path, *, change: tuple[str, str], kind: type[InspectorError], sentence: str
) -> None:
    line = Line.write(tmp_path, bundle, free_port())
    text = line.config.read_text().replace(*change)
    if kind is BrokerError:
        text = text.replace(HOST, "192.0.2.1")
    line.config.write_text(text)
    with pytest.raises(kind, match=sentence):
        start(load_settings(line.config))


def test_no_camera() -> None:
    with pytest.raises(SettingsError, match="no camera is configured"):
        start(Settings())


def test_a_damaged_bundle(tmp_path: Path) -> None:
    damaged = write_tiny_bundle(tmp_path / "washer").path
    damaged.joinpath("scorer.onnx").write_bytes(b"no network")
    with pytest.raises(BundleError, match=r"scorer.onnx was changed after export"):
        start(Line.write(tmp_path, damaged, free_port()).settings)


def test_a_broker_that_stays_away_for_the_time_that_was_given(bundle: Path, tmp_path: Path) -> None:
    line = Line.write(tmp_path, bundle, free_port())
    wanted = rf"broker {HOST}:{line.settings.mqtt.port} cannot be reached.*0.3 s. Start mosquitto"
    with pytest.raises(BrokerError, match=wanted):
        start(line.settings)


def test_a_port_that_is_taken(mosquitto: MosquittoServer, mosquitto_line: Line) -> None:
    embedded = mosquitto_line.settings.mqtt.model_copy(update={"embedded": True})
    with pytest.raises(
        BrokerError, match=rf"{HOST}:{mosquitto.port}: the port is taken.*mqtt.embedded = false"
    ):
        start(mosquitto_line.settings.model_copy(update={"mqtt": embedded}))


def test_a_second_service_in_the_same_folder(amqtt: AmqttBroker, bundle: Path, tmp_path: Path) -> None:
    line = Line.write(tmp_path, bundle, amqtt.port)
    with ServiceThread(line.settings):
        wait_until((line.data_dir / "edge.lock").exists, "a first service")
        with pytest.raises(SettingsError, match=r"another edge service works in it.*its own edge.box"):
            start(line.settings)
    with ServiceThread(line.settings) as again:
        assert again.end().frames == 0
