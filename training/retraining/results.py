"""What goes into a retraining beside pictures, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.bundle import Bundle
from training.export import Parity
from training.normals import Excluded


@dataclass(frozen=True, slots=True)
class KnownDefect:
    """A picture of a part that a person has called defective.

    Attributes:
        name: file's name, or id of the frame.
        path: the picture.
    """

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Rescored:
    """A known defect before and after.

    Attributes:
        name: of the picture.
        score_before: by the bundle that was retrained.
        score: by the candidate.
        was_caught: it was above the limit before.
        is_caught: it is above the candidate's limit.
    """

    name: str
    score_before: float
    score: float
    was_caught: bool
    is_caught: bool


@dataclass(frozen=True, slots=True)
class Retrained:
    """A finished retraining.

    Attributes:
        bundle: the candidate, as it was loaded from disk again.
        parent: version of the bundle that was retrained.
        new_normals: new pictures it has learned from.
        normals: all of them.
        known: each known defect, before and after.
        seconds: time it took, reading and export included.
        notes: what a person should know, one sentence each; those that were told before come first.
        parity: the exported network against the trained one.
        excluded: new pictures that were not learned.
    """

    bundle: Bundle
    parent: str
    new_normals: int
    normals: int
    known: tuple[Rescored, ...]
    seconds: float
    notes: tuple[str, ...]
    parity: Parity
    excluded: tuple[Excluded, ...] = ()
