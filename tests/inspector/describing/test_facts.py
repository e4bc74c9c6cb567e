"""Facts measured from a frame, its map and its regions."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from inspector.describing.facts import Facts, measure_facts, severity_of, size_of
from inspector.describing.words import Contrast, Kind, Position, Severity, Shape, Size
from inspector.inspecting import regions_of_reject
from inspector.results import Verdict

LIMIT = 1.0
HEIGHT_PX, WIDTH_PX = 120, 180


def grey_image(height: int = HEIGHT_PX, width: int = WIDTH_PX) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 128, np.uint8)


def blank_map() -> NDArray[np.float32]:
    return np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)


def facts_of(anomaly_map: NDArray[np.float32], image: NDArray[np.uint8] | None = None) -> Facts:
    image = grey_image(*anomaly_map.shape) if image is None else image
    return measure_facts(image, anomaly_map, regions_of_reject(anomaly_map, LIMIT), LIMIT, Verdict.REJECT)


def test_a_dark_scratch_at_the_upper_left_is_measured_as_one() -> None:
    image, anomaly_map = grey_image(), blank_map()
    cv2.line(image, (10, 10), (45, 25), (40, 40, 40), 2)
    cv2.line(anomaly_map, (10, 10), (45, 25), 2.0, 4)
    facts = facts_of(anomaly_map, image)
    (region,) = facts.regions
    assert (facts.verdict, facts.count) == (Verdict.REJECT, 1)
    assert region.position == Position.UPPER_LEFT
    assert region.near == ()
    assert region.size == Size.SMALL
    assert region.shape == Shape.ELONGATED
    assert region.contrast == Contrast.DARKER
    assert region.severity == Severity.CLEAR
    assert (region.kind, region.kind_probability) == (Kind.UNKNOWN, None)
    assert (region.length_mm, region.area_mm2) == (None, None)
    assert region.area_fraction == region.area_px / (HEIGHT_PX * WIDTH_PX)


def test_regions_come_worst_first_with_their_own_kinds() -> None:
    anomaly_map = blank_map()
    anomaly_map[50:60, 80:90] = 2
    anomaly_map[100:110, 10:20] = 5
    regions = regions_of_reject(anomaly_map, LIMIT)[::-1]
    facts = measure_facts(
        grey_image(), anomaly_map, regions, LIMIT, Verdict.REJECT, kinds=[("dent", 0.6), ("blowhole", 0.9)]
    )
    assert [(region.position, region.kind, region.kind_probability) for region in facts.regions] == [
        ("lower left", "blowhole", 0.9),
        ("centre", "dent", 0.6),
    ]
    assert [region.severity for region in facts.regions] == [Severity.SEVERE, Severity.CLEAR]


def test_with_a_scale_lengths_are_in_millimetres() -> None:
    anomaly_map = blank_map()
    anomaly_map[50:54, 20:60] = 2
    regions = regions_of_reject(anomaly_map, LIMIT)
    facts = measure_facts(grey_image(), anomaly_map, regions, LIMIT, Verdict.REJECT, mm_per_px=0.5)
    assert facts.regions[0].length_mm == pytest.approx(20)
    assert facts.regions[0].area_mm2 == pytest.approx(40)


def test_the_halo_around_a_strong_defect_is_not_counted() -> None:
    spot = cv2.circle(blank_map(), (90, 60), 10, 20.0, -1)
    anomaly_map = np.asarray(cv2.GaussianBlur(spot, (0, 0), 6), np.float32)
    (stored,) = regions_of_reject(anomaly_map, LIMIT)
    (region,) = facts_of(anomaly_map).regions
    assert stored.area_px > 2 * int((spot > 0).sum())
    assert region.area_px == pytest.approx(int((spot > 0).sum()), rel=0.25)
    assert region.box_px == stored.box_px
    assert (len(region.near), region.position) == (0, Position.CENTRE)


def test_a_reject_with_no_pixel_above_the_limit_is_measured_around_its_peak() -> None:
    rows, columns = np.mgrid[:HEIGHT_PX, :WIDTH_PX]
    spot = 0.8 * np.exp(-(np.hypot(rows - 100, columns - 160) ** 2) / 200)
    facts = facts_of(spot.astype(np.float32))
    (region,) = facts.regions
    assert region.position == Position.LOWER_RIGHT
    assert region.shape == Shape.ROUND
    assert region.severity == Severity.SLIGHT


@pytest.mark.parametrize("score", [0, 0.3, 5])
def test_a_flat_map_is_one_region_everywhere(score: float) -> None:
    facts = facts_of(blank_map() + np.float32(score))
    (region,) = facts.regions
    assert facts.count == 1
    assert region.position == Position.CENTRE
    assert region.shape == Shape.DIFFUSE
    assert region.contrast == Contrast.SIMILAR
    assert region.area_fraction == 1


def test_of_500_tiny_regions_as_many_count_as_are_given() -> None:
    anomaly_map = blank_map()
    rows, columns = np.mgrid[0:HEIGHT_PX:4, 0:WIDTH_PX:4]
    anomaly_map[rows.ravel()[:500], columns.ravel()[:500]] = 2
    facts = facts_of(anomaly_map)
    assert facts.count == len(facts.regions) == 32
    assert {region.size for region in facts.regions} == {Size.TINY}


@pytest.mark.parametrize("side", [np.s_[:6, :], np.s_[-6:, :], np.s_[:, :6], np.s_[:, -6:]])
def test_a_region_along_the_border_is_measured(side: tuple[slice, slice]) -> None:
    anomaly_map = blank_map()
    anomaly_map[side] = 2
    (region,) = facts_of(anomaly_map).regions
    assert region.position in {Position.TOP, Position.BOTTOM, Position.LEFT, Position.RIGHT}
    assert len(region.near) == 2
    assert region.shape == Shape.ELONGATED


def test_a_frame_of_one_pixel_is_measured() -> None:
    (region,) = facts_of(np.ones((1, 1), np.float32)).regions
    assert region.position == Position.CENTRE


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNSURE])
def test_only_rejected_frames_have_defects(verdict: Verdict) -> None:
    anomaly_map = blank_map()
    anomaly_map[5, 5] = 2
    regions = regions_of_reject(anomaly_map, LIMIT)
    assert measure_facts(grey_image(), anomaly_map, regions, LIMIT, verdict) == Facts(verdict, 0, ())
    with pytest.raises(ValueError, match="has no defects"):
        Facts(verdict, 1, ())


@given(
    hnp.arrays(
        np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24), elements=st.floats(0, 4, width=32)
    )
)
def test_every_map_has_facts(anomaly_map: NDArray[np.float32]) -> None:
    image = np.random.default_rng(0).integers(0, 255, (*anomaly_map.shape, 3)).astype(np.uint8)
    facts = facts_of(anomaly_map, image)
    assert 1 <= facts.count == len(facts.regions)
    for region in facts.regions:
        assert region.position not in region.near
        assert region.size == size_of(region.area_fraction)


@pytest.mark.parametrize(
    ("area_fraction", "size"),
    [(0, "tiny"), (0.00099, "tiny"), (0.001, "small"), (0.01, "medium"), (0.049, "medium"), (0.05, "large")],
)
def test_a_size_is_a_share_of_the_frame(area_fraction: float, size: str) -> None:
    assert size_of(area_fraction) == size


@pytest.mark.parametrize(
    ("peak", "limit", "severity"),
    [
        (1.4, 1, "slight"),
        (1.5, 1, "clear"),
        (2.9, 1, "clear"),
        (3, 1, "severe"),
        (0.5, 1, "slight"),
        (2, 0, "clear"),
        (-2, -1, "slight"),
    ],
)
def test_severity_is_the_peak_beside_the_limit(peak: float, limit: float, severity: str) -> None:
    assert severity_of(peak, limit) == severity


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_map_that_is_not_finite_is_refused(score: float, verdict: Verdict) -> None:
    anomaly_map = blank_map()
    anomaly_map[3, 3] = score
    with pytest.raises(ValueError, match="NaN or infinite"):
        measure_facts(grey_image(), anomaly_map, [], LIMIT, verdict)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (7,), (1, 7, 7)])
def test_a_map_has_rows_and_columns(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[H, W\]"):
        measure_facts(grey_image(), np.zeros(shape, np.float32), [], LIMIT, Verdict.REJECT)


@pytest.mark.parametrize(
    "image", [grey_image(HEIGHT_PX + 1), grey_image()[..., 0], grey_image().astype(np.float32)]
)
def test_the_image_has_the_maps_size(image: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="the image is"):
        measure_facts(image, blank_map(), [], LIMIT, Verdict.REJECT)


def test_boxes_lie_inside_the_frame() -> None:
    anomaly_map = blank_map()
    anomaly_map[3, 3] = 2
    (region,) = regions_of_reject(anomaly_map, LIMIT)
    for box_px in ((WIDTH_PX, 0, 1, 1), (-1, 0, 4, 4), (3, 3, 0, 1), (0, 0, 10, HEIGHT_PX + 1)):
        with pytest.raises(ValueError, match="not inside the frame"):
            measure_facts(grey_image(), anomaly_map, [replace(region, box_px=box_px)], LIMIT, Verdict.REJECT)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ([], "0 kinds were given for 1 regions"),
        ([("dent", 0.5), ("hole", 0.5)], "2 kinds were given"),
        ([(" ", 0.5)], "has no name"),
        ([("dent", 1.5)], "not 0 to 1"),
    ],
)
def test_every_region_has_one_kind_with_a_probability(kinds: list[tuple[str, float]], message: str) -> None:
    anomaly_map = blank_map()
    anomaly_map[3, 3] = 2
    regions = regions_of_reject(anomaly_map, LIMIT)
    with pytest.raises(ValueError, match=message):
        measure_facts(grey_image(), anomaly_map, regions, LIMIT, Verdict.REJECT, kinds=kinds)


@pytest.mark.parametrize("mm_per_px", [0, -1, np.nan, np.inf])
def test_a_scale_is_positive(mm_per_px: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        measure_facts(grey_image(), blank_map(), [], LIMIT, Verdict.REJECT, mm_per_px=mm_per_px)
