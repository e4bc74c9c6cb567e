"""The most different spot: its outline at half its height, whatever runs through the surface."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.describing.own_pixels import find_own_pixels, to_lab
from inspector.describing.spots import SPOT_CUES, measure_spots

SIDE_PX = 256
PLACE = (120, 130)


def striped(level: int = 128) -> NDArray[np.uint8]:
    """A brushed surface: every fifth column is darker."""
    image = np.full((SIDE_PX, SIDE_PX, 3), level, np.uint8)
    image[:, ::5] -= 40
    return image


def cues(image: NDArray[np.uint8], core: NDArray[np.bool_]) -> dict[str, float]:
    lab = to_lab(image)
    return dict(zip(SPOT_CUES, measure_spots(lab, core, find_own_pixels(lab, core)), strict=True))


def around(radius: int) -> NDArray[np.bool_]:
    core = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.circle(core, PLACE, radius, 1, -1)
    return core > 0


def test_stripes_do_not_stretch_a_round_spot() -> None:
    image = striped()
    cv2.circle(image, PLACE, 9, (10, 10, 10), -1)
    measured = cues(image, around(24))
    assert measured["spot elongation"] < 0.15
    assert measured["dark spot elongation"] < 0.15
    assert np.exp(measured["spot area"]) * SIDE_PX**2 == np.float64(
        np.exp(measured["dark spot area"]) * SIDE_PX**2
    )
    assert 150 < np.exp(measured["spot area"]) * SIDE_PX**2 < 350
    assert measured["spot lightness"] < -1


def test_a_line_is_long_and_a_disc_is_not() -> None:
    line, disc = striped(), striped()
    cv2.line(line, (105, 115), (135, 145), (250, 250, 250), 3)
    cv2.circle(disc, PLACE, 9, (250, 250, 250), -1)
    long, compact = cues(line, around(24)), cues(disc, around(24))
    for name in ("spot elongation", "bright spot elongation"):
        assert long[name] > compact[name] + 1
    assert compact["bright spot solidity"] > 0.9
    assert compact["spot lightness"] > 1


def test_darker_and_brighter_are_measured_against_what_the_surroundings_hold_already() -> None:
    image = striped()
    plain = cues(image, around(24))
    assert abs(plain["darker than surroundings'"]) < 0.2
    assert abs(plain["brighter than surroundings'"]) < 0.2
    image[125:135, 115:125] = 0
    assert cues(image, around(24))["darker than surroundings'"] < -1


def test_spots_are_counted_up_to_ten() -> None:
    image = np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)
    core = np.zeros((SIDE_PX, SIDE_PX), bool)
    core[60:200, 60:200] = True
    for number in range(4):
        cv2.circle(image, (80 + 30 * number, 100), 5, (20, 20, 20), -1)
    assert cues(image, core)["spots"] == 4 / 5
    for row in range(70, 190, 20):
        for column in range(70, 190, 20):
            cv2.circle(image, (column, row), 4, (20, 20, 20), -1)
    assert cues(image, core)["spots"] == 10 / 5
