"""From a frame's bytes to its verdict, beside the bare forward pass of the same engine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.frames import Frame, decode_image, resize
from inspector.inspecting import Inspector, load_inspector, utc_now
from inspector.settings import EngineSettings
from tests.campaigns.parts import good_pictures

BATCHES = (1, 2, 4, 8, 16)
WARM_UP = 3


@dataclass(frozen=True)
class Latency:
    """Medians of one batch size.

    Attributes:
        batch: frames in a forward pass.
        forward_ms: the bare forward pass, a frame.
        verdict_ms: from bytes to verdicts, a frame.
    """

    batch: int
    forward_ms: float
    verdict_ms: float

    @property
    def ratio(self) -> float:
        """How much dearer the verdict is than the forward pass alone."""
        return self.verdict_ms / self.forward_ms


class Scorer:
    """The box's own code for one bundle, in this process, on all cores.

    Args:
        bundle: which.
    """

    def __init__(self, bundle: Path) -> None:
        self._inspector = load_inspector(bundle, EngineSettings())
        self._data = [file.read_bytes() for file in good_pictures()]

    def measure(self, batch: int, rounds: int) -> Latency:
        """Measure both ways in turn, so that whatever else the machine does hits both."""
        data = [self._data[number % len(self._data)] for number in range(batch)]
        images = _network_input(self._inspector, data)
        forward, verdict = partial(self._inspector.engine.run, images), partial(_judge, self._inspector, data)
        for _ in range(WARM_UP):
            forward()
            verdict()
        times = [(_timed(forward), _timed(verdict)) for _ in range(rounds)]
        forward_s, verdict_s = (statistics.median(column) for column in zip(*times, strict=True))
        return Latency(batch, 1000 * forward_s / batch, 1000 * verdict_s / batch)

    def frames_per_s(self, batch: int, seconds: float) -> float:
        """The bare forward pass again and again: the scorer's own rate."""
        images = _network_input(self._inspector, (self._data * batch)[:batch])
        self._inspector.engine.run(images)
        frames, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            self._inspector.engine.run(images)
            frames += batch
        return frames / (time.perf_counter() - began)


def _network_input(inspector: Inspector, data: Sequence[bytes]) -> NDArray[np.uint8]:
    """Decoded and resized frames, uint8 `[B, H, W, 3]`."""
    size = inspector.bundle.manifest.input_size
    return np.stack([resize(decode_image(one), size.height, size.width) for one in data])


def _judge(inspector: Inspector, data: Sequence[bytes]) -> None:
    now = utc_now()
    inspector.inspect_batch([Frame(decode_image(one), f"frame-{n}", now) for n, one in enumerate(data)])


def _timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def latencies(scorer: Scorer, rounds: int) -> list[Latency]:
    """All batch sizes; of large batches fewer rounds."""
    return [scorer.measure(batch, max(5, rounds // batch)) for batch in BATCHES]
