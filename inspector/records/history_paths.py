"""How the database finds what a filter asks for: through the index that leads to the fewest rows.

Both databases walk an index in the order of the history and stop when a page is full. What remains is to say
which index: SQLite keeps no statistics here, and would choose by the look of the query alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select, true, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, aliased

from inspector.records.history_filter import UNDECIDED, Cursor, HistoryFilter
from inspector.records.tables import DescriptionRow, InspectionRow, RegionRow, ReviewRow
from inspector.records.values import Decision
from inspector.results import Verdict

PROBED: Final = 10_000
"""Rows that are counted of each index at most, to compare them."""
BRANCHES: Final = 50
"""Values of one field that are looked for one by one; more are rather found along the time."""


@dataclass(frozen=True, slots=True)
class AccessPath:
    """One way to the rows of a filter.

    Attributes:
        name: of the index that SQLite is to walk; None for the rows that the branches name by their keys.
        branches: conditions, of which every wanted row fulfils exactly one; rows of each come in order.
        conditions: the whole filter.
        probe: a query of the rows it leads to, to count some.
    """

    name: str | None
    branches: tuple[ColumnElement[bool], ...]
    conditions: tuple[ColumnElement[bool], ...]
    probe: Select[Any]

    def select(
        self, *columns: InstrumentedAttribute[Any], where: Sequence[ColumnElement[bool]]
    ) -> Select[Any]:
        """Rows that fulfil the filter and more conditions."""
        hint = f"INDEXED BY {self.name}" if self.name else "NOT INDEXED"
        query = select(*columns).where(*where, *self.conditions)
        return query.with_hint(InspectionRow, hint, "sqlite")


def conditions(wanted: HistoryFilter, floor: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a filter.

    Args:
        wanted: the filter.
        floor: rejects before this time are not searched for texts; None where all are.
    """
    verdicts = wanted.asked_verdicts
    found: list[ColumnElement[bool]] = [] if verdicts is None else [InspectionRow.verdict.in_(verdicts)]
    found += [column.in_(values) for column, values in _columns(wanted) if values]
    if wanted.facts:
        region = select(RegionRow.inspection_id).where(RegionRow.inspection_id == InspectionRow.id)
        found.append(region.where(*_facts(wanted)).exists())
    for text in wanted.texts:
        told = select(DescriptionRow.id).where(DescriptionRow.inspection_id == InspectionRow.id)
        found.append(told.where(DescriptionRow.sentence.icontains(text, autoescape=True)).exists())
    if wanted.review == UNDECIDED:
        found.append(~_decided(ReviewRow.decision != Decision.WITHDRAWN).exists())
    elif wanted.review is not None:
        found.append(_decided(ReviewRow.decision == wanted.review).exists())
    if floor is not None:
        found.append(InspectionRow.inspected_at >= floor)
    return (*found, *_times(wanted))


def best_path(
    connection: Connection, wanted: HistoryFilter, found: tuple[ColumnElement[bool], ...]
) -> AccessPath:
    """The path that leads to the fewest rows; where all lead to many, the first in the order below.

    Args:
        connection: an open one, to count some rows.
        wanted: the filter; there are verdicts that fulfil it.
        found: its conditions.
    """
    candidates = paths(wanted, found)
    if len(candidates) == 1:
        return candidates[0]
    counts = [
        connection.execute(select(func.count()).select_from(path.probe.limit(PROBED).subquery())).scalar_one()
        for path in candidates
    ]
    return candidates[counts.index(min(counts))]


def page_query(path: AccessPath, limit: int, *, before: Cursor | None, after: Cursor | None) -> Select[str]:
    """Frame ids of a page: the newest first, or the oldest first after a cursor."""
    key = (InspectionRow.inspected_at, InspectionRow.frame_id)
    beyond: list[ColumnElement[bool]] = []
    if before is not None:
        beyond.append(tuple_(*key) < (before.inspected_at, before.frame_id))
    if after is not None:
        beyond.append(tuple_(*key) > (after.inspected_at, after.frame_id))

    def ordered(query: Select[Any], columns: Sequence[Any]) -> Select[Any]:
        order = columns if after is not None else [column.desc() for column in columns]
        return query.order_by(*order).limit(limit)

    branches = [ordered(path.select(*key, where=(branch, *beyond)), key) for branch in path.branches]
    # A page of each value, and of these one page: sorting all rows of several values takes long.
    pages = union_all(*(select(page.subquery()) for page in branches)).subquery()
    return ordered(select(pages.c.frame_id), (pages.c.inspected_at, pages.c.frame_id))


def count_query(path: AccessPath, at_most: int) -> Select[int]:
    """Number of rows, counted no further than a bound."""
    branches = [path.select(InspectionRow.id, where=(branch,)).limit(at_most) for branch in path.branches]
    rows = union_all(*(select(rows.subquery()) for rows in branches)).limit(at_most)
    return select(func.count()).select_from(rows.subquery())


def paths(wanted: HistoryFilter, found: tuple[ColumnElement[bool], ...]) -> list[AccessPath]:
    """All ways to the rows of a filter.

    Where two lead to as many, the first is taken: what is rare in a plant comes before what is common.
    """
    verdicts = wanted.asked_verdicts or ()
    times = _times(wanted)
    by_verdict = _along(InspectionRow.verdict, verdicts, times, found)
    ways: list[AccessPath] = []
    if isinstance(wanted.review, Decision):
        # People decide, so there are few; and whatever else is asked, their frames need not be near in time.
        keys = select(ReviewRow.inspection_id).where(ReviewRow.decision == wanted.review)
        ways.append(AccessPath(None, (InspectionRow.id.in_(keys),), found, keys))
    ways += by_verdict if Verdict.PASS not in verdicts else []
    for column, values in _columns(wanted):
        ways += _along(column, values, times, found)
    ways += by_verdict if Verdict.PASS in verdicts else []
    if times or not ways:
        every = select(InspectionRow.id).where(*times)
        ways.append(AccessPath("ix_inspections_inspected_at_frame_id", (true(),), found, every))
    if wanted.kinds:
        # Their rows have to be sorted, so only where they are fewer than those of any other path.
        keys = select(RegionRow.inspection_id).where(RegionRow.kind.in_(wanted.kinds))
        ways.append(AccessPath(None, (InspectionRow.id.in_(keys),), found, keys))
    return ways


def _columns(wanted: HistoryFilter) -> list[tuple[InstrumentedAttribute[str], tuple[str, ...]]]:
    return [
        (InspectionRow.model_version, wanted.model_versions),
        (InspectionRow.camera, wanted.cameras),
        (InspectionRow.line, wanted.lines),
        (InspectionRow.product, wanted.products),
    ]


def _along(
    column: InstrumentedAttribute[Any],
    values: Sequence[str],
    times: Sequence[ColumnElement[bool]],
    found: tuple[ColumnElement[bool], ...],
) -> list[AccessPath]:
    """The path along the index of a column, if the filter has values of it."""
    if not 0 < len(values) <= BRANCHES:
        return []
    probe = select(InspectionRow.id).where(column.in_(values), *times)
    index = f"ix_inspections_{column.key}_inspected_at_frame_id"
    return [AccessPath(index, tuple(column == value for value in dict.fromkeys(values)), found, probe)]


def _times(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    times: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        times.append(InspectionRow.inspected_at >= wanted.since)
    if wanted.until is not None:
        times.append(InspectionRow.inspected_at < wanted.until)
    return times


def _facts(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    return [getattr(RegionRow, name).in_(words) for name, words in wanted.facts.items()]


def _decided(says: ColumnElement[bool]) -> Select[int]:
    """The latest review of an inspection, if it says something."""
    later = aliased(ReviewRow)
    is_latest = (
        ~select(later.id)
        .where(later.inspection_id == ReviewRow.inspection_id, later.id > ReviewRow.id)
        .exists()
    )
    return select(ReviewRow.id).where(ReviewRow.inspection_id == InspectionRow.id, says, is_latest)
