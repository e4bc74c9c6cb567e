"""One part, built, damaged where asked, lit and photographed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from training.parts.belt import rubber_belt
from training.parts.connector import build_connector
from training.parts.defects import DefectKind, damage
from training.parts.gasket import build_gasket
from training.parts.lighting import Station, photograph
from training.parts.surface import Part

DEFAULT_SIZE = 384
SMALLEST_SIZE, LARGEST_SIZE = 96, 2048
_LARGEST_BLOCK_BYTES = 31 * 2**20
"""Just below the largest block that glibc learns from."""


class PartProduct(StrEnum):
    """Products that can be rendered."""

    GASKET = "gasket"
    CONNECTOR = "connector"


@dataclass(frozen=True, slots=True)
class RenderedPart:
    """A picture and the truth about it.

    Attributes:
        image: uint8 `[H, W, 3]` RGB.
        mask: bool `[H, W]`, where the defect is; all false for a good part.
        kind: the defect, or None for a good part.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    kind: DefectKind | None


@dataclass(frozen=True, slots=True)
class _Recipe:
    build: Callable[[np.random.Generator, int, bool], Part]
    kinds: tuple[DefectKind, ...]


_RECIPES = {
    PartProduct.GASKET: _Recipe(
        lambda rng, size, _missing: build_gasket(rng, size),
        (
            DefectKind.SCRATCH,
            DefectKind.DENT,
            DefectKind.HOLE,
            DefectKind.STAIN,
            DefectKind.CRACK,
            DefectKind.CONTAMINATION,
            DefectKind.BROKEN_EDGE,
        ),
    ),
    PartProduct.CONNECTOR: _Recipe(
        lambda rng, size, missing: build_connector(rng, size, missing=missing),
        (
            DefectKind.SCRATCH,
            DefectKind.HOLE,
            DefectKind.STAIN,
            DefectKind.CRACK,
            DefectKind.MISSING_PART,
            DefectKind.CONTAMINATION,
            DefectKind.BROKEN_EDGE,
        ),
    ),
}


def defect_kinds(product: PartProduct) -> tuple[DefectKind, ...]:
    """The defects that a product can have."""
    return _RECIPES[product].kinds


def render_part(
    product: PartProduct, rng: np.random.Generator, size: int = DEFAULT_SIZE, defect: DefectKind | None = None
) -> RenderedPart:
    """Photograph one part.

    The same state of `rng` gives the same bytes; with a defect, the same photograph but for the defect.

    Args:
        product: which part.
        rng: source of everything that varies: the part, its pose, its defect, belt, lamps, camera; one that
            `numpy.random.default_rng` made.
        size: pixels of the picture's side, 96 to 2048.
        defect: the defect to give it; None for a good part.

    Raises:
        ValueError: the size is out of range, or the product cannot have this defect.
    """
    if not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        raise ValueError(f"a part is rendered at {SMALLEST_SIZE} to {LARGEST_SIZE} pixels, not {size}")
    _keep_freed_memory()
    recipe = _RECIPES[product]
    if defect is not None and defect not in recipe.kinds:
        raise ValueError(f"a {product} has no {defect}; it can have {', '.join(recipe.kinds)}")
    part = recipe.build(rng, size, defect is DefectKind.MISSING_PART)
    mask = np.zeros((size, size), np.bool_) if defect is None else damage(part, defect, rng.spawn(1)[0])
    image = photograph(part, rubber_belt(rng, size), Station.random(rng, size), rng)
    return RenderedPart(image, mask, defect)


@cache
def _keep_freed_memory() -> None:
    """Let the C library keep the dozens of maps that each picture frees, for the next picture.

    glibc learns from the largest block freed how much to keep before it returns memory to the system; without
    this, a quarter of the time goes into fetching the same pages again (mallopt(3), M_TRIM_THRESHOLD).
    """
    np.empty(_LARGEST_BLOCK_BYTES, np.uint8)
