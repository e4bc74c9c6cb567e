"""The different values of a column, found through an index in one step each: a loose index scan.

`SELECT DISTINCT` reads every row of the index on both databases, however few values there are
(wiki.postgresql.org/wiki/Loose_indexscan).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import CTE, Connection, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from inspector.records.tables import InspectionRow

MOST: Final = 1000
"""Values that are looked for; nobody chooses among more."""


def distinct(
    connection: Connection, column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]
) -> tuple[str, ...]:
    """The values of a column that begins an index, in the database's order, without NULL.

    Args:
        connection: an open one.
        column: of text.
    """
    steps = _steps(column)
    query = select(steps.c.value).where(steps.c.value.is_not(None)).limit(MOST)
    return tuple(connection.execute(query).scalars())


def latest_first(connection: Connection, column: InstrumentedAttribute[str]) -> tuple[str, ...]:
    """The values of a column of `inspections`, the one that was inspected last first.

    Args:
        connection: an open one.
        column: of text; an index begins with it and goes on with `inspected_at`.
    """
    steps = _steps(column)
    row = aliased(InspectionRow)
    latest = select(func.max(row.inspected_at)).where(getattr(row, column.key) == steps.c.value)
    query = (
        select(steps.c.value)
        .where(steps.c.value.is_not(None))
        .order_by(latest.scalar_subquery().desc(), steps.c.value)
        .limit(MOST)
    )
    return tuple(connection.execute(query).scalars())


def _steps(column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]) -> CTE:
    """Each value leads to the next larger one; the last to NULL."""
    first = select(func.min(column).label("value")).cte("steps", recursive=True)
    following = select(func.min(column)).where(column > first.c.value).correlate(first).scalar_subquery()
    return first.union_all(select(following).where(first.c.value.is_not(None)))
