"""Which engine runs a bundle's network, by the settings."""

from __future__ import annotations

from inspector.bundle import Bundle
from inspector.engines import Engine
from inspector.engines.onnxruntime import OnnxRuntimeEngine, TensorRtCache
from inspector.engines.tensorrt import TensorRtEngine, TensorRtPlan
from inspector.errors import EngineError
from inspector.results import Verdict
from inspector.settings import EngineSettings


def open_engine(bundle: Bundle, settings: EngineSettings) -> Engine:
    """Load a bundle's network.

    Args:
        bundle: the bundle.
        settings: runtime, providers, precision.

    Raises:
        EngineError: the runtime is not installed, or cannot load the network.
    """
    if settings.runtime == "tensorrt":
        return TensorRtEngine(tensorrt_plan(bundle, settings), settings.cache_dir)
    if settings.precision == "int8":
        raise EngineError(
            "engine.precision int8 is not available with ONNX Runtime",
            "its provider for TensorRT wants tables that are made elsewhere",
            'Set engine.runtime = "tensorrt", or engine.precision = "fp16"',
        )
    return OnnxRuntimeEngine(
        bundle.scorer_path,
        providers=settings.providers,
        threads=settings.threads,
        tensorrt=TensorRtCache(
            settings.cache_dir,
            fp16=settings.precision == "fp16",
            shapes=tensorrt_plan(bundle, settings).shapes,
        ),
    )


def tensorrt_plan(bundle: Bundle, settings: EngineSettings) -> TensorRtPlan:
    """What a native TensorRT engine of a bundle is built from."""
    return TensorRtPlan(
        scorer_path=bundle.scorer_path,
        model_sha256=bundle.manifest.files[bundle.scorer_path.name],
        height=bundle.manifest.input_size.height,
        width=bundle.manifest.input_size.width,
        precision=settings.precision,
        largest_batch=settings.largest_batch,
        normals=normal_frames(bundle),
    )


def normal_frames(bundle: Bundle) -> tuple[str, ...]:
    """Files of the bundle's golden frames that pass, absolute: an int8 engine is calibrated on normals."""
    return tuple(
        str((bundle.path / golden.file).absolute())
        for golden in bundle.manifest.golden
        if golden.verdict is Verdict.PASS
    )
