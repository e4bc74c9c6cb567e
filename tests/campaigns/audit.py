"""After the harm: is every frame here, in the centre and told, once and alike, with its evidence?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from inspector.messages import ResultMessage
from inspector.records import Records, StoredInspection
from inspector.results import Verdict
from tests.campaigns.box import Box
from tests.campaigns.cameras import Script
from tests.campaigns.observer import Observer
from tests.campaigns.rows import query

_ALL = 10_000_000


@dataclass
class Audit:
    """What was found.

    Attributes:
        sent: frames that the camera sent.
        stored: rows at the box.
        central: rows in the centre.
        told: frames whose result was told.
        told_again: results beyond the first of their frames.
        rejects: frames that were rejected.
        described: rejects that have a sentence, in both databases.
        lost: frames that are missing at one of the three places.
        doubled: rows too many at one of the two databases, under whatever id.
        findings: everything else that is wrong.
    """

    sent: int
    stored: int
    central: int
    told: int
    told_again: int
    rejects: int
    described: int
    lost: int
    doubled: int
    findings: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.findings)

    def line(self) -> str:
        """The campaign's last line."""
        return f"sent={self.sent} stored={self.stored} lost={self.lost} doubled={self.doubled}"


def audit(box: Box, central_url: str, script: Script, observer: Observer) -> Audit:
    """Compare what was sent with what is stored and what was told. The box must have ended."""
    wanted = set(script.ids)
    here_rows, here = _records(f"sqlite:///{box.database}")
    there_rows, there = _records(central_url)
    missing = wanted - (here.keys() & there.keys() & observer.results.keys())
    rejects = [record for record in here.values() if record.verdict is Verdict.REJECT]
    return Audit(
        sent=len(wanted),
        stored=len(here_rows),
        central=len(there_rows),
        told=len(observer.results),
        told_again=sum(observer.times.values()) - len(observer.times),
        rejects=len(rejects),
        described=sum(
            record.description is not None and there[record.frame_id].description == record.description
            for record in rejects
            if record.frame_id in there
        ),
        lost=len(missing),
        doubled=_too_many(here_rows, wanted) + _too_many(there_rows, wanted),
        findings=[
            *_about("lost", missing),
            *_about("nobody sent", (set(here_rows) | set(there_rows) | set(observer.results)) - wanted),
            *_about("two different results were told", observer.contradictions),
            *_about("told differently from what is stored", _differing(here, observer.results)),
            *_about("stored differently in the centre", _differing(here, _messages(there))),
            *_about("not judged", [one for one, record in here.items() if record.verdict is Verdict.UNSURE]),
            *_about(
                "without whole evidence", [one.frame_id for one in rejects if not _is_kept(box, script, one)]
            ),
            *_integrity(box.database),
        ],
    )


def _records(url: str) -> tuple[list[str], dict[str, StoredInspection]]:
    """Frame ids of all rows, and the rows by frame id."""
    with Records.open(url) as records:
        rows = records.latest(limit=_ALL)
    return [record.frame_id for record in rows], {record.frame_id: record for record in rows}


def _messages(records: dict[str, StoredInspection]) -> dict[str, ResultMessage]:
    return {frame_id: ResultMessage.of(record) for frame_id, record in records.items()}


def _too_many(rows: list[str], wanted: set[str]) -> int:
    """Rows beyond one for each frame: a frame that came again may have been stored under another id."""
    counts = Counter(rows)
    return sum(count - 1 if frame_id in wanted else count for frame_id, count in counts.items())


def _differing(here: dict[str, StoredInspection], other: dict[str, ResultMessage]) -> list[str]:
    mine = _messages(here)
    return [frame_id for frame_id in mine.keys() & other.keys() if mine[frame_id] != other[frame_id]]


def _is_kept(box: Box, script: Script, record: StoredInspection) -> bool:
    """Whether a reject's evidence is the camera's own bytes, and its map can be read."""
    if record.evidence is None or record.evidence_map is None:
        return False
    picture, anomaly_map = box.data_dir / record.evidence, box.data_dir / record.evidence_map
    if not picture.is_file() or picture.read_bytes() != script.picture(record.frame_id).read_bytes():
        return False
    return _is_map(anomaly_map)


def _is_map(path: Path) -> bool:
    try:
        with np.load(path) as arrays:
            return bool(np.isfinite(arrays["anomaly_map"]).all())
    except (OSError, ValueError, KeyError):
        return False


def _integrity(database: Path) -> list[str]:
    said = query(database, "PRAGMA integrity_check")
    return [] if said == [("ok",)] else [f"the box's database is damaged: {said[:3]}"]


def _about(what: str, frames: Collection[str]) -> list[str]:
    """One finding about some frames, if there are any."""
    return [f"{what}: {len(frames)} frames, such as {min(frames)}"] if frames else []
