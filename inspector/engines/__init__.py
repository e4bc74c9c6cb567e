"""Engines run a bundle's network. One protocol, one file per runtime, chosen by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ScorerOutput:
    """What the scorer network says of a batch of B frames. Scores are raw, higher is more abnormal.

    Attributes:
        anomaly_map: float32 `[B, h, w]`, the fused map that outlines what is abnormal.
        score: float32 `[B]`, one number a frame, from a fused map that is weighted to rank frames.
        embedding: float32 `[B, D]`, the frames' global descriptors.
        image_image_map: float32 `[B, h, w]`, distance to the memory of normal patches.
        image_text_map: float32 `[B, h, w]`, how much each place matches the abnormal sentences.
    """

    anomaly_map: NDArray[np.float32]
    score: NDArray[np.float32]
    embedding: NDArray[np.float32]
    image_image_map: NDArray[np.float32]
    image_text_map: NDArray[np.float32]


OUTPUT_NAMES = ("anomaly_map", "score", "embedding", "image_image_map", "image_text_map")
"""Names of the ONNX outputs, in the order of `ScorerOutput`'s fields."""

INPUT_NAME = "image"
"""Name of the ONNX input: uint8 `[B, H, W, 3]`, RGB."""


class Engine(Protocol):
    """A loaded network. Not thread-safe unless the implementation says so."""

    @property
    def name(self) -> str:
        """Runtime and device, such as ``onnxruntime:CPUExecutionProvider``."""

    def run(self, images: NDArray[np.uint8]) -> ScorerOutput:
        """Score a batch.

        Args:
            images: uint8 `[B, H, W, 3]` RGB in the network's input size, made by `inspector.frames.resize`.

        Raises:
            EngineError: the shape does not fit, or the runtime failed.
        """
