"""A camera for demos and tests: publishes a folder of pictures at a rate."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from edge.clients import Publication
from edge.connection import Connection
from edge.disturbances import Disturbances, damaged, shots
from inspector.errors import FrameError
from inspector.frames import FrameFault
from inspector.messages import (
    PROPERTY_CAPTURED_AT,
    PROPERTY_FRAME_ID,
    PROPERTY_PRODUCT,
    CameraTopic,
    check_frame_id,
)

IN_FLIGHT = 20
"""Frames published and not confirmed; beyond it the camera waits instead of filling memory."""
_LOOK_S, _GOODBYE_S = 0.25, 3.0


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """What a simulated camera does.

    Attributes:
        topic: the camera's place.
        product: what it says is in front of it; None leaves it out.
        files: pictures, whose bytes are sent as they are, broken ones too.
        rate_per_s: frames a second; 0 is as fast as the broker takes them.
        count: frames to send; None goes round until stopped.
        seed: each round is shuffled by it; None keeps the order.
        disturbances: what goes wrong.
    """

    topic: CameraTopic
    product: str | None
    files: Sequence[Path]
    rate_per_s: float
    count: int | None
    seed: int | None
    disturbances: Disturbances = field(default_factory=Disturbances)


@dataclass(frozen=True, slots=True)
class CameraStats:
    """What a simulated camera did.

    Attributes:
        sent: frames published, each counted once.
        repeated: those that were published twice.
        broken: those whose bytes were damaged.
        confirmed: whether the broker confirmed them all.
        seconds: from the first frame to the last confirmation.
    """

    sent: int
    repeated: int
    broken: int
    confirmed: bool
    seconds: float

    @property
    def frames_per_s(self) -> float:
        """Frames a second, over all."""
        return self.sent / self.seconds if self.seconds else 0.0


def picture_order(files: Sequence[Path], seed: int | None) -> Iterator[Path]:
    """The pictures round after round, without end."""
    chance = random.Random(seed)  # noqa: S311 - the order of demo pictures
    while True:
        yield from files if seed is None else chance.sample(files, len(files))


def publish_pictures(
    connection: Connection,
    plan: CameraPlan,
    stop: threading.Event,
    *,
    now: Callable[[], datetime],
    on_sent: Callable[[str, Path], None],
) -> CameraStats:
    """Publish a plan's frames; returns when all are confirmed, or soon after `stop` is set.

    Under MQTT 5 the frame's id, time and product are user properties; under MQTT 3.1.1 the id is the topic's
    last level. Ids are made of camera, time of the start and number: another run never repeats one.

    Args:
        connection: started, and connected already.
        plan: what to send.
        stop: ends it early.
        now: the camera's clock, UTC.
        on_sent: called with the frame id and the file of each frame.

    Raises:
        FrameError: a picture cannot be read from disk.
        BrokerError: the connection is lost and does not take more frames.
    """
    started, start = time.monotonic(), now()
    place = f"{plan.topic.line}.{plan.topic.camera}"[:80]
    pictures = itertools.islice(picture_order(plan.files, plan.seed), plan.count)
    sent = repeated = broken = 0
    for path, shot in zip(pictures, shots(plan.disturbances), strict=False):
        if plan.rate_per_s:
            stop.wait(max(0.0, started + shot.due / plan.rate_per_s - time.monotonic()))
        while not stop.is_set() and not connection.wait_confirmed(IN_FLIGHT - 1, _LOOK_S):
            pass
        if stop.is_set():
            break
        frame_id = check_frame_id(f"{place}-{start:%Y%m%dT%H%M%S%f}-{sent:06}")
        data = _bytes(path)
        if shot.damage is not None:
            data = damaged(data, shot.damage)
        captured_at = now()
        for _ in range(1 + shot.is_repeated):
            _publish(connection, plan, frame_id, captured_at, data)
        sent, repeated, broken = sent + 1, repeated + shot.is_repeated, broken + (shot.damage is not None)
        on_sent(frame_id, path)
    confirmed = connection.wait_confirmed(0, _LOOK_S)
    while not confirmed and not stop.is_set():
        confirmed = connection.wait_confirmed(0, _LOOK_S)
    # Who stops a camera still wants to know whether its last frames have arrived.
    confirmed = confirmed or connection.wait_confirmed(0, _GOODBYE_S)
    return CameraStats(sent, repeated, broken, confirmed, time.monotonic() - started)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FrameError(
            FrameFault.MISSING, f"{path} cannot be sent", error.strerror or str(error)
        ) from error


def _publish(
    connection: Connection, plan: CameraPlan, frame_id: str, captured_at: datetime, data: bytes
) -> None:
    if not connection.has_properties:
        connection.publish(Publication(plan.topic.frame_with_id(frame_id), data))
        return
    properties = {PROPERTY_FRAME_ID: frame_id, PROPERTY_CAPTURED_AT: captured_at.isoformat()}
    if plan.product is not None:
        properties[PROPERTY_PRODUCT] = plan.product
    connection.publish(Publication(plan.topic.frame, data), properties)
