"""A bundle passes the gate on the engine that computes what its golden frames say, and on no other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from inspector.bundle import Bundle, GoldenFrame
from inspector.engines import Engine, ScorerOutput
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.errors import EngineError
from inspector.gate import TOLERANCES, GateReport, Tolerance, check_bundle
from inspector.inspecting import Inspector
from inspector.results import Verdict
from tests.tiny_bundle import INPUT_SIZE_PX, tiny_scorer, write_variant

FP32 = Tolerance.for_engine("onnxruntime:CPUExecutionProvider")


class Altered:
    """The real engine, whose outputs something happens to."""

    def __init__(self, engine: Engine, change: Callable[[ScorerOutput], ScorerOutput]) -> None:
        self._engine, self._change = engine, change
        self.name = engine.name
        self.batches: list[int] = []

    def run(self, images: NDArray[np.uint8]) -> ScorerOutput:
        self.batches.append(len(images))
        return self._change(self._engine.run(images))


def scaled(factor: float) -> Callable[[ScorerOutput], ScorerOutput]:
    return lambda output: replace(output, score=np.float32(factor) * output.score)


def check(inspector: Inspector, tolerance: Tolerance = FP32) -> GateReport:
    return check_bundle(inspector, tolerance=tolerance, budget_ms=None)


def with_golden(
    bundle: Bundle, path: Path, engine: Engine, change: Callable[[GoldenFrame], dict[str, object]]
) -> Inspector:
    golden = tuple(one.model_copy(update=change(one)) for one in bundle.manifest.golden)
    return Inspector(write_variant(bundle.path, path / "variant", golden=golden), engine)


@pytest.mark.parametrize("largest_batch", [1, 2, 3, 8])
def test_a_sound_bundle_passes_alone_and_in_batches(
    bundle: Bundle, engine: OnnxRuntimeEngine, largest_batch: int
) -> None:
    watched = Altered(engine, lambda output: output)
    report = check_bundle(
        Inspector(bundle, watched), tolerance=FP32, budget_ms=60_000, largest_batch=largest_batch
    )
    assert report.passed
    assert report.why == ""
    assert report.frames == 3
    assert report.largest_deviation < 1e-4
    assert report.latency_ms is not None
    assert 0 < report.latency_ms < 60_000
    assert set(watched.batches) == {1, largest_batch}


def test_golden_scores_that_drift_are_refused_with_the_numbers(
    bundle: Bundle, engine: OnnxRuntimeEngine, tmp_path: Path
) -> None:
    known = bundle.manifest.golden[0].score
    drifted = with_golden(bundle, tmp_path, engine, lambda one: {"score": one.score * 1.05})
    report = check(drifted)
    assert not report.passed
    assert len(report.reasons) == 3
    assert f"golden/000.png scores {known:.6g} instead of {known * 1.05:.6g}" in report.why
    assert "(fp32)" in report.why
    assert report.largest_deviation == pytest.approx(0.05 * bundle.manifest.golden[2].score, rel=1e-3)


def test_a_quantised_engine_may_deviate_more_and_a_plain_one_may_not(
    bundle: Bundle, engine: OnnxRuntimeEngine
) -> None:
    deviating = Inspector(bundle, Altered(engine, scaled(1.015)))
    assert not check(deviating).passed
    assert check(deviating, Tolerance.for_engine("tensorrt:fp16")).passed
    coarse = Inspector(bundle, Altered(engine, scaled(1.07)))
    assert not check(coarse, Tolerance.for_engine("tensorrt:fp16")).passed
    assert check(coarse, Tolerance.for_engine("tensorrt", "int8")).passed


def test_another_verdict_is_refused_even_within_the_tolerance(
    bundle: Bundle, engine: OnnxRuntimeEngine, tmp_path: Path
) -> None:
    limits = bundle.manifest.limits
    on_limit = limits.model_copy(update={"reject": bundle.manifest.golden[1].score})
    variant = write_variant(bundle.path, tmp_path / "variant", limits=on_limit)
    assert check(Inspector(variant, engine)).passed
    report = check(Inspector(variant, Altered(engine, scaled(1.0005))))
    assert report.largest_deviation < FP32.allowed(bundle.manifest.golden[2].score)
    assert "golden/001.png is reject instead of pass, for its known score" in report.why


def test_a_verdict_that_the_manifest_has_wrong_is_refused(
    bundle: Bundle, engine: OnnxRuntimeEngine, tmp_path: Path
) -> None:
    wrong = with_golden(bundle, tmp_path, engine, lambda _: {"verdict": Verdict.PASS})
    assert check(wrong).reasons == ("golden/defect-002.png is reject instead of pass",)


def test_a_bundle_is_checked_by_its_own_limits_whatever_is_in_force(
    bundle: Bundle, engine: OnnxRuntimeEngine
) -> None:
    inspector = Inspector(bundle, engine)
    strict = inspector.with_limits(inspector.limits.model_copy(update={"reject": 0.0}))
    assert check(strict).passed


def test_a_wrong_batch_is_seen_though_single_frames_are_right(
    bundle: Bundle, engine: OnnxRuntimeEngine
) -> None:
    def swapped(output: ScorerOutput) -> ScorerOutput:
        return replace(output, score=output.score[::-1].copy())

    inspector = Inspector(bundle, Altered(engine, swapped))
    assert check(inspector).passed
    report = check_bundle(inspector, tolerance=FP32, budget_ms=None, largest_batch=3)
    assert "in a batch of 3 instead of" in report.why


def test_a_frame_that_takes_longer_than_the_budget_is_refused(
    bundle: Bundle, engine: OnnxRuntimeEngine
) -> None:
    ticks = itertools.count(step=0.05)  # a clock by which each frame takes 50 ms
    inspector = Inspector(bundle, engine)

    def report(budget_ms: float | None) -> GateReport:
        return check_bundle(inspector, tolerance=FP32, budget_ms=budget_ms, clock=lambda: next(ticks))

    assert report(None).passed
    assert report(51).passed
    assert report(40).reasons == ("a frame takes 50.0 ms, the budget is 40 ms",)


def test_one_slow_frame_among_fast_ones_refuses_nothing(bundle: Bundle, engine: OnnxRuntimeEngine) -> None:
    times = iter([0.0, 9.0, *(9 + number / 1000 for number in range(100))])
    inspector = Inspector(bundle, engine)
    report = check_bundle(inspector, tolerance=FP32, budget_ms=5, clock=lambda: next(times))
    assert report.passed
    assert report.latency_ms == pytest.approx(1)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_network_that_computes_nonsense_is_refused(bundle: Bundle, tmp_path: Path, value: float) -> None:
    mean = np.full((INPUT_SIZE_PX, INPUT_SIZE_PX, 3), 128.0)
    mean[5, 5] = value
    onnx.save(tiny_scorer(mean), tmp_path / "scorer.onnx")
    report = check(Inspector(bundle, OnnxRuntimeEngine(tmp_path / "scorer.onnx", threads=1)))
    assert "computed NaN or infinity" in report.why
    assert report.largest_deviation == math.inf
    assert report.latency_ms is None


def test_an_engine_that_fails_is_a_reason_and_no_crash(bundle: Bundle, engine: OnnxRuntimeEngine) -> None:
    def failing(_output: ScorerOutput) -> ScorerOutput:
        raise EngineError("the engine failed", "the GPU is gone")

    assert check(Inspector(bundle, Altered(engine, failing))).reasons == (
        "the engine failed: the GPU is gone",
    )


def test_a_bundle_without_golden_frames_is_refused(
    bundle: Bundle, engine: OnnxRuntimeEngine, tmp_path: Path
) -> None:
    bare = write_variant(bundle.path, tmp_path / "bare", golden=())
    report = check(Inspector(bare, engine))
    assert not report.passed
    assert "no golden frames" in report.why


def test_a_known_score_or_a_limit_that_is_no_number_is_refused(
    bundle: Bundle, engine: OnnxRuntimeEngine
) -> None:
    manifest = bundle.manifest
    golden = tuple(one.model_copy(update={"score": math.nan}) for one in manifest.golden)
    unknown = Bundle(bundle.path, manifest.model_copy(update={"golden": golden}))
    assert len(check(Inspector(unknown, engine)).reasons) == 3
    limits = manifest.limits.model_copy(update={"reject": math.nan})
    boundless = Bundle(bundle.path, manifest.model_copy(update={"limits": limits}))
    assert "its limits are no numbers (nan" in check(Inspector(boundless, engine)).why


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("onnxruntime:CPUExecutionProvider", "fp32"),
        ("tensorrt:fp16", "fp16"),
        ("tensorrt-fp16-int8", "int8"),
        ("onnxruntime:TensorrtExecutionProvider/FP16", "fp16"),
    ],
)
def test_the_tolerance_follows_the_precision_in_the_engines_name(name: str, precision: str) -> None:
    assert Tolerance.for_engine(name).precision == precision


def test_coarser_engines_are_allowed_more() -> None:
    allowed = [tolerance.allowed(2.0) for tolerance in TOLERANCES]
    assert allowed == sorted(allowed)
    with pytest.raises(ValueError, match="no precision is called 'fp4'"):
        Tolerance.for_engine("x", "fp4")
