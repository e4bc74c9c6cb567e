"""What the records hold, as values that cross every room's border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inspector.regions import Region
from inspector.results import Verdict


class Decision(StrEnum):
    """What an operator decided about an inspection."""

    TRUE_DEFECT = "true_defect"
    """The part was rejected and is defective."""
    FALSE_REJECT = "false_reject"
    """The part was rejected and is good."""
    MISSED = "missed"
    """The part passed and is defective."""


@dataclass(frozen=True, slots=True)
class StoredInspection:
    """One row of the table `inspections` with its regions and evidence.

    Attributes:
        frame_id: identity of the frame, unique in the records.
        site: plant the camera belongs to.
        line: line the camera looks at.
        camera: camera's name, unique on its line.
        box: box that judged.
        product: product the bundle was trained for.
        model_version: content hash of the bundle.
        captured_at: time of the picture by the camera's clock; has a time zone, comes back in UTC.
        inspected_at: time of the verdict by the box's clock; has a time zone, comes back in UTC.
        score: raw score, higher is worse; NaN where the frame could not be scored.
        reject_limit: the limit that the verdict was made with.
        verdict: pass, reject or unsure.
        reason: one clause for a person.
        latency_ms: milliseconds from encoded bytes to the verdict.
        width_px: width of the frame as captured; 0 where it could not be decoded.
        height_px: height of the frame as captured; 0 where it could not be decoded.
        regions: the abnormal places, the worst first.
        evidence: the frame's picture, a path relative to the box's data folder or an absolute URI; None where
            it is not kept.
        evidence_map: the anomaly map, in the same way.

    Raises:
        ValueError: a time has no time zone.
    """

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
    reject_limit: float
    verdict: Verdict
    reason: str
    latency_ms: float
    width_px: int
    height_px: int
    regions: tuple[Region, ...] = ()
    evidence: str | None = None
    evidence_map: str | None = None

    def __post_init__(self) -> None:
        for name in ("captured_at", "inspected_at"):
            if getattr(self, name).utcoffset() is None:
                raise ValueError(f"{name} has no time zone")


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many frames of one camera and product got a verdict."""

    line: str
    camera: str
    product: str
    verdict: Verdict
    frames: int
