from __future__ import annotations

import numpy as np

from tests.tiny_bundle import tiny_part
from tests.training.defects.surfaces import grey_texture, part_on_table
from training.defects import find_foregrounds, separate


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / (first | second).sum())


def test_a_part_is_found_wherever_it_lies() -> None:
    parts = [part_on_table(seed) for seed in range(10)]
    found = find_foregrounds([image for image, _ in parts])
    for (_, truth), mask in zip(parts, found, strict=True):
        assert overlap(mask, truth) > 0.93


def test_holes_in_a_part_belong_to_it() -> None:
    washer = separate(tiny_part(1))
    assert washer is not None
    assert washer[80, 80]
    assert not washer[:10].any()


def test_the_size_of_the_picture_does_not_matter() -> None:
    for height, width in [(40, 60), (700, 900)]:
        image, truth = part_on_table(3, height, width)
        found = separate(image)
        assert found is not None
        assert found.shape == (height, width)
        assert overlap(found, truth) > 0.9


def test_a_texture_is_foreground_all_over() -> None:
    images = [grey_texture(seed) for seed in range(6)]
    assert all(mask.all() for mask in find_foregrounds(images))


def test_a_flat_picture_has_no_part() -> None:
    assert separate(np.full((50, 50, 3), 90, np.uint8)) is None


def test_a_part_that_is_found_in_few_pictures_is_believed_in_none() -> None:
    images = [part_on_table(1)[0], *(grey_texture(seed) for seed in range(5))]
    assert all(mask.all() for mask in find_foregrounds(images))


def test_no_picture_has_no_foreground() -> None:
    assert find_foregrounds([]) == []


def test_a_tray_at_the_border_is_not_the_part() -> None:
    image, truth = part_on_table(2)
    image[-12:] = (20, 20, 30)
    found = separate(image)
    assert found is not None
    assert overlap(found, truth) > 0.9
