"""First stage: a delivered message becomes a frame of a known camera, decoded once, or a reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from edge.arrivals import Arrival, read_arrival
from edge.backlog import Delivery
from edge.quarantine import Fault
from edge.stations import Station
from inspector.errors import FrameError, InspectorError, MessageError
from inspector.frames import Frame, decode_image
from inspector.messages import CameraTopic

log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A delivery after it was read.

    Attributes:
        delivery: the message.
        arrival: what it says; None where its topic names no camera.
        station: the camera's; None where it is not configured.
        frame: the decoded picture; None where there is an error.
        error: why there is no picture to be judged.
        code: of a `Fault` or `FrameFault`, with the error.
    """

    delivery: Delivery
    arrival: Arrival | None = None
    station: Station | None = None
    frame: Frame | None = None
    error: InspectorError | None = None
    code: str | None = None

    @property
    def size_bytes(self) -> int:
        """Memory of the decoded picture."""
        return 0 if self.frame is None else int(self.frame.image.nbytes)


class Reading:
    """Reads deliveries.

    Args:
        box: name of this box.
        stations: what stands ready for each camera.
    """

    def __init__(self, box: str, stations: Mapping[CameraTopic, Station]) -> None:
        self._box, self._stations = box, stations

    def read(self, deliveries: Sequence[Delivery]) -> list[Read]:
        """Read some deliveries. One whose bytes were lost here is given up, and comes again from its source.

        Raises:
            OSError: the bytes wait in a file that cannot be read at the moment.
        """
        done = []
        for delivery in deliveries:
            try:
                done.append(self._read(delivery))
            except FileNotFoundError as error:
                if not _is_lost(delivery):
                    raise
                log.warning("frame is lost here", why=str(error), remedy="Its source delivers it again")
                delivery.source.give_up(delivery)
        return done

    def _read(self, delivery: Delivery) -> Read:
        try:
            arrival = read_arrival(delivery)
        except MessageError as error:
            return Read(delivery, error=error, code=Fault.UNKNOWN_TOPIC)
        except OSError:
            raise
        except Exception as error:  # one frame must not end the service, whatever it holds
            return Read(delivery, error=_defect("a frame cannot be read", error), code=Fault.INTERNAL)
        station = self._stations.get(arrival.topic)
        if station is None:
            return Read(
                delivery, arrival, error=self._unknown_camera(arrival.topic), code=Fault.UNKNOWN_CAMERA
            )
        fault = arrival.fault or _other_product(station, arrival)
        if fault is None:
            try:
                frame = Frame(decode_image(arrival.data), arrival.frame_id, arrival.captured_at)
                return Read(delivery, arrival, station, frame)
            except FrameError as error:
                fault = error
            except Exception as error:
                fault = _defect(f"frame {arrival.frame_id} cannot be judged", error)
        return Read(delivery, arrival, station, error=fault, code=fault.code)

    def _unknown_camera(self, topic: CameraTopic) -> MessageError:
        what = f"a frame of camera {topic.line}/{topic.camera} is not inspected"
        remedy = "Add it to [[edge.cameras]], or let it publish elsewhere"
        return MessageError(what, f"box {self._box} has no such camera", remedy)


def _defect(what: str, error: Exception) -> FrameError:
    """A fault of this software, which is logged with its traceback. Call it where the error is handled."""
    log.exception("frame cannot be judged", what=what)
    why, remedy = (
        f"a defect of inspector, {type(error).__name__}",
        "Report it with the log and the quarantined file",
    )
    return FrameError(Fault.INTERNAL, what, why, remedy)


def _is_lost(delivery: Delivery) -> bool:
    """Whether the file that the bytes waited in is gone, which no waiting brings back."""
    return isinstance(delivery.payload, Path) and not delivery.payload.exists()


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
