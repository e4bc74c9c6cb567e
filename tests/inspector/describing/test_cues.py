"""Cues of a region: finite for every region, the same at every frame size, different for different looks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inspector.describing.cues import CUES, measure_cues

SIDE_PX, LARGE_PX = 256, 1024
GREY, DARK, BRIGHT, RED = (128, 128, 128), (50, 50, 50), (220, 220, 220), (170, 105, 105)


def cues(image: NDArray[np.uint8], core: NDArray[np.bool_]) -> dict[str, float]:
    return dict(zip(CUES, measure_cues(image, core).tolist(), strict=True))


def surface(side: int = SIDE_PX) -> NDArray[np.uint8]:
    """Grey with some grain, the same at every size."""
    noise = np.random.default_rng(0).normal(0, 2, (64, 64)).astype(np.float32)
    grain = np.asarray(cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC))
    return np.clip(128 + grain[..., None].repeat(3, 2), 0, 255).astype(np.uint8)


def drawn(shape: str, colour: tuple[int, int, int] = DARK) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A disc, ring or line, and a core that is what was drawn and something around it."""
    image, core = surface(LARGE_PX), np.zeros((LARGE_PX, LARGE_PX), np.uint8)
    for picture, value, width in ((image, colour, 16), (core, 1, 48)):
        if shape == "line":
            cv2.line(picture, (240, 360), (560, 680), value, width)
        elif shape == "ring":
            cv2.circle(picture, (400, 520), 96, value, width)
        else:
            cv2.circle(picture, (400, 520), 72 + width // 2, value, -1)
    return image, core > 0


def painted(
    shape: str, colour: tuple[int, int, int] = DARK, size: tuple[int, int] = (SIDE_PX, SIDE_PX)
) -> dict[str, float]:
    """Cues of what `drawn` draws, in a frame of another size."""
    image, core = drawn(shape, colour)
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cues(resized.astype(np.uint8), cv2.resize(core.astype(np.uint8), size) > 0)


def test_every_cue_has_a_name_of_its_own() -> None:
    assert len(set(CUES)) == len(CUES) == len(measure_cues(surface(), surface()[..., 0] > 128))


@pytest.mark.parametrize("picture", ["flat", "noise", "black", "white"])
@pytest.mark.parametrize("where", ["a pixel", "a corner", "all", "all but a pixel", "a row", "dots"])
@pytest.mark.parametrize("size", [(1, 1), (9, 400), (256, 256), (300, 410)])
def test_every_core_has_finite_cues(picture: str, where: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    image = {
        "flat": np.full((*size, 3), 90, np.uint8),
        "noise": rng.integers(0, 256, (*size, 3)).astype(np.uint8),
        "black": np.zeros((*size, 3), np.uint8),
        "white": np.full((*size, 3), 255, np.uint8),
    }[picture]
    core = np.zeros(size, bool)
    middle = size[0] // 2, size[1] // 2
    if where == "a pixel":
        core[middle] = True
    elif where == "a corner":
        core[-1, -1] = True
    elif where == "a row":
        core[0] = True
    elif where == "dots":
        core[::3, ::5] = True
    else:
        core[...] = True
    if where == "all but a pixel" and core.size > 1:
        core[middle] = False
    measured = measure_cues(image, core)
    assert measured.dtype == np.float32
    assert np.isfinite(measured).all()
    assert np.abs(measured).max() < 100


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.001, 0.1, 0.9]),
)
def test_random_cores_have_finite_cues(height: int, width: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    core = rng.random((height, width)) < share
    core[rng.integers(height), rng.integers(width)] = True
    image = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    assert np.isfinite(measure_cues(image, core)).all()


@pytest.mark.parametrize("shape", ["disc", "line", "ring"])
@pytest.mark.parametrize("side", [200, 333, 512, 1024])
def test_cues_do_not_depend_on_the_frames_size(shape: str, side: int) -> None:
    """Within some tenths, of which the network is told in standard deviations, about one each."""
    usual, other = painted(shape), painted(shape, size=(side, side))
    for name in CUES:
        assert other[name] == pytest.approx(usual[name], abs=0.5), name


def test_a_line_is_told_from_a_disc_by_its_shape_alone() -> None:
    line, disc = painted("line"), painted("disc")
    for whose in ("core", "own"):
        assert line[f"{whose} elongation"] > disc[f"{whose} elongation"] + 1
        assert line[f"{whose} slenderness"] > disc[f"{whose} slenderness"] + 1
    assert line["direction strength"] > disc["direction strength"] + 0.3
    assert line["own lightness"] == pytest.approx(disc["own lightness"], abs=0.4)


def test_a_ring_has_a_hole_and_a_disc_has_none() -> None:
    assert painted("ring")["own hole"] > 0.2
    assert painted("disc")["own hole"] == 0


@pytest.mark.parametrize(
    ("colour", "lightness", "coloured"), [(DARK, -1, False), (BRIGHT, 1, False), (RED, 0, True)]
)
def test_dark_bright_and_coloured_are_told_apart(
    colour: tuple[int, int, int], lightness: int, coloured: bool
) -> None:
    measured = painted("disc", colour)
    assert np.sign(round(measured["own lightness"])) == lightness
    assert np.sign(round(measured["core lightness"])) == lightness
    assert (measured["own colour"] > 1) == coloured
    assert measured["own darker share"] == pytest.approx(float(lightness < 0), abs=0.1) or coloured


def test_a_thin_line_is_found_inside_a_wide_core() -> None:
    """A network's map is blunt: the core around a scratch is several times as wide as the scratch."""
    image, core = surface(), np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.line(image, (60, 90), (140, 170), DARK, 2)
    cv2.line(core, (60, 90), (140, 170), 1, 24)
    measured = cues(image, core > 0)
    assert measured["own area in core"] < np.log(0.3)
    assert measured["own slenderness"] > measured["core slenderness"] + 1
    assert measured["own lightness"] < -1 < -0.2 < measured["core lightness"]


@pytest.mark.parametrize(
    ("rows", "columns", "at_border"),
    [(np.s_[:20], np.s_[50:90], 1), (np.s_[40:80], np.s_[-20:], 1), (np.s_[40:80], np.s_[50:90], 0)],
)
def test_a_region_at_the_frames_border_is_known_as_such(rows: slice, columns: slice, at_border: int) -> None:
    core = np.zeros((SIDE_PX, SIDE_PX), bool)
    core[rows, columns] = True
    assert cues(surface(), core)["at the frame's border"] == at_border


def test_roughness_is_told_where_the_colour_is_as_it_was() -> None:
    image, core = surface(), np.zeros((SIDE_PX, SIDE_PX), bool)
    core[80:140, 90:150] = True
    smooth = cues(image, core)
    grain = np.random.default_rng(2).normal(0, 25, (60, 60, 1))
    image[core] = np.clip(image[core].reshape(60, 60, 3) + grain, 0, 255).astype(np.uint8).reshape(-1, 3)
    rough = cues(image, core)
    for name in ("lightness spread", "fine structure", "steepness"):
        assert rough[name] > smooth[name] + 1, name
    assert rough["core lightness"] == pytest.approx(smooth["core lightness"], abs=0.2)


def test_pieces_are_counted() -> None:
    image, core = surface(), np.zeros((SIDE_PX, SIDE_PX), bool)
    core[80:160, 80:160] = True
    for number in range(5):
        cv2.circle(image, (90 + 15 * number, 120), 3, DARK, -1)
    assert cues(image, core)["pieces"] == pytest.approx(5 / 5)
