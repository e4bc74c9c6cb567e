from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import Bundle, load_bundle, seal
from inspector.drift.channels import CHANNELS, COLUMN, Surround, What
from inspector.drift.reference import (
    REFERENCE_NAME,
    DriftReference,
    bundle_reference,
    golden_reference,
)
from inspector.errors import BundleError
from inspector.frames import encode_png
from inspector.results import Verdict
from tests.inspector.drift.frames import exposed, observation
from tests.tiny_bundle import tiny_part, write_tiny_bundle


@pytest.fixture(scope="module")
def reference() -> DriftReference:
    return DriftReference.learn([observation(seed) for seed in range(100)], "training", reject_share=0.01)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_tiny_bundle(tmp_path / "bundle")


def with_file(bundle: Bundle, data: bytes) -> Bundle:
    (bundle.path / REFERENCE_NAME).write_bytes(data)
    seal(bundle.path, bundle.manifest)
    return load_bundle(bundle.path)


def test_new_frames_are_near_the_usual_in_every_figure(reference: DriftReference) -> None:
    rows = [reference.standardised(reference.values_of(observation(seed))) for seed in range(500, 600)]
    steps = np.mean(rows, axis=0)
    assert np.all(np.abs(steps) < 0.5), dict(zip([str(each.name) for each in CHANNELS], steps, strict=True))


def test_less_light_is_steps_below_the_usual(reference: DriftReference) -> None:
    dark = reference.standardised(reference.values_of(observation(500, exposed(0.8))))
    assert dark[COLUMN[What.BRIGHTNESS]] < -10
    assert dark[COLUMN[Surround.BRIGHTNESS]] < -5


def test_a_few_odd_frames_among_the_normals_hardly_count(reference: DriftReference) -> None:
    frames = [observation(seed) for seed in range(97)]
    odd = [observation(seed, exposed(0.2)) for seed in range(3)]
    mixed = DriftReference.learn([*frames, *odd], "training")
    column = COLUMN[What.BRIGHTNESS]
    assert mixed.scale[column] < 2.5 * reference.scale[column]


def test_few_frames_say_nothing_about_scores_and_embeddings() -> None:
    few = DriftReference.learn([observation(seed) for seed in range(20)], "box")
    assert np.isnan(few.centre[[COLUMN[What.SCORE], COLUMN[What.EMBEDDING]]]).all()
    assert np.isfinite(few.centre[COLUMN[What.BRIGHTNESS]])
    with pytest.raises(ValueError, match="at least 8"):
        DriftReference.learn([observation(1)], "box")


def test_frames_that_are_all_the_same_have_a_spread_all_the_same() -> None:
    still = DriftReference.learn([observation(1)] * 50, "box")
    assert np.all(still.scale > 0)
    assert np.all(np.isfinite(still.standardised(still.values_of(observation(2)))))


def test_the_washer_lies_in_its_place_on_a_table(reference: DriftReference) -> None:
    assert reference.has_place
    assert reference.has_surround


def test_a_bundle_brings_the_reference_that_was_saved_into_it(
    reference: DriftReference, bundle: Bundle
) -> None:
    assert bundle_reference(bundle) is None
    reference.save(bundle.path / REFERENCE_NAME)
    seal(bundle.path, bundle.manifest)
    brought = bundle_reference(load_bundle(bundle.path))
    assert brought is not None
    assert (brought.source, brought.has_place, brought.reject_share) == ("training", True, 0.01)
    seen = observation(7)
    np.testing.assert_array_equal(brought.values_of(seen), reference.values_of(seen))
    np.testing.assert_array_equal(brought.scale, reference.scale)


def test_the_same_frames_make_the_same_file(reference: DriftReference, tmp_path: Path) -> None:
    """The bundle's version is a hash over it."""
    reference.save(tmp_path / "first")
    reference.save(tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_a_damaged_reference_names_the_file(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=REFERENCE_NAME):
        bundle_reference(with_file(bundle, b"no archive"))


def test_a_pickle_is_not_read(bundle: Bundle, tmp_path: Path) -> None:
    with (tmp_path / "pickled").open("wb") as file:
        np.savez(file, format=np.array([{"a": 1}], dtype=object))
    with pytest.raises(BundleError, match="pickle"):
        bundle_reference(with_file(bundle, (tmp_path / "pickled").read_bytes()))


def test_golden_frames_of_good_parts_are_a_reference_of_pictures_only(bundle: Bundle) -> None:
    assert golden_reference(bundle) is None, "three golden frames are too few"
    golden = list(bundle.manifest.golden)
    for seed in range(10, 20):
        file = f"golden/{seed:03}.png"
        (bundle.path / file).write_bytes(encode_png(tiny_part(seed)))
        golden.append(golden[0].model_copy(update={"file": file, "verdict": Verdict.PASS}))
    seal(bundle.path, bundle.manifest.model_copy(update={"golden": tuple(golden)}))
    reference = golden_reference(load_bundle(bundle.path))
    assert reference is not None
    assert len(reference.values) == 12
    assert np.isnan(reference.centre[COLUMN[What.SCORE]])
