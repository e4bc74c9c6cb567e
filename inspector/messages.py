"""Every MQTT topic and payload. Payloads are JSON but for the frame itself, which is the encoded image.

============================================================  ========  =================================
topic                                                         retained  payload
============================================================  ========  =================================
inspector/v1/<site>/<line>/<camera>/frame[/<frame-id>]        no        PNG or JPEG bytes
inspector/v1/<site>/<line>/<camera>/result                    no        `ResultMessage`
inspector/v1/<site>/<line>/<camera>/description               no        `DescriptionMessage`, rejects only
inspector/v1/<site>/boxes/<box>/available                     yes       `AvailabilityMessage`, last will
inspector/v1/<site>/boxes/<box>/<product>/model/set           yes       `ModelSetMessage`, to the box
inspector/v1/<site>/boxes/<box>/<product>/model/state         yes       `ModelStateMessage`
inspector/v1/<site>/boxes/<box>/<product>/limits/set          yes       `LimitsSetMessage`, to the box
inspector/v1/<site>/boxes/<box>/<product>/limits/state        yes       `LimitsStateMessage`
============================================================  ========  =================================

MQTT 5 cameras name the frame in user properties (`frame-id`, `captured-at` in ISO 8601, `product`); an MQTT
3.1.1 camera may add the id as a last topic level. Without either, the id is derived from the camera, the
content and `captured-at`; not from the time of arrival, because a frame may be delivered again.

The last four are in `inspector.model_messages`: which model a box judges a product with, and by which limit.

A reject's result comes first, its description some seconds later; `frame_id` joins them. Both are published
with QoS 1 once they are stored.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, FiniteFloat

from inspector.describing.words import Contrast, Language, Position, Severity, Shape, Size, Source
from inspector.errors import MessageError
from inspector.results import Verdict

if TYPE_CHECKING:
    from inspector.records import StoredFacts, StoredInspection
    from inspector.regions import Region

PREFIX = "inspector/v1"
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""A site, line, camera or box is one topic level: no slash, no wildcard, no space."""
FRAME_ID_PATTERN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")
PROPERTY_FRAME_ID = "frame-id"
PROPERTY_CAPTURED_AT = "captured-at"
PROPERTY_PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class CameraTopic:
    """A camera's place: site, line and camera, each one topic level.

    Raises:
        MessageError: a name has characters that a topic level may not have.
    """

    site: str
    line: str
    camera: str

    def __post_init__(self) -> None:
        for kind, name in (("site", self.site), ("line", self.line), ("camera", self.camera)):
            check_name(kind, name)

    @property
    def frame(self) -> str:
        """Topic the camera publishes frames on."""
        return f"{PREFIX}/{self.site}/{self.line}/{self.camera}/frame"

    @property
    def result(self) -> str:
        """Topic the box publishes results on."""
        return f"{PREFIX}/{self.site}/{self.line}/{self.camera}/result"

    @property
    def description(self) -> str:
        """Topic the box publishes the sentences about rejects on."""
        return f"{PREFIX}/{self.site}/{self.line}/{self.camera}/description"

    def frame_with_id(self, frame_id: str) -> str:
        """Frame topic for MQTT 3.1.1 cameras, which have no properties: the id is the last level.

        Raises:
            MessageError: the id has characters an id may not have.
        """
        return f"{self.frame}/{check_frame_id(frame_id)}"


def frame_filters(site: str) -> tuple[str, str]:
    """Topic filters that match every frame of a site, with and without an id level.

    Raises:
        MessageError: the site has characters that a topic level may not have.
    """
    check_name("site", site)
    return f"{PREFIX}/{site}/+/+/frame", f"{PREFIX}/{site}/+/+/frame/+"


def parse_frame_topic(topic: str) -> tuple[CameraTopic, str | None]:
    """Take a frame topic apart into the camera and the frame id, where the topic has one.

    Raises:
        MessageError: the topic is not a frame topic, or a name or the id has characters it may not have.
    """
    levels = topic.split("/")
    base = 6
    if len(levels) not in (base, base + 1) or "/".join(levels[:2]) != PREFIX or levels[5] != "frame":
        raise MessageError(
            f"topic {topic[:200]!r} is not a frame topic",
            f"expected {PREFIX}/SITE/LINE/CAMERA/frame[/ID]",
            "Correct the topic that the camera publishes on",
        )
    frame_id = levels[base] if len(levels) > base else None
    if frame_id is not None:
        check_frame_id(frame_id)
    return CameraTopic(*levels[2:5]), frame_id


def check_frame_id(frame_id: str) -> str:
    """Return the id, or raise `MessageError` where it could not be a file name, a topic level and a key."""
    if not FRAME_ID_PATTERN.fullmatch(frame_id):
        raise MessageError(
            f"frame id {frame_id[:40]!r} is not usable",
            "an id has 1 to 128 letters, digits, dots, colons, dashes and underscores",
            "Correct the camera's frame-id",
        )
    return frame_id


def availability_topic(site: str, box: str) -> str:
    """Retained topic on which a box says whether it is there.

    Raises:
        MessageError: a name has characters that a topic level may not have.
    """
    check_name("site", site)
    check_name("box", box)
    return f"{PREFIX}/{site}/boxes/{box}/available"


def check_name(kind: str, name: str) -> None:
    """Refuse a name that could not be a topic level.

    Raises:
        MessageError: it has other characters, or is too long.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise MessageError(
            f"{kind} {name[:40]!r} is not usable",
            "a name has 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit",
            f"Correct the name of the {kind}",
        )


class Payload(BaseModel):
    """A JSON payload."""

    # A later version may say more: readers of today pass over it.
    model_config = ConfigDict(extra="ignore", frozen=True)


class AvailabilityMessage(Payload):
    """Whether a box is there. The broker publishes `offline` for it as its last will."""

    box: str
    status: Literal["online", "offline"]


class RegionMessage(Payload):
    """One abnormal place, in pixels of the frame; see `inspector.regions.Region`."""

    box_px: tuple[int, int, int, int]
    centre_px: tuple[FiniteFloat, FiniteFloat]
    area_px: int
    area_fraction: FiniteFloat
    peak_score: FiniteFloat


class ResultMessage(Payload):
    """One frame's result.

    Attributes:
        score: None where the frame could not be scored; its verdict is `unsure` then.
    """

    frame_id: str
    site: str
    line: str
    camera: str
    box: str
    product: str
    model_version: str
    captured_at: AwareDatetime
    inspected_at: AwareDatetime
    score: FiniteFloat | None
    limit: FiniteFloat
    verdict: Verdict
    reason: str
    regions: tuple[RegionMessage, ...]
    latency_ms: FiniteFloat

    @classmethod
    def of(cls, record: StoredInspection) -> ResultMessage:
        """The message that tells what was recorded: a frame delivered twice gets the same one twice."""
        return cls(
            frame_id=record.frame_id,
            site=record.site,
            line=record.line,
            camera=record.camera,
            box=record.box,
            product=record.product,
            model_version=record.model_version,
            captured_at=record.captured_at,
            inspected_at=record.inspected_at,
            score=None if math.isnan(record.score) else record.score,
            limit=record.reject_limit,
            verdict=record.verdict,
            reason=record.reason,
            regions=tuple(
                RegionMessage(
                    box_px=region.box_px,
                    centre_px=region.centre_px,
                    area_px=region.area_px,
                    area_fraction=region.area_fraction,
                    peak_score=region.peak_score,
                )
                for region in record.regions
            ),
            latency_ms=record.latency_ms,
        )


class RegionFactsMessage(Payload):
    """What was measured of one abnormal place; see `inspector.describing.facts.RegionFacts`.

    Attributes:
        box_px: `(x, y, width, height)`, the region's.
        centre_px: `(x, y)`, the region's.
        position: word for the cell of the frame; like all that follow, None where it was not measured.
        area_px: pixels of the region's core, which the sentence speaks of; the result's area is larger.
        area_fraction: the same as a share of the frame.
    """

    box_px: tuple[int, int, int, int]
    centre_px: tuple[FiniteFloat, FiniteFloat]
    position: Position | None
    area_px: int | None
    area_fraction: FiniteFloat | None
    size: Size | None
    shape: Shape | None
    contrast: Contrast | None
    severity: Severity | None
    kind: str | None
    kind_probability: FiniteFloat | None
    length_mm: FiniteFloat | None
    area_mm2: FiniteFloat | None

    @classmethod
    def of(cls, region: Region, facts: StoredFacts, frame_px: int) -> RegionFactsMessage:
        """The message part of a region with its facts in a frame of so many pixels."""
        core_px = facts.core_px
        return cls(
            box_px=region.box_px,
            centre_px=region.centre_px,
            position=facts.place,
            area_px=core_px,
            area_fraction=None if core_px is None or not frame_px else core_px / frame_px,
            size=facts.size,
            shape=facts.shape,
            contrast=facts.contrast,
            severity=facts.severity,
            kind=facts.kind,
            kind_probability=facts.kind_probability,
            length_mm=facts.length_mm,
            area_mm2=facts.area_mm2,
        )


class DescriptionMessage(Payload):
    """What is wrong with a rejected part, in a sentence that the facts do not contradict.

    A sentence that was rejected by the facts is in the records only: it never leaves the box.

    Attributes:
        count: number of defects; 0 where they could not be measured.
        regions: the worst first; empty where nothing was measured.
        seconds: from the verdict to the sentence.
    """

    frame_id: str
    site: str
    line: str
    camera: str
    box: str
    product: str
    model_version: str
    verdict: Literal[Verdict.REJECT]
    sentence: str
    source: Source
    language: Language
    count: int
    regions: tuple[RegionFactsMessage, ...]
    seconds: FiniteFloat
    described_at: AwareDatetime

    @classmethod
    def of(cls, record: StoredInspection) -> DescriptionMessage:
        """The message that tells what was recorded: the same one, however often it is made.

        Raises:
            ValueError: the record has no description, or is no reject's.
        """
        told = record.description
        if told is None or record.verdict is not Verdict.REJECT:
            raise ValueError(f"frame {record.frame_id} ({record.verdict}) has no description")
        frame_px = record.width_px * record.height_px
        return cls(
            frame_id=record.frame_id,
            site=record.site,
            line=record.line,
            camera=record.camera,
            box=record.box,
            product=record.product,
            model_version=record.model_version,
            verdict=record.verdict,
            sentence=told.sentence,
            source=told.source,
            language=told.language,
            count=told.defects,
            regions=tuple(
                RegionFactsMessage.of(region, facts, frame_px)
                for region, facts in zip(record.regions, told.facts, strict=False)
            ),
            seconds=told.seconds,
            described_at=told.described_at,
        )
