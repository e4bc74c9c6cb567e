"""Frames that cannot be judged are told from those that can."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.bundle import InputSize
from inspector.frames import resize
from inspector.quality import MIN_CONTRAST, FrameLook, QualityCheck, learn_ranges
from inspector.ranges import Range
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


def learned(seeds: range = range(100, 130)) -> QualityCheck:
    """The check of washers, with ranges from some of them."""
    parts = [tiny_part(seed) for seed in seeds]
    resized = [resize(part, SIZE.height, SIZE.width) for part in parts]
    return QualityCheck.of(SIZE, [], learn_ranges(resized, [(160, 160)] * len(parts), SIZE))


LEARNED = learned()


def relit(image: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip(image * factor, 0, 255), np.uint8)


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (
            np.asarray(cv2.GaussianBlur(tiny_part(0), (0, 0), 6), np.uint8),
            "the picture is blurred: sharpness",
        ),
        (relit(tiny_part(0), 0.3), "the picture is too dark: brightness"),
        (relit(tiny_part(0), 3.0), "the picture is too bright: brightness"),
        (resize(tiny_part(0), 160, 400), "shape, 400 x 160 px"),
        (resize(tiny_part(0), 30, 30), "only 30 x 30 px"),
    ],
)
def test_a_frame_unlike_the_products_cannot_be_judged_and_says_what_to_do(
    image: NDArray[np.uint8], why: str
) -> None:
    reason = fault(image, LEARNED)
    assert reason is not None
    assert why in reason
    assert fault(image) is None  # by a bundle that knows nothing of the product


def test_the_reason_compares_the_frame_with_the_products_pictures() -> None:
    ranges = LEARNED.ranges
    assert ranges is not None
    reason = fault(np.asarray(cv2.GaussianBlur(tiny_part(0), (0, 0), 6), np.uint8), LEARNED)
    low, high = ranges.sharpness.seen_low, ranges.sharpness.seen_high
    assert f"the product's pictures have {low:.0f} to {high:.0f}; clean or refocus the lens" in str(reason)


@pytest.mark.parametrize("seeds", [range(100, 130), range(100, 110), range(100, 101)])
def test_good_and_defective_parts_are_judged_however_few_normals_there_were(seeds: range) -> None:
    check = learned(seeds)
    found = [fault(tiny_part(seed, defect), check) for seed in range(300) for defect in (False, True)]
    assert found == [None] * 600


@pytest.mark.parametrize("light", [0.75, 0.9, 1.1, 1.3])
def test_a_little_more_or_less_light_is_judged(light: float) -> None:
    assert fault(relit(tiny_part(0), light), LEARNED) is None


def test_golden_frames_widen_what_was_learned() -> None:
    blurred = np.asarray(cv2.GaussianBlur(tiny_part(0), (0, 0), 6), np.uint8)
    odd = [blurred, relit(tiny_part(0), 0.3), resize(tiny_part(0), 160, 400), resize(tiny_part(0), 30, 30)]
    assert None not in [fault(image, LEARNED) for image in odd]
    check = QualityCheck.of(SIZE, odd, LEARNED.ranges)
    assert [fault(image, check) for image in odd] == [None] * 4


def test_frames_that_must_be_judged_widen_what_is_learned() -> None:
    parts = [resize(tiny_part(seed), SIZE.height, SIZE.width) for seed in range(20)]
    dark = relit(parts[0], 0.3)
    narrow, wide = (learn_ranges(parts, [(160, 160)], SIZE, judged) for judged in ((), [dark]))
    brightness = FrameLook.of(dark).brightness
    assert wide.brightness.low <= brightness < narrow.brightness.low
    assert wide.brightness.seen_low == narrow.brightness.seen_low


def test_light_hardly_changes_sharpness_and_focus_does() -> None:
    image = tiny_part(0)
    sharp = FrameLook.of(image).sharpness
    assert FrameLook.of(relit(image, 0.6)).sharpness == pytest.approx(sharp, rel=0.15)
    assert FrameLook.of(np.asarray(cv2.GaussianBlur(image, (0, 0), 2), np.uint8)).sharpness < sharp / 2


def test_the_fewer_the_values_the_wider_the_range() -> None:
    one, few, many = (Range.by_factor([10.0] * count, 1.5) for count in (1, 3, 10))
    assert one.low < few.low < many.low == pytest.approx(10 / 1.5)
    assert one.high > few.high > many.high == pytest.approx(15)
    assert Range.by_step([0.0, 0.4], 0.1).high > Range.by_step([0.3, 0.4], 0.1).high > 0.5
