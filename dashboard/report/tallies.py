"""Rates of a report: rejects among frames, false rejects among those that were decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from inspector.records import TRUTHS, Decision, DecisionCount, VerdictCount
from inspector.records.reviews import TO_REVIEW
from inspector.results import Verdict

_WAITS: Final = frozenset({None, Decision.WITHDRAWN})
"""What the latest review says of a frame that nobody has decided about."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Frames by verdict."""

    frames: int
    passed: int
    rejected: int
    unsure: int

    @classmethod
    def of(cls, counts: Iterable[VerdictCount]) -> Tally:
        """Add up counts."""
        sums = dict.fromkeys(Verdict, 0)
        for count in counts:
            sums[count.verdict] += count.frames
        return cls(sum(sums.values()), sums[Verdict.PASS], sums[Verdict.REJECT], sums[Verdict.UNSURE])

    @property
    def reject_rate(self) -> float | None:
        """Rejected frames over all frames, 0..1; None without frames."""
        return self.rejected / self.frames if self.frames else None


@dataclass(frozen=True, slots=True)
class ReviewTally:
    """What became of the frames that somebody should look at.

    Attributes:
        done: frames that were decided or skipped.
        waiting: rejects and unsure frames that nobody has decided about.
        true_defects: rejects that the latest review confirms.
        false_rejects: rejects that the latest review calls good.
        missed: frames that passed and that the latest review calls defective.
        skipped: frames of which the reviewer would not say.
    """

    done: int
    waiting: int
    true_defects: int
    false_rejects: int
    missed: int
    skipped: int

    @classmethod
    def of(cls, counts: Iterable[DecisionCount]) -> ReviewTally:
        """Add up what the latest reviews say. `TRUTHS` alone says what a part is."""
        done = waiting = skipped = 0
        truths = dict.fromkeys(TRUTHS, 0)
        for count in counts:
            if count.decision is None or count.decision in _WAITS:
                waiting += count.frames * (count.verdict in TO_REVIEW)
                continue
            done += count.frames
            skipped += count.frames * (count.decision is Decision.SKIPPED)
            # An unsure frame has no verdict that could be false.
            expected = Verdict.PASS if count.decision is Decision.MISSED else Verdict.REJECT
            if count.decision in truths and count.verdict is expected:
                truths[count.decision] += count.frames
        return cls(
            done,
            waiting,
            truths[Decision.TRUE_DEFECT],
            truths[Decision.FALSE_REJECT],
            truths[Decision.MISSED],
            skipped,
        )

    @property
    def decided_rejects(self) -> int:
        """Rejects of which it is known whether they were right."""
        return self.true_defects + self.false_rejects

    @property
    def false_reject_rate(self) -> float | None:
        """False rejects over the rejects that were decided, 0..1; None where none was."""
        return self.false_rejects / self.decided_rejects if self.decided_rejects else None
