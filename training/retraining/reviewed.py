"""Pictures for a retraining from what operators have decided."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import EvidenceError, TrainingError
from inspector.evidence import read_evidence
from inspector.frames import image_files
from inspector.records import Decision, Records, StoredInspection
from inspector.settings import Settings
from training.retraining.results import KnownDefect

MOST_REVIEWED = 2000
DEFECTIVE = (Decision.TRUE_DEFECT, Decision.MISSED)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was gathered.

    Attributes:
        normals: how many frames were reviewed as false rejects; they lie in the folder of new normals.
        defects: frames reviewed as true defects or as missed.
        notes: what a person should know, one sentence each.
    """

    normals: int
    defects: tuple[KnownDefect, ...]
    notes: tuple[str, ...]


def gather_reviewed(
    records: Records,
    product: str,
    data_dir: Path,
    normal_folder: Path,
    defect_folder: Path,
    *,
    allow_none: bool = True,
) -> Reviewed:
    """Copy the pictures of reviewed frames: false rejects to the new normals, the others apart from them.

    The latest review of a frame counts. A frame that was called a false reject once and a true defect later
    is a defect.

    Args:
        records: with the reviews.
        product: of which.
        data_dir: the box's data folder, for pictures that lie there.
        normal_folder: where new normals go.
        defect_folder: where confirmed defects go.
        allow_none: there may be no false reject, since other new normals are at hand.

    Raises:
        TrainingError: there is no false reject, and there must be one.
        RecordsError: the records cannot be read.
        OSError: the folders cannot be written.
    """
    good = records.reviews.decided(product, [Decision.FALSE_REJECT], limit=MOST_REVIEWED)
    bad = records.reviews.decided(product, DEFECTIVE, limit=MOST_REVIEWED)
    gone = 0
    normals, defects = 0, []
    for record, decision in (*good, *bad):
        folder = normal_folder if decision is Decision.FALSE_REJECT else defect_folder
        path = _copied(record, data_dir, folder)
        if path is None:
            gone += 1
        elif decision is Decision.FALSE_REJECT:
            normals += 1
        else:
            defects.append(KnownDefect(record.frame_id, path))
    if not normals and not allow_none:
        raise TrainingError(
            f"{product} is not retrained",
            "no frame with a picture was reviewed as a false reject",
            "Review frames first, or give --normal",
        )
    notes = (f"{gone} reviewed frames have no picture any more and are left out",) if gone else ()
    return Reviewed(normals, tuple(defects), notes)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a retraining begins with.

    Attributes:
        folder: all new normals.
        chosen: names of those among them that were chosen for their scores.
        defects: confirmed defects.
        notes: what a person should know, one sentence each.
    """

    folder: Path
    chosen: tuple[str, ...]
    defects: tuple[KnownDefect, ...]
    notes: tuple[str, ...]


def gather_new(
    settings: Settings, product: str, scratch: Path, *, normal: Path | None, from_reviews: bool
) -> Gathered:
    """Put what is to be learned into one folder.

    Args:
        settings: the database with the reviews, and the box's data folder.
        product: of which.
        scratch: an empty folder.
        normal: folder of new pictures of good parts.
        from_reviews: take frames reviewed as false rejects, and look at confirmed defects.

    Raises:
        DatasetError: there is no such folder.
        TrainingError: there is nothing to learn from.
        RecordsError: the records cannot be read.
    """
    new, bad = scratch / "new", scratch / "defects"
    new.mkdir()
    bad.mkdir()
    reviewed = Reviewed(0, (), ())
    if from_reviews:
        with Records.open(settings.database.url) as records:
            reviewed = gather_reviewed(
                records, product, settings.edge.data_dir, new, bad, allow_none=normal is not None
            )
    chosen = tuple(file.name for file in image_files(new))
    if normal is not None:
        add_pictures(normal, new)
    return Gathered(new, chosen, reviewed.defects, reviewed.notes)


def add_pictures(source: Path, folder: Path) -> int:
    """Copy a folder's pictures with its subfolders beside what lies there already; how many.

    Raises:
        DatasetError: there is no such folder.
        TrainingError: it holds no pictures.
    """
    files = image_files(source)
    if not files:
        raise TrainingError(
            f"{source} holds no pictures", "there is nothing to learn from", "Give a folder of good parts"
        )
    for file in files:
        target = folder / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return len(files)


def _copied(record: StoredInspection, data_dir: Path, folder: Path) -> Path | None:
    """The picture of a frame in a folder; None where it is gone."""
    if record.evidence is None:
        return None
    try:
        data = read_evidence(record.evidence, data_dir)
    except EvidenceError:
        return None
    path = folder / f"{record.frame_id.replace(':', '=')}{Path(record.evidence).suffix}"
    path.write_bytes(data)
    return path
