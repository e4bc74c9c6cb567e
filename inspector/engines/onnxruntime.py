"""ONNX Runtime engine: the CPU by default, CUDA or the TensorRT provider where they are installed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.engines import INPUT_NAME, OUTPUT_NAMES, ScorerOutput
from inspector.errors import EngineError

CPU_PROVIDER = "CPUExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"
TENSORRT_PROVIDER = "TensorrtExecutionProvider"


@dataclass(frozen=True, slots=True)
class TensorRtCache:
    """How the TensorRT provider builds and keeps its engine.

    Attributes:
        folder: where engine and timings are kept: building takes minutes, loading a second.
        fp16: half precision where TensorRT finds it faster.
        shapes: smallest, usual and largest input `[B, H, W, 3]`. Without them the provider would build anew,
            in mid-line, for each batch that is larger than all before it.
    """

    folder: Path
    fp16: bool
    shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


class OnnxRuntimeEngine:
    """Runs a scorer with ONNX Runtime. Safe from several threads.

    On the CPU, the frames of a batch are computed beside each other, one thread each: convolutions of one
    frame at this size share out badly among threads, and frames share nothing.

    Args:
        scorer_path: the bundle's ``scorer.onnx``.
        providers: execution providers in order of preference; each must be in the installed build.
        threads: threads of one forward pass; 0 takes all cores.
        tensorrt: for the TensorRT provider; None leaves its own defaults, without a cache.

    Raises:
        EngineError: a provider is not available or does not load, or the file is not a scorer.
    """

    def __init__(
        self,
        scorer_path: Path,
        *,
        providers: Sequence[str] = (CPU_PROVIDER,),
        threads: int = 0,
        tensorrt: TensorRtCache | None = None,
    ) -> None:
        available = ort.get_available_providers()
        missing = [provider for provider in providers if provider not in available]
        if missing:
            raise EngineError(
                f"execution provider {', '.join(missing)} is not available",
                f"this ONNX Runtime build offers {', '.join(available)}",
                "Run `make install-gpu` on a box with a GPU, or set engine.providers to one of those",
            )
        on_cpu = list(providers) == [CPU_PROVIDER]
        self._side_by_side = (threads or len(os.sched_getaffinity(0))) if on_cpu else 1
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1 if self._side_by_side > 1 else threads
        options.log_severity_level = 3
        wanted = [(provider, provider_options(provider, tensorrt)) for provider in providers]
        try:
            self._session = ort.InferenceSession(str(scorer_path), options, providers=wanted)
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise EngineError(
                f"{scorer_path} cannot be loaded", str(error), "Export the bundle again"
            ) from error
        names = tuple(output.name for output in self._session.get_outputs())
        if names != OUTPUT_NAMES:
            raise EngineError(f"{scorer_path} is not a scorer", f"its outputs are {', '.join(names)}")
        _, self._height, self._width, _ = self._session.get_inputs()[0].shape
        self._provider = self._session.get_providers()[0]
        if self._provider != providers[0] and self._provider not in providers[1:]:
            # ONNX Runtime takes the CPU without a word where a GPU's libraries do not load.
            raise EngineError(
                f"execution provider {providers[0]} does not work on this machine",
                f"ONNX Runtime fell back to {self._provider}",
                "Check driver, CUDA and TensorRT versions, or add CPUExecutionProvider to engine.providers",
            )
        self._precision = "fp16" if tensorrt and tensorrt.fp16 and self._provider == TENSORRT_PROVIDER else ""
        self._pool: ThreadPoolExecutor | None = None
        if self._side_by_side > 1:
            self._pool = ThreadPoolExecutor(self._side_by_side, thread_name_prefix="scoring")

    @property
    def name(self) -> str:
        """Runtime, device and reduced precision, such as ``onnxruntime:CPUExecutionProvider``."""
        return ":".join(filter(None, ("onnxruntime", self._provider, self._precision)))

    def run(self, images: NDArray[np.uint8]) -> ScorerOutput:
        """Score uint8 `[B, H, W, 3]`. See `Engine.run`."""
        expected = (self._height, self._width, 3)
        if images.dtype != np.uint8 or images.shape[1:] != expected:
            raise EngineError(
                f"the network takes uint8 [B, {self._height}, {self._width}, 3]",
                f"it was given {images.dtype} {list(images.shape)}",
                "Resize frames with inspector.frames.resize",
            )
        try:
            if self._pool is None or len(images) <= 1:
                return self._run(images)
            parts = list(self._pool.map(self._run, np.split(images, len(images))))
        except Exception as error:  # ONNX Runtime raises a dozen unrelated types
            raise EngineError(f"{self.name} failed on a batch of {len(images)}", str(error)) from error
        return ScorerOutput(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in OUTPUT_NAMES)
        )

    def _run(self, images: NDArray[np.uint8]) -> ScorerOutput:
        return ScorerOutput(*self._session.run(list(OUTPUT_NAMES), {INPUT_NAME: images}))


def provider_options(provider: str, tensorrt: TensorRtCache | None) -> Mapping[str, Any]:
    """Options of an execution provider, by the names in ONNX Runtime's documentation.

    Args:
        provider: its name.
        tensorrt: cache, precision and batches of the TensorRT provider.
    """
    if provider == CUDA_PROVIDER:
        # The default searches every convolution exhaustively for each new batch size: seconds in mid-line.
        return {"cudnn_conv_algo_search": "HEURISTIC"}
    if provider == TENSORRT_PROVIDER and tensorrt is not None:
        folder = str(tensorrt.folder.absolute())
        return {
            "trt_engine_cache_enable": True,
            "trt_engine_cache_path": folder,
            "trt_timing_cache_enable": True,
            "trt_timing_cache_path": folder,
            "trt_fp16_enable": tensorrt.fp16,
            **{
                f"trt_profile_{bound}_shapes": f"{INPUT_NAME}:{'x'.join(map(str, shape))}"
                for bound, shape in zip(("min", "opt", "max"), tensorrt.shapes, strict=True)
            },
        }
    return {}
