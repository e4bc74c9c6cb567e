"""A box as it is delivered: a settings file, and `inspector edge run` as a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from inspector.messages import CameraTopic
from tests.campaigns.parts import PRODUCT
from tests.campaigns.report import CampaignError, await_true
from tests.services import HOST, free_port, mosquitto_server, running

BOX = "box-1"
CAMERA = CameraTopic("plant-1", "line-1", "cam-1")
BROKER = "max_queued_messages 0"
"""mosquitto keeps whatever a box has not acknowledged."""
READY_S, END_S = 120.0, 60.0


@dataclass(frozen=True)
class BoxSettings:
    """What a campaign chooses.

    Attributes:
        folder: existing folder for everything that is the box's.
        broker: port of the broker.
        bundle: judges the camera's product.
        product: the camera's.
        threads: of the engine; 0 takes all cores.
        central: URL of the plant's database.
        topic_filter: subscription instead of that to the camera.
    """

    folder: Path
    broker: int
    bundle: Path
    product: str = PRODUCT
    threads: int = 0
    central: str | None = None
    topic_filter: str | None = None

    def write(self, health: int) -> Path:
        """Write `inspector.toml`; its path."""
        text = f"""
            site = "{CAMERA.site}"
            [mqtt]
            host = "{HOST}"
            port = {self.broker}
            [database]
            url = "sqlite:///{self.folder}/inspector.db"
            [engine]
            threads = {self.threads}
            [edge]
            box = "{BOX}"
            data_dir = "{self.folder}/{BOX}"
            {f'topic_filter = "{self.topic_filter}"' if self.topic_filter else ""}
            [edge.disk]
            low_mb = 200
            full_mb = 100
            [edge.health]
            port = {health}
            [[edge.cameras]]
            line = "{CAMERA.line}"
            camera = "{CAMERA.camera}"
            product = "{self.product}"
            bundle = "{self.bundle}"
            [describing]
            language_model = "{self.folder}/none"
        """
        if self.central is not None:
            text += f'[central]\nurl = "{self.central}"\n'
        config = self.folder / "inspector.toml"
        config.write_text(text)
        return config


class Box:
    """A box's process. It may be killed and started again and again.

    Args:
        settings: of the box; its settings file is written here.
    """

    def __init__(self, settings: BoxSettings) -> None:
        self._settings = settings
        self._health = free_port()
        self.config = settings.write(self._health)
        self.database = settings.folder / "inspector.db"
        self.data_dir = settings.folder / BOX
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it takes frames some seconds later."""
        command = [
            sys.executable,
            "-m",
            "inspector.cli",
            "edge",
            "run",
            "--config",
            str(self.config),
            "--json",
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def await_ready(self) -> None:
        """Wait until it has subscribed to its cameras and says that it is well."""
        await_true(lambda: self.health().get("status") == "ok", f"a box that is well: {self.log}", READY_S)

    @property
    def log(self) -> Path:
        """What it said."""
        return self._settings.folder / "edge.log"

    @property
    def pid(self) -> int:
        """Number of the process."""
        if self._process is None:
            raise CampaignError("the box was not started")
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """`kill -9`: no goodbye, nothing flushed.

        Raises:
            CampaignError: it had ended by itself.
        """
        if self._process is None:
            return
        if self._process.poll() is not None:
            raise CampaignError(f"the box has ended by itself: {self.tail()}")
        self._process.kill()
        self._process.wait()
        self._process = None

    def end(self) -> None:
        """End it as systemd does.

        Raises:
            CampaignError: it had ended before, or did not end well.
        """
        if self._process is None or not self.is_alive:
            raise CampaignError(f"the box has ended by itself: {self.tail()}")
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(END_S)
        self._process = None
        if code != 0:
            raise CampaignError(f"the box ended with exit code {code}: {self.tail()}")

    def close(self) -> None:
        """Let nothing of it run on."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:]

    def health(self) -> dict[str, Any]:
        """What `/health` says; empty where nobody answers."""
        try:
            return dict(json.loads(self._get("/health")))
        except (OSError, http.client.HTTPException, ValueError):
            return {}

    def counted(self, name: str, label: str) -> dict[str, int]:
        """A counter of `/metrics`, summed by one of its labels."""
        counts: dict[str, int] = {}
        for family in text_string_to_metric_families(self._get("/metrics")):
            for sample in family.samples:
                if sample.name == name:
                    key = sample.labels.get(label, "")
                    counts[key] = counts.get(key, 0) + round(sample.value)
        return counts

    def _get(self, path: str) -> str:
        connection = http.client.HTTPConnection(HOST, self._health, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def resident_mb(self) -> float:
        """Resident memory in megabytes (10⁶ bytes)."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    def maps_torch(self) -> bool:
        """Whether a library of torch is loaded."""
        return "torch" in Path(f"/proc/{self.pid}/maps").read_text()


@contextmanager
def running_box(
    bundle: Path, *, topic_filter: str | None = None, product: str = PRODUCT
) -> Iterator[tuple[Box, int]]:
    """A box that is ready, at a mosquitto of its own; the box and the broker's port."""
    with (
        TemporaryDirectory(prefix="inspector-campaign-") as name,
        running(mosquitto_server(BROKER)) as broker,
    ):
        settings = BoxSettings(Path(name), broker.port, bundle, product, topic_filter=topic_filter)
        box = Box(settings)
        try:
            box.start()
            box.await_ready()
            yield box, broker.port
            box.end()
        finally:
            box.close()
