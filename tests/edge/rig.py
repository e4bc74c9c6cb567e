# ruff: noqa: S311 - chance spreads waits, it keeps no secret
"""What the tests of the edge service share: brokers, a service in a thread or a process, an observer."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self

from edge.backlog import Backlog, Delivery
from edge.broker import EmbeddedBroker
from edge.evidence import EvidenceStore
from edge.metrics import Metrics
from edge.pipeline import Batching, Pipeline
from edge.reading import Reading
from edge.service import EdgeService
from edge.stations import Station
from edge.storing import Stored, Storing
from edge.tally import Summary
from edge.writer_process import WriterLoader
from inspector.inspecting import Inspector
from inspector.messages import CameraTopic
from inspector.records import Destination, Records, StoredDescription, StoredInspection
from inspector.settings import CameraSettings, Settings, load_settings
from tests.services import HOST, free_port

DEADLINE_S = 60.0
SITE = "plant-1"
CAMERA = CameraTopic(SITE, "line-1", "cam-1")
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = DEADLINE_S) -> None:
    """Poll until a condition holds; the test fails when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {timeout_s:g} s: {what}")
        time.sleep(0.01)


class TestBroker(Protocol):
    """A broker that can be taken away."""

    port: int

    def start(self) -> Self: ...

    def stop(self) -> None: ...


class AmqttBroker:
    """Our embedded broker, in this process."""

    def __init__(self) -> None:
        self.port = free_port()
        self._broker: EmbeddedBroker | None = None

    def start(self) -> Self:
        self._broker = EmbeddedBroker(Settings(mqtt={"host": HOST, "port": self.port}).mqtt)
        self._broker.start()
        return self

    def stop(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            broker.stop()


def line_toml(folder: Path, bundle: Path, port: int, protocol: str = "auto", cameras: int = 1) -> Path:
    """Write the settings of a box with some cameras on two lines, all of one product."""
    text = f"""
        site = "{SITE}"
        [mqtt]
        host = "{HOST}"
        port = {port}
        protocol = "{protocol}"
        [database]
        url = "sqlite:///{folder}/inspector.db"
        [engine]
        threads = 1
        [edge]
        data_dir = "{folder}/box-1"
        queue_size = 4
        [edge.health]
        port = 0
        [describing]
        language_model = "{folder}/language-model"
    """
    for number in range(cameras):
        text += f"""
        [[edge.cameras]]
        line = "line-{1 + number % 2}"
        camera = "cam-{1 + number}"
        product = "washer"
        bundle = "{bundle}"
        """
    path = folder / "inspector.toml"
    path.write_text(text)
    return path


class RecordingSource:
    """A source that the test itself is: it remembers what it was told."""

    name = "test"

    def __init__(self) -> None:
        self.acknowledged: list[Delivery] = []
        self.given_up: list[Delivery] = []

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def problem(self) -> None: ...

    def acknowledge(self, delivery: Delivery) -> None:
        self.acknowledged.append(delivery)

    def give_up(self, delivery: Delivery) -> None:
        self.given_up.append(delivery)


class PipelineRig:
    """A pipeline with one camera, fed by the test. A context manager: inside, it runs."""

    def __init__(
        self,
        folder: Path,
        records: Records,
        inspector: Inspector | None,
        *,
        may_take: Callable[[], bool] = lambda: True,
        with_embeddings: bool = True,
    ) -> None:
        (folder / "spool").mkdir(exist_ok=True)
        self.source = RecordingSource()
        self.station = Station(CAMERA, "washer", inspector=inspector)
        self.backlog = Backlog(1000, folder / "spool")
        self.finished: list[Stored] = []
        self.metrics = Metrics("box-1")
        self._number = 0
        storing = Storing(
            box="box-1",
            data_dir=folder,
            records=records,
            destinations=[Destination.BROKER],
            evidence=EvidenceStore(folder, 0),
            now=lambda: NOW,
            finished=self.finished.extend,
            with_embeddings=with_embeddings,
        )
        self.pipeline = Pipeline(
            self.backlog,
            Reading("box-1", {CAMERA: self.station}),
            storing,
            batching=Batching(16, 10.0),
            metrics=self.metrics,
            may_take=may_take,
            chance=random.Random(0),
        )

    def __enter__(self) -> Self:
        self.pipeline.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.pipeline.stop()

    def send(self, data: bytes, frame_id: str) -> None:
        """Let a frame arrive."""
        self._number += 1
        topic = f"{CAMERA.frame}/{frame_id}"
        arrived = time.perf_counter()
        self.backlog.put(Delivery(self._number, topic, data, {}, self._number, NOW, arrived, self.source))

    def await_finished(self, count: int) -> list[Stored]:
        wait_until(lambda: len(self.finished) >= count, f"{count} finished deliveries")
        assert len(self.finished) == count
        return self.finished

    def queued(self, stage: str) -> int:
        """How much waits before a stage, as the figures say."""
        wanted = f'inspector_queue_depth{{stage="{stage}"}} '
        [line] = [row for row in self.metrics.render()[0].decode().splitlines() if row.startswith(wanted)]
        return round(float(line.removeprefix(wanted)))


@dataclass
class Line:
    """A box's settings, and a look at what it wrote."""

    config: Path
    settings: Settings

    @classmethod
    def write(cls, folder: Path, bundle: Path, port: int, protocol: str = "auto", cameras: int = 1) -> Line:
        config = line_toml(folder, bundle, port, protocol, cameras)
        return cls(config, load_settings(config))

    @property
    def data_dir(self) -> Path:
        return self.settings.edge.data_dir

    @property
    def cameras(self) -> list[CameraTopic]:
        def topic(camera: CameraSettings) -> CameraTopic:
            return CameraTopic(self.settings.site, camera.line, camera.camera)

        return [topic(camera) for camera in self.settings.edge.cameras]

    def rows(self) -> dict[str, StoredInspection]:
        """All records by frame id."""
        with Records.open(self.settings.database.url) as records:
            return {record.frame_id: record for record in records.latest(limit=100_000)}

    def await_rows(self, count: int) -> dict[str, StoredInspection]:
        """Wait until there are so many records, or more."""
        with closing(sqlite3.connect(self.config.with_name("inspector.db"))) as connection:
            query = "SELECT count(*) FROM inspections"
            wait_until(lambda: connection.execute(query).fetchone()[0] >= count, f"{count} rows")
        return self.rows()

    def await_all_rows(self, count: int) -> dict[str, StoredInspection]:
        """Wait for all records; one too many is a failure."""
        rows = self.await_rows(count)
        assert len(rows) == count
        return rows

    def descriptions(self) -> dict[str, StoredDescription]:
        """All descriptions by frame id."""
        return {frame_id: row.description for frame_id, row in self.rows().items() if row.description}

    def files(self, folder: str) -> list[Path]:
        """All files below a sub-folder of the data folder, relative to it."""
        below = (self.data_dir / folder).rglob("*")
        return sorted(path.relative_to(self.data_dir) for path in below if path.is_file())


class ServiceThread:
    """An edge service in a thread of the test.

    Args:
        settings: of the box.
        load_writer: what writes sentences instead of a language model.
    """

    def __init__(self, settings: Settings, load_writer: WriterLoader | None = None) -> None:
        self._service = EdgeService(settings, chance=random.Random(0), load_writer=load_writer)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.summary: Summary | None = None
        self.error: Exception | None = None

    def _run(self) -> None:
        try:
            self.summary = self._service.run(self._stop)
        except Exception as error:
            self.error = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> Summary:
        """Stop it cleanly; what it did."""
        self._stop.set()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the service did not stop"
        if self.error is not None:
            raise self.error
        assert self.summary is not None
        return self.summary


class ServiceProcess:
    """An edge service as the command starts it. A fixture kills those that a failed test left behind."""

    started: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, config: Path, *options: str) -> None:
        command = [sys.executable, "-m", "inspector.cli", "edge", "run", "--config", str(config), *options]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._log = config.with_name("service.log")
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=environment, cwd=config.parent
            )
        self.started.append(self.process)

    def kill(self) -> None:
        """`kill -9`: no goodbye, nothing flushed."""
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def terminate(self) -> str:
        """SIGTERM, as systemd sends it; what it printed."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=DEADLINE_S)
        assert self.process.returncode == 0, self.log()
        return output.decode()

    def log(self) -> str:
        return self._log.read_text()
