"""What was found of the normals before anything is learned from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from training.normals.reading import Normals


@dataclass(frozen=True, slots=True)
class Excluded:
    """A picture that is not to be learned.

    Attributes:
        index: its place among the pictures that were checked.
        path: its file.
        reason: why, as one clause.
    """

    index: int
    path: Path
    reason: str


def confirmed_places(paths: Sequence[Path], keep: Collection[str] | None) -> list[int]:
    """Places of the pictures that a person has confirmed to be good.

    Args:
        paths: file of each picture.
        keep: names of files, or their paths; None confirms all.
    """
    names = None if keep is None else set(keep)
    return [place for place, path in enumerate(paths) if names is None or {path.name, str(path)} & names]


@dataclass(frozen=True, slots=True)
class NormalsReport:
    """What was found.

    Attributes:
        kept: pictures to learn from; they have no notes of their own left.
        excluded: pictures that are neither remembered nor behind the limit, with the reasons.
        notes: what a person should know, one sentence each; the excluded pictures are among them.
        encoded: encoder maps of the kept pictures, float16 [N, C_l, h_l, w_l] a layer.
    """

    kept: Normals
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]
    encoded: list[Tensor]
