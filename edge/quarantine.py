"""Frames that could not be judged because of what was sent, kept for whoever mends the camera.

Layout under the box's data folder; the date is that of arrival by the box's clock::

    quarantine/<yyyy-mm-dd>/<code>-<hash>.jpg     the bytes as they came; .bin where they are no picture
    quarantine/<yyyy-mm-dd>/<code>-<hash>.json    topic, properties, code, what, why and remedy

The name is made of a fixed code and a hash over topic, properties and content. Nothing a sender chooses
becomes a path, and the same message delivered twice is kept once.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from pathlib import Path

from edge.backlog import Delivery
from edge.files import picture_suffix
from inspector.durability import write_durably
from inspector.errors import InspectorError

QUARANTINE_FOLDER = "quarantine"


class Fault(StrEnum):
    """Why a frame was set aside, beside the codes of `inspector.frames.FrameFault`."""

    UNKNOWN_TOPIC = "unknown_topic"
    """The topic is no frame topic."""
    UNKNOWN_CAMERA = "unknown_camera"
    """No such camera is configured on this box."""
    UNUSABLE_ID = "unusable_id"
    """The frame id could not be a key or a file name."""
    UNUSABLE_TIME = "unusable_time"
    """`captured-at` is not ISO 8601 with a time zone."""
    REUSED_ID = "reused_id"
    """Another frame was recorded under the same id."""
    OTHER_PRODUCT = "other_product"
    """The camera names another product than the one configured for it."""
    NO_MODEL = "no_model"
    """No model is active for the camera's product."""
    NOT_SCORED = "not_scored"
    """The engine failed on this frame."""
    INTERNAL = "internal"
    """A defect of this software, logged with its traceback."""


def quarantine(data_dir: Path, delivery: Delivery, code: str, error: InspectorError) -> str:
    """Keep a message and the reason; when this returns, both are on disk.

    Args:
        data_dir: the box's data folder.
        delivery: the message.
        code: a `Fault` or a `FrameFault`.
        error: what happened, why, and the remedy.

    Returns:
        Path of the bytes, relative to the data folder.

    Raises:
        OSError: the disk cannot be written.
    """
    data = delivery.read()
    said = json.dumps([delivery.topic, sorted(delivery.properties.items())]).encode()
    digest = hashlib.sha256(said + b"\0" + hashlib.sha256(data).digest()).hexdigest()[:24]
    folder = Path(QUARANTINE_FOLDER) / delivery.arrived_at.date().isoformat()
    report = {
        "code": code,
        "what": error.what,
        "why": error.why,
        "remedy": error.remedy,
        "topic": delivery.topic,
        "properties": dict(delivery.properties),
        "arrived_at": delivery.arrived_at.isoformat(),
        "size_bytes": len(data),
    }
    write_durably(data_dir / folder / f"{code}-{digest}.json", json.dumps(report, indent=2).encode())
    kept = folder / f"{code}-{digest}{picture_suffix(data)}"
    write_durably(data_dir / kept, data)
    return kept.as_posix()
