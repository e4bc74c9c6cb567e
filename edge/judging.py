"""Second stage: frames become verdicts, several in one forward pass where several wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from edge.quarantine import Fault
from edge.reading import Read
from edge.stations import Station
from inspector.errors import EngineError, FrameError
from inspector.inspecting import Inspector
from inspector.results import Inspection

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A frame after the model has seen it, or could not.

    Attributes:
        read: the frame. Its pixels are let go, because only the encoded bytes are needed from here on.
        inspector: what judged; None where no model is active for the product.
        inspection: the verdict; None where there is an error in `read`.
        seen_s: `time.perf_counter()` of the verdict.
    """

    read: Read
    inspector: Inspector | None
    inspection: Inspection | None
    seen_s: float


class Judging:
    """Judges frames.

    Args:
        observe: told the number of frames and the seconds of each forward pass.
    """

    def __init__(self, observe: Callable[[int, float], None]) -> None:
        self._observe = observe

    def judge(self, batch: Sequence[Read]) -> list[Judged]:
        """Judge frames in their order.

        Which model is active is asked once for each camera and batch: so a model is swapped between two
        batches, and every verdict belongs to exactly one.
        """
        active: dict[Station, Inspector | None] = {}
        groups: dict[Inspector, list[int]] = {}
        for number, read in enumerate(batch):
            if read.station is None:
                continue
            if read.station not in active:
                active[read.station] = read.station.inspector
            inspector = active[read.station]
            if read.frame is not None and inspector is not None:
                groups.setdefault(inspector, []).append(number)
        found: dict[int, Inspection | FrameError] = {}
        for inspector, numbers in groups.items():
            found.update(
                zip(numbers, self._run(inspector, [batch[number] for number in numbers]), strict=True)
            )
        seen_s = time.perf_counter()
        return [
            _judged(read, None if read.station is None else active[read.station], found.get(number), seen_s)
            for number, read in enumerate(batch)
        ]

    def _run(self, inspector: Inspector, reads: Sequence[Read]) -> Sequence[Inspection | FrameError]:
        frames = [read.frame for read in reads if read.frame is not None]
        started = [read.delivery.started for read in reads]
        began = time.perf_counter()
        try:
            done = inspector.inspect_batch(frames, started=started)
        except Exception as error:  # told below, for the frame that it is about
            if len(reads) == 1:
                return [_fault(reads[0], error)]
            # One frame of the batch may be the cause: the others shall not suffer for it.
            return [self._run(inspector, [read])[0] for read in reads]
        self._observe(len(reads), time.perf_counter() - began)
        return done


def _fault(read: Read, error: Exception) -> FrameError:
    if isinstance(error, FrameError):
        return error
    if isinstance(error, EngineError):
        return FrameError(Fault.NOT_SCORED, error.what, error.why, error.remedy)
    frame_id = "?" if read.arrival is None else read.arrival.frame_id
    log.error("frame cannot be judged", frame_id=frame_id, exc_info=error)
    return FrameError(
        Fault.INTERNAL,
        f"frame {frame_id} cannot be judged",
        f"a defect of inspector, {type(error).__name__}",
        "Report it with the log and the quarantined file",
    )


def _judged(
    read: Read, inspector: Inspector | None, found: Inspection | FrameError | None, seen_s: float
) -> Judged:
    light = replace(read, frame=None)
    if isinstance(found, FrameError):
        return Judged(replace(light, error=found, code=found.code), inspector, None, seen_s)
    if found is None and read.error is None:
        error = no_model(read)
        return Judged(replace(light, error=error, code=error.code), None, None, seen_s)
    return Judged(light, inspector, found, seen_s)


def no_model(read: Read) -> FrameError:
    """Why a frame of a product without an active model is not judged."""
    product = "?" if read.station is None else read.station.product
    return FrameError(
        Fault.NO_MODEL,
        f"no model is active for {product}",
        "none was configured or sent to this box, or each one was refused",
        "Look at the product's model/state topic, and send a model with `inspector edge set-model`",
    )
