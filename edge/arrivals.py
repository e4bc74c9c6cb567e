"""What a delivered message says of its frame: camera, identity, time and product."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from edge.backlog import Delivery
from edge.quarantine import Fault
from inspector.errors import FrameError, MessageError
from inspector.messages import (
    PROPERTY_CAPTURED_AT,
    PROPERTY_FRAME_ID,
    PROPERTY_PRODUCT,
    CameraTopic,
    check_frame_id,
    parse_frame_topic,
)

_CAMERA_LEVELS = 6  # of a frame topic, without the id level
_SHOWN = 64  # characters of a sender's text that appear in a message


@dataclass(frozen=True, slots=True)
class Arrival:
    """One frame as its message describes it.

    Attributes:
        topic: the camera.
        frame_id: the camera's own id, or a derived one; always a usable id.
        captured_at: UTC time of the picture; the time of arrival where the camera gives none.
        has_own_time: whether the camera gave `captured_at`.
        product: what the camera says is in front of it; None where it does not say.
        data: the encoded picture.
        fault: what is wrong with the message itself; its frame is not judged then.
    """

    topic: CameraTopic
    frame_id: str
    captured_at: datetime
    has_own_time: bool
    product: str | None
    data: bytes
    fault: FrameError | None


def read_arrival(delivery: Delivery) -> Arrival:
    """Read a message's topic and properties.

    Raises:
        MessageError: the topic names no camera.
        OSError: the message's bytes wait in a file that cannot be read.
    """
    data = delivery.read()
    levels = delivery.topic.split("/")
    topic, _ = parse_frame_topic("/".join(levels[:_CAMERA_LEVELS]))
    fault: FrameError | None = None
    captured_at: datetime | None = None
    try:
        captured_at = _captured_at(delivery)
    except FrameError as error:
        fault = error
    frame_id: str | None = None
    try:
        frame_id = _given_id(delivery)
    except MessageError as error:
        fault = FrameError(Fault.UNUSABLE_ID, error.what, error.why, error.remedy)
    return Arrival(
        topic=topic,
        frame_id=frame_id or derived_id(topic, data, captured_at),
        captured_at=captured_at or delivery.arrived_at,
        has_own_time=captured_at is not None,
        product=delivery.properties.get(PROPERTY_PRODUCT),
        data=data,
        fault=fault,
    )


def derived_id(topic: CameraTopic, data: bytes, captured_at: datetime | None) -> str:
    """An id for a frame that has none: a hash over camera, content and the camera's time.

    The time of arrival is left out, although it would tell two frames apart: the broker delivers a frame
    again after a crash, at another time, and it must come back under the same id to be recorded once. The
    price is that a camera which sends the very same bytes twice, without id and time, is recorded once. Two
    pictures by a real sensor never agree in every byte; a frozen camera and a test that repeats a file do.
    """
    said = "\0".join((topic.frame, captured_at.isoformat() if captured_at else ""))
    digest = hashlib.sha256(said.encode() + b"\0" + hashlib.sha256(data).digest()).hexdigest()
    return f"{topic.camera[:_SHOWN]}-{digest[:32]}"


def _given_id(delivery: Delivery) -> str | None:
    """The id in the user properties, or else in the topic's last level."""
    given = delivery.properties.get(PROPERTY_FRAME_ID)
    if given is not None:
        return check_frame_id(given)
    return parse_frame_topic(delivery.topic)[1]


def _captured_at(delivery: Delivery) -> datetime | None:
    text = delivery.properties.get(PROPERTY_CAPTURED_AT)
    if text is None:
        return None
    what = f"{PROPERTY_CAPTURED_AT} {text[:_SHOWN]!r} is not usable"
    remedy = "Send ISO 8601 with a time zone, such as 2026-01-31T12:00:00.250Z"
    try:
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is None:
            raise FrameError(Fault.UNUSABLE_TIME, what, "it has no time zone", remedy)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FrameError(Fault.UNUSABLE_TIME, what, "it is no point in time", remedy) from error
