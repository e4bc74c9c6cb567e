"""What is said of a reject without a language model: its facts, and the template's sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from edge.stations import Station
from edge.waiting import Reject
from inspector.bundle import Bundle
from inspector.calibration import limits_by_hand
from inspector.describing.describer import Describer
from inspector.describing.positions import position_of
from inspector.describing.templates import describe_by_template, describe_places
from inspector.errors import BundleError, InspectorError
from inspector.evidence import read_evidence
from inspector.frames import Frame, decode_image
from inspector.messages import CameraTopic
from inspector.records import StoredFacts, StoredInspection
from inspector.results import Inspection
from inspector.settings import DescribingSettings

if TYPE_CHECKING:
    from inspector.describing.writer import WritingTask

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


_MOST_DESCRIBERS: Final = 4


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
        # Cameras with the same bundle and scale share one; None where it cannot be loaded.
        self._describers: dict[tuple[str, str, float | None], Describer | None] = {}
        for station in stations.values():
            if station.inspector is not None:
                self._describer(station, station.inspector.bundle)

    def measure(self, reject: Reject) -> Measured:
        """Measure a reject in its kept picture; where that cannot be done, say what the record knows.

        The model may have been replaced since the verdict: what it saw is measured by its own bundle.
        """
        record = reject.record
        station = self._stations.get(CameraTopic(record.site, record.line, record.camera))
        bundle = None if station is None else station.bundle(record.model_version)
        if station is None or bundle is None:
            # Another model sees other regions than the operator was shown.
            return self._not_measured(record, "the model that judged it is not here any more")
        describer = self._describer(station, bundle)
        if describer is None:
            return self.recall(record)
        try:
            frame = self._picture(record)
            inspection = reject.inspection or _seen_again(station, frame, record)
            task = describer.measure(frame, inspection, pixel_limit=_pixel_limit(bundle, record))
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

    def _describer(self, station: Station, bundle: Bundle) -> Describer | None:
        """What measures a station's frames by a bundle; made when it is needed first."""
        key = bundle.product, bundle.version, station.mm_per_px
        if key not in self._describers:
            describer = self._new_describer(station, bundle)
            # The oldest goes: a box that gets a new model every day must not keep them all.
            while len(self._describers) >= max(_MOST_DESCRIBERS, 2 * len(self._stations)):
                del self._describers[next(iter(self._describers))]
            self._describers[key] = describer
        return self._describers[key]

    def _new_describer(self, station: Station, bundle: Bundle) -> Describer | None:
        """A new one; None, with an error in the log, where it cannot be loaded."""
        try:
            return Describer(
                bundle,
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
        data = read_evidence(record.evidence, self._data_dir)
        return Frame(decode_image(data), record.frame_id, record.captured_at)


def _seen_again(station: Station, frame: Frame, record: StoredInspection) -> Inspection:
    """A recorded inspection with its maps, which are not recorded in full; what was decided stays.

    Raises:
        BundleError: the model that decided does not run any more.
        EngineError: the engine failed.
    """
    inspector = station.inspector
    if inspector is None or inspector.bundle.version != record.model_version:
        raise BundleError("its maps are gone", "the model that judged it is not here any more")
    again = inspector.inspect(frame)
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


def _pixel_limit(bundle: Bundle, record: StoredInspection) -> float:
    """The limit that outlined a recorded frame's regions: it moves with the reject limit it was judged by."""
    limits = bundle.manifest.limits
    if record.reject_limit == limits.reject:
        return limits.pixel
    return limits_by_hand(limits, record.reject_limit).pixel
