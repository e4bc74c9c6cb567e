"""Pictures of another format than the others are left out, or told of where they are many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.normals.odd_formats import find_odd_formats
from training.normals.reading import Normals

RNG = np.random.default_rng(0)


def pictures(count: int, *, grey: int = 0, sizes_px: tuple[tuple[int, int], ...] = ()) -> Normals:
    """Coloured pictures of 400 x 300 px, the first ones grey or of other sizes."""
    frames = RNG.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    frames[:grey] = frames[:grey, ..., :1]
    sizes = sizes_px + ((400, 300),) * (count - len(sizes_px))
    return Normals(frames, tuple(Path(f"{number:03}.png") for number in range(count)), (), sizes)


def test_pictures_of_one_format_are_not_told_of() -> None:
    assert find_odd_formats(pictures(30)) == find_odd_formats(pictures(30, grey=30))
    assert find_odd_formats(pictures(30)).excluded == ()
    assert find_odd_formats(pictures(30)).notes == ()


def test_a_few_grey_pictures_among_coloured_ones_are_left_out() -> None:
    found = find_odd_formats(pictures(30, grey=3))
    assert [one.index for one in found.excluded] == [0, 1, 2]
    assert found.excluded[0].reason == "it is grey, the other pictures are coloured"
    assert found.notes == ()


def test_a_few_coloured_pictures_among_grey_ones_are_left_out() -> None:
    found = find_odd_formats(pictures(30, grey=28))
    assert [one.index for one in found.excluded] == [28, 29]


def test_many_grey_pictures_are_told_of() -> None:
    found = find_odd_formats(pictures(30, grey=10))
    assert found.excluded == ()
    assert found.notes == ("10 grey among coloured pictures, such as 000.png: is that meant?",)


@pytest.mark.parametrize(
    ("size_px", "why"),
    [
        ((300, 400), "its shape, 300 x 400 px, is another; the others have 400 x 300 px"),
        ((1200, 300), "its shape, 1200 x 300 px, is another; the others have 400 x 300 px"),
        ((80, 60), "it has only 80 x 60 px; the others have 400 x 300 px"),
    ],
)
def test_a_picture_of_another_shape_or_a_thumbnail_is_left_out(size_px: tuple[int, int], why: str) -> None:
    found = find_odd_formats(pictures(20, sizes_px=(size_px,)))
    assert [(one.index, one.reason) for one in found.excluded] == [(0, why)]


@pytest.mark.parametrize("size_px", [(420, 300), (800, 600), (330, 250)])
def test_a_picture_that_is_a_little_different_or_larger_is_learned(size_px: tuple[int, int]) -> None:
    assert find_odd_formats(pictures(20, sizes_px=(size_px,))).excluded == ()


def test_a_product_of_many_shapes_is_told_of() -> None:
    sizes = tuple((400, int(height)) for height in np.linspace(100, 400, 20))
    found = find_odd_formats(pictures(20, sizes_px=sizes))
    assert found.excluded == ()
    assert "very different shapes, from 019.png" in found.notes[0]


def test_among_few_pictures_nothing_is_odd() -> None:
    found = find_odd_formats(pictures(6, grey=1, sizes_px=((100, 300),)))
    assert found.excluded == ()
    assert len(found.notes) == 2
