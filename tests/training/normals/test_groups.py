"""Embeddings of two products fall apart into groups; those of one do not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.normals.groups import find_groups


def cloud(count: int, centre: float = 0.0, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(centre, 1.0, (count, 64)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 7, 8, 20, 300])
@pytest.mark.parametrize("seed", range(5))
def test_one_product_is_one_group(count: int, seed: int) -> None:
    groups = find_groups(cloud(count, seed=seed))
    assert len(groups.others) == len(groups.strays) == 0


def test_a_product_that_varies_along_a_line_is_one_group() -> None:
    line = np.linspace(0, 100, 50)[:, None] * np.ones(64) + cloud(50)
    assert len(find_groups(line.astype(np.float32)).others) == 0


@pytest.mark.parametrize("foreign", [3, 10, 40])
def test_pictures_of_another_product_are_named(foreign: int) -> None:
    groups = find_groups(np.concatenate((cloud(foreign, centre=6.0, seed=1), cloud(60))))
    assert list(groups.others) == list(range(foreign))
    assert len(groups.strays) == 0


def test_single_pictures_of_something_else_are_strays() -> None:
    groups = find_groups(np.concatenate((cloud(1, 6.0), cloud(60), cloud(1, -6.0))))
    assert list(groups.strays) == [0, 61]
    assert len(groups.others) == 0


def test_a_third_product_is_named_too() -> None:
    groups = find_groups(np.concatenate((cloud(5, 6.0), cloud(60), cloud(5, -6.0))))
    assert list(groups.others) == [*range(5), *range(65, 70)]
