"""How a region's colour differs from what surrounds it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.describing.contrast import contrast_of
from inspector.describing.pixels import region_pixels
from inspector.describing.words import Contrast
from inspector.regions import find_regions

Image = NDArray[np.uint8]
LIMIT = 0.3
GREY = (120, 120, 120)


def surface(noise: float = 0, colour: tuple[int, int, int] = GREY) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    return np.full((160, 200, 3), colour, float) + rng.normal(0, noise, (160, 200, 1))


def as_image(picture: NDArray[np.float64]) -> Image:
    return np.clip(picture, 0, 255).astype(np.uint8)


def contrast(image: Image, anomaly_map: NDArray[np.float32]) -> Contrast:
    regions = find_regions(anomaly_map, LIMIT)
    found = [region_pixels(anomaly_map, region, LIMIT) for region in regions]
    cores = np.zeros(anomaly_map.shape, bool)
    for region, pixels in zip(regions, found, strict=True):
        x, y, width, height = region.box_px
        cores[y : y + height, x : x + width] |= pixels.core
    return contrast_of(image, cores, regions[0].box_px, found[0])


def soft_map(mask: Image) -> NDArray[np.float32]:
    """A map like a network's: it reaches some pixels beyond the defect."""
    wide = cv2.dilate(mask, np.ones((9, 9), np.uint8)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), 4), np.float32)


def spot_mask() -> Image:
    return np.asarray(cv2.circle(np.zeros((160, 200), np.uint8), (90, 80), 14, 1, -1))


def scratch_mask() -> Image:
    return np.asarray(cv2.line(np.zeros((160, 200), np.uint8), (40, 50), (140, 100), 1, 2))


@pytest.mark.parametrize("noise", [0, 4, 10])
@pytest.mark.parametrize("mask", [spot_mask(), scratch_mask()], ids=["spot", "scratch"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((-60, -60, -60), Contrast.DARKER),
        ((60, 60, 60), Contrast.BRIGHTER),
        ((60, -25, -20), Contrast.OTHER_COLOUR),
        ((0, 0, 0), Contrast.SIMILAR),
    ],
)
def test_a_painted_change_is_told_on_even_and_on_rough_surfaces(
    mask: Image, change: tuple[int, int, int], expected: Contrast, noise: float
) -> None:
    picture = surface(noise)
    picture[mask > 0] += change
    assert contrast(as_image(picture), soft_map(mask)) == expected


def test_a_change_that_is_smaller_than_the_surfaces_own_is_similar() -> None:
    picture = surface(30)
    picture[spot_mask() > 0] -= 12
    assert contrast(as_image(picture), soft_map(spot_mask())) == Contrast.SIMILAR


def test_another_defect_beside_it_is_no_surroundings() -> None:
    picture = surface()
    neighbour = cv2.circle(np.zeros((160, 200), np.uint8), (118, 80), 10, 1, -1)
    picture[spot_mask() > 0] -= 40
    picture[neighbour > 0] = 0
    anomaly_map = np.maximum(spot_mask() * np.float32(2), neighbour.astype(np.float32))
    assert contrast(as_image(picture), anomaly_map) == Contrast.DARKER


def test_a_region_at_the_border_is_compared_with_what_is_inside_the_frame() -> None:
    picture = surface()
    picture[:20, :20] -= 50
    anomaly_map = np.zeros((160, 200), np.float32)
    anomaly_map[:20, :20] = 1
    assert contrast(as_image(picture), anomaly_map) == Contrast.DARKER


def test_without_surroundings_the_contrast_is_similar() -> None:
    assert contrast(as_image(surface(20)), np.ones((160, 200), np.float32)) == Contrast.SIMILAR


def test_a_frame_of_one_colour_has_no_contrast() -> None:
    assert contrast(as_image(surface()), soft_map(spot_mask())) == Contrast.SIMILAR
