"""What one worker does: judge planned frames by a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from inspector.batch.plan import PlannedFrame
from inspector.errors import EvidenceError, FrameError
from inspector.evidence import read_evidence
from inspector.frames import Frame, decode_image
from inspector.inspecting import Inspector
from inspector.results import Verdict


class Rejudged(BaseModel):
    """A frame before and after.

    Attributes:
        frame: as it was planned.
        verdict: by the bundle that judges now; None where the picture could not be judged.
        score: by that bundle.
        limit: of that bundle.
        why: its reason, or why the picture could not be judged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: PlannedFrame
    verdict: Verdict | None
    score: float | None
    limit: float | None
    why: str

    @property
    def flip(self) -> str | None:
        """Such as `pass -> reject`; None where nothing flips."""
        if self.verdict is None or self.verdict is self.frame.verdict:
            return None
        return f"{self.frame.verdict.value} -> {self.verdict.value}"


def rejudge(inspector: Inspector, frames: Sequence[PlannedFrame], data_dir: Path) -> list[Rejudged]:
    """Judge frames one by one; a picture that is gone or damaged is a row that says so.

    Args:
        inspector: the bundle that judges.
        frames: with the places of their pictures.
        data_dir: the box's data folder, for pictures that lie there.

    Raises:
        EngineError: the engine failed.
    """
    return [_rejudged(inspector, frame, data_dir) for frame in frames]


def _rejudged(inspector: Inspector, frame: PlannedFrame, data_dir: Path) -> Rejudged:
    try:
        image = decode_image(read_evidence(frame.evidence, data_dir))
    except (EvidenceError, FrameError) as error:
        return Rejudged(frame=frame, verdict=None, score=None, limit=None, why=str(error))
    found = inspector.inspect(Frame(image, frame.frame_id, frame.captured_at))
    return Rejudged(
        frame=frame, verdict=found.verdict, score=found.score, limit=found.limit, why=found.reason
    )
