"""Frame bytes to verdict, against the bare forward pass of the backbone in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime as ort
import torch

from inspector.frames import Frame, decode_image
from inspector.inspecting import load_inspector, utc_now
from inspector.settings import EngineSettings
from training.encoders import ImageEncoder, build_image_encoder
from training.export import OPSET
from training.settings import TrainingSettings

BLOCKS = 15
BLOCK = 8
"""Passes of one kind in a row. ONNX Runtime's threads spin for a while after a pass and would take the cores
from the other session, which no box beside a line has."""
WARM_UP = 2
"""Passes of a block that are not counted."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Medians over blocks of both kinds in turn, milliseconds at batch 1.

    Attributes:
        verdict_ms: encoded bytes to verdict.
        backbone_ms: the backbone's forward pass alone, same threads.
        ratio: median of the blocks' own ratios, which a noisy machine disturbs less.
    """

    verdict_ms: float
    backbone_ms: float
    ratio: float


class _Bare(torch.nn.Module):
    """The encoder from uint8 frames to its deepest map."""

    def __init__(self, encoder: ImageEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.encoder(self.encoder.normalise(image))[-1]  # type: ignore[no-any-return]


def measure_latency(bundle: Path, pictures: Sequence[Path], threads: int) -> Latency:
    """Time the serving path and the bare backbone in turn on real pictures."""
    settings = TrainingSettings()
    inspector = load_inspector(bundle, EngineSettings(threads=threads))
    size = inspector.bundle.manifest.input_size
    encoder = build_image_encoder(settings.encoder, size.height, size.width)
    example = torch.zeros((1, size.height, size.width, 3), dtype=torch.uint8)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "backbone.onnx"
        torch.onnx.export(
            _Bare(encoder).eval(),
            (example,),
            str(path),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        session = ort.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    frame = np.random.default_rng(0).integers(0, 256, example.shape, dtype=np.uint8)
    contents = [picture.read_bytes() for picture in pictures]

    def judge(number: int) -> None:
        data = contents[number % len(contents)]
        inspector.inspect(Frame(decode_image(data), f"frame-{number}", utc_now()))

    blocks = np.array(
        [(_median_ms(judge), _median_ms(lambda _: session.run(None, {name: frame}))) for _ in range(BLOCKS)]
    )
    verdict, backbone = np.median(blocks, axis=0)
    return Latency(float(verdict), float(backbone), float(np.median(blocks[:, 0] / blocks[:, 1])))


def _median_ms(run: Callable[[int], object]) -> float:
    """Median duration of one block's passes, in milliseconds."""
    durations = []
    for number in range(WARM_UP + BLOCK):
        started = time.perf_counter()
        run(number)
        durations.append(1000 * (time.perf_counter() - started))
    return float(np.median(durations[WARM_UP:]))
