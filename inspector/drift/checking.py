"""Drift in what is stored: the last frames with kept pictures, seen again in the order in which they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import Final

from inspector.drift.channels import What
from inspector.drift.observation import Observation
from inspector.drift.reference import FEWEST_FOR_MODEL, DriftReference, bundle_reference, golden_reference
from inspector.drift.state import load_state, state_path
from inspector.drift.watch import LEARN_FRAMES, Drift, DriftWatch
from inspector.errors import EvidenceError, FrameError
from inspector.evidence import read_evidence
from inspector.frames import Frame, decode_image
from inspector.inspecting import Inspector
from inspector.records import Records, StoredAlarm, StoredInspection

_MOST_LOOKED_AT: Final = 200_000
"""Records that are looked through for kept pictures."""


@dataclass(frozen=True, slots=True)
class CameraCheck:
    """What was found of one camera.

    Attributes:
        line: where it is.
        camera: its name.
        frames: that were seen again.
        missing: whose picture is gone or broken.
        compared_with: where the reference comes from: "training", "box", "golden", or "" where none could be
            had, and nothing was compared.
        alarm: what has changed; None: nothing has.
        steps: how far the last frames are from the usual, in steps of the usual spread.
    """

    line: str
    camera: str
    frames: int
    missing: int
    compared_with: str
    alarm: StoredAlarm | None
    steps: dict[What, float]


def check_product(
    records: Records,
    inspector: Inspector,
    data_dir: Path,
    *,
    last: int | None,
    since: datetime | None,
    on_frame: Callable[[int, int], None] = lambda *_: None,
) -> list[CameraCheck]:
    """Look for drift in the stored frames of a product, camera by camera.

    Only frames of the inspector's own model version count: another one has other scores and embeddings.

    Args:
        records: where inspections are.
        inspector: judges the kept pictures again, for their embeddings.
        data_dir: the box's data folder, with pictures and what the box has learned to be usual.
        last: at most so many frames with pictures, the newest.
        since: only frames inspected at this time or later.
        on_frame: told how many frames are done, and how many there are.

    Raises:
        RecordsError: the database cannot be reached.
        EngineError: the engine failed.
    """
    bundle = inspector.bundle
    found = list(_stored(records, bundle.product, bundle.version, last, since))[::-1]
    cameras: dict[tuple[str, str], list[StoredInspection]] = {}
    for record in found:
        cameras.setdefault((record.line, record.camera), []).append(record)
    own, golden = bundle_reference(bundle), golden_reference(bundle)
    checks, done = [], 0
    for (line, camera), stored in sorted(cameras.items()):
        reference = _learned(data_dir, line, camera, bundle.version) or own
        # Of few frames, the first ones are all that can be learned from.
        learn = min(LEARN_FRAMES, max(FEWEST_FOR_MODEL, len(stored) // 3))
        watch = DriftWatch(reference, golden, learn_frames=learn, watches_rejects=False)
        drift, missing = None, 0
        for record in stored:
            done += 1
            on_frame(done, len(found))
            seen = _seen(inspector, record, data_dir)
            if seen is None:
                missing += 1
                continue
            drift = watch.see(seen) or drift
        checks.append(
            CameraCheck(
                line=line,
                camera=camera,
                frames=len(stored) - missing,
                missing=missing,
                compared_with="" if watch.reference is None else watch.reference.source,
                alarm=None if drift is None else _alarm(stored[-1], drift),
                steps=watch.steps(),
            )
        )
    return checks


def _stored(
    records: Records, product: str, version: str, last: int | None, since: datetime | None
) -> Iterator[StoredInspection]:
    """Frames with a kept picture, the newest first."""
    looked_at = islice(records.each(products=(product,)), _MOST_LOOKED_AT)
    recent = takewhile(lambda record: since is None or record.inspected_at >= since, looked_at)
    kept = (record for record in recent if record.evidence is not None and record.model_version == version)
    return islice(kept, last)


def _seen(inspector: Inspector, record: StoredInspection, data_dir: Path) -> Observation | None:
    """A stored frame seen again, by its stored verdict; None where its picture cannot be had."""
    try:
        image = decode_image(read_evidence(str(record.evidence), data_dir))
    except (EvidenceError, FrameError):
        return None
    again = inspector.inspect(Frame(image, record.frame_id, record.captured_at))
    stored = replace(
        again,
        verdict=record.verdict,
        score=record.score,
        limit=record.reject_limit,
        inspected_at=record.inspected_at,
    )
    return Observation.of(stored, has_picture=True)


def _learned(data_dir: Path, line: str, camera: str, version: str) -> DriftReference | None:
    """What the box itself has learned to be usual at this camera."""
    state = load_state(state_path(data_dir, line, camera))
    return state.reference if state is not None and state.model_version == version else None


def _alarm(record: StoredInspection, drift: Drift) -> StoredAlarm:
    return StoredAlarm(
        site=record.site,
        line=record.line,
        camera=record.camera,
        box=record.box,
        product=record.product,
        model_version=record.model_version,
        since=drift.since,
        detected_at=drift.detected_at,
        kind=drift.cause.kind,
        what=drift.cause.what,
        sentence=drift.cause.sentence,
        suggestion=drift.cause.suggestion,
        before=drift.cause.before,
        after=drift.cause.after,
        frames_before=drift.before,
        frames_after=drift.after,
    )
