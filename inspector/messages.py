"""Every MQTT topic and payload. Payloads are JSON but for the frame itself, which is the encoded image.

============================================================  ========  =================================
topic                                                         retained  payload
============================================================  ========  =================================
inspector/v1/<site>/<line>/<camera>/frame[/<frame-id>]        no        PNG or JPEG bytes
inspector/v1/<site>/<line>/<camera>/result                    no        `ResultMessage`
inspector/v1/<site>/boxes/<box>/available                     yes       `AvailabilityMessage`, last will
============================================================  ========  =================================

MQTT 5 cameras name the frame in user properties (`frame-id`, `captured-at` in ISO 8601, `product`); an MQTT
3.1.1 camera may add the id as a last topic level. Without either, the id is derived from the camera, the
content and the time of arrival.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from inspector.errors import MessageError
from inspector.results import Inspection, Verdict

PREFIX = "inspector/v1"
FRAME_ID_PATTERN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")
PROPERTY_FRAME_ID = "frame-id"
PROPERTY_CAPTURED_AT = "captured-at"
PROPERTY_PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class CameraTopic:
    """A camera's place: site, line and camera, each one topic level."""

    site: str
    line: str
    camera: str

    @property
    def frame(self) -> str:
        """Topic the camera publishes frames on."""
        return f"{PREFIX}/{self.site}/{self.line}/{self.camera}/frame"

    @property
    def result(self) -> str:
        """Topic the box publishes results on."""
        return f"{PREFIX}/{self.site}/{self.line}/{self.camera}/result"

    def frame_with_id(self, frame_id: str) -> str:
        """Frame topic for MQTT 3.1.1 cameras, which have no properties: the id is the last level."""
        return f"{self.frame}/{frame_id}"


def frame_filters(site: str) -> tuple[str, str]:
    """Topic filters that match every frame of a site, with and without an id level."""
    return f"{PREFIX}/{site}/+/+/frame", f"{PREFIX}/{site}/+/+/frame/+"


def parse_frame_topic(topic: str) -> tuple[CameraTopic, str | None]:
    """Take a frame topic apart into the camera and the frame id, where the topic has one.

    Raises:
        MessageError: the topic is not a frame topic, or its id has characters an id may not have.
    """
    levels = topic.split("/")
    base = 6
    if len(levels) not in (base, base + 1) or "/".join(levels[:2]) != PREFIX or levels[5] != "frame":
        raise MessageError(f"topic {topic} is not a frame topic", f"expected {PREFIX}/SITE/LINE/CAMERA/frame[/ID]")
    frame_id = levels[base] if len(levels) > base else None
    if frame_id is not None:
        check_frame_id(frame_id)
    return CameraTopic(*levels[2:5]), frame_id


def check_frame_id(frame_id: str) -> str:
    """Return the id, or raise `MessageError` where it could not be a file name, a topic level and a key."""
    if not FRAME_ID_PATTERN.match(frame_id):
        raise MessageError(
            f"frame id {frame_id[:40]!r} is not usable",
            "an id has 1 to 128 letters, digits, dots, colons, dashes and underscores",
            "Correct the camera's frame-id",
        )
    return frame_id


def availability_topic(site: str, box: str) -> str:
    """Retained topic on which a box says whether it is there."""
    return f"{PREFIX}/{site}/boxes/{box}/available"


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class AvailabilityMessage(_Payload):
    """Whether a box is there. The broker publishes `offline` for it as its last will."""

    box: str
    status: Literal["online", "offline"]


class RegionMessage(_Payload):
    """One abnormal place, in pixels of the frame; see `inspector.regions.Region`."""

    box_px: tuple[int, int, int, int]
    centre_px: tuple[float, float]
    area_px: int
    area_fraction: float
    peak_score: float


class ResultMessage(_Payload):
    """One frame's result."""

    frame_id: str
    site: str
    line: str
    camera: str
    box: str
    product: str
    model_version: str
    captured_at: datetime
    inspected_at: datetime
    score: float
    limit: float
    verdict: Verdict
    reason: str
    regions: tuple[RegionMessage, ...]
    latency_ms: float

    @classmethod
    def of(cls, inspection: Inspection, topic: CameraTopic, box: str) -> ResultMessage:
        """The message that tells an inspection."""
        return cls(
            frame_id=inspection.frame_id,
            site=topic.site,
            line=topic.line,
            camera=topic.camera,
            box=box,
            product=inspection.product,
            model_version=inspection.model_version,
            captured_at=inspection.captured_at,
            inspected_at=inspection.inspected_at,
            score=inspection.score,
            limit=inspection.limit,
            verdict=inspection.verdict,
            reason=inspection.reason,
            regions=tuple(
                RegionMessage(
                    box_px=region.box_px,
                    centre_px=region.centre_px,
                    area_px=region.area_px,
                    area_fraction=region.area_fraction,
                    peak_score=region.peak_score,
                )
                for region in inspection.regions
            ),
            latency_ms=inspection.latency_ms,
        )
