"""What is said of a reject without a language model: its facts, and the template's sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from edge.stations import Station
from edge.waiting import Reject
from inspector.describing.describer import Describer
from inspector.describing.positions import position_of
from inspector.describing.templates import describe_by_template, describe_places
from inspector.errors import InspectorError
from inspector.frames import Frame, decode_image
from inspector.messages import CameraTopic
from inspector.records import StoredFacts, StoredInspection
from inspector.results import Inspection
from inspector.settings import DescribingSettings

if TYPE_CHECKING:
    from inspector.describing.writer import WritingTask

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known about a reject.

    Attributes:
        sentence: the template's.
        defects: how many were counted.
        facts: one for each region of the record, or none.
        task: what a language model writes from; None where the frame could not be measured.
    """

    sentence: str
    defects: int
    facts: tuple[StoredFacts, ...]
    task: WritingTask | None = None


class Measuring:
    """Measures the rejects of a box. Used by one thread.

    Args:
        settings: language and threads.
        stations: what stands ready for each camera.
        data_dir: the box's data folder, where the pictures are.
    """

    def __init__(
        self, settings: DescribingSettings, stations: Mapping[CameraTopic, Station], data_dir: Path
    ) -> None:
        self._settings, self._stations, self._data_dir = settings, stations, data_dir
        # Cameras with the same bundle and scale share one.
        shared: dict[tuple[int, float | None], Describer | None] = {}
        for station in stations.values():
            key = id(station.inspector), station.mm_per_px
            if key not in shared:
                shared[key] = self._new_describer(station)
        self._describers = {
            topic: shared[id(station.inspector), station.mm_per_px] for topic, station in stations.items()
        }

    def measure(self, reject: Reject) -> Measured:
        """Measure a reject in its kept picture; where that cannot be done, say what the record knows."""
        record = reject.record
        topic = CameraTopic(record.site, record.line, record.camera)
        station = self._stations.get(topic)
        if station is None or station.inspector.bundle.version != record.model_version:
            # Another model sees other regions than the operator was shown.
            return self._not_measured(record, "the model that judged it is not here any more")
        describer = self._describers[topic]
        if describer is None:
            return self.recall(record)
        try:
            frame = self._picture(record)
            inspection = reject.inspection or _seen_again(station, frame, record)
            task = describer.measure(frame, inspection)
        except (InspectorError, OSError) as error:
            return self._not_measured(record, str(error))
        except Exception as error:  # an unexpected picture or map must not cost the sentence
            log.exception("reject cannot be measured", frame_id=record.frame_id)
            return self._not_measured(record, f"a defect of inspector, {type(error).__name__}")
        facts = tuple(map(StoredFacts.of, task.facts.regions))
        return Measured(
            sentence=describe_by_template(task.facts, task.language, task.part),
            defects=task.facts.count,
            facts=facts if len(facts) == len(record.regions) else (),
            task=task,
        )

    def recall(self, record: StoredInspection) -> Measured:
        """What the record alone knows: how many regions, and where."""
        places = [
            position_of(*region.centre_px, record.width_px, record.height_px) for region in record.regions
        ]
        return Measured(
            sentence=describe_places(places, self._settings.language),
            defects=len(places),
            facts=tuple(StoredFacts(place=place) for place in places),
        )

    def _new_describer(self, station: Station) -> Describer | None:
        """What measures a station's frames; None, with an error in the log, where it cannot be loaded."""
        try:
            return Describer(
                station.inspector.bundle,
                language=self._settings.language,
                mm_per_px=station.mm_per_px,
                threads=self._settings.threads,
            )
        except InspectorError as error:
            # Verdicts do not depend on it, so it must not stop the line.
            log.error(  # noqa: TRY400 - the reason is in the error
                "rejects are not measured: descriptions say the place only",
                product=station.product,
                why=f"{error.what}: {error.why}",
                remedy=error.remedy,
            )
            return None

    def _not_measured(self, record: StoredInspection, why: str) -> Measured:
        log.warning("reject cannot be measured", frame_id=record.frame_id, why=why)
        return self.recall(record)

    def _picture(self, record: StoredInspection) -> Frame:
        if record.evidence is None:
            raise FileNotFoundError("its picture was not kept")
        data = (self._data_dir / record.evidence).read_bytes()
        return Frame(decode_image(data), record.frame_id, record.captured_at)


def _seen_again(station: Station, frame: Frame, record: StoredInspection) -> Inspection:
    """A recorded inspection with its maps, which are not recorded in full; what was decided stays."""
    again = station.inspector.inspect(frame)
    return replace(
        again,
        inspected_at=record.inspected_at,
        score=record.score,
        limit=record.reject_limit,
        verdict=record.verdict,
        reason=record.reason,
        regions=record.regions,
        latency_ms=record.latency_ms,
    )
