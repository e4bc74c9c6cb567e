"""Frames that cannot be judged are told from those that can."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.bundle import InputSize
from inspector.frames import resize
from inspector.quality import MIN_CONTRAST, QualityCheck
from tests.tiny_bundle import tiny_part

SIZE = InputSize(height=64, width=64)
CHECK = QualityCheck.of(SIZE, [])


def fault(image: NDArray[np.uint8], check: QualityCheck = CHECK) -> str | None:
    return check.fault(image.shape[1], image.shape[0], resize(image, SIZE.height, SIZE.width))


def plain(value: float, noise: float = 0, shape: tuple[int, int] = (200, 200)) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    return np.clip(value + rng.normal(0, noise, (*shape, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (plain(0), "black"),
        (plain(4, noise=3), "black"),
        (plain(255), "white"),
        (plain(252, noise=3), "white"),
        (plain(120), "nothing"),
        (plain(120, noise=3), "nothing"),
        (resize(tiny_part(0), 15, 12), "only 12 x 15 px"),
        (plain(120, 20, shape=(20, 2000)), "shape"),
        (plain(120, 20, shape=(2000, 20)), "shape"),
    ],
)
def test_a_frame_that_cannot_be_judged_has_a_clause_that_says_why(image: NDArray[np.uint8], why: str) -> None:
    reason = fault(image)
    assert reason is not None
    assert why in reason
    assert not reason.endswith(".")


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("defect", [False, True])
def test_parts_are_judged(seed: int, defect: bool) -> None:
    assert fault(tiny_part(seed, defect)) is None


@pytest.mark.parametrize("light", [0.15, 0.5, 1.5, 3.0])
def test_dim_and_bright_pictures_of_parts_are_judged(light: float) -> None:
    assert fault(np.clip(tiny_part(0) * light, 0, 255).astype(np.uint8)) is None


@pytest.mark.parametrize("shape", [(160, 400), (400, 160), (100, 600), (30, 30)])
def test_other_shapes_and_sizes_are_judged(shape: tuple[int, int]) -> None:
    assert fault(resize(tiny_part(0), *shape)) is None


def test_what_golden_frames_look_like_is_always_judged() -> None:
    faint = np.full((200, 200, 3), 100, np.uint8)
    faint[80:120, 80:120] = 103
    long = plain(120, 20, shape=(20, 2000))
    small = resize(tiny_part(0), 15, 12)
    assert None not in (fault(faint), fault(long), fault(small))
    check = QualityCheck.of(SIZE, [faint, long, small])
    assert check.min_contrast < MIN_CONTRAST
    assert [fault(image, check) for image in (faint, long, small)] == [None, None, None]
    assert fault(plain(0), check) == "the picture is black"
