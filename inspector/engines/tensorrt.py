"""Native TensorRT engine, built and run by NVIDIA's polygraphy.

A machine without a GPU can only check this file's types. What it computes is proven on the box: no bundle
judges a part before its golden frames gave the known scores on this very engine (`inspector.gate`).

An engine fits one GPU, one TensorRT version, one network, one precision and one range of batches, and
building it takes minutes. So it is kept under a name that is made of all of these.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from inspector.engines import INPUT_NAME, OUTPUT_NAMES, ScorerOutput
from inspector.engines.engine_cache import CachedEngine, cache_name, cached_engine
from inspector.errors import EngineError
from inspector.frames import read_frame, resize

if TYPE_CHECKING:
    import tensorrt as trt

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

_INSTALL = 'Run `make install-gpu` on a box with an NVIDIA GPU, or set engine.runtime = "onnxruntime"'
CALIBRATION_FRAMES: Final = 64
_CAPABILITY_MAJOR, _CAPABILITY_MINOR = 75, 76
"""CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR."""


@dataclass(frozen=True, slots=True)
class TensorRtPlan:
    """What an engine is built from.

    Attributes:
        scorer_path: the bundle's ``scorer.onnx``.
        model_sha256: hash of that file.
        height: of the network's input in pixels.
        width: of the network's input in pixels.
        precision: ``fp32``, ``fp16`` or ``int8``; the last two are allowed, and used where they are faster.
        largest_batch: upper end of the batch range; the lower end is 1.
        normals: files of normal frames that an int8 engine is calibrated on.
    """

    scorer_path: Path
    model_sha256: str
    height: int
    width: int
    precision: str
    largest_batch: int
    normals: tuple[str, ...]

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Smallest, usual and largest input `[B, H, W, 3]`: the profile that kernels are chosen for."""
        usual = max(1, self.largest_batch // 2)
        return tuple((batch, self.height, self.width, 3) for batch in (1, usual, self.largest_batch))  # type: ignore[return-value]


class TensorRtEngine:
    """Runs a scorer with TensorRT; builds its engine where none is kept. Safe from several threads.

    Args:
        plan: what it is built from.
        cache_dir: where engines are kept.

    Raises:
        EngineError: TensorRT or a GPU is missing, or the engine cannot be built.
    """

    def __init__(self, plan: TensorRtPlan, cache_dir: Path) -> None:
        runtime = load_runtime()
        self._plan = plan
        self._guard = threading.Lock()
        wanted = cache_name(plan, gpu=runtime.gpu, tensorrt_version=runtime.version)
        kept = cached_engine(cache_dir, wanted)
        try:
            engine = None if kept is None else runtime.load(kept.engine_path.read_bytes())
            if engine is None:
                log.info("engine is built, which takes minutes", engine=wanted)
                engine = runtime.build(plan, cache_dir / "timing.cache")
                CachedEngine(cache_dir, wanted).keep(runtime.serialise(engine))
            self._runner = runtime.runner(engine)
            self._runner.activate()
        except Exception as error:  # polygraphy and TensorRT raise what they like
            raise EngineError(
                f"no TensorRT engine can be had for {plan.scorer_path}",
                str(error) or type(error).__name__,
                "See TensorRT's log above; `inspector engine build` tries again",
            ) from error

    @property
    def name(self) -> str:
        """Runtime and precision, such as ``tensorrt:fp16``."""
        return f"tensorrt:{self._plan.precision}"

    def run(self, images: NDArray[np.uint8]) -> ScorerOutput:
        """Score uint8 `[B, H, W, 3]`, also more than the engine's largest batch. See `Engine.run`."""
        expected = (self._plan.height, self._plan.width, 3)
        if images.dtype != np.uint8 or images.shape[1:] != expected:
            raise EngineError(
                f"the network takes uint8 [B, {expected[0]}, {expected[1]}, 3]",
                f"it was given {images.dtype} {list(images.shape)}",
                "Resize frames with inspector.frames.resize",
            )
        most = self._plan.largest_batch
        try:
            with self._guard:
                parts = [self._infer(images[start : start + most]) for start in range(0, len(images), most)]
        except Exception as error:
            raise EngineError(f"{self.name} failed on a batch of {len(images)}", str(error)) from error
        return ScorerOutput(*(np.concatenate([part[name] for part in parts]) for name in OUTPUT_NAMES))

    def _infer(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        outputs = self._runner.infer({INPUT_NAME: np.ascontiguousarray(images)})
        # The runner's buffers are overwritten by the next batch.
        return {name: np.array(outputs[name], np.float32) for name in OUTPUT_NAMES}


@dataclass(frozen=True, slots=True)
class Runtime:
    """TensorRT on this machine, as far as it is used here.

    Attributes:
        version: of TensorRT.
        gpu: name and compute capability.
        load: an engine of its bytes; None where this TensorRT refuses them.
        build: an engine of a plan; the second argument is the file of the timing cache.
        serialise: the bytes of an engine.
        runner: what executes an engine.
    """

    version: str
    gpu: str
    load: Callable[[bytes], trt.ICudaEngine | None]
    build: Callable[[TensorRtPlan, Path], trt.ICudaEngine]
    serialise: Callable[[trt.ICudaEngine], bytes]
    runner: Callable[[trt.ICudaEngine], Any]


def load_runtime() -> Runtime:
    """Find TensorRT and the GPU.

    Raises:
        EngineError: one of them, or polygraphy, is missing.
    """
    try:
        import tensorrt as trt  # noqa: PLC0415 - only where it is asked for
        from polygraphy import cuda  # noqa: PLC0415
        from polygraphy.backend.trt import (  # noqa: PLC0415
            Calibrator,
            CreateConfig,
            EngineFromBytes,
            EngineFromNetwork,
            NetworkFromOnnxPath,
            Profile,
            TrtRunner,
        )

        version, gpu = str(trt.__version__), _gpu_name()
        cuda.wrapper()
    except Exception as error:  # a missing library is an OSError, a missing package an ImportError, ...
        raise EngineError("TensorRT cannot be used", str(error) or type(error).__name__, _INSTALL) from error

    def load(data: bytes) -> trt.ICudaEngine | None:
        try:
            engine: trt.ICudaEngine | None = EngineFromBytes(data)()
        except Exception:  # damaged, or of another TensorRT: it is built anew
            log.exception("kept engine cannot be loaded")
            return None
        return engine

    def build(plan: TensorRtPlan, timing_cache: Path) -> trt.ICudaEngine:
        timing_cache.parent.mkdir(parents=True, exist_ok=True)
        smallest, usual, largest = plan.shapes
        is_int8 = plan.precision == "int8"
        config = CreateConfig(
            fp16=plan.precision in ("fp16", "int8"),
            int8=is_int8,
            calibrator=Calibrator(calibration_batches(plan)) if is_int8 else None,
            profiles=[Profile().add(INPUT_NAME, smallest, usual, largest)],
            load_timing_cache=str(timing_cache) if timing_cache.exists() else None,
        )
        network = NetworkFromOnnxPath(str(plan.scorer_path))
        engine: trt.ICudaEngine = EngineFromNetwork(network, config, save_timing_cache=str(timing_cache))()
        return engine

    return Runtime(
        version=version,
        gpu=gpu,
        load=load,
        build=build,
        serialise=lambda engine: bytes(engine.serialize()),
        runner=TrtRunner,
    )


def calibration_batches(plan: TensorRtPlan) -> Iterator[dict[str, NDArray[np.uint8]]]:
    """Normal frames in the network's size, one a batch, for the ranges of an int8 engine.

    Raises:
        EngineError: there are none.
        FrameError: one cannot be decoded.
    """
    if not plan.normals:
        raise EngineError(
            "an int8 engine cannot be calibrated",
            "the bundle has no golden frame that passes",
            'Set engine.precision = "fp16", or give `inspector engine build` a --calibration-folder',
        )
    for file in plan.normals[:CALIBRATION_FRAMES]:
        image = resize(read_frame(Path(file)).image, plan.height, plan.width)
        yield {INPUT_NAME: image[None]}


def _gpu_name() -> str:
    """Name and compute capability of the first GPU, from CUDA's driver, on a Jetson as on a server.

    Raises:
        OSError: there is no driver, or it knows no GPU.
    """
    driver = ctypes.CDLL("libcuda.so.1")
    device, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    name = ctypes.create_string_buffer(256)
    # https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__DEVICE.html
    for what, code in (
        ("cuInit", driver.cuInit(0)),
        ("cuDeviceGet", driver.cuDeviceGet(ctypes.byref(device), 0)),
        ("cuDeviceGetName", driver.cuDeviceGetName(name, len(name), device)),
        ("major", driver.cuDeviceGetAttribute(ctypes.byref(major), _CAPABILITY_MAJOR, device)),
        ("minor", driver.cuDeviceGetAttribute(ctypes.byref(minor), _CAPABILITY_MINOR, device)),
    ):
        if code:
            raise OSError(f"CUDA's driver answered {what} with code {code}")
    return f"{name.value.decode(errors='replace')} sm{major.value}{minor.value}"
