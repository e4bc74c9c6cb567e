from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.frames import encode_jpeg, encode_png
from tests.edge.rig import AmqttBroker, Line, ServiceProcess, TestBroker
from tests.services import MosquittoServer, mosquitto, mosquitto_server
from tests.tiny_bundle import tiny_part, write_tiny_bundle

__all__ = ["mosquitto"]


@dataclass(frozen=True)
class Wire:
    """A running broker and the protocol that is spoken with it."""

    broker: TestBroker
    protocol: str

    @property
    def port(self) -> int:
        return self.broker.port

    @property
    def has_properties(self) -> bool:
        return not isinstance(self.broker, AmqttBroker) and self.protocol != "3.1.1"


@pytest.fixture(autouse=True)
def _no_service_is_left() -> Iterator[None]:
    yield
    while ServiceProcess.started:
        process = ServiceProcess.started.pop()
        process.kill()
        process.wait()


@pytest.fixture(params=["mosquitto 5", "mosquitto 3.1.1", "amqtt"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    """Each of the ways that frames can come."""
    name, _, protocol = request.param.partition(" ")
    if name == "amqtt":
        broker: TestBroker = AmqttBroker().start()
        yield Wire(broker, "auto")
        broker.stop()
    else:
        server = mosquitto_server().start()
        yield Wire(server, "auto" if protocol == "5" else protocol)
        server.close()


@pytest.fixture
def amqtt() -> Iterator[AmqttBroker]:
    """Our embedded broker, in this process."""
    broker = AmqttBroker().start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "washer").path


@pytest.fixture(scope="session")
def other_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same product by another version: the limit is wider."""
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "washer", margin=2.0).path


@pytest.fixture
def line(wire: Wire, bundle: Path, tmp_path: Path) -> Line:
    """A box with one camera at the broker of `wire`."""
    return Line.write(tmp_path, bundle, wire.port, wire.protocol)


@pytest.fixture
def mosquitto_line(mosquitto: MosquittoServer, bundle: Path, tmp_path: Path) -> Line:
    """A box with one camera at a mosquitto of its own."""
    return Line.write(tmp_path, bundle, mosquitto.port)


@pytest.fixture(scope="session")
def good_png() -> bytes:
    return encode_png(tiny_part(1))


@pytest.fixture(scope="session")
def bad_jpeg() -> bytes:
    return encode_jpeg(tiny_part(2, defect=True))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four good parts as PNG, two defective ones as JPEG."""
    folder = tmp_path_factory.mktemp("pictures")
    files = {f"good-{seed}.png": encode_png(tiny_part(seed)) for seed in range(1, 5)}
    files |= {f"bad-{seed}.jpg": encode_jpeg(tiny_part(seed, defect=True)) for seed in range(5, 7)}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return sorted(folder.iterdir())
