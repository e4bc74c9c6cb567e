"""Which inspections are looked for in the history, and where a page of them begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from inspector.describing.words import Position, Severity, Shape, Size
from inspector.records.values import Decision, StoredInspection, with_zone
from inspector.results import Verdict

UNDECIDED: Final = "undecided"
ReviewState = Decision | Literal["undecided"]
"""What the latest review of a frame says; undecided where there is none, or where it was withdrawn."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """A choice of inspections: values of one field widen it, different fields narrow it; empty means all.

    Kinds, places, sizes, shapes and severities are facts of regions: one region must have a value of each
    field that is not empty. Only rejects are described, so with any of these, or with texts, only rejects are
    found.

    Attributes:
        verdicts: only these verdicts.
        products: only these products.
        lines: only these lines.
        cameras: only cameras of these names.
        model_versions: only what these bundles judged.
        kinds: a region of one of these kinds of defect.
        places: a region in one of these cells of the frame.
        sizes: a region of one of these sizes.
        shapes: a region of one of these shapes.
        severities: a region of one of these severities.
        texts: a sentence of the frame has each of these in it, whatever their case.
        since: only those inspected at this time or later.
        until: only those inspected before this time.
        review: what the latest review says; None for all, reviewed or not.

    Raises:
        ValueError: a time has no time zone.
    """

    verdicts: tuple[Verdict, ...] = ()
    products: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    model_versions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    places: tuple[Position, ...] = ()
    sizes: tuple[Size, ...] = ()
    shapes: tuple[Shape, ...] = ()
    severities: tuple[Severity, ...] = ()
    texts: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    review: ReviewState | None = None

    def __post_init__(self) -> None:
        for moment in (self.since, self.until):
            if moment is not None:
                with_zone(moment)

    def __bool__(self) -> bool:
        return self != HistoryFilter()

    @property
    def facts(self) -> dict[str, Sequence[str]]:
        """What one region must have, by the region's column; without fields that are empty."""
        fields: dict[str, Sequence[str]] = {
            "kind": self.kinds,
            "place": self.places,
            "size": self.sizes,
            "shape": self.shapes,
            "severity": self.severities,
        }
        return {name: words for name, words in fields.items() if words}

    @property
    def asked_verdicts(self) -> tuple[Verdict, ...] | None:
        """The verdicts that can be found; None for all, empty where nothing can fulfil the filter."""
        if not (self.facts or self.texts):
            return self.verdicts or None
        return (Verdict.REJECT,) if not self.verdicts or Verdict.REJECT in self.verdicts else ()


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the order of the history: between two frames, never on a frame that a page would repeat.

    Attributes:
        inspected_at: time of a frame's verdict; has a time zone.
        frame_id: the frame's id, which orders frames of one moment.

    Raises:
        ValueError: the time has no time zone.
    """

    inspected_at: datetime
    frame_id: str

    def __post_init__(self) -> None:
        with_zone(self.inspected_at)

    @classmethod
    def of(cls, inspection: StoredInspection) -> Cursor:
        """The place of an inspection."""
        return cls(inspection.inspected_at, inspection.frame_id)


@dataclass(frozen=True, slots=True)
class FrameCount:
    """How many frames there are, counted up to a bound.

    Attributes:
        frames: so many were counted.
        has_more: whether there are more than were counted.
    """

    frames: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class HistoryChoices:
    """What the history can be filtered by: every value that occurs.

    Attributes:
        products: by name.
        lines: by name.
        cameras: by name; one name may stand on several lines.
        kinds: kinds of defects that were told, by name.
        model_versions: the one that judged last comes first.
    """

    products: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    model_versions: tuple[str, ...] = ()
