"""`check_normals`: what is wrong with the normals, before anything is learned from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inspector.errors import TrainingError
from inspector.limits import normals_missing, promised_rate
from training.encoders import ImageEncoder
from training.learning import OnStep, encode, ignore_step
from training.normals.groups import find_groups
from training.normals.near_copies import find_near_copies
from training.normals.odd_formats import find_odd_formats
from training.normals.outliers import FEWEST_FOR_OUTLIERS, find_outliers
from training.normals.painting import paint_some
from training.normals.reading import Normals
from training.normals.report import Excluded, NormalsReport, confirmed_places
from training.settings import TrainingSettings

PAINTED = 40
"""Frames with painted defects that say how far a defect lies from a normal."""
MOST_NAMED = 8
"""So many files are named in one sentence."""


def check_normals(
    normals: Normals,
    encoder: ImageEncoder,
    settings: TrainingSettings,
    *,
    keep: Collection[str] | None = (),
    earlier: int = 0,
    on_step: OnStep = ignore_step,
) -> NormalsReport:
    """Find pictures that are not to be learned, and leave them out.

    Formats that are not the others', pictures that show something else, and those that look defective.

    Args:
        normals: as they were read.
        encoder: frozen image encoder.
        settings: of the training; its seed decides every random choice.
        keep: names of files that a person has confirmed: they are learned, whatever they look like; None
            confirms all of them.
        earlier: normals that the product was learned from before; they count for the limit's promise.
        on_step: told what is being done, and how far it is.

    Raises:
        TrainingError: the pictures show two products, and are not confirmed.
    """
    confirmed = {normals.paths[place] for place in confirmed_places(normals.paths, keep)}
    odd = find_odd_formats(normals)
    of_format = _Left(normals, list(range(len(normals.paths))), confirmed).without(odd.excluded)
    maps = encode(encoder, of_format.frames, partial(on_step, "Encoding normals"))
    on_step("Checking normals", 0, 1)
    of_product = of_format.without(_unlike(of_format, np.asarray(maps[-1].float().mean((2, 3)))))
    defective, notes = _defective(of_product, _rows(maps, of_format, of_product), encoder, settings)
    left = of_product.without(defective)
    kept = left.normals.taken(left.indices)
    return NormalsReport(
        Normals(kept.frames, kept.paths, (), kept.sizes_px),
        left.excluded,
        (
            *normals.notes,
            *_unknown(keep, normals.paths),
            *odd.notes,
            *notes,
            *(
                f"left out: {one.path}: {one.reason}; --keep {one.path.name} learns it"
                for one in left.excluded
            ),
            *_copies(kept),
            *_too_few(len(kept.paths) + earlier, settings.false_reject_rate),
        ),
        _rows(maps, of_format, left),
    )


@dataclass(frozen=True, slots=True)
class _Left:
    """Pictures that are left, by their indices among all."""

    normals: Normals
    indices: list[int]
    confirmed: Collection[Path]
    excluded: tuple[Excluded, ...] = ()

    @property
    def frames(self) -> NDArray[np.uint8]:
        return self.normals.frames[self.indices]

    def at(self, place: int, reason: str) -> Excluded:
        index = self.indices[place]
        return Excluded(index, self.normals.paths[index], reason)

    def without(self, found: Sequence[Excluded]) -> _Left:
        """What is left when those that nobody has confirmed go."""
        going = [one for one in found if one.path not in self.confirmed]
        gone = {one.index for one in going}
        left = [index for index in self.indices if index not in gone]
        return _Left(self.normals, left, self.confirmed, (*self.excluded, *going))


def _rows(maps: list[Tensor], before: _Left, after: _Left) -> list[Tensor]:
    """The maps of what is left; the very same ones where all is: they are large."""
    if after.indices == before.indices:
        return maps
    place = {index: number for number, index in enumerate(before.indices)}
    rows = [place[index] for index in after.indices]
    return [layer[rows] for layer in maps]


def _unlike(left: _Left, embeddings: NDArray[np.float32]) -> list[Excluded]:
    """Single pictures of something else.

    Raises:
        TrainingError: they are a second product's.
    """
    groups = find_groups(embeddings)
    others = [left.normals.paths[left.indices[place]] for place in groups.others]
    if any(path not in left.confirmed for path in others):
        raise TrainingError(
            f"the pictures show two products: {len(others)} of {len(left.indices)} are unlike the others,"
            f" {_named(others)}",
            "nothing was trained",
            "Train each product from a folder of its own, or confirm that they are one with --keep-outliers",
        )
    return [left.at(place, "it shows something else than the other pictures") for place in groups.strays]


def _defective(
    left: _Left, maps: list[Tensor], encoder: ImageEncoder, settings: TrainingSettings
) -> tuple[list[Excluded], list[str]]:
    """Pictures that look defective, and what else is to be said of them."""
    if len(left.indices) < FEWEST_FOR_OUTLIERS:
        return [], []
    painted = paint_some(left.frames, PAINTED, settings)
    generator = torch.Generator().manual_seed(settings.seed)
    outliers = find_outliers(maps, encode(encoder, painted.images), painted.sources, generator)
    found = [
        left.at(
            place,
            "it looks defective: a place on it is more unlike the other pictures than is usual, by"
            f" {outliers.deviations[place]:.1f} standard deviations",
        )
        for place in outliers.indices
    ]
    if not outliers.more:
        return found, []
    return found, [
        f"{outliers.more} pictures more look unusual, too many to be mistakes: they are learned, look at them"
    ]


def _copies(normals: Normals) -> Iterator[str]:
    pairs = find_near_copies(normals.frames)
    if pairs:
        first, later = (normals.paths[index].name for index in pairs[0])
        yield (
            f"{len(pairs)} pictures are nearly copies of others, such as {later} of {first}: pictures of one"
            " part count as one for the limit's promise, add other parts"
        )


def _too_few(count: int, rate: float) -> Iterator[str]:
    missing = normals_missing(count, rate)
    if count == 1:
        yield f"one normal promises no false-reject rate: add {missing} more"
    elif missing:
        yield (
            f"{count} normals can promise at most {100 * promised_rate(count, rate):.1f} % false rejects,"
            f" not {100 * rate:g} %: add {missing} more"
        )


def _unknown(keep: Collection[str] | None, paths: Sequence[Path]) -> Iterator[str]:
    known = {name for path in paths for name in (path.name, str(path))}
    yield from (f"there is no picture {name} to keep" for name in keep or () if name not in known)


def _named(paths: Sequence[Path]) -> str:
    more = len(paths) - MOST_NAMED
    return ", ".join(path.name for path in paths[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
