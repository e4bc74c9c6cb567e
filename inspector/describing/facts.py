"""The facts of a frame, measured: where each defect is, how large, what shape, what contrast, what kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.describing.contrast import contrast_of
from inspector.describing.own_pixels import own_mask
from inspector.describing.pixels import core_box, region_limit, region_pixels
from inspector.describing.positions import position_of, positions_near
from inspector.describing.shape import longest_extent, shape_of
from inspector.describing.words import Contrast, Kind, Position, Severity, Shape, Size
from inspector.regions import Region
from inspector.results import Verdict

LARGEST_TINY, LARGEST_SMALL, LARGEST_MEDIUM = 0.001, 0.01, 0.05
"""Share of the frame at which the next size begins."""

LEAST_CLEAR, LEAST_SEVERE = 1.5, 3.0
"""Peak score over the pixel limit."""


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """What was measured of one region.

    Attributes:
        position: the cell of the frame that the centre lies in.
        near: cells beside `position` that the core's box touches; a sentence may name them instead.
        box_px: `(x, y, width, height)` in pixels of the frame, the `Region`'s.
        centre_px: `(x, y)`, weighted by score, the `Region`'s.
        area_px: number of the core's pixels; fewer than the `Region`'s, and nearer to the defect's own area,
            see `inspector.describing.pixels.RegionPixels`.
        area_fraction: `area_px` over the frame's pixels, 0..1.
        size: word for `area_fraction`.
        shape: word for the outline.
        contrast: word for the colour beside the surroundings'.
        severity: word for the peak beside the pixel limit.
        kind: a `Kind` or one of the product's own words.
        kind_probability: 0..1, None where no kinds were asked for.
        length_mm: the core's longest extent; None where the product has no scale.
        area_mm2: `area_px` in mm²; None where the product has no scale.
    """

    position: Position
    box_px: tuple[int, int, int, int]
    centre_px: tuple[float, float]
    area_px: int
    area_fraction: float
    size: Size
    shape: Shape
    contrast: Contrast
    severity: Severity
    kind: str
    kind_probability: float | None
    near: tuple[Position, ...] = ()
    length_mm: float | None = None
    area_mm2: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured of one frame.

    Attributes:
        verdict: pass, reject or unsure.
        count: number of defects; 0 unless the frame was rejected.
        regions: the defects, the worst first; may be fewer than `count`.

    Raises:
        ValueError: a frame that was not rejected has defects, or there are more regions than defects.
    """

    verdict: Verdict
    count: int
    regions: tuple[RegionFacts, ...]

    def __post_init__(self) -> None:
        if self.verdict != Verdict.REJECT and (self.count or self.regions):
            raise ValueError(f"a frame with the verdict {self.verdict} has no defects, not {self.count}")
        if self.count < len(self.regions):
            raise ValueError(f"{len(self.regions)} regions are more than {self.count} defects")


def measure_facts(
    image: NDArray[np.uint8],
    anomaly_map: NDArray[np.float32],
    regions: Sequence[Region],
    pixel_limit: float,
    verdict: Verdict,
    *,
    kinds: Sequence[tuple[str, float]] | None = None,
    mm_per_px: float | None = None,
) -> Facts:
    """Measure a frame.

    Args:
        image: uint8 `[H, W, 3]` RGB, the frame as captured.
        anomaly_map: float32 `[H, W]`, in the frame's own size.
        regions: what `inspector.inspecting.regions_of_reject` found in this map.
        pixel_limit: the limit that it was given.
        verdict: what was decided; only rejected frames have facts about regions.
        kinds: kind and probability of each region, in the regions' order; None: every kind is unknown.
        mm_per_px: width of a pixel on the part; None: the product has no scale.

    Raises:
        ValueError: image, map, regions, kinds or scale do not fit together, or the map is not finite.
    """
    _check_pictures(image, anomaly_map)
    height_px, width_px = anomaly_map.shape
    for region in regions:
        _check_box(region.box_px, width_px, height_px)
    named: Sequence[tuple[str, float | None]] = (
        [(Kind.UNKNOWN.value, None)] * len(regions) if kinds is None else kinds
    )
    _check_kinds(named, len(regions))
    if mm_per_px is not None and not (math.isfinite(mm_per_px) and mm_per_px > 0):
        raise ValueError(f"a pixel is {mm_per_px} mm wide: give a positive number")
    if verdict != Verdict.REJECT or not regions:
        return Facts(verdict, 0, ())
    limit = region_limit(anomaly_map, pixel_limit)
    found = [
        (region, region_pixels(anomaly_map, region, limit), *kind)
        for region, kind in zip(regions, named, strict=True)
    ]
    found.sort(key=lambda item: item[0].peak_score, reverse=True)
    cores = np.zeros(anomaly_map.shape, bool)
    for region, pixels, *_ in found:
        x, y, width, height = region.box_px
        cores[y : y + height, x : x + width] |= pixels.core
    measured = []
    for region, pixels, kind, probability in found:
        position = position_of(*region.centre_px, width_px, height_px)
        area_fraction = pixels.core_px / anomaly_map.size
        measured.append(
            RegionFacts(
                position=position,
                near=positions_near(position, core_box(pixels, region), width_px, height_px),
                box_px=region.box_px,
                centre_px=region.centre_px,
                area_px=pixels.core_px,
                area_fraction=area_fraction,
                size=size_of(area_fraction),
                shape=shape_of(pixels, anomaly_map.size, own_mask(image, region.box_px, pixels)),
                contrast=contrast_of(image, cores, region.box_px, pixels),
                severity=severity_of(region.peak_score, pixel_limit),
                kind=kind,
                kind_probability=probability,
                length_mm=None if mm_per_px is None else longest_extent(pixels.core) * mm_per_px,
                area_mm2=None if mm_per_px is None else pixels.core_px * mm_per_px**2,
            )
        )
    return Facts(verdict, len(measured), tuple(measured))


def size_of(area_fraction: float) -> Size:
    """The word for a share of the frame, 0..1."""
    if area_fraction < LARGEST_TINY:
        return Size.TINY
    if area_fraction < LARGEST_SMALL:
        return Size.SMALL
    return Size.MEDIUM if area_fraction < LARGEST_MEDIUM else Size.LARGE


def severity_of(peak_score: float, pixel_limit: float) -> Severity:
    """The word for a peak; where the limit is not above zero, only whether the peak is above it counts."""
    if pixel_limit <= 0:
        return Severity.CLEAR if peak_score > pixel_limit else Severity.SLIGHT
    if peak_score < LEAST_CLEAR * pixel_limit:
        return Severity.SLIGHT
    return Severity.CLEAR if peak_score < LEAST_SEVERE * pixel_limit else Severity.SEVERE


def _check_pictures(image: NDArray[np.uint8], anomaly_map: NDArray[np.float32]) -> None:
    if anomaly_map.ndim != 2 or not anomaly_map.size:  # noqa: PLR2004 - rows and columns
        raise ValueError(f"an anomaly map is [H, W] with at least one pixel, not {list(anomaly_map.shape)}")
    if image.shape != (*anomaly_map.shape, 3) or image.dtype != np.uint8:
        raise ValueError(
            f"the image is {image.dtype} {list(image.shape)}, but the anomaly map asks for "
            f"uint8 {[*anomaly_map.shape, 3]}"
        )
    if not np.isfinite(anomaly_map).all():
        raise ValueError("the anomaly map holds NaN or infinite scores: no facts can be measured from it")


def _check_box(box_px: tuple[int, int, int, int], width_px: int, height_px: int) -> None:
    x, y, width, height = box_px
    if not (0 <= x < x + width <= width_px and 0 <= y < y + height <= height_px):
        raise ValueError(f"the region's box {box_px} is not inside the frame of {width_px} x {height_px} px")


def _check_kinds(kinds: Sequence[tuple[str, float | None]], regions: int) -> None:
    if len(kinds) != regions:
        raise ValueError(f"{len(kinds)} kinds were given for {regions} regions")
    for kind, probability in kinds:
        if not kind.strip():
            raise ValueError("a kind of defect has no name")
        if probability is not None and not 0 <= probability <= 1:
            raise ValueError(f"the probability of {kind!r} is {probability}, not 0 to 1")
