"""Which stored frames are judged again, written down once: an interrupted run goes on with the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from inspector.durability import write_durably
from inspector.errors import BatchError
from inspector.records import TRUTHS, Decision, Records, StoredInspection
from inspector.results import Verdict

MOST_REVIEWED = 1_000_000
WORK_NAME: Final = "work.json"
FRAMES_NAME: Final = "frames.jsonl"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Value):
    """What is judged again.

    Attributes:
        product: of the frames.
        since: earliest time that a frame was judged, with a time zone.
        until: the first time that is too late.
        lines: only these lines; all when empty.
        cameras: only cameras of these names; all when empty.
    """

    product: str
    since: datetime
    until: datetime
    lines: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()


class PlannedFrame(_Value):
    """A stored frame with its picture's place and what was decided.

    Attributes:
        frame_id: of the frame.
        captured_at: time of the picture.
        evidence: where its picture is.
        verdict: that it got.
        score: that it got.
        limit: that it was compared with.
        model_version: that judged it.
        decision: of the latest review; None where there is none.
    """

    frame_id: str
    captured_at: datetime
    evidence: str
    verdict: Verdict
    score: float
    limit: float
    model_version: str
    decision: Decision | None = None


class Work(_Value):
    """What a folder of results belongs to.

    Attributes:
        span: the frames.
        candidate: version of the bundle that judges.
        chunk: frames in one file of results.
        frames: how many there are.
        without_picture: frames of the span whose pictures were not kept; they are no part of the work.
        sha256: of the list of frames.
    """

    span: Span
    candidate: str
    chunk: int
    frames: int
    without_picture: int
    sha256: str


def plan(records: Records, span: Span, candidate: str, output: Path, chunk: int) -> Work:
    """Write down the work in a folder, or find what was written down there.

    Args:
        records: where the frames are.
        span: which of them.
        candidate: version of the bundle that judges.
        output: folder of the results.
        chunk: frames in one file of results.

    Raises:
        BatchError: the folder holds other work, or the span is empty or holds no frame with a picture.
        RecordsError: the records cannot be read.
    """
    if span.since >= span.until:
        raise BatchError(
            f"there is nothing of {span.product} to judge again",
            f"the span ends at {span.until:%Y-%m-%d %H:%M}, before it begins",
            "Give an earlier --since or a later --until",
        )
    if (output / WORK_NAME).exists():
        return _known(span, candidate, output)
    decisions = {
        record.frame_id: decision
        for record, decision in records.reviews.decided(span.product, TRUTHS, limit=MOST_REVIEWED)
    }
    lines, without = [], 0
    for record in _stored(records, span):
        if record.evidence is None:
            without += 1
            continue
        frame = PlannedFrame(
            frame_id=record.frame_id,
            captured_at=record.captured_at,
            evidence=record.evidence,
            verdict=record.verdict,
            score=record.score,
            limit=record.reject_limit,
            model_version=record.model_version,
            decision=decisions.get(record.frame_id),
        )
        lines.append(frame.model_dump_json())
    if not lines:
        raise BatchError(
            f"there is nothing of {span.product} to judge again",
            f"from {span.since:%Y-%m-%d %H:%M} to {span.until:%Y-%m-%d %H:%M} no frame has a picture"
            f" ({without} have none)",
            "Look at --since and --until, and at which evidence the boxes keep",
        )
    data = "".join(f"{line}\n" for line in lines).encode()
    work = Work(
        span=span,
        candidate=candidate,
        chunk=chunk,
        frames=len(lines),
        without_picture=without,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    write_durably(output / FRAMES_NAME, data)
    # Written last: where it stands, the list is complete.
    write_durably(output / WORK_NAME, f"{work.model_dump_json(indent=2)}\n".encode())
    return work


def planned_chunks(work: Work, output: Path) -> list[Sequence[PlannedFrame]]:
    """The frames of each file of results.

    Raises:
        BatchError: the list was changed.
    """
    data = (output / FRAMES_NAME).read_bytes()
    if hashlib.sha256(data).hexdigest() != work.sha256:
        raise BatchError(
            f"{output} cannot be gone on with", f"{FRAMES_NAME} was changed", "Begin in another folder"
        )
    frames = [PlannedFrame.model_validate_json(line) for line in data.splitlines()]
    return [frames[start : start + work.chunk] for start in range(0, len(frames), work.chunk)]


def _stored(records: Records, span: Span) -> Iterator[StoredInspection]:
    """All inspections of a span, the newest first."""
    newest = records.each(products=[span.product], lines=span.lines, cameras=span.cameras, before=span.until)
    return takewhile(lambda record: record.inspected_at >= span.since, newest)


def _known(span: Span, candidate: str, output: Path) -> Work:
    try:
        work = Work.model_validate_json((output / WORK_NAME).read_bytes())
    except ValidationError as error:
        raise BatchError(
            f"{output / WORK_NAME} cannot be read", str(error).partition("\n")[0], "Begin in another folder"
        ) from error
    same = work.span.model_copy(update={"until": span.until}) == span
    if work.candidate != candidate or not same or work.span.until > span.until:
        raise BatchError(
            f"{output} holds other work",
            f"{work.span.product} from {work.span.since:%Y-%m-%d %H:%M} to {work.span.until:%Y-%m-%d %H:%M}"
            f" by {work.candidate}",
            "Ask for the same again to go on with it, or give another --output",
        )
    return work
