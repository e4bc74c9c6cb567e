"""Everything that a report tells, read from the records. The database adds up; memory holds sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from dashboard.report.parts import Part, worst_parts
from dashboard.report.spans import Span, edges_of
from dashboard.report.tallies import Tally
from inspector.records import (
    Choice,
    DecisionCount,
    IntervalCount,
    KindCount,
    Latency,
    ModelChange,
    ModelUse,
    Records,
    StoredAlarm,
    VerdictCount,
)

MOST_PARTS: Final = 10
MOST_ALARMS: Final = 50
MOST_CHANGES: Final = 50


@dataclass(frozen=True, slots=True)
class Report:
    """A shift, or another span, in numbers and pictures.

    Attributes:
        site: the plant.
        span: what was asked for.
        choice: the frames that were looked at; of a running span, what has passed of it.
        zone: in which times are told.
        made_at: when, UTC.
        counts: frames by line, camera, product and verdict.
        before: all frames of the span of equal length before.
        edges: moments between which `intervals` count, UTC.
        intervals: frames over time.
        decisions: frames by what their latest review says.
        kinds: rejects by kind of defect, the most frequent first.
        models: which bundles judged.
        changes: when another bundle began to judge, at most `MOST_CHANGES`.
        latency: of all verdicts; None without frames.
        latency_by_line: of each line, in the order of their names.
        alarms: of drift, the newest first, at most `MOST_ALARMS`.
        worst: the worst parts, the worst first, at most `MOST_PARTS`.
    """

    site: str
    span: Span
    choice: Choice
    zone: tzinfo
    made_at: datetime
    counts: tuple[VerdictCount, ...]
    before: Tally
    edges: tuple[datetime, ...]
    intervals: tuple[IntervalCount, ...]
    decisions: tuple[DecisionCount, ...]
    kinds: tuple[KindCount, ...]
    models: tuple[ModelUse, ...]
    changes: tuple[ModelChange, ...]
    latency: Latency | None
    latency_by_line: tuple[tuple[str, Latency], ...]
    alarms: tuple[StoredAlarm, ...]
    worst: tuple[Part, ...]

    @property
    def is_running(self) -> bool:
        """Whether the span had not ended when the report was made."""
        return self.span.until > self.made_at

    @property
    def total(self) -> Tally:
        """All frames of the report."""
        return Tally.of(self.counts)


def gather(
    records: Records,
    span: Span,
    *,
    site: str,
    data_dir: Path,
    zone: tzinfo,
    now: datetime,
    lines: Sequence[str] = (),
    products: Sequence[str] = (),
) -> Report:
    """Read a report's figures and pictures.

    Frames that arrive while it is read may be in one figure and not yet in another: a running span is cut
    off at `now`, so that these are only what a box stores late.

    Args:
        records: where from.
        span: what is looked at.
        site: the plant, as the report names it.
        data_dir: folder that the evidence's relative paths start from.
        zone: in which times are told and intervals are cut.
        now: when the report is made.
        lines: only these lines; all when empty.
        products: only these products; all when empty.

    Raises:
        RecordsError: the database cannot be reached.
    """
    passed = span.so_far(now)
    choice = Choice(passed.since, passed.until, tuple(lines), tuple(products))
    earlier = passed.before()
    edges = edges_of(passed, zone)
    sums = records.summaries
    counts, models = sums.verdicts(choice), sums.models(choice)
    # Changes are found by looking at every frame in order, the longest of all questions.
    has_changes = len(models) > len({(use.line, use.product) for use in models})
    return Report(
        site=site,
        span=span,
        choice=choice,
        zone=zone,
        made_at=now,
        counts=tuple(counts),
        before=Tally.of(sums.verdicts(_moved(choice, earlier))),
        edges=edges,
        intervals=tuple(sums.over_time(choice, edges)),
        decisions=tuple(sums.decisions(choice)),
        kinds=tuple(sums.kinds(choice)),
        models=tuple(models),
        changes=tuple(sums.model_changes(choice, limit=MOST_CHANGES)) if has_changes else (),
        latency=sums.latency(choice),
        latency_by_line=tuple(
            (line, latency)
            for line in sorted({count.line for count in counts})
            if (latency := sums.latency(Choice(choice.since, choice.until, (line,), choice.products)))
        ),
        alarms=tuple(
            records.drift.latest(
                limit=MOST_ALARMS,
                since=choice.since,
                until=choice.until,
                lines=choice.lines,
                products=choice.products,
            )
        ),
        worst=worst_parts(records, sums.worst(choice, limit=MOST_PARTS), data_dir),
    )


def _moved(choice: Choice, span: Span) -> Choice:
    return Choice(span.since, span.until, choice.lines, choice.products)
