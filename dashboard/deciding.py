"""What a reviewer can say of a frame, and saying it. Each write asks again who is at the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dashboard.language import N_
from dashboard.visitors import Visitor, require
from inspector.errors import ReviewConflictError
from inspector.records import Decision, Records, Review, Role, StoredInspection
from inspector.results import Verdict

LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """A button.

    Attributes:
        decision: what it says.
        label: what is written on it.
        key: on a keyboard.
        icon: Streamlit's name of it.
    """

    decision: Decision
    label: str
    key: str
    icon: str


_SKIP: Final = Choice(Decision.SKIPPED, N_("Skip"), "S", ":material/redo:")
_OF_STOPPED: Final = (
    Choice(Decision.TRUE_DEFECT, N_("Defective"), "D", ":material/close:"),
    Choice(Decision.FALSE_REJECT, N_("Good part"), "G", ":material/check:"),
    _SKIP,
)
_OF_PASSED: Final = (Choice(Decision.MISSED, N_("Missed defect"), "M", ":material/close:"), _SKIP)

TOLD: Final[dict[Decision, str]] = {
    Decision.TRUE_DEFECT: N_("defective"),
    Decision.FALSE_REJECT: N_("a good part"),
    Decision.MISSED: N_("a missed defect"),
    Decision.SKIPPED: N_("skipped"),
    Decision.WITHDRAWN: N_("taken back"),
}
"""A decision in a sentence."""


def choices(verdict: Verdict) -> tuple[Choice, ...]:
    """What can be said of a frame of this verdict."""
    return _OF_PASSED if verdict is Verdict.PASS else _OF_STOPPED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of decisions about several frames.

    Attributes:
        stored: the reviews that are in the records now.
        conflicts: what others have decided in the meantime, one sentence a frame.
    """

    stored: tuple[Review, ...]
    conflicts: tuple[str, ...]


def decide(
    records: Records,
    frames: Sequence[StoredInspection],
    decision: Decision,
    *,
    seen: dict[str, Review],
    at: datetime,
    kind: str | None = None,
    note: str = "",
    who: Callable[[Role], Visitor] = require,
) -> Outcome:
    """Store a decision about each of some frames.

    Args:
        records: where.
        frames: which.
        decision: what.
        seen: the latest review of each frame that had one, as the reviewer saw it.
        at: when, UTC.
        kind: of the defect; only kept where the decision is a defect.
        note: in words.
        who: tells who is at the page, or raises.

    Raises:
        AccountError: the visitor may not decide; nothing is stored.
        ValueError: the note is too long.
        RecordsError: the records cannot be written; what was stored before stays.
    """
    if len(note) > LONGEST_NOTE:
        raise ValueError(f"the note has {len(note)} characters; at most {LONGEST_NOTE} are kept")
    reviewer = who(Role.OPERATOR)
    is_defect = decision in {Decision.TRUE_DEFECT, Decision.MISSED}
    stored, conflicts = [], []
    for frame in frames:
        review = Review(
            frame.frame_id, decision, reviewer.name, at, note.strip(), kind if is_defect else None
        )
        try:
            records.reviews.decide(review, seen.get(frame.frame_id))
        except ReviewConflictError as error:
            conflicts.append(f"{frame.frame_id}: {error.why}")
        except ValueError as error:  # it was removed while somebody looked at it
            conflicts.append(str(error))
        else:
            stored.append(review)
    return Outcome(tuple(stored), tuple(conflicts))


def take_back(
    records: Records,
    reviews: Sequence[Review],
    *,
    at: datetime,
    who: Callable[[Role], Visitor] = require,
) -> Outcome:
    """Withdraw decisions, so that their frames wait again; what others have decided since then stays.

    Raises:
        AccountError: the visitor may not decide; nothing is stored.
        RecordsError: the records cannot be written.
    """
    reviewer = who(Role.OPERATOR)
    stored, conflicts = [], []
    for review in reviews:
        withdrawn = Review(review.frame_id, Decision.WITHDRAWN, reviewer.name, at)
        try:
            records.reviews.decide(withdrawn, review)
        except ReviewConflictError as error:
            conflicts.append(f"{review.frame_id}: {error.why}")
        else:
            stored.append(withdrawn)
    return Outcome(tuple(stored), tuple(conflicts))
