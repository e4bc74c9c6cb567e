"""Third stage: evidence, then records and outbox in one transaction, then the acknowledgement.

Nothing is acknowledged before its inspection is on disk, and a frame id is stored once, however often the
frame was delivered. What is told outside waits in the outbox, stored together with the inspection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from edge.arrivals import Arrival, derived_id
from edge.backlog import Delivery
from edge.evidence import EvidenceStore, KeptEvidence
from edge.judging import Judged
from edge.quarantine import Fault, quarantine
from edge.reading import Read
from inspector.errors import FrameError, InspectorError, RecordsError
from inspector.messages import CameraTopic
from inspector.records import Destination, Records, StoredEmbedding, StoredInspection
from inspector.results import Inspection, Verdict

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)

NO_MODEL: Final = "none"
"""Model version of a frame that came while no model was active."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a delivery.

    Attributes:
        delivery: the message.
        topic: the camera; None where the topic names none.
        record: the frame's inspection as it is stored; None for a frame of no configured camera.
        fault: code of a `Fault` or `FrameFault` where the bytes were put into quarantine.
        error: what was wrong with it.
        inspection: what was seen in a reject that was recorded now; it is to be described.
        is_duplicate: the frame was recorded before, and nothing was stored now.
        seen: what was seen in any frame that was judged and recorded now.
        embedding: what the frame looks like to the network, where that is to be recorded.
    """

    delivery: Delivery
    topic: CameraTopic | None
    record: StoredInspection | None = None
    fault: str | None = None
    error: InspectorError | None = None
    inspection: Inspection | None = None
    is_duplicate: bool = False
    seen: Inspection | None = None
    embedding: StoredEmbedding | None = None


class Storing:
    """Stores what was judged.

    Args:
        box: name of this box.
        data_dir: its data folder.
        records: where inspections are stored.
        destinations: who shall be told of them.
        evidence: where pictures are kept.
        now: the box's clock, UTC.
        finished: told of each delivery that is on disk and acknowledged.
        with_embeddings: whether embeddings of frames with evidence are recorded.
    """

    def __init__(
        self,
        *,
        box: str,
        data_dir: Path,
        records: Records,
        destinations: Collection[Destination],
        evidence: EvidenceStore,
        now: Callable[[], datetime],
        finished: Callable[[Sequence[Stored]], None],
        with_embeddings: bool = True,
    ) -> None:
        self._box, self._data_dir, self._records = box, data_dir, records
        self._destinations, self._evidence = destinations, evidence
        self._now, self._finished, self._with_embeddings = now, finished, with_embeddings

    def store(self, batch: Sequence[Judged]) -> tuple[()]:
        """Store frames in their order and acknowledge them. May be called again after an error.

        Raises:
            RecordsError: the database cannot be reached or written.
            OSError: the data folder cannot be written.
        """
        try:
            done = self._store(batch)
        except (RecordsError, OSError):
            raise
        except Exception:
            if len(batch) == 1:
                done = [self._defect(batch[0])]
            else:
                # One frame is the cause, and the others shall not suffer for it.
                log.exception("frames are stored one by one", frames=len(batch))
                for judged in batch:
                    self.store([judged])
                return ()
        for stored in done:
            stored.delivery.source.acknowledge(stored.delivery)
            stored.delivery.discard()
        self._finished(done)
        return ()

    def _store(self, batch: Sequence[Judged]) -> list[Stored]:
        arrivals = [judged.read.arrival for judged in batch if judged.read.station is not None]
        known = self._records.known([arrival.frame_id for arrival in arrivals if arrival is not None])
        done = [self._keep(judged, known) for judged in batch]
        new = [stored.record for stored in done if stored.record is not None and not stored.is_duplicate]
        embeddings = {
            stored.record.frame_id: stored.embedding
            for stored in done
            if stored.record is not None and stored.embedding is not None
        }
        added = iter(self._records.add_all(new, self._destinations, embeddings)) if new else iter(())
        repeated = [
            stored.record.frame_id for stored in done if stored.is_duplicate and stored.record is not None
        ]
        if repeated:
            # Whoever sends a frame again may have missed its result.
            self._records.outbox.tell_again(repeated, self._destinations)
        # Another process may have recorded a frame since we looked.
        return [
            replace(stored, is_duplicate=True, inspection=None, seen=None)
            if stored.record is not None and not stored.is_duplicate and not next(added)
            else stored
            for stored in done
        ]

    def _keep(self, judged: Judged, known: dict[str, StoredInspection]) -> Stored:
        """Keep a frame's evidence and make its record; `known` learns of it."""
        read = judged.read
        if read.arrival is None or read.station is None:
            return self._set_aside(read)
        arrival, error, inspection = read.arrival, read.error, judged.inspection
        before = known.get(arrival.frame_id)
        if before is not None and not _is_same_frame(before, arrival):
            arrival, error, inspection = _renamed(arrival), _reused(arrival, before), None
            before = known.get(arrival.frame_id) or self._records.get(arrival.frame_id)
        if before is not None:
            return Stored(read.delivery, arrival.topic, before, is_duplicate=True)
        if inspection is not None:
            record = self._judged(arrival, inspection)
            rejected = inspection.verdict is Verdict.REJECT
            told = inspection if rejected else None
            embedding = self._embedding(judged, record, inspection)
            stored = Stored(
                read.delivery,
                arrival.topic,
                record,
                inspection=told,
                seen=inspection,
                embedding=embedding,
            )
        else:
            fault: FrameError = (
                error
                if isinstance(error, FrameError)
                else FrameError(Fault.INTERNAL, "a frame has no verdict")
            )
            record = self._unjudged(judged, arrival, fault)
            stored = Stored(read.delivery, arrival.topic, record, fault.code, fault)
        known[arrival.frame_id] = record
        return stored

    def _set_aside(self, read: Read) -> Stored:
        """Put a frame of no configured camera into quarantine."""
        error = read.error or InspectorError("a frame is of no camera")
        code = read.code or Fault.INTERNAL
        quarantine(self._data_dir, read.delivery, code, error)
        topic = None if read.arrival is None else read.arrival.topic
        return Stored(read.delivery, topic, fault=code, error=error)

    def _judged(self, arrival: Arrival, inspection: Inspection) -> StoredInspection:
        kept = KeptEvidence()
        if self._evidence.wants(inspection.verdict, inspection.frame_id):
            kept = self._evidence.keep(
                frame_id=inspection.frame_id,
                product=inspection.product,
                verdict=inspection.verdict,
                day=inspection.inspected_at.date(),
                data=arrival.data,
                anomaly_map=inspection.anomaly_map,
            )
        return StoredInspection(
            frame_id=inspection.frame_id,
            site=arrival.topic.site,
            line=arrival.topic.line,
            camera=arrival.topic.camera,
            box=self._box,
            product=inspection.product,
            model_version=inspection.model_version,
            captured_at=inspection.captured_at,
            inspected_at=inspection.inspected_at,
            score=inspection.score,
            reject_limit=inspection.limit,
            verdict=inspection.verdict,
            reason=inspection.reason,
            latency_ms=inspection.latency_ms,
            width_px=inspection.width_px,
            height_px=inspection.height_px,
            regions=inspection.regions,
            evidence=kept.picture,
            evidence_map=kept.anomaly_map,
        )

    def _embedding(
        self, judged: Judged, record: StoredInspection, inspection: Inspection
    ) -> StoredEmbedding | None:
        # A frame whose picture is not kept could not be shown as alike.
        if not self._with_embeddings or record.evidence is None or judged.inspector is None:
            return None
        return StoredEmbedding.of(judged.inspector.bundle.manifest.network, inspection.embedding)

    def _unjudged(self, judged: Judged, arrival: Arrival, error: FrameError) -> StoredInspection:
        delivery, inspector = judged.read.delivery, judged.inspector
        return StoredInspection(
            frame_id=arrival.frame_id,
            site=arrival.topic.site,
            line=arrival.topic.line,
            camera=arrival.topic.camera,
            box=self._box,
            product=judged.read.station.product if judged.read.station else "",
            model_version=NO_MODEL if inspector is None else inspector.bundle.version,
            captured_at=arrival.captured_at,
            inspected_at=self._now(),
            score=float("nan"),
            reject_limit=0.0 if inspector is None else inspector.limits.reject,
            verdict=Verdict.UNSURE,
            reason=f"{error.what}: {error.why}" if error.why else error.what,
            latency_ms=1000 * (judged.seen_s - delivery.started),
            width_px=0,
            height_px=0,
            evidence=quarantine(self._data_dir, delivery, error.code, error),
        )

    def _defect(self, judged: Judged) -> Stored:
        """Set a frame aside that cannot be stored. Call it where the error is handled."""
        log.exception("frame cannot be processed", topic=judged.read.delivery.topic)
        error = InspectorError(
            "a frame cannot be processed",
            "a defect of inspector",
            "Report it with the log and the quarantined file",
        )
        quarantine(self._data_dir, judged.read.delivery, Fault.INTERNAL, error)
        return Stored(judged.read.delivery, None, fault=Fault.INTERNAL, error=error)


def _is_same_frame(stored: StoredInspection, arrival: Arrival) -> bool:
    """Whether a frame under a known id is that frame again, as far as the message tells."""
    same_camera = CameraTopic(stored.site, stored.line, stored.camera) == arrival.topic
    return same_camera and (not arrival.has_own_time or stored.captured_at == arrival.captured_at)


def _renamed(arrival: Arrival) -> Arrival:
    """The arrival under an id of its own: taken for a duplicate, its part would go unjudged unseen."""
    captured_at = arrival.captured_at if arrival.has_own_time else None
    return replace(arrival, frame_id=derived_id(arrival.topic, arrival.data, captured_at))


def _reused(arrival: Arrival, stored: StoredInspection) -> FrameError:
    return FrameError(
        Fault.REUSED_ID,
        f"frame id {arrival.frame_id} is used twice",
        f"camera {stored.line}/{stored.camera} sent it at {stored.captured_at.isoformat()} already",
        "Make ids unique for ever, for instance by camera and time",
    )
