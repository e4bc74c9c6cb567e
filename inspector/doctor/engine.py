"""What runs the networks: ONNX Runtime's providers, and driver and TensorRT where the settings want a GPU."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec

import onnxruntime

from inspector.doctor.finding import Finding, State
from inspector.settings import Settings

_GPU_PROVIDERS = frozenset({"CUDAExecutionProvider", "TensorrtExecutionProvider"})
_DRIVER_LIMIT_S = 10.0


def check_engine(settings: Settings) -> Iterator[Finding]:
    """Providers by name; the GPU only where it is configured."""
    available = onnxruntime.get_available_providers()
    sections = {"engine.providers": settings.engine.providers}
    if settings.describing.enabled:
        sections["describing.providers"] = settings.describing.providers
    for key, providers in sections.items():
        missing = [name for name in providers if name not in available]
        if missing:
            yield Finding(
                State.PROBLEM,
                f"{key} names {', '.join(missing)}, which ONNX Runtime does not have",
                f"it has {', '.join(available)}",
                f"Run `make install-gpu` on a box with a GPU, or set {key} to one of those",
            )
        else:
            yield Finding(
                State.OK, f"{key}: ONNX Runtime {onnxruntime.__version__} has {', '.join(providers)}"
            )
    wants_tensorrt = settings.engine.runtime == "tensorrt"
    if not wants_tensorrt and not _GPU_PROVIDERS.intersection(settings.engine.providers):
        yield Finding(State.NOT_APPLICABLE, "GPU is not checked", "no setting wants one")
        return
    yield _driver()
    if wants_tensorrt:
        missing = [name for name in ("tensorrt", "polygraphy") if find_spec(name) is None]
        if missing:
            why = f"{' and '.join(missing)} cannot be imported"
            yield Finding(
                State.PROBLEM, 'engine.runtime = "tensorrt" cannot work', why, "Run `make install-gpu`"
            )
        else:
            yield Finding(State.OK, "TensorRT is installed")


def _driver() -> Finding:
    """NVIDIA's driver, by its own tool."""
    program = shutil.which("nvidia-smi")
    if program is None:
        why = "there is no nvidia-smi on PATH"
        return Finding(
            State.PROBLEM, "no NVIDIA driver is visible", why, "Install the driver, or use the CPU"
        )
    query = [program, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    # The program is found on this machine's own PATH and gets fixed words.
    run = subprocess.run(query, capture_output=True, text=True, check=False, timeout=_DRIVER_LIMIT_S)  # noqa: S603
    said = "; ".join((run.stdout if run.returncode == 0 else run.stderr or run.stdout).split("\n")).strip(
        "; "
    )
    if run.returncode:
        return Finding(State.PROBLEM, "the NVIDIA driver does not answer", said, "Reinstall it, or restart")
    return Finding(State.OK, f"GPU: {said}")
