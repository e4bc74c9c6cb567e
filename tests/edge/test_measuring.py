"""Rejects are measured by the model that judged them, whatever judges since."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.measuring import Measured, Measuring
from edge.stations import Station
from edge.waiting import Reject
from inspector.bundle import Bundle, load_bundle
from inspector.describing.describer import Describer
from inspector.frames import Frame, encode_png
from inspector.inspecting import Inspector, load_inspector
from inspector.records import StoredInspection
from inspector.settings import DescribingSettings
from tests.edge.rig import CAMERA, NOW
from tests.tiny_bundle import MARGIN, tiny_part, write_tiny_bundle

PART = Frame(tiny_part(3, defect=True), "part-3", NOW)


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "second", margin=1.1 * MARGIN)


@pytest.fixture
def station(bundle: Path) -> Station:
    return Station(CAMERA, "washer", inspector=load_inspector(bundle))


@pytest.fixture
def measuring(station: Station, tmp_path: Path) -> Measuring:
    (tmp_path / "part-3.png").write_bytes(encode_png(PART.image))
    return Measuring(DescribingSettings(), {CAMERA: station}, tmp_path)


def judged(inspector: Inspector | None) -> Reject:
    """A reject as the service would offer it."""
    assert inspector is not None
    seen = inspector.inspect(PART)
    record = StoredInspection(
        frame_id=seen.frame_id,
        site=CAMERA.site,
        line=CAMERA.line,
        camera=CAMERA.camera,
        box="box-1",
        product=seen.product,
        model_version=seen.model_version,
        captured_at=seen.captured_at,
        inspected_at=seen.inspected_at,
        score=seen.score,
        reject_limit=seen.limit,
        verdict=seen.verdict,
        reason=seen.reason,
        latency_ms=seen.latency_ms,
        width_px=seen.width_px,
        height_px=seen.height_px,
        regions=seen.regions,
        evidence="part-3.png",
    )
    return Reject(record, seen, 0.0)


def is_whole(measured: Measured) -> bool:
    return measured.task is not None and len(measured.facts) == 1


def test_a_reject_is_measured_after_its_model_was_replaced(
    station: Station, measuring: Measuring, second: Bundle
) -> None:
    before = judged(station.inspector)
    expected = measuring.measure(before)
    assert is_whole(expected)
    station.use(load_inspector(second.path))
    assert measuring.measure(before).facts == expected.facts
    assert is_whole(measuring.measure(judged(station.inspector)))


def test_the_kinds_of_a_new_model_are_loaded_once_and_when_they_are_needed(
    station: Station, measuring: Measuring, second: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    class Counted(Describer):
        def __init__(self, bundle: Bundle, **more: Any) -> None:
            loaded.append(bundle.version)
            super().__init__(bundle, **more)

    monkeypatch.setattr("edge.measuring.Describer", Counted)
    measuring.measure(judged(station.inspector))
    assert loaded == []
    station.use(load_inspector(second.path))
    for _ in range(3):
        measuring.measure(judged(station.inspector))
    assert loaded == [second.version]


def test_a_model_that_is_long_gone_leaves_the_places(
    station: Station, measuring: Measuring, second: Bundle, bundle: Path
) -> None:
    before = judged(station.inspector)
    forgotten = replace(before.record, model_version="0" * 16)
    assert measuring.measure(Reject(forgotten, before.inspection, 0.0)).task is None
    # Without what was seen in the frame, only the model itself could see it again.
    station.use(load_inspector(second.path))
    assert measuring.measure(Reject(before.record, None, 0.0)).task is None
    station.use(load_inspector(bundle))
    assert is_whole(measuring.measure(Reject(before.record, None, 0.0)))


def test_a_station_without_a_model_begins_when_it_has_one(tmp_path: Path, bundle: Path) -> None:
    station = Station(CAMERA, "washer")
    (tmp_path / "part-3.png").write_bytes(encode_png(PART.image))
    measuring = Measuring(DescribingSettings(), {CAMERA: station}, tmp_path)
    station.use(load_inspector(bundle))
    assert is_whole(measuring.measure(judged(station.inspector)))


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_a_reject_is_measured_within_the_limit_it_was_judged_by(
    station: Station, measuring: Measuring, bundle: Path, factor: float
) -> None:
    own = load_bundle(bundle).manifest.limits
    changed = own.model_copy(update={"reject": factor * own.reject, "pixel": factor * own.pixel})
    assert station.inspector is not None
    inspector = station.inspector.with_limits(changed)
    reject = judged(inspector)
    expected = Describer(inspector.bundle).measure(PART, inspector.inspect(PART), pixel_limit=changed.pixel)
    station.use(station.inspector.with_limits(None))  # the limit was taken back since
    measured = measuring.measure(reject)
    assert measured.task is not None
    assert measured.task.facts == expected.facts
