"""Frames to try a candidate on: both bundles' golden sets, and what the boxes have kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from inspector.bundle import GOLDEN_DEFECT, Bundle
from inspector.evidence import read_evidence
from inspector.frames import Frame, decode_image, read_frame
from inspector.preview.comparing import Trial, Truth
from inspector.records import Decision, Records, StoredInspection
from inspector.results import Verdict
from inspector.settings import Settings

_MOST_REVIEWED = 2000
_TRUTHS = {
    Decision.FALSE_REJECT: Truth.GOOD,
    Decision.TRUE_DEFECT: Truth.DEFECTIVE,
    Decision.MISSED: Truth.DEFECTIVE,
}


def gather(active: Bundle, candidate: Bundle, settings: Settings, *, last: int) -> list[Trial]:
    """Golden frames of both bundles, each picture once; reviewed frames; the newest other ones with pictures.

    Args:
        active: judges at present.
        candidate: may judge next.
        settings: where inspections and pictures are.
        last: so many stored frames at most, beside those that were reviewed; 0 leaves both out.

    Raises:
        RecordsError: the database cannot be read.
    """
    trials = list(golden_trials(active, "golden of the active bundle"))
    hashes = {active.manifest.files[one.file] for one in active.manifest.golden}
    trials += [
        one
        for one in golden_trials(candidate, "golden of the candidate")
        if candidate.manifest.files[one.name] not in hashes
    ]
    if last:
        with Records.open(settings.database.url) as records:
            reviewed = records.reviews.decided(active.product, list(_TRUTHS), limit=_MOST_REVIEWED)
            truths = {record.frame_id: _TRUTHS[decision] for record, decision in reviewed}
            newest = (one for one in records.each(products=[active.product]) if one.frame_id not in truths)
            data_dir = settings.edge.data_dir
            trials += stored_trials((record for record, _ in reviewed), data_dir, truths)
            trials += islice(stored_trials(newest, data_dir), last)
    return trials


def golden_trials(bundle: Bundle, origin: str) -> Iterator[Trial]:
    """A bundle's golden frames, which are good parts and painted defects.

    What the bundle itself judges wrongly is not held against a candidate: the limit gives it up.
    """
    for one in bundle.manifest.golden:
        if one.file.startswith(GOLDEN_DEFECT):
            truth = Truth.DEFECTIVE if one.verdict is Verdict.REJECT else Truth.UNKNOWN
        else:
            truth = Truth.GOOD if one.verdict is Verdict.PASS else Truth.UNKNOWN
        yield Trial(one.file, origin, truth, partial(read_frame, bundle.path / one.file))


def stored_trials(
    records: Iterable[StoredInspection], data_dir: Path, truths: Mapping[str, Truth] | None = None
) -> Iterator[Trial]:
    """Stored frames whose pictures were kept.

    Args:
        records: the inspections.
        data_dir: the box's data folder, for pictures that lie there.
        truths: what operators have said, by frame id.
    """
    for record in records:
        if record.evidence is not None:
            truth = (truths or {}).get(record.frame_id, Truth.UNKNOWN)
            yield Trial(record.frame_id, "stored", truth, partial(_read, record, data_dir))


def _read(record: StoredInspection, data_dir: Path) -> Frame:
    data = read_evidence(record.evidence or "", data_dir)
    return Frame(decode_image(data), record.frame_id, record.captured_at)
