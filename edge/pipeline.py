"""One delivered frame becomes one record: decode, inspect, keep the evidence, store.

Every frame of a configured camera gets a verdict. One that cannot be judged because of what was sent is
`unsure`, with the reason: its bytes go to quarantine, and a person must look at the part.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from edge.arrivals import Arrival, derived_id, read_arrival
from edge.backlog import Delivery
from edge.evidence import EvidenceStore, KeptEvidence
from edge.quarantine import Fault, quarantine
from edge.stations import Station
from inspector.errors import EngineError, FrameError, InspectorError, MessageError
from inspector.frames import Frame, decode_image
from inspector.messages import CameraTopic
from inspector.records import Records, StoredInspection
from inspector.results import Inspection, Verdict

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a delivery.

    Attributes:
        topic: the camera; None where the topic names none.
        record: the frame's inspection as it is stored; None for a frame of no configured camera.
        fault: code of a `Fault` or `FrameFault` where the bytes were put into quarantine.
        error: what was wrong with it.
        inspection: what was seen in a reject that was recorded now; it is to be described.
        is_duplicate: the frame was recorded before, and nothing was stored now.
    """

    topic: CameraTopic | None
    record: StoredInspection | None = None
    fault: str | None = None
    error: InspectorError | None = None
    inspection: Inspection | None = None
    is_duplicate: bool = False


class Pipeline:
    """Processes deliveries, one after the other.

    Args:
        box: name of this box.
        data_dir: its data folder.
        stations: what stands ready for each camera.
        records: where inspections are stored.
        evidence: where pictures are kept.
        now: the box's clock, UTC.
    """

    def __init__(
        self,
        *,
        box: str,
        data_dir: Path,
        stations: Mapping[CameraTopic, Station],
        records: Records,
        evidence: EvidenceStore,
        now: Callable[[], datetime],
    ) -> None:
        self._box, self._data_dir, self._stations = box, data_dir, stations
        self._records, self._evidence, self._now = records, evidence, now

    def process(self, delivery: Delivery) -> Processed:
        """Process a delivery; when this returns, it may be acknowledged. May be called again after an error.

        Raises:
            RecordsError: the database cannot be reached or written.
            OSError: the data folder cannot be written.
        """
        try:
            arrival = read_arrival(delivery)
        except MessageError as error:
            return self.set_aside(delivery, Fault.UNKNOWN_TOPIC, error)
        station = self._stations.get(arrival.topic)
        if station is None:
            unknown = self._unknown_camera(arrival.topic)
            return replace(self.set_aside(delivery, Fault.UNKNOWN_CAMERA, unknown), topic=arrival.topic)
        stored = self._records.get(arrival.frame_id)
        if stored is not None and not _is_same_frame(stored, arrival):
            arrival = _renamed(arrival, stored)
            stored = self._records.get(arrival.frame_id)
        if stored is not None:
            return Processed(arrival.topic, stored, is_duplicate=True)
        processed = self._judge(station, arrival, delivery)
        assert processed.record is not None  # noqa: S101 - for the type checker
        if self._records.add(processed.record):
            return processed
        # Another box recorded the frame since we looked.
        return Processed(arrival.topic, self._records.get(arrival.frame_id), is_duplicate=True)

    def set_aside(self, delivery: Delivery, code: str, error: InspectorError) -> Processed:
        """Put a delivery into quarantine without a record.

        Raises:
            OSError: the data folder cannot be written.
        """
        quarantine(self._data_dir, delivery, code, error)
        return Processed(None, fault=code, error=error)

    def _unknown_camera(self, topic: CameraTopic) -> MessageError:
        what = f"a frame of camera {topic.line}/{topic.camera} is not inspected"
        remedy = "Add it to [[edge.cameras]], or let it publish elsewhere"
        return MessageError(what, f"box {self._box} has no such camera", remedy)

    def _judge(self, station: Station, arrival: Arrival, delivery: Delivery) -> Processed:
        error = arrival.fault or _other_product(station, arrival)
        if error is None:
            try:
                frame = Frame(decode_image(arrival.data), arrival.frame_id, arrival.captured_at)
                inspection = station.inspector.inspect(frame, started=delivery.started)
            except FrameError as fault:
                error = fault
            except EngineError as fault:
                error = FrameError(Fault.NOT_SCORED, fault.what, fault.why, fault.remedy)
            except Exception as fault:  # one frame must not end the service, whatever it holds
                log.exception("frame cannot be judged", frame_id=arrival.frame_id)
                what = f"frame {arrival.frame_id} cannot be judged"
                why = f"a defect of inspector, {type(fault).__name__}"
                error = FrameError(
                    Fault.INTERNAL, what, why, "Report it with the log and the quarantined file"
                )
            else:
                record = self._judged(arrival, inspection)
                rejected = inspection.verdict is Verdict.REJECT
                return Processed(arrival.topic, record, inspection=inspection if rejected else None)
        record = self._unjudged(station, arrival, delivery, error)
        return Processed(arrival.topic, record, error.code, error)

    def _judged(self, arrival: Arrival, inspection: Inspection) -> StoredInspection:
        kept = KeptEvidence()
        if self._evidence.wants(inspection.verdict, inspection.frame_id):
            kept = self._evidence.keep(
                frame_id=inspection.frame_id,
                product=inspection.product,
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

    def _unjudged(
        self, station: Station, arrival: Arrival, delivery: Delivery, error: FrameError
    ) -> StoredInspection:
        manifest = station.inspector.bundle.manifest
        return StoredInspection(
            frame_id=arrival.frame_id,
            site=arrival.topic.site,
            line=arrival.topic.line,
            camera=arrival.topic.camera,
            box=self._box,
            product=manifest.product,
            model_version=manifest.version,
            captured_at=arrival.captured_at,
            inspected_at=self._now(),
            score=math.nan,
            reject_limit=manifest.limits.reject,
            verdict=Verdict.UNSURE,
            reason=f"{error.what}: {error.why}" if error.why else error.what,
            latency_ms=1000 * (time.perf_counter() - delivery.started),
            width_px=0,
            height_px=0,
            evidence=quarantine(self._data_dir, delivery, error.code, error),
        )


def _is_same_frame(stored: StoredInspection, arrival: Arrival) -> bool:
    """Whether a frame under a known id is that frame again, as far as the message tells."""
    same_camera = CameraTopic(stored.site, stored.line, stored.camera) == arrival.topic
    return same_camera and (not arrival.has_own_time or stored.captured_at == arrival.captured_at)


def _renamed(arrival: Arrival, stored: StoredInspection) -> Arrival:
    """The arrival under an id of its own: taken for a duplicate, its part would go unjudged unseen."""
    fault = FrameError(
        Fault.REUSED_ID,
        f"frame id {arrival.frame_id} is used twice",
        f"camera {stored.line}/{stored.camera} sent it at {stored.captured_at.isoformat()} already",
        "Make ids unique for ever, for instance by camera and time",
    )
    captured_at = arrival.captured_at if arrival.has_own_time else None
    return replace(arrival, frame_id=derived_id(arrival.topic, arrival.data, captured_at), fault=fault)


def _other_product(station: Station, arrival: Arrival) -> FrameError | None:
    """A model says nothing about another product's parts, so such a frame is not scored at all."""
    if arrival.product is None or arrival.product == station.product:
        return None
    return FrameError(
        Fault.OTHER_PRODUCT,
        f"camera {arrival.topic.line}/{arrival.topic.camera} shows another product",
        f"it says {arrival.product[:64]!r}, this box inspects {station.product} there",
        "Correct the camera's product, or product and bundle under [[edge.cameras]]",
    )
