"""A frame measured: facts, kinds and what the adapter sees, for every map and verdict."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from inspector.bundle import load_bundle, seal
from inspector.describing.check import check_sentence
from inspector.describing.describer import Describer
from inspector.describing.facts import Facts
from inspector.describing.inputs import KNOWN_KINDS
from inspector.describing.kinds import BUNDLE_KINDS, DEFAULT_KINDS, DIRECTIONS, KINDS_WEIGHTS, OwnKinds
from inspector.describing.templates import describe_by_template
from inspector.describing.words import Kind, Position, Shape
from inspector.inspecting import Inspector, load_inspector
from inspector.results import Verdict
from tests.inspector.describing.defects import tiny_frame, with_map
from tests.tiny_bundle import PART_SIZE_PX, tiny_defect_centre, write_tiny_bundle

KINDS = tuple(kind.value for kind in KNOWN_KINDS)


@pytest.fixture(scope="module")
def describer(inspector: Inspector) -> Describer:
    return Describer(inspector.bundle)


def limit_of(inspector: Inspector) -> np.float32:
    return np.float32(inspector.bundle.manifest.limits.pixel)


def blank() -> NDArray[np.float32]:
    return np.zeros((16, 16), np.float32)


def sentence_of(facts: Facts) -> str:
    sentence = describe_by_template(facts)
    assert check_sentence(sentence, facts) == ()
    return sentence


@pytest.mark.parametrize("seed", range(4))
def test_a_reject_is_measured_where_its_defect_is(
    inspector: Inspector, describer: Describer, seed: int
) -> None:
    frame = tiny_frame(seed)
    task = describer.measure(frame, inspector.inspect(frame))
    assert task.facts.verdict == Verdict.REJECT
    (region,) = task.facts.regions
    assert np.hypot(*np.subtract(region.centre_px, tiny_defect_centre(seed))) < 8
    assert region.kind in {*KINDS, Kind.UNKNOWN}
    assert region.kind_probability is not None
    assert 0 < region.kind_probability <= 1
    assert task.kinds == KINDS
    assert task.inputs is not None
    row, column = np.unravel_index(task.inputs.maps[0].argmax(), (64, 64))
    assert np.hypot(*np.subtract((column * 2.5, row * 2.5), tiny_defect_centre(seed))) < 12
    assert task.inputs.kinds.any()


@pytest.mark.parametrize("defect", [False, True])
@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNSURE])
def test_what_was_not_rejected_has_no_defect_and_nothing_for_a_language_model(
    inspector: Inspector, describer: Describer, verdict: Verdict, defect: bool
) -> None:
    """Whatever its map shows: the verdict decides."""
    frame = tiny_frame(1, defect)
    inspection = replace(inspector.inspect(frame), verdict=verdict)
    task = describer.measure(frame, inspection)
    assert task.facts == Facts(verdict, 0, ())
    assert task.inputs is None
    assert "defect:" not in sentence_of(task.facts)


def test_a_task_crosses_the_border_of_processes(inspector: Inspector, describer: Describer) -> None:
    frame = tiny_frame(2)
    task = describer.measure(frame, inspector.inspect(frame))
    copy = pickle.loads(pickle.dumps(task))  # noqa: S301 - its own
    assert (copy.facts, copy.language, copy.part, copy.kinds) == (
        task.facts, task.language, task.part, task.kinds
    )  # fmt: skip
    assert task.inputs is not None
    for name in ("maps", "look", "kinds"):
        np.testing.assert_array_equal(getattr(copy.inputs, name), getattr(task.inputs, name))


def test_language_part_and_scale_are_taken_along(inspector: Inspector) -> None:
    frame = tiny_frame(1)
    describer = Describer(inspector.bundle, language="zh", part="washer", mm_per_px=0.5)
    task = describer.measure(frame, inspector.inspect(frame))
    assert (task.language, task.part) == ("zh", "washer")
    assert task.facts.regions[0].area_mm2 == task.facts.regions[0].area_px / 4


def test_an_inspection_without_decoder_maps_is_seen_by_its_fused_map(
    inspector: Inspector, describer: Describer
) -> None:
    frame = tiny_frame(1)
    inspection = replace(inspector.inspect(frame), decoder_maps=None)
    inputs = describer.measure(frame, inspection).inputs
    assert inputs is not None
    np.testing.assert_array_equal(inputs.maps[1], inputs.maps[0])
    np.testing.assert_array_equal(inputs.maps[2], inputs.maps[0])


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_rejected_frame_with_an_empty_map_is_abnormal_all_over(
    inspector: Inspector, describer: Describer, score: float
) -> None:
    frame = tiny_frame(1)
    task = describer.measure(frame, with_map(inspector, frame, blank() + np.float32(score)))
    (region,) = task.facts.regions
    assert (region.position, region.shape, region.area_fraction) == (Position.CENTRE, Shape.DIFFUSE, 1)
    assert "in the" in sentence_of(task.facts) or "at the" in sentence_of(task.facts)
    assert task.inputs is not None
    assert np.isfinite(task.inputs.maps).all()


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_a_map_that_is_not_finite_is_refused(
    inspector: Inspector, describer: Describer, score: float
) -> None:
    anomaly_map = blank()
    anomaly_map[5, 5] = score
    frame = tiny_frame(1)
    with pytest.raises(ValueError, match="NaN or infinite"):
        describer.measure(frame, with_map(inspector, frame, anomaly_map))


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNSURE])
def test_a_map_that_is_not_finite_is_refused_whatever_the_verdict(
    inspector: Inspector, describer: Describer, verdict: Verdict
) -> None:
    frame = tiny_frame(1)
    with pytest.raises(ValueError, match="NaN or infinite"):
        describer.measure(frame, with_map(inspector, frame, blank() * np.float32(np.nan), verdict))


@pytest.mark.parametrize(
    ("row", "column", "position"),
    [
        (0, 0, Position.UPPER_LEFT),
        (0, 15, Position.UPPER_RIGHT),
        (15, 0, Position.LOWER_LEFT),
        (15, 15, Position.LOWER_RIGHT),
        (0, 7, Position.TOP),
        (7, 15, Position.RIGHT),
    ],
)
def test_a_region_at_the_frames_border_has_its_place(
    inspector: Inspector, describer: Describer, row: int, column: int, position: Position
) -> None:
    anomaly_map = blank()
    anomaly_map[row, column] = 5 * limit_of(inspector)
    frame = tiny_frame(1)
    task = describer.measure(frame, with_map(inspector, frame, anomaly_map))
    (region,) = task.facts.regions
    assert region.position == position
    assert f" at the {position}" in sentence_of(task.facts)
    assert task.inputs is not None
    assert task.inputs.kinds[:, row, column].sum() > 0.5
    assert not task.inputs.kinds[:, 15 - row, 15 - column].any()


def test_500_tiny_regions_have_a_sentence(inspector: Inspector, describer: Describer) -> None:
    anomaly_map = np.zeros((PART_SIZE_PX, PART_SIZE_PX), np.float32)
    rows, columns = np.mgrid[2:PART_SIZE_PX:7, 2:PART_SIZE_PX:7]
    chosen = np.random.default_rng(0).permutation(rows.size)[:500]
    heights = limit_of(inspector) * np.linspace(3, 5, 500, dtype=np.float32)
    anomaly_map[rows.ravel()[chosen], columns.ravel()[chosen]] = heights
    frame = tiny_frame(1)
    task = describer.measure(frame, with_map(inspector, frame, anomaly_map))
    assert task.facts.count == 32
    assert sentence_of(task.facts).startswith("Many defects: a tiny ")
    assert sentence_of(task.facts).endswith("; and many more.")


def test_a_reject_without_regions_has_no_facts_and_nothing_for_a_language_model(
    inspector: Inspector, describer: Describer
) -> None:
    frame = tiny_frame(1)
    task = describer.measure(frame, replace(inspector.inspect(frame), regions=()))
    assert (task.facts, task.inputs) == (Facts(Verdict.REJECT, 0, ()), None)
    assert sentence_of(task.facts) == "A defect was found, but its place is not known."


@pytest.mark.parametrize("size", [(16, 16), (17, 400), (1200, 40), (700, 900)])
@pytest.mark.parametrize("row", [0, 8])
def test_frames_of_any_size_are_measured(
    inspector: Inspector, describer: Describer, size: tuple[int, int], row: int
) -> None:
    anomaly_map = blank()
    anomaly_map[row, 12] = 5 * limit_of(inspector)
    image = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    frame = replace(tiny_frame(1), image=image)
    task = describer.measure(frame, with_map(inspector, frame, anomaly_map))
    assert task.facts.regions[0].position == (Position.UPPER_RIGHT if row == 0 else Position.RIGHT)
    assert "right" in sentence_of(task.facts)
    assert task.inputs is not None
    assert np.isfinite(task.inputs.look).all()


def test_a_frame_of_another_size_than_its_inspection_is_refused(
    inspector: Inspector, describer: Describer
) -> None:
    frame = tiny_frame(1)
    inspection = inspector.inspect(frame)
    with pytest.raises(ValueError, match="the image is"):
        describer.measure(replace(frame, image=frame.image[:100]), inspection)


def test_a_products_own_kind_is_told_by_its_bundle(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    directions = load_file(DEFAULT_KINDS / KINDS_WEIGHTS)[DIRECTIONS]
    weights = {**dict.fromkeys(KINDS, 0.0), "burr": 100.0}
    own = OwnKinds(directions={"burr": tuple(directions[0].tolist())}, weights=weights)
    (bundle.path / BUNDLE_KINDS).write_text(own.model_dump_json())
    seal(bundle.path, bundle.manifest)
    inspector = load_inspector(bundle.path)
    frame = tiny_frame(1)
    task = Describer(load_bundle(bundle.path)).measure(frame, inspector.inspect(frame))
    assert task.kinds == (*KINDS, "burr")
    assert (task.facts.regions[0].kind, task.facts.regions[0].kind_probability) == ("burr", 1)
    assert " burr at the " in sentence_of(task.facts)
    assert task.inputs is not None
    assert not task.inputs.kinds.any()
