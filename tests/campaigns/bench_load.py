"""Frames at full speed through a real broker: is each stored once, how fast, and in how much memory?"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.bench_latency import Scorer
from tests.campaigns.box import running_box
from tests.campaigns.cameras import CameraProcess, Script
from tests.campaigns.parts import PRODUCT
from tests.campaigns.report import CampaignError, await_true
from tests.campaigns.rows import count_ids, count_rows

STORED_S = 1800.0
ALONE_S = 8.0
IDLE_S = 5.0


@dataclass(frozen=True)
class Load:
    """What came of the load.

    Attributes:
        frames: that were sent.
        rows: that are stored.
        ids: different ones among them.
        frames_per_s: from the first frame sent to the last one stored.
        alone_per_s: the scorer's own rate, before and after: frames a second of the bare forward pass.
        idle_mb: resident memory of the edge process before any frame.
        loaded_mb: the same afterwards.
    """

    frames: int
    rows: int
    ids: int
    frames_per_s: float
    alone_per_s: float
    idle_mb: float
    loaded_mb: float

    @property
    def share(self) -> float:
        """Of the scorer's own rate."""
        return self.frames_per_s / self.alone_per_s


def full_speed(bundle: Path, scorer: Scorer, batch: int, frames: int, pictures: Sequence[Path]) -> Load:
    """Send frames as fast as the broker takes them.

    Args:
        bundle: of the box.
        scorer: the same bundle in this process.
        batch: at which the bare forward pass is fastest.
        frames: how many.
        pictures: what is sent, in turn.

    Raises:
        CampaignError: they are not stored in time, or torch is loaded.
    """
    before = scorer.frames_per_s(batch, ALONE_S)
    with running_box(bundle) as (box, port):
        time.sleep(IDLE_S)
        idle_mb = box.resident_mb()
        with CameraProcess(Script(port, PRODUCT, pictures, frames, "load")) as camera:
            await_true(lambda: count_rows(box.database) >= frames, "a row for each frame", STORED_S)
            seconds = time.monotonic() - camera.started_s
            await_true(lambda: camera.is_done, "a camera at its end", STORED_S)
        loaded_mb = box.resident_mb()
        if box.maps_torch():
            raise CampaignError("the edge process has loaded torch")
        rows, ids = count_rows(box.database), count_ids(box.database)
    after = scorer.frames_per_s(batch, ALONE_S)
    return Load(frames, rows, ids, frames / seconds, (before + after) / 2, idle_mb, loaded_mb)


def imports_torch() -> bool:
    """Whether importing the service brings torch along."""
    code = "import sys, edge.service; print('torch' in sys.modules)"
    return (
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        != "False\n"
    )
