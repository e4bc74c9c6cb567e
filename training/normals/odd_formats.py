"""Pictures whose format is not that of the others: another size or shape, grey among coloured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.normals.reading import Normals
from training.normals.report import Excluded

ASPECT_SPREAD = 2.0
"""Width / height of the widest and the narrowest picture may differ by this factor before it is told."""
GREY_SPREAD = 3
"""Channels that differ by at most this much (0..255) make a picture grey."""
FEWEST = 10
"""Below so many pictures there is no saying which of them are the odd ones; they are told of."""
MOST_ODD = 0.1
"""At most this share is odd; more are another kind of normal, and told of."""
SAME_ASPECT, OTHER_ASPECT = 1.05, 1.25
"""Shapes within the first factor of the usual one are the same; beyond the second one, they are others."""
SMALL = 0.5
"""A picture with less than this share of the usual height and width is a thumbnail."""


@dataclass(frozen=True, slots=True)
class OddFormats:
    """What was found.

    Attributes:
        excluded: pictures that are not to be learned.
        notes: what a person should know, one sentence each.
    """

    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]


def find_odd_formats(normals: Normals) -> OddFormats:
    """Pictures of another format than nine in ten of the others; a mixture of formats is only told of.

    Args:
        normals: pictures, with their sizes.
    """
    notes: list[str] = []
    excluded: dict[int, str] = {}
    count = len(normals.paths)
    grey = [index for index, frame in enumerate(normals.frames) if _is_grey(frame)]
    coloured = sorted(set(range(count)) - set(grey))
    rare, kinds = (
        (grey, ("grey", "coloured")) if len(grey) < len(coloured) else (coloured, ("coloured", "grey"))
    )
    if rare and _is_few(len(rare), count):
        excluded |= dict.fromkeys(rare, f"it is {kinds[0]}, the other pictures are {kinds[1]}")
    elif rare:
        name = normals.paths[rare[0]].name
        notes.append(f"{len(rare)} {kinds[0]} among {kinds[1]} pictures, such as {name}: is that meant?")
    if normals.sizes_px:
        shapes = dict(_odd_shapes(np.array(normals.sizes_px)))
        if shapes and _is_few(len(shapes), count):
            excluded = shapes | excluded
        notes.extend(_spread_of_shapes(normals, set(excluded)))
    return OddFormats(
        tuple(Excluded(index, normals.paths[index], why) for index, why in sorted(excluded.items())),
        tuple(notes),
    )


def _odd_shapes(sizes_px: NDArray[np.int64]) -> Iterator[tuple[int, str]]:
    """Index and reason of each picture of another shape or a much smaller size, where the others agree."""
    usual = np.median(sizes_px, axis=0)
    logs = np.log(sizes_px[:, 0] / sizes_px[:, 1])
    apart = np.abs(logs - np.median(logs))
    others = f"the others have {usual[0]:.0f} x {usual[1]:.0f} px"
    agree = (apart <= np.log(SAME_ASPECT)).mean() >= 1 - MOST_ODD
    for index, (width, height) in enumerate(sizes_px):
        if agree and apart[index] > np.log(OTHER_ASPECT):
            yield index, f"its shape, {width} x {height} px, is another; {others}"
        elif agree and width < SMALL * usual[0] and height < SMALL * usual[1]:
            yield index, f"it has only {width} x {height} px; {others}"


def _spread_of_shapes(normals: Normals, excluded: set[int]) -> Iterator[str]:
    aspects = {
        index: width / height
        for index, (width, height) in enumerate(normals.sizes_px)
        if index not in excluded
    }
    narrow, wide = min(aspects, key=aspects.__getitem__), max(aspects, key=aspects.__getitem__)
    if aspects[wide] > ASPECT_SPREAD * aspects[narrow]:
        yield (
            f"the pictures have very different shapes, from {normals.paths[narrow].name}"
            f" ({aspects[narrow]:.2f} wide to 1 high) to {normals.paths[wide].name} ({aspects[wide]:.2f}):"
            " are they all of one product and one camera?"
        )


def _is_grey(frame: NDArray[np.uint8]) -> bool:
    return int((frame.max(axis=2) - frame.min(axis=2)).max()) <= GREY_SPREAD


def _is_few(odd: int, count: int) -> bool:
    return count >= FEWEST and odd <= MOST_ODD * count
