"""A frame that does not show the product is unsure; a defect on the product never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.bundle import Bundle, load_bundle, seal
from inspector.engines.onnxruntime import OnnxRuntimeEngine
from inspector.errors import BundleError
from inspector.familiarity import FAMILIARITY_NAME, MOST_NORMALS, Familiarity
from inspector.frames import Frame, read_frame, resize
from inspector.gate import Tolerance, check_bundle
from inspector.inspecting import Inspector
from inspector.results import Verdict
from tests.tiny_bundle import INPUT_SIZE_PX, tiny_part, write_tiny_bundle

RNG = np.random.default_rng(0)
NORMALS = RNG.normal(size=(60, 16)).astype(np.float32)
DEFECTS = (NORMALS[:20] + RNG.normal(size=(20, 16)) * 2).astype(np.float32)
FAMILIARITY = Familiarity.learn(NORMALS, DEFECTS)


def test_every_normal_and_new_ones_like_them_are_familiar() -> None:
    new = RNG.normal(size=(2000, 16)).astype(np.float32)
    assert all(FAMILIARITY.strangeness(row, is_reject=False) is None for row in (*NORMALS, *new))


def test_painted_defects_stay_rejects_and_real_ones_somewhat_farther_away_too() -> None:
    farther = NORMALS[:20] + 1.3 * (DEFECTS - NORMALS[:20])
    assert all(FAMILIARITY.strangeness(row, is_reject=True) is None for row in (*DEFECTS, *farther))


def test_another_thing_is_strange_whatever_it_scores() -> None:
    other = np.full(16, 20, np.float32)
    for is_reject in (False, True):
        reason = FAMILIARITY.strangeness(other, is_reject=is_reject)
        assert reason is not None
        assert "does not show the product" in reason
        assert not reason.endswith(".")


def test_between_the_limits_a_reject_is_a_reject_and_a_pass_is_not() -> None:
    far = replace(FAMILIARITY, near=1.0, far=100.0)
    row = np.full(16, 6, np.float32)
    assert far.strangeness(row, is_reject=True) is None
    assert far.strangeness(row, is_reject=False) is not None


@pytest.mark.parametrize("count", [1, 2, 5])
def test_of_few_normals_the_defects_say_how_far_a_good_part_may_be(count: int) -> None:
    few = Familiarity.learn(NORMALS[:count], DEFECTS[:count])
    assert few.far >= 1.5 * few.near > 0
    assert all(few.strangeness(row, is_reject=False) is None for row in DEFECTS[:count])
    assert all(few.strangeness(row, is_reject=True) is None for row in DEFECTS[:count])


def test_normals_that_are_all_alike_leave_room_for_the_next_one() -> None:
    alike = np.repeat(NORMALS[:1], 30, axis=0)
    found = Familiarity.learn(alike, alike + 1)
    assert found.near > 0
    assert found.strangeness(alike[0] + 0.5, is_reject=False) is None


def test_many_normals_are_kept_in_part_and_all_stay_familiar() -> None:
    many = RNG.standard_t(3, (2000, 8)).astype(np.float32)
    found = Familiarity.learn(many, many[:10] + 1)
    assert len(found.normals) == MOST_NORMALS
    assert all(found.strangeness(row, is_reject=False) is None for row in many)


def test_without_normals_or_defects_nothing_is_learned() -> None:
    for normals, defects in ((NORMALS[:0], DEFECTS), (NORMALS, DEFECTS[:0])):
        with pytest.raises(ValueError, match="one at least of each"):
            Familiarity.learn(normals, defects)


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    FAMILIARITY.save(tmp_path / FAMILIARITY_NAME)
    loaded = Familiarity.load(tmp_path / FAMILIARITY_NAME)
    assert np.array_equal(loaded.normals, FAMILIARITY.normals)
    assert loaded.facts() == FAMILIARITY.facts()


@pytest.mark.parametrize(
    "arrays",
    [
        {"normals": NORMALS},
        {"normals": NORMALS[0], "limits": np.ones(3)},
        {"normals": NORMALS, "limits": np.ones(2)},
        {"normals": np.array([{"a": "pickle"}], object), "limits": np.ones(3)},
    ],
)
def test_other_arrays_and_pickles_are_refused(tmp_path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    path = tmp_path / FAMILIARITY_NAME
    np.savez(path, **arrays)  # type: ignore[arg-type]  # one of its keywords is no array
    with pytest.raises(BundleError, match=FAMILIARITY_NAME):
        Familiarity.load(path)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FAMILIARITY_NAME).write_bytes(b"not an archive")
    with pytest.raises(BundleError, match=FAMILIARITY_NAME):
        Familiarity.load(tmp_path / FAMILIARITY_NAME)


@pytest.fixture(scope="module")
def familiar(tmp_path_factory: pytest.TempPathFactory) -> Inspector:
    """An inspector whose bundle knows what washers are like."""
    path = tmp_path_factory.mktemp("bundles") / "familiar"
    write_tiny_bundle(path)
    engine = OnnxRuntimeEngine(path / "scorer.onnx", threads=1)
    normals, defects = (embeddings(engine, defect=defect) for defect in (False, True))
    return known(load_bundle(path), engine, Familiarity.learn(normals, defects))


def embeddings(engine: OnnxRuntimeEngine, *, defect: bool) -> NDArray[np.float32]:
    parts = [resize(tiny_part(20_000 + seed, defect), INPUT_SIZE_PX, INPUT_SIZE_PX) for seed in range(30)]
    return engine.run(np.stack(parts)).embedding


def known(bundle: Bundle, engine: OnnxRuntimeEngine, familiarity: Familiarity) -> Inspector:
    familiarity.save(bundle.path / FAMILIARITY_NAME)
    seal(bundle.path, bundle.manifest.model_copy(update={"embedding": familiarity.facts()}))
    return Inspector(load_bundle(bundle.path), engine)


def frame(image: NDArray[np.uint8]) -> Frame:
    return Frame(image, "frame-1", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))


@pytest.mark.parametrize("seed", range(10))
def test_parts_have_the_verdicts_that_they_had_before(familiar: Inspector, seed: int) -> None:
    assert familiar.inspect(frame(tiny_part(seed))).verdict is Verdict.PASS
    assert familiar.inspect(frame(tiny_part(seed, defect=True))).verdict is Verdict.REJECT


def test_another_product_is_unsure_though_it_scores_above_the_limit(familiar: Inspector) -> None:
    other = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    other[:, ::3] = (250, 10, 10)
    inspection = familiar.inspect(frame(other))
    assert inspection.verdict is Verdict.UNSURE
    assert "does not show the product" in inspection.reason
    assert inspection.score > inspection.limit
    assert inspection.regions == ()


def test_another_product_is_unsure_where_the_map_sees_nothing(familiar: Inspector) -> None:
    other = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    other[:, ::3] = (250, 10, 10)
    blind = familiar.with_limits(familiar.limits.model_copy(update={"reject": 1e9}))
    assert blind.inspect(frame(other)).verdict is Verdict.UNSURE


def test_golden_frames_are_judged_however_strange_they_are(familiar: Inspector, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "strict")
    narrow = Familiarity(np.zeros((1, 48), np.float32), 0.001, 0.001, 0.001)
    strict = known(bundle, OnnxRuntimeEngine(bundle.scorer_path, threads=1), narrow)
    assert strict.inspect(frame(tiny_part(0))).verdict is Verdict.UNSURE
    for golden in strict.bundle.manifest.golden:
        seen = strict.inspect(read_frame(strict.bundle.path / golden.file))
        assert seen.verdict is golden.verdict
    assert check_bundle(strict, tolerance=Tolerance.for_engine("", "fp32"), budget_ms=None).passed


def test_a_bundle_of_an_earlier_version_judges_everything(bundle: Bundle, inspector: Inspector) -> None:
    assert Familiarity.of(bundle) is None
    other = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    assert inspector.inspect(frame(other)).verdict is Verdict.REJECT
