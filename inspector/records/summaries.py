"""What happened in a span of time, added up by the database: memory holds groups, never the frames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Row, ScalarSelect, Select, and_, case, func, select

from inspector.records.database import explained
from inspector.records.sums import (
    Choice,
    DecisionCount,
    IntervalCount,
    KindCount,
    Latency,
    ModelChange,
    ModelUse,
)
from inspector.records.tables import InspectionRow, RegionRow, ReviewRow
from inspector.records.values import Decision, StoredInspection, VerdictCount
from inspector.results import Verdict

MOST_INTERVALS: Final = 200
"""Each one is a comparison that the database makes for every frame."""


class Summaries:
    """Sums over the inspections of one database; `Records.summaries` is one.

    Every method raises `RecordsError` where the database cannot be reached.

    Args:
        engine: for reading.
        known: inspections by frame id.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, known: Callable[[Collection[str]], dict[str, StoredInspection]], name: str
    ) -> None:
        self._engine, self._known, self._name = engine, known, name

    def verdicts(self, choice: Choice) -> list[VerdictCount]:
        """Frames by line, camera, product and verdict, in this order."""
        groups = (InspectionRow.line, InspectionRow.camera, InspectionRow.product, InspectionRow.verdict)
        query = select(*groups, func.count()).where(*_chosen(choice)).group_by(*groups).order_by(*groups)
        return [VerdictCount(*row) for row in self._rows(query)]

    def over_time(self, choice: Choice, edges: Sequence[datetime]) -> list[IntervalCount]:
        """Frames by interval and verdict, in the order of time; intervals without frames are left out.

        Args:
            choice: which frames.
            edges: moments in order; frames from one (included) to the next (excluded) are one interval.

        Raises:
            ValueError: there are fewer than 2 edges, or more than `MOST_INTERVALS` intervals.
        """
        if not 1 < len(edges) <= MOST_INTERVALS + 1:
            raise ValueError(f"{len(edges)} edges; there must be from 2 to {MOST_INTERVALS + 1}")
        # Compared with each edge, and not divided by a length: dates are arithmetic of another kind in each
        # database, and days on which clocks change have no common length.
        interval = case(
            *((InspectionRow.inspected_at < edge, rank) for rank, edge in enumerate(edges[1:])),
            else_=len(edges),
        )
        within = (InspectionRow.inspected_at >= edges[0], InspectionRow.inspected_at < edges[-1])
        # Named in a query of its own: PostgreSQL does not see that two expressions with parameters are one.
        frames = (
            select(interval.label("interval"), InspectionRow.verdict)
            .where(*_chosen(choice), *within)
            .subquery()
        )
        groups = (frames.c.interval, frames.c.verdict)
        query = select(*groups, func.count()).group_by(*groups).order_by(*groups)
        return [IntervalCount(*row) for row in self._rows(query)]

    def decisions(self, choice: Choice) -> list[DecisionCount]:
        """Frames by line, product, verdict and what their latest review says, also where there is none."""
        groups = (InspectionRow.line, InspectionRow.product, InspectionRow.verdict, ReviewRow.decision)
        query = (
            select(*groups, func.count())
            .select_from(InspectionRow)
            .outerjoin(ReviewRow, ReviewRow.id == _latest_review())
            .where(*_chosen(choice))
            .group_by(*groups)
            .order_by(InspectionRow.line, InspectionRow.product, InspectionRow.verdict)
        )
        return [DecisionCount(*row) for row in self._rows(query)]

    def kinds(self, choice: Choice) -> list[KindCount]:
        """Rejects by the kind of their worst region, the most frequent first."""
        frames = func.count()
        good = func.sum(case((ReviewRow.decision == Decision.FALSE_REJECT, 1), else_=0))
        query = (
            select(RegionRow.kind, frames, good)
            .select_from(InspectionRow)
            .outerjoin(RegionRow, _worst_region())
            .outerjoin(ReviewRow, ReviewRow.id == _latest_review())
            .where(*_chosen(choice), InspectionRow.verdict == Verdict.REJECT)
            .group_by(RegionRow.kind)
            .order_by(frames.desc(), RegionRow.kind)
        )
        return [KindCount(kind, count, int(false)) for kind, count, false in self._rows(query)]

    def models(self, choice: Choice) -> list[ModelUse]:
        """Which bundles judged, by line and product, the earliest first."""
        groups = (InspectionRow.line, InspectionRow.product, InspectionRow.model_version)
        first, last = func.min(InspectionRow.inspected_at), func.max(InspectionRow.inspected_at)
        query = (
            select(*groups, func.count(), first, last)
            .where(*_chosen(choice))
            .group_by(*groups)
            .order_by(InspectionRow.line, InspectionRow.product, first, InspectionRow.model_version)
        )
        return [ModelUse(*row) for row in self._rows(query)]

    def model_changes(self, choice: Choice, *, limit: int) -> list[ModelChange]:
        """The first frames after a change of the bundle, the earliest first.

        A return to an earlier bundle is a change too. What judged before the span is not looked at.

        Args:
            choice: which frames.
            limit: at most so many.
        """
        of_a_camera = (InspectionRow.line, InspectionRow.camera, InspectionRow.box, InspectionRow.product)
        before = func.lag(InspectionRow.model_version).over(
            partition_by=of_a_camera, order_by=(InspectionRow.inspected_at, InspectionRow.id)
        )
        frames = (
            select(
                InspectionRow.id,
                InspectionRow.inspected_at,
                InspectionRow.line,
                InspectionRow.camera,
                InspectionRow.product,
                before.label("before"),
                InspectionRow.model_version,
            )
            .where(*_chosen(choice))
            .subquery()
        )
        columns = frames.c
        query = (
            select(
                columns.inspected_at,
                columns.line,
                columns.camera,
                columns.product,
                columns.before,
                columns.model_version,
            )
            .where(columns.before != columns.model_version)
            .order_by(columns.inspected_at, columns.id)
            .limit(limit)
        )
        return [ModelChange(*row) for row in self._rows(query)]

    def latency(self, choice: Choice) -> Latency | None:
        """How long verdicts took; None without frames."""
        rank = func.row_number().over(order_by=InspectionRow.latency_ms).label("rank")
        count = func.count().over().label("frames")
        frames = select(InspectionRow.latency_ms, rank, count).where(*_chosen(choice)).subquery()
        # Nearest rank, rounded up in whole numbers; both databases cut off what is behind the point.
        ranks = [(frames.c.frames * percent + 99) // 100 for percent in (50, 95, 99, 100)]
        query = select(*(func.max(case((frames.c.rank == each, frames.c.latency_ms))) for each in ranks))
        found = self._rows(query)[0]
        return None if found[0] is None else Latency(*found)

    def worst(self, choice: Choice, *, limit: int) -> list[StoredInspection]:
        """Rejects whose score is highest beside its limit, the worst first.

        The worst of each kind of defect, line and product come before the second ones: one kind that repeats
        itself must not hide the others. Frames whose latest review says that the part is good are left out.

        Args:
            choice: which frames.
            limit: at most so many.
        """
        # Scores of different products have different scales; their limits bring them together.
        excess = case((InspectionRow.reject_limit > 0, InspectionRow.score / InspectionRow.reject_limit))
        order = (excess.desc().nulls_last(), InspectionRow.frame_id)
        alike = (InspectionRow.line, InspectionRow.product, RegionRow.kind)
        frames = (
            select(
                InspectionRow.frame_id,
                excess.label("excess"),
                func.row_number().over(partition_by=alike, order_by=order).label("rank"),
            )
            .select_from(InspectionRow)
            .outerjoin(RegionRow, _worst_region())
            .outerjoin(ReviewRow, ReviewRow.id == _latest_review())
            .where(
                *_chosen(choice),
                InspectionRow.verdict == Verdict.REJECT,
                InspectionRow.score.is_not(None),
                ReviewRow.decision.is_distinct_from(Decision.FALSE_REJECT),
            )
            .subquery()
        )
        worst_first = (frames.c.excess.desc().nulls_last(), frames.c.frame_id)
        found = self._rows(select(frames.c.frame_id).order_by(frames.c.rank, *worst_first).limit(limit))
        records = self._known([frame_id for (frame_id,) in found])
        return sorted(records.values(), key=_excess, reverse=True)

    def _rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        with explained(f"sums cannot be read from {self._name}"), self._engine.connect() as connection:
            return connection.execute(query).all()


def _chosen(choice: Choice) -> list[ColumnElement[bool]]:
    chosen = [InspectionRow.inspected_at >= choice.since, InspectionRow.inspected_at < choice.until]
    if choice.lines:
        chosen.append(InspectionRow.line.in_(choice.lines))
    if choice.products:
        chosen.append(InspectionRow.product.in_(choice.products))
    return chosen


def _worst_region() -> ColumnElement[bool]:
    return and_(RegionRow.inspection_id == InspectionRow.id, RegionRow.position == 0)


def _latest_review() -> ScalarSelect[Any]:
    newest = select(func.max(ReviewRow.id)).where(ReviewRow.inspection_id == InspectionRow.id)
    return newest.correlate(InspectionRow).scalar_subquery()


def _excess(record: StoredInspection) -> float:
    return record.score / record.reject_limit if record.reject_limit > 0 else float("-inf")
