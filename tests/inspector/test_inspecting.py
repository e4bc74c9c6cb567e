"""Frames in, inspections out, by a real network."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from inspector.bundle import Bundle
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.errors import BundleError, EngineError
from inspector.frames import Frame, read_frame, resize
from inspector.inspecting import Inspector, anomaly_map_in_frame, load_inspector, regions_of_reject
from inspector.results import Verdict
from inspector.settings import EngineSettings
from tests.tiny_bundle import INPUT_SIZE_PX, PART_SIZE_PX, tiny_defect_centre, tiny_part, tiny_scorer

MAPS = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20), elements=st.floats(-9, 9, width=32)
)
CAPTURED_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def frame(image: NDArray[np.uint8], frame_id: str = "frame-1") -> Frame:
    return Frame(image, frame_id, CAPTURED_AT)


def with_limits(inspector: Inspector, **limits: float) -> Inspector:
    manifest = inspector.bundle.manifest
    changed = manifest.model_copy(update={"limits": manifest.limits.model_copy(update=limits)})
    return Inspector(Bundle(inspector.bundle.path, changed), inspector.engine)


@pytest.mark.parametrize("seed", range(10))
def test_a_good_part_passes_without_regions(inspector: Inspector, seed: int) -> None:
    inspection = inspector.inspect(frame(tiny_part(seed)))
    assert inspection.verdict is Verdict.PASS
    assert inspection.score <= inspection.limit
    assert inspection.regions == ()
    assert "is not above the limit" in inspection.reason


@pytest.mark.parametrize("seed", range(10))
def test_a_defect_is_rejected_where_it_is(inspector: Inspector, seed: int) -> None:
    inspection = inspector.inspect(frame(tiny_part(seed, defect=True)))
    assert inspection.verdict is Verdict.REJECT
    assert "is above the limit" in inspection.reason
    centre, expected = inspection.regions[0].centre_px, tiny_defect_centre(seed)
    assert math.dist(centre, expected) < 6
    x, y, width, height = inspection.regions[0].box_px
    assert x <= expected[0] < x + width
    assert y <= expected[1] < y + height


@pytest.mark.parametrize(("width", "height"), [(160, 160), (320, 160), (90, 210), (1200, 800), (64, 80)])
def test_regions_and_map_are_in_the_frames_own_pixels(inspector: Inspector, width: int, height: int) -> None:
    image = resize(tiny_part(3, defect=True), height, width)
    inspection = inspector.inspect(frame(image))
    assert (inspection.width_px, inspection.height_px) == (width, height)
    x, y = tiny_defect_centre(3)
    expected = x * width / PART_SIZE_PX, y * height / PART_SIZE_PX
    assert math.dist(inspection.regions[0].centre_px, expected) < 0.06 * math.hypot(width, height)
    anomaly_map = anomaly_map_in_frame(inspection)
    assert anomaly_map.dtype == np.float32
    assert anomaly_map.shape == (height, width)
    row, column = np.unravel_index(anomaly_map.argmax(), anomaly_map.shape)
    assert math.dist((column, row), expected) < 0.06 * math.hypot(width, height)


def test_the_map_is_interpolated_between_the_networks_places(inspector: Inspector) -> None:
    inspection = inspector.inspect(frame(tiny_part(3, defect=True)))
    steps = np.abs(np.diff(anomaly_map_in_frame(inspection), axis=1)).max()
    coarse = np.abs(np.diff(inspection.anomaly_map, axis=1)).max()
    # A step between two places is spread over the ten pixels between them.
    assert steps == pytest.approx(coarse * 16 / PART_SIZE_PX, rel=0.2)


def test_an_inspection_says_what_was_judged_by_what_and_when(
    bundle: Bundle, engine: OnnxRuntimeEngine
) -> None:
    inspected_at = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)
    inspection = Inspector(bundle, engine, now=lambda: inspected_at).inspect(frame(tiny_part(0), "abc"))
    assert inspection.frame_id == "abc"
    assert inspection.captured_at == CAPTURED_AT
    assert inspection.inspected_at == inspected_at
    assert (inspection.product, inspection.model_version) == ("washer", bundle.version)
    assert inspection.limit == bundle.manifest.limits.reject
    assert inspection.anomaly_map.shape == (16, 16)
    assert inspection.embedding.shape == (48,)


def test_latency_counts_from_the_arrival_of_the_bytes(inspector: Inspector) -> None:
    arrived = time.perf_counter() - 0.5
    assert inspector.inspect(frame(tiny_part(0)), started=arrived).latency_ms > 500
    assert 0 < inspector.inspect(frame(tiny_part(0))).latency_ms < 500


def test_a_score_on_the_limit_passes_and_just_above_is_rejected(inspector: Inspector) -> None:
    part = frame(tiny_part(0, defect=True))
    score = inspector.inspect(part).score
    on_limit = with_limits(inspector, reject=score).inspect(part)
    assert on_limit.verdict is Verdict.PASS
    above = with_limits(inspector, reject=math.nextafter(score, -math.inf)).inspect(part)
    assert above.verdict is Verdict.REJECT
    # The two numbers in the sentence differ, however close they are.
    words = above.reason.split()
    assert words[1] != words[-1]


def test_the_limit_changes_without_another_network(inspector: Inspector) -> None:
    part = frame(tiny_part(0, defect=True))
    strict, lax = with_limits(inspector, reject=0.0), with_limits(inspector, reject=1e6)
    assert strict.inspect(frame(tiny_part(0))).verdict is Verdict.REJECT
    assert lax.inspect(part).verdict is Verdict.PASS
    assert strict.inspect(part).score == lax.inspect(part).score


def test_every_reject_has_a_region_even_below_the_pixel_limit(inspector: Inspector) -> None:
    blind = with_limits(inspector, pixel=1e6)
    inspection = blind.inspect(frame(tiny_part(5, defect=True)))
    (region,) = inspection.regions
    assert math.dist(region.centre_px, tiny_defect_centre(5)) < 6
    assert region.area_fraction < 0.1


@given(
    MAPS,
    st.floats(-10, 10),
)
def test_any_map_of_a_reject_gives_a_region_that_holds_its_peak(
    anomaly_map: NDArray[np.float32], pixel_limit: float
) -> None:
    regions = regions_of_reject(anomaly_map, pixel_limit)
    assert regions
    assert regions[0].peak_score == float(anomaly_map.max())


@pytest.mark.parametrize(
    ("value", "reason"), [(0, "the picture is black"), (255, "the picture is white, overexposed all over")]
)
def test_a_frame_that_cannot_be_judged_is_unsure_however_high_it_scores(
    inspector: Inspector, value: int, reason: str
) -> None:
    inspection = inspector.inspect(frame(np.full((160, 160, 3), value, np.uint8)))
    assert inspection.verdict is Verdict.UNSURE
    assert inspection.reason == reason
    assert inspection.regions == ()
    assert inspection.score > inspection.limit


def test_a_batch_is_judged_as_its_frames_are_one_by_one(inspector: Inspector) -> None:
    good, bad, flat = tiny_part(0), tiny_part(1, defect=True), resize(tiny_part(2), 90, 200)
    images = [good, bad, flat, np.zeros_like(good)]
    frames = [frame(image, f"frame-{number}") for number, image in enumerate(images)]
    together = inspector.inspect_batch(frames)
    assert [one.frame_id for one in together] == [one.frame_id for one in frames]
    for one, alone in zip(together, map(inspector.inspect, frames), strict=True):
        assert one.score == pytest.approx(alone.score, rel=1e-6)
        assert (one.verdict, one.reason) == (alone.verdict, alone.reason)
        assert [region.box_px for region in one.regions] == [region.box_px for region in alone.regions]
    assert inspector.inspect_batch([]) == []


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_network_that_computes_nonsense_is_an_error_that_names_the_frame(
    bundle: Bundle, tmp_path: Path, value: float
) -> None:
    mean = np.full((INPUT_SIZE_PX, INPUT_SIZE_PX, 3), 128.0)
    mean[5, 5] = value
    onnx.save(tiny_scorer(mean), tmp_path / "scorer.onnx")
    broken = Inspector(bundle, OnnxRuntimeEngine(tmp_path / "scorer.onnx", threads=1))
    with pytest.raises(EngineError, match=r"no usable score for frame frame-1: .* computed NaN or infinity"):
        broken.inspect(frame(tiny_part(0)))


def test_golden_frames_are_judged_as_the_manifest_says(bundle: Bundle) -> None:
    inspector = load_inspector(bundle.path, EngineSettings(threads=1))
    for golden in bundle.manifest.golden:
        inspection = inspector.inspect(read_frame(bundle.path / golden.file))
        assert inspection.score == pytest.approx(golden.score, rel=1e-4)
        assert inspection.verdict is golden.verdict


def test_loading_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such folder"):
        load_inspector(tmp_path / "none")


def test_loading_for_an_engine_that_is_not_there_is_refused(bundle: Bundle) -> None:
    with pytest.raises(EngineError, match="NoSuchProvider is not available"):
        load_inspector(bundle.path, EngineSettings(providers=("NoSuchProvider",)))
