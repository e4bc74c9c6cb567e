"""The result of inspecting one frame, as values that cross every room's border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inspector.drift.statistics import FrameStatistics
    from inspector.regions import Region


class Verdict(StrEnum):
    """What becomes of the part."""

    PASS = "pass"  # noqa: S105 - no password
    """The score is at or below the reject limit."""
    REJECT = "reject"
    """The score is above the reject limit."""
    UNSURE = "unsure"
    """The frame cannot be judged; `Inspection.reason` says why. A person must look."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """One frame's result.

    Attributes:
        frame_id: identity of the frame; delivering it twice stores it once.
        product: product the bundle was trained for.
        model_version: content hash of the bundle that judged.
        captured_at: UTC time of the picture, as the camera says.
        inspected_at: UTC time of the verdict.
        width_px: width of the frame as captured.
        height_px: height of the frame as captured.
        score: how far the worst place is from normal; raw, higher is worse.
        limit: scores above it are rejected.
        verdict: pass, reject or unsure.
        reason: one clause for a person, for instance "score 2.31 is above the limit 1.40".
        regions: the abnormal places, the worst first; empty when nothing is above the limit.
        latency_ms: milliseconds from encoded bytes to this verdict.
        anomaly_map: float32 `[h, w]` as the network gives it, smaller than the frame.
        embedding: float32 `[D]`, the frame's global descriptor.
        decoder_maps: float32 `[2, h, w]`, the image-image and the image-text map; None where only the fused
            map is known.
        statistics: light, sharpness and the like of the picture; None where it is not at hand, or shows
            something else than the product.
    """

    frame_id: str
    product: str
    model_version: str
    captured_at: datetime
    inspected_at: datetime
    width_px: int
    height_px: int
    score: float
    limit: float
    verdict: Verdict
    reason: str
    regions: tuple[Region, ...]
    latency_ms: float
    anomaly_map: NDArray[np.float32]
    embedding: NDArray[np.float32]
    decoder_maps: NDArray[np.float32] | None = None
    statistics: FrameStatistics | None = None
