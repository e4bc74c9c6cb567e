"""What a rescoring has found, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from inspector.batch.rejudging import Rejudged
from inspector.records import Decision
from inspector.results import Verdict

MOST_NAMED = 20
_IS_GOOD = {Decision.FALSE_REJECT: True, Decision.TRUE_DEFECT: False, Decision.MISSED: False}


@dataclass(slots=True)
class Summary:
    """Counts over all results.

    Attributes:
        before: verdicts that the frames have.
        after: verdicts by the candidate.
        flips: by direction, such as `pass -> reject`.
        reviewed: frames of which operators have said what is true.
        agreed_before: of these, frames whose verdict was right.
        agreed_after: and is right by the candidate. An unsure frame is neither.
        unjudged: how many pictures could not be judged.
        examples: frame id and reason of the first of them.
    """

    before: Counter[Verdict] = field(default_factory=Counter)
    after: Counter[Verdict] = field(default_factory=Counter)
    flips: Counter[str] = field(default_factory=Counter)
    reviewed: int = 0
    agreed_before: int = 0
    agreed_after: int = 0
    unjudged: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, results: Iterable[Rejudged]) -> Summary:
        """Count."""
        summary = cls()
        for one in results:
            summary._add(one)
        return summary

    def _add(self, one: Rejudged) -> None:
        if one.verdict is None:
            self.unjudged += 1
            if len(self.examples) < MOST_NAMED:
                self.examples.append((one.frame.frame_id, one.why))
            return
        self.before[one.frame.verdict] += 1
        self.after[one.verdict] += 1
        if one.flip is not None:
            self.flips[one.flip] += 1
        if one.frame.decision is not None:
            right = Verdict.PASS if _IS_GOOD[one.frame.decision] else Verdict.REJECT
            self.reviewed += 1
            self.agreed_before += one.frame.verdict is right
            self.agreed_after += one.verdict is right
