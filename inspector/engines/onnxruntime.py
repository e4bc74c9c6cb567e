"""ONNX Runtime engine: the CPU by default, CUDA or the TensorRT provider where they are installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.engines import INPUT_NAME, OUTPUT_NAMES, ScorerOutput
from inspector.errors import EngineError

CPU_PROVIDER = "CPUExecutionProvider"


class OnnxRuntimeEngine:
    """Runs a scorer with ONNX Runtime.

    Args:
        scorer_path: the bundle's ``scorer.onnx``.
        providers: execution providers in order of preference; each must be in the installed build.
        threads: threads of one forward pass; 0 lets ONNX Runtime take all cores.

    Raises:
        EngineError: a provider is not available, or the file is not a scorer.
    """

    def __init__(
        self, scorer_path: Path, *, providers: Sequence[str] = (CPU_PROVIDER,), threads: int = 0
    ) -> None:
        available = ort.get_available_providers()
        missing = [provider for provider in providers if provider not in available]
        if missing:
            raise EngineError(
                f"execution provider {', '.join(missing)} is not available",
                f"this ONNX Runtime build offers {', '.join(available)}",
                "Run `make install-gpu` on a box with a GPU, or set engine.providers to one of those",
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(str(scorer_path), options, providers=list(providers))
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise EngineError(
                f"{scorer_path} cannot be loaded", str(error), "Export the bundle again"
            ) from error
        names = tuple(output.name for output in self._session.get_outputs())
        if names != OUTPUT_NAMES:
            raise EngineError(f"{scorer_path} is not a scorer", f"its outputs are {', '.join(names)}")
        _, self._height, self._width, _ = self._session.get_inputs()[0].shape
        self._provider = self._session.get_providers()[0]

    @property
    def name(self) -> str:
        """Runtime and device, such as ``onnxruntime:CPUExecutionProvider``."""
        return f"onnxruntime:{self._provider}"

    def run(self, images: NDArray[np.uint8]) -> ScorerOutput:
        """Score uint8 `[B, H, W, 3]`; safe to call from several threads. See `Engine.run`."""
        expected = (self._height, self._width, 3)
        if images.dtype != np.uint8 or images.shape[1:] != expected:
            raise EngineError(
                f"the network takes uint8 [B, {self._height}, {self._width}, 3]",
                f"it was given {images.dtype} {list(images.shape)}",
                "Resize frames with inspector.frames.resize",
            )
        try:
            return ScorerOutput(*self._session.run(list(OUTPUT_NAMES), {INPUT_NAME: images}))
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise EngineError(f"{self.name} failed on a batch of {len(images)}", str(error)) from error
