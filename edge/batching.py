"""How many frames are scored together: as many as the latency budget allows, all that fit when it is lost."""

from __future__ import annotations

import math

_FADE = 0.2
"""Weight of the newest batch in the running mean: a swap of the model is followed within some batches."""


class BatchSizer:
    """Chooses the size of the next batch from what earlier ones took.

    There is no waiting for more frames: a frame that comes alone is judged at once, and batches form by
    themselves while the engine is busy. The budget is needed for the other side, a batch so large that its
    first frame waits for its last one's computing.

    Args:
        largest: most frames in a batch.
        budget_s: seconds that computing a batch may take.
    """

    def __init__(self, largest: int, budget_s: float) -> None:
        self._largest, self._budget_s = largest, budget_s
        self._frame_s: float | None = None

    def observe(self, frames: int, seconds: float) -> None:
        """Learn from a batch of so many frames that took so many seconds."""
        frame_s = seconds / frames
        self._frame_s = frame_s if self._frame_s is None else (1 - _FADE) * self._frame_s + _FADE * frame_s

    def size(self, waited_s: float = 0.0) -> int:
        """Frames of the next batch, 1 or more.

        Args:
            waited_s: how long the oldest frame has waited. Once that is beyond the budget, frames come faster
                than they are judged, and the largest batch, which is the fastest way, is the shortest wait.
        """
        if self._frame_s is None:
            return 1
        left_s = self._budget_s - waited_s
        if left_s <= 0:
            return self._largest
        return max(1, min(self._largest, math.floor(left_s / self._frame_s)))
