"""A region beside its surroundings: place, structure by scale, levels, edges."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.describing.own_pixels import find_own_pixels, to_lab
from inspector.describing.surroundings import SURROUNDINGS_CUES, measure_surroundings

SIDE_PX = 256


def grained(deviation: float = 3) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(0, deviation, (SIDE_PX, SIDE_PX, 1))
    return np.clip(128 + np.repeat(noise, 3, axis=2), 0, 255).astype(np.uint8)


def square(top: int = 100, left: int = 100, side: int = 40) -> NDArray[np.bool_]:
    core = np.zeros((SIDE_PX, SIDE_PX), bool)
    core[top : top + side, left : left + side] = True
    return core


def cues(image: NDArray[np.uint8], core: NDArray[np.bool_]) -> dict[str, float]:
    lab = to_lab(image)
    ring = find_own_pixels(lab, core).ring
    return dict(zip(SURROUNDINGS_CUES, measure_surroundings(lab[..., 0], core, ring), strict=True))


def test_a_region_inside_is_far_from_the_border_and_not_cut_off() -> None:
    inside = cues(grained(), square(108, 108))
    assert inside["distance to the frame's border"] == pytest.approx(1, abs=0.02)
    assert inside["cut off by the frame"] == 0
    cut = cues(grained(), square(0, 108))
    assert cut["distance to the frame's border"] < 0.2
    assert cut["cut off by the frame"] == pytest.approx(1)


def test_what_looks_like_its_surroundings_has_neutral_cues() -> None:
    same = cues(grained(), square())
    for sigma in (1, 2, 4):
        assert same[f"structure at {sigma} px"] == pytest.approx(0, abs=0.15)
    assert same["levels moved"] < 0.05


def test_coarser_grain_is_seen_at_its_own_scale() -> None:
    image, core = grained(), square()
    # Squares of 8 px, as dark as bright.
    pattern = np.kron(np.indices((5, 5)).sum(0) % 2, np.ones((8, 8)))
    image[core] = np.clip(image[core] + (40 * pattern.ravel() - 20)[:, None], 0, 255).astype(np.uint8)
    changed = cues(image, core)
    assert changed["structure at 4 px"] > changed["structure at 1 px"] > 0.1
    assert changed["levels differ"] > 0.5


def test_a_worn_place_has_less_structure() -> None:
    image, core = grained(8), square()
    image[core] = 128
    assert cues(image, core)["structure at 1 px"] < -1


def test_where_a_piece_is_missing_the_region_looks_like_one_side_of_an_edge() -> None:
    image, core = grained(2), square(100, 108)
    image[:, 128:] = np.clip(image[:, 128:] + 100, 0, 255)
    bitten = image.copy()
    bitten[core] = 128
    stained = image.copy()
    stained[core] = 178
    missing, stain = cues(bitten, core), cues(stained, core)
    assert missing["surroundings' range"] > 0.5
    assert missing["distance to the nearer level"] < stain["distance to the nearer level"] - 0.5
    assert cues(grained(), square())["surroundings' range"] < 0.2
