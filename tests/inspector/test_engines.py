"""Engines by the settings: side by side on the CPU, kept when they were built, refused with a remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import trtcheck
import typer
from typer.testing import CliRunner

from inspector import commands_engine
from inspector.bundle import Bundle
from inspector.engines import INPUT_NAME, OUTPUT_NAMES
from inspector.engines.engine_cache import CachedEngine, cache_name, cached_engine, cached_engines
from inspector.engines.onnxruntime import (
    CUDA_PROVIDER,
    TENSORRT_PROVIDER,
    OnnxRuntimeEngine,
    TensorRtCache,
    provider_options,
)
from inspector.engines.opening import open_engine, tensorrt_plan
from inspector.engines.tensorrt import TensorRtPlan, calibration_batches
from inspector.errors import EngineError
from inspector.settings import EngineSettings
from tests.tiny_bundle import INPUT_SIZE_PX, write_tiny_bundle, write_variant

KNOWN_TO_RUN = ("Einsum", "Flatten", "ReduceL2")
"""Supported by operators.md of onnx-tensorrt 10, and missing in the checker's tables."""
BUILT_IN = Path(commands_engine.__file__).parent / "describing"
APP = typer.Typer()
commands_engine.register(APP)


@APP.callback()
def _commands() -> None:
    """More than one command."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("engines") / "washer")


def images(count: int) -> Any:
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (count, INPUT_SIZE_PX, INPUT_SIZE_PX, 3), dtype=np.uint8)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_frames_side_by_side_score_as_they_do_alone_and_keep_their_order(
    bundle: Bundle, threads: int, batch: int
) -> None:
    engine = OnnxRuntimeEngine(bundle.scorer_path, threads=threads)
    frames = images(batch)
    together = engine.run(frames)
    for number in range(batch):
        alone = engine.run(frames[number : number + 1])
        for name in OUTPUT_NAMES:
            np.testing.assert_allclose(getattr(together, name)[number], getattr(alone, name)[0], rtol=1e-5)


def test_gpu_providers_are_given_caches_precision_and_batches(tmp_path: Path) -> None:
    shapes = ((1, 8, 9, 3), (2, 8, 9, 3), (4, 8, 9, 3))
    options = provider_options(TENSORRT_PROVIDER, TensorRtCache(tmp_path, fp16=True, shapes=shapes))
    assert options["trt_profile_min_shapes"] == f"{INPUT_NAME}:1x8x9x3"
    assert options["trt_profile_opt_shapes"] == f"{INPUT_NAME}:2x8x9x3"
    assert options["trt_profile_max_shapes"] == f"{INPUT_NAME}:4x8x9x3"
    assert options["trt_engine_cache_enable"] is True
    assert options["trt_engine_cache_path"] == options["trt_timing_cache_path"] == str(tmp_path)
    assert options["trt_fp16_enable"] is True
    assert provider_options(CUDA_PROVIDER, None) == {"cudnn_conv_algo_search": "HEURISTIC"}
    assert provider_options("CPUExecutionProvider", None) == {}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"runtime": "tensorrt"}, r"TensorRT cannot be used: .*make install-gpu"),
        ({"precision": "int8"}, r"int8 is not available with ONNX Runtime.*engine.runtime"),
        ({"providers": [CUDA_PROVIDER]}, r"CUDAExecutionProvider is not available.*make install-gpu"),
    ],
)
def test_what_this_machine_cannot_run_is_refused_with_the_remedy(
    bundle: Bundle, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(EngineError, match=sentence):
        open_engine(bundle, EngineSettings.model_validate(settings))


def plan(bundle: Bundle, **settings: Any) -> TensorRtPlan:
    return tensorrt_plan(bundle, EngineSettings.model_validate({"runtime": "tensorrt"} | settings))


def test_a_plan_spans_the_range_of_batches_and_calibrates_on_normals(bundle: Bundle) -> None:
    made = plan(bundle, largest_batch=8, precision="int8")
    size = (INPUT_SIZE_PX, INPUT_SIZE_PX, 3)
    assert made.shapes == ((1, *size), (4, *size), (8, *size))
    assert plan(bundle, largest_batch=1).shapes == ((1, *size),) * 3
    batches = list(calibration_batches(made))
    assert len(batches) == 2  # the third golden frame is a reject
    assert all(batch["image"].shape == (1, *size) and batch["image"].dtype == np.uint8 for batch in batches)


def test_without_normals_int8_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    rejects = tuple(golden for golden in bundle.manifest.golden if golden.verdict == "reject")
    poor = write_variant(bundle.path, tmp_path / "poor", golden=rejects)
    with pytest.raises(EngineError, match="cannot be calibrated"):
        next(calibration_batches(plan(poor, precision="int8")))


def test_an_engine_is_kept_under_all_that_it_depends_on(bundle: Bundle, tmp_path: Path) -> None:
    def name(made: TensorRtPlan, gpu: str = "NVIDIA L4", version: str = "10.13") -> str:
        return cache_name(made, gpu=gpu, tensorrt_version=version)

    usual = plan(bundle, precision="fp16")
    other_model = write_tiny_bundle(tmp_path / "bottle", "bottle")
    names = [
        name(usual),
        name(usual, gpu="NVIDIA L40"),
        name(usual, version="10.14"),
        name(plan(bundle, precision="int8")),
        name(plan(bundle, precision="fp16", largest_batch=4)),
    ]
    assert name(usual) == name(plan(bundle, precision="fp16"))
    assert len(set(names)) == len(names)
    assert plan(other_model, precision="fp16").model_sha256
    assert all("/" not in one and " " not in one for one in names)


def test_half_an_engine_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    CachedEngine(tmp_path, "a").keep(b"engine")
    kept = cached_engine(tmp_path, "a")
    assert kept is not None
    assert kept.engine_path.read_bytes() == b"engine"
    kept.engine_path.write_bytes(b"engin")
    assert cached_engine(tmp_path, "a") is None
    assert cached_engine(tmp_path, "b") is None
    assert [(engine.name, engine.is_whole()) for engine in cached_engines(tmp_path)] == [("a", False)]


def test_the_list_shows_what_is_there_and_what_is_missing(tmp_path: Path) -> None:
    CachedEngine(tmp_path / "engines", "a").keep(b"engine")
    config = tmp_path / "inspector.toml"
    config.write_text(f'[engine]\ncache_dir = "{tmp_path}/engines"\n')
    result = CliRunner().invoke(APP, ["engine", "list", "--config", str(config), "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.output)
    assert "CPUExecutionProvider" in facts["onnxruntime"]["providers"]
    assert "make install-gpu" in facts["tensorrt"]["remedy"]
    assert facts["engines"] == [{"name": "a", "size_bytes": 6, "whole": True}]
    assert CliRunner().invoke(APP, ["engine", "list", "--config", str(config)]).exit_code == 0


def test_verify_replays_the_golden_frames_on_the_engine_of_the_settings(
    bundle: Bundle, tmp_path: Path
) -> None:
    result = CliRunner().invoke(APP, ["engine", "verify", str(bundle.path), "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.output)
    assert (facts["passed"], facts["frames"]) == (True, 3)
    drifted = tuple(
        golden.model_copy(update={"score": golden.score + 1}) for golden in bundle.manifest.golden
    )
    wrong = write_variant(bundle.path, tmp_path / "wrong", golden=drifted)
    refused = CliRunner().invoke(APP, ["engine", "verify", str(wrong.path)])
    assert refused.exit_code == 1
    assert "is refused" in refused.output


def doubts(path: Path) -> list[str]:
    """What keeps TensorRT from running a network.

    An input of uint8 does not, since TensorRT 9 (operators.md of onnx-tensorrt: "UINT8 is only supported as
    network input or output tensor types"), and the first node casts it; the tables of the checker are older.
    """
    report = trtcheck.analyze(path)
    return [
        issue.message
        for issue in report.issues
        if (issue.severity == trtcheck.Severity.CRITICAL or _is_unknown(issue.message))
        and "has dtype UINT8" not in issue.message
    ]


def _is_unknown(message: str) -> bool:
    return "not classified" in message and not any(f"'{name}'" in message for name in KNOWN_TO_RUN)


def test_tensorrt_runs_every_operator_of_the_networks_that_inspector_brings(bundle: Bundle) -> None:
    """A static look-up in NVIDIA's tables; what the engine computes is proven on the box by the gate."""
    for path in (bundle.scorer_path, *sorted(BUILT_IN.rglob("*.onnx"))):
        assert doubts(path) == [], path


def test_the_look_up_finds_an_operator_that_tensorrt_does_not_run(bundle: Bundle, tmp_path: Path) -> None:
    model = onnx.load(bundle.scorer_path)
    [smooth] = [node for node in model.graph.node if node.output[0] == "smooth"]
    smooth.op_type = "StringNormalizer"
    onnx.save(model, tmp_path / "strange.onnx")
    assert doubts(tmp_path / "strange.onnx")
