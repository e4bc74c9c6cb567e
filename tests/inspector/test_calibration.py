"""New limits for a bundle."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from inspector.bundle import Bundle, Limits, load_bundle
from inspector.calibration import (
    limits_by_hand,
    limits_from_normals,
    normal_pictures,
    promise,
    score_normals,
    write_calibrated,
)
from inspector.errors import DatasetError, InspectorError, OutputExistsError
from inspector.frames import encode_png
from inspector.inspecting import Inspector
from inspector.limits import conformal_limit
from inspector.results import Verdict
from tests.tiny_bundle import tiny_part, write_tiny_bundle

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


def limits(reject: float = 2.0, pixel: float = 1.0) -> Limits:
    return Limits(reject=reject, false_reject_rate=0.05, normals=50, method="trained", pixel=pixel)


def test_the_new_limit_is_the_conformal_one_of_the_networks_own_scores(
    inspector: Inspector, pictures: Path
) -> None:
    normals = score_normals(inspector, normal_pictures(pictures / "good"))
    assert len(normals.scores) == 4
    assert normals.left_out == ()
    new = limits_from_normals(inspector.bundle.manifest.limits, normals.scores, 0.2)
    assert new.reject == conformal_limit(np.array(normals.scores), 0.2) == max(normals.scores)
    assert (new.normals, new.false_reject_rate) == (4, 0.2)
    assert promise(new) == 0.2


def test_what_cannot_be_judged_is_left_out_and_told(inspector: Inspector, pictures: Path) -> None:
    (pictures / "good" / "cut.png").write_bytes(encode_png(tiny_part(0))[:5000])
    (pictures / "good" / "dark.png").write_bytes(encode_png(np.zeros_like(tiny_part(0))))
    normals = score_normals(inspector, normal_pictures(pictures / "good"))
    assert len(normals.scores) == 4
    assert len(normals.left_out) == 2
    assert "cut.png: the picture is truncated" in normals.left_out[0]
    assert "dark.png: the picture is black" in normals.left_out[1]


def test_without_one_usable_normal_there_is_no_limit(inspector: Inspector, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no pictures"):
        normal_pictures(tmp_path)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"none of 1 pictures can be judged; .*bad\.png"):
        score_normals(inspector, normal_pictures(tmp_path))


def test_too_few_normals_promise_less_than_the_target() -> None:
    new = limits_from_normals(limits(), (1.0, 2.0, 3.0), 0.01)
    assert promise(new) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("old", "reject", "pixel"),
    [(limits(2, 1), 3, 1.5), (limits(2, 2), 1, 1), (limits(-2, -1), 3, 4), (limits(), 0, -1)],
)
def test_the_pixel_limit_moves_with_the_reject_limit(old: Limits, reject: float, pixel: float) -> None:
    assert limits_by_hand(old, reject).pixel == pytest.approx(pixel)


def test_a_limit_by_hand_promises_nothing() -> None:
    assert promise(limits()) == 0.05
    assert promise(limits_by_hand(limits(), 3)) is None
    assert promise(limits_from_normals(limits_by_hand(limits(), 3), (1.0,) * 30, 0.05)) == 0.05


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_limit_is_a_finite_number(value: float) -> None:
    with pytest.raises(InspectorError, match="is no limit"):
        limits_by_hand(limits(), value)


def test_the_new_bundle_is_another_version_with_the_same_network(bundle: Bundle, tmp_path: Path) -> None:
    new_limits = limits_by_hand(bundle.manifest.limits, 1000)
    after = write_calibrated(bundle, new_limits, tmp_path / "new", created_at=NOW)
    assert after == load_bundle(tmp_path / "new")
    assert after.version != bundle.version
    assert after.manifest.limits == new_limits
    assert after.manifest.created_at == NOW
    assert after.manifest.files == bundle.manifest.files
    assert [golden.score for golden in after.manifest.golden] == [g.score for g in bundle.manifest.golden]
    assert {golden.verdict for golden in after.manifest.golden} == {Verdict.PASS}
    assert load_bundle(bundle.path) == bundle


def test_a_golden_frame_that_cannot_be_judged_stays_so(bundle: Bundle, tmp_path: Path) -> None:
    unsure = bundle.manifest.golden[2].model_copy(update={"verdict": Verdict.UNSURE})
    with_unsure = Bundle(bundle.path, bundle.manifest.model_copy(update={"golden": (unsure,)}))
    after = write_calibrated(with_unsure, limits(), tmp_path / "new", created_at=NOW)
    assert after.manifest.golden == (unsure,)


def test_a_bundle_can_be_replaced_by_its_own_calibration(tmp_path: Path) -> None:
    before = write_tiny_bundle(tmp_path / "washer")
    by_hand = limits_by_hand(before.manifest.limits, 0.5)
    with pytest.raises(OutputExistsError, match="already exists"):
        write_calibrated(before, by_hand, before.path, created_at=NOW)
    after = write_calibrated(before, by_hand, before.path, created_at=NOW, overwrite=True)
    assert load_bundle(before.path).version == after.version != before.version
    assert [path.name for path in tmp_path.iterdir()] == ["washer"]


def test_a_folder_that_is_no_bundle_is_never_replaced(bundle: Bundle, pictures: Path) -> None:
    with pytest.raises(OutputExistsError, match="it is no bundle"):
        write_calibrated(bundle, bundle.manifest.limits, pictures, created_at=NOW, overwrite=True)
    assert (pictures / "good").is_dir()
