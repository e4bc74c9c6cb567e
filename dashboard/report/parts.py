"""The worst parts of a report: their pictures, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

from dashboard.drawing import JPEG_QUALITY, enlarge, fit, overlaid
from dashboard.evidence import read_map, read_picture
from inspector.errors import InspectorError
from inspector.frames import encode_jpeg
from inspector.records import Records, Review, StoredInspection

LONGER_SIDE_PX: Final = 420
"""Sharp on half of a printed page's width, and some 20 kB a picture."""


class Absence(Enum):
    """Why something is not shown."""

    NOT_KEPT = auto()
    """The box has kept none."""
    UNREADABLE = auto()
    """It was kept, and is gone, damaged or out of reach."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the worst parts.

    Attributes:
        record: its inspection.
        review: the latest one; None where nobody has looked.
        picture: JPEG of the part, or why there is none.
        heat: JPEG of the part under its heat map, or why there is none.
        why: in the program's words what could not be read; empty where nothing failed.
    """

    record: StoredInspection
    review: Review | None
    picture: bytes | Absence
    heat: bytes | Absence
    why: str = ""


def worst_parts(
    records: Records, worst: Sequence[StoredInspection], data_dir: Path, max_side_px: int = LONGER_SIDE_PX
) -> tuple[Part, ...]:
    """Pictures and reviews of some parts, in their order.

    Args:
        records: where their reviews are.
        worst: which parts.
        data_dir: folder that the evidence's relative paths start from.
        max_side_px: pictures are scaled down, never up, until their longer side fits.

    Raises:
        RecordsError: the database cannot be reached. A picture that cannot be read is told, not raised.
    """
    reviews = records.reviews.latest([record.frame_id for record in worst])
    return tuple(_part(record, reviews.get(record.frame_id), data_dir, max_side_px) for record in worst)


def _part(record: StoredInspection, review: Review | None, data_dir: Path, max_side_px: int) -> Part:
    if record.evidence is None:
        return Part(record, review, Absence.NOT_KEPT, Absence.NOT_KEPT)
    try:
        image = fit(read_picture(record.evidence, data_dir), max_side_px)
    except InspectorError as error:
        return Part(record, review, Absence.UNREADABLE, Absence.UNREADABLE, str(error))
    picture = encode_jpeg(image, JPEG_QUALITY)
    if record.evidence_map is None:
        return Part(record, review, picture, Absence.NOT_KEPT)
    try:
        scores = enlarge(read_map(record.evidence_map, data_dir), *image.shape[:2])
    except InspectorError as error:
        return Part(record, review, picture, Absence.UNREADABLE, str(error))
    return Part(
        record, review, picture, encode_jpeg(overlaid(image, scores, record.reject_limit), JPEG_QUALITY)
    )
