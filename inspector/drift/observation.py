"""One judged frame as the watch for drift sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from inspector.drift.statistics import FrameStatistics
from inspector.results import Inspection, Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A frame that was passed or rejected.

    Attributes:
        frame_id: identity of the frame.
        at: UTC time of the verdict.
        is_reject: it was rejected; else it passed.
        score: how far the worst place is from normal; NaN where it is not known.
        embedding: float32 `[D]`, the global descriptor; None where it is not known.
        statistics: of its picture.
        width_px: width as captured.
        height_px: height as captured.
        has_picture: its picture is kept, so that a person can look at it.
    """

    frame_id: str
    at: datetime
    is_reject: bool
    score: float
    embedding: NDArray[np.float32] | None
    statistics: FrameStatistics
    width_px: int
    height_px: int
    has_picture: bool = False

    @classmethod
    def of(cls, inspection: Inspection, *, has_picture: bool = False) -> Self | None:
        """What is watched of an inspection; None for a frame that could not be judged."""
        if inspection.verdict is Verdict.UNSURE or inspection.statistics is None:
            return None
        return cls(
            frame_id=inspection.frame_id,
            at=inspection.inspected_at,
            is_reject=inspection.verdict is Verdict.REJECT,
            score=inspection.score,
            # A copy: the row would keep the embeddings of its whole batch alive.
            embedding=inspection.embedding.copy(),
            statistics=inspection.statistics,
            width_px=inspection.width_px,
            height_px=inspection.height_px,
            has_picture=has_picture,
        )
