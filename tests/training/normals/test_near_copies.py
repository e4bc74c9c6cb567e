"""Pictures that were saved again are told from other parts of the same product."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.frames import resize
from training.normals.near_copies import find_near_copies


def part(seed: int) -> NDArray[np.uint8]:
    """A surface of its own grain, light, and a printed ring."""
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(128, 120, (256, 256)).astype(np.float32), (0, 0), 2)
    image = np.clip(np.repeat(grain[..., None], 3, axis=2), 0, 255).astype(np.uint8)
    cv2.circle(image, (128, 128), 60, (200, 200, 190), 14, cv2.LINE_AA)
    return image


def saved_again(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def test_parts_of_one_product_are_no_copies() -> None:
    assert find_near_copies(np.stack([part(seed) for seed in range(20)])) == []


@pytest.mark.parametrize("change", ["quality", "scale", "noise", "light"])
def test_a_picture_that_was_changed_a_little_is_a_copy(change: str) -> None:
    image = part(3)
    noisy = image + np.random.default_rng(0).normal(0, 3, image.shape)
    changed = {
        "quality": saved_again(image, 70),
        "scale": resize(resize(image, 200, 200), 256, 256),
        "noise": np.clip(noisy, 0, 255).astype(np.uint8),
        "light": np.clip(image * 1.05, 0, 255).astype(np.uint8),
    }[change]
    frames = np.stack([*(part(seed) for seed in range(6)), changed])
    assert find_near_copies(frames) == [(3, 6)]


def test_of_three_alike_two_are_copies() -> None:
    assert [later for _, later in find_near_copies(np.stack([part(0), part(0), part(1), part(0)]))] == [1, 3]
