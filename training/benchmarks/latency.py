"""Frame bytes to verdict, against the bare forward pass of the backbone in the same run."""

from __future__ import annotations

import time
from collections.abc import Sequence
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

ROUNDS = 60
WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Latency:
    """Medians over interleaved rounds, milliseconds at batch 1.

    Attributes:
        verdict_ms: encoded bytes to verdict.
        backbone_ms: the backbone's forward pass alone, same threads.
        ratio: median of the rounds' own ratios, which a noisy machine disturbs less.
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
    verdicts, backbones = [], []
    for number in range(WARM_UP + ROUNDS):
        data = contents[number % len(contents)]
        started = time.perf_counter()
        inspector.inspect(Frame(decode_image(data), f"frame-{number}", utc_now()))
        middle = time.perf_counter()
        session.run(None, {name: frame})
        ended = time.perf_counter()
        if number >= WARM_UP:
            verdicts.append(1000 * (middle - started))
            backbones.append(1000 * (ended - middle))
    ratios = np.array(verdicts) / np.array(backbones)
    return Latency(float(np.median(verdicts)), float(np.median(backbones)), float(np.median(ratios)))
