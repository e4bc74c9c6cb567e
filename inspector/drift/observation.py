"""One judged frame as the watch for drift sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from inspector.drift.statistics import FrameStatistics
from inspector.results import Inspection, Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A frame that shows the product, whether it could be judged or not.

    Attributes:
        frame_id: identity of the frame.
        at: UTC time of the verdict.
        is_reject: it was rejected; else it passed, or nobody is sure.
        score: how far the worst place is from normal; NaN where it is not known.
        embedding: float32 `[D]`, the global descriptor; None where it is not known.
        statistics: of its picture.
        width_px: width as captured.
        height_px: height as captured.
        has_picture: its picture is kept, so that a person can look at it.
        is_unsure: it could not be judged, being too blurred or dark for instance: its picture tells of the
            camera, and there is nothing to learn from it.
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
    is_unsure: bool = False

    @classmethod
    def of(cls, inspection: Inspection, *, has_picture: bool = False) -> Self | None:
        """What is watched of an inspection; None for a frame that shows something else than the product."""
        if inspection.statistics is None:
            return None
        is_unsure = inspection.verdict is Verdict.UNSURE
        return cls(
            frame_id=inspection.frame_id,
            at=inspection.inspected_at,
            is_reject=inspection.verdict is Verdict.REJECT,
            score=math.nan if is_unsure else inspection.score,
            # A copy: the row would keep the embeddings of its whole batch alive.
            embedding=None if is_unsure else inspection.embedding.copy(),
            statistics=inspection.statistics,
            width_px=inspection.width_px,
            height_px=inspection.height_px,
            has_picture=has_picture,
            is_unsure=is_unsure,
        )
