from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard.drawing import fit
from dashboard.pictures import NO_MAP, NONE_KEPT, NOT_KEPT, Drawing, NoDrawing, View, draw, heat_map
from inspector.frames import decode_image
from inspector.records import StoredInspection
from tests.dashboard.line import Line
from tests.tiny_bundle import PART_SIZE_PX

LARGE = 4 * PART_SIZE_PX


def pixels(drawing: Drawing | NoDrawing) -> NDArray[np.int32]:
    """The JPEG of a drawing, int32 `[H, W, 3]` for subtraction."""
    assert isinstance(drawing, Drawing)
    kind, _, data = drawing.source.partition(";base64,")
    assert kind == "data:image/jpeg"
    image = decode_image(b64decode(data))
    assert image.shape == (drawing.height_px, drawing.width_px, 3)
    return image.astype(np.int32)


def drawn(line: Line, stored: StoredInspection, view: View, size_px: int = LARGE) -> NDArray[np.int32]:
    return pixels(draw(stored, line.data_dir, view, size_px))


def test_the_overlay_marks_the_defect_and_leaves_the_rest(line: Line) -> None:
    stored = line.inspect("a", defect=True)
    changed = np.abs(drawn(line, stored, View.OVERLAY) - drawn(line, stored, View.PICTURE)).max(axis=2) > 60
    (x, y, width, height) = stored.regions[0].box_px
    assert changed[y : y + height, x : x + width].mean() > 0.1
    changed[max(0, y - 4) : y + height + 4, max(0, x - 4) : x + width + 4] = False
    assert changed.mean() < 0.001


def test_the_heat_map_is_brightest_at_the_peak(line: Line) -> None:
    stored = line.inspect("a", defect=True)
    drawing = draw(stored, line.data_dir, View.HEAT_MAP, LARGE)
    y, x = np.unravel_index(pixels(drawing).sum(axis=2).argmax(), (PART_SIZE_PX, PART_SIZE_PX))
    assert stored.regions[0].centre_px == pytest.approx((x, y), abs=10)
    assert isinstance(drawing, Drawing)
    assert drawing.lowest < stored.reject_limit < drawing.highest
    assert drawing.highest == pytest.approx(stored.regions[0].peak_score, rel=0.05)


def test_the_scale_of_a_good_parts_heat_map_reaches_the_limit(line: Line) -> None:
    stored = line.inspect("a")
    drawing = draw(stored, line.data_dir, View.HEAT_MAP, LARGE)
    assert isinstance(drawing, Drawing)
    assert drawing.highest == pytest.approx(stored.reject_limit)


def test_a_large_picture_is_scaled_down_and_a_small_one_is_not_scaled_up(line: Line) -> None:
    stored = line.inspect("a", image=np.full((300, 600, 3), 90, np.uint8))
    assert drawn(line, stored, View.PICTURE, 150).shape == (75, 150, 3)
    assert drawn(line, stored, View.PICTURE, 1000).shape == (300, 600, 3)


@pytest.mark.parametrize(
    ("shape", "fitted"),
    [((5000, 20, 3), (100, 1, 3)), ((20, 5000, 3), (1, 100, 3)), ((100, 100, 3), (100, 100, 3))],
)
def test_a_long_picture_keeps_a_pixel_of_width(shape: tuple[int, ...], fitted: tuple[int, ...]) -> None:
    assert fit(np.zeros(shape, np.uint8), 100).shape == fitted


def test_a_frame_that_was_not_kept_says_so(line: Line) -> None:
    passed = replace(line.inspect("a"), evidence=None, evidence_map=None)
    rejected = replace(line.inspect("b", defect=True), evidence=None, evidence_map=None)
    for view in View:
        assert draw(passed, line.data_dir, view, LARGE) == NOT_KEPT
        assert draw(rejected, line.data_dir, view, LARGE) == NONE_KEPT


def test_without_a_map_the_overlay_is_the_picture_and_there_is_no_heat_map(line: Line) -> None:
    stored = replace(line.inspect("a", defect=True), evidence_map=None)
    assert np.array_equal(drawn(line, stored, View.OVERLAY), drawn(line, stored, View.PICTURE))
    assert draw(stored, line.data_dir, View.HEAT_MAP, LARGE) == NO_MAP


def test_a_frame_without_a_limit_is_drawn(line: Line) -> None:
    stored = replace(line.inspect("a"), score=float("nan"), reject_limit=float("nan"))
    for view in View:
        assert drawn(line, stored, view).shape == (PART_SIZE_PX, PART_SIZE_PX, 3)


def test_a_picture_that_arrives_late_is_shown(line: Line, tmp_path: Path) -> None:
    stored = line.inspect("a")
    assert stored.evidence is not None
    picture, away = line.data_dir / stored.evidence, tmp_path / "away"
    picture.rename(away)
    missing = draw(stored, line.data_dir, View.PICTURE, LARGE)
    assert isinstance(missing, NoDrawing)
    assert "is gone" in missing.explanation
    away.rename(picture)
    assert isinstance(draw(stored, line.data_dir, View.PICTURE, LARGE), Drawing)


def test_heat_grows_lighter_with_the_score() -> None:
    ramp = np.linspace(-1, 5, 256, dtype=np.float32)[None]
    lightness = cv2.cvtColor(heat_map(ramp, -1, 5), cv2.COLOR_RGB2LAB)[0, :, 0].astype(int)
    assert (np.diff(lightness) >= -1).all()
    assert lightness[-1] - lightness[0] > 200


def test_a_flat_map_has_one_colour() -> None:
    assert np.ptp(heat_map(np.full((4, 5), 3.0, np.float32), 3.0, 3.0), axis=(0, 1)).max() == 0
