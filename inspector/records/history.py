"""Looking back over all inspections: pages in both directions, bounded counts, choices, exports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, select

from inspector.records.database import explained
from inspector.records.history_filter import Cursor, FrameCount, HistoryChoices, HistoryFilter
from inspector.records.history_paths import AccessPath, best_path, conditions, count_query, page_query
from inspector.records.history_values import distinct, latest_first
from inspector.records.tables import InspectionRow, RegionRow
from inspector.records.values import StoredInspection
from inspector.results import Verdict

SEARCHED: Final = 100_000
"""Texts are sought in the sentences of so many of the newest rejects: no index helps to find a substring."""
STREAMED: Final = 1000
"""Inspections that `stream` reads at once."""


class History:
    """The history of one database; `Records.history` is one. It only reads.

    Args:
        engine: for reading.
        known: inspections by frame id.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, known: Callable[[Collection[str]], dict[str, StoredInspection]], name: str
    ) -> None:
        self._engine, self._known, self._name = engine, known, name

    def page(
        self,
        wanted: HistoryFilter,
        limit: int,
        *,
        before: Cursor | None = None,
        after: Cursor | None = None,
    ) -> list[StoredInspection]:
        """Inspections in the order of `inspected_at` and then the frame's id, the newest first.

        Args:
            wanted: which.
            limit: at most so many.
            before: those that come right behind this place, the older ones.
            after: those that come right in front of this place, the newer ones; also the newest first.
                Without either cursor, the newest of all.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `limit` is below 1, or there are both cursors.
        """
        if limit < 1:
            raise ValueError(f"limit is {limit}; it must be 1 or more")
        if before is not None and after is not None:
            raise ValueError("a page comes before a place or after one, not both")
        with self._reading() as connection:
            path = self._path(connection, wanted)
        return [] if path is None else self._page(path, limit, before=before, after=after)

    def count(self, wanted: HistoryFilter, *, at_most: int) -> FrameCount:
        """How many inspections there are, counted up to a bound: a large table takes no longer.

        Args:
            wanted: which.
            at_most: where counting ends.

        Raises:
            RecordsError: the database cannot be reached.
            ValueError: `at_most` is below 1.
        """
        if at_most < 1:
            raise ValueError(f"at_most is {at_most}; it must be 1 or more")
        with self._reading() as connection:
            path = self._path(connection, wanted)
            found = connection.execute(count_query(path, at_most + 1)).scalar_one() if path else 0
        return FrameCount(min(found, at_most), found > at_most)

    def searched_since(self, wanted: HistoryFilter) -> datetime | None:
        """Where a search for texts ends, because only the newest `SEARCHED` rejects are looked at.

        Args:
            wanted: of which `until` moves the search further back.

        Returns:
            The time of the last one looked at; None where nothing is left out.

        Raises:
            RecordsError: the database cannot be reached.
        """
        with self._reading() as connection:
            floor = _floor(connection, wanted)
        return None if floor is None or (wanted.since is not None and floor <= wanted.since) else floor

    def choices(self) -> HistoryChoices:
        """What the history can be filtered by. Takes a step for each value, however many rows have it.

        Raises:
            RecordsError: the database cannot be reached.
        """
        with self._reading() as connection:
            return HistoryChoices(
                products=distinct(connection, InspectionRow.product),
                lines=distinct(connection, InspectionRow.line),
                cameras=distinct(connection, InspectionRow.camera),
                kinds=distinct(connection, RegionRow.kind),
                model_versions=latest_first(connection, InspectionRow.model_version),
            )

    def stream(self, wanted: HistoryFilter) -> Iterator[list[StoredInspection]]:
        """All inspections of a choice, the newest first, page by page: memory holds one page.

        No transaction stays open between two pages. What is inspected meanwhile is newer and not among them.

        Raises:
            RecordsError: the database cannot be reached.
        """
        with self._reading() as connection:
            path = self._path(connection, wanted)
        before: Cursor | None = None
        while path is not None:
            page = self._page(path, STREAMED, before=before)
            if page:
                yield page
            if len(page) < STREAMED:
                return
            before = Cursor.of(page[-1])

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(f"the history cannot be read from {self._name}"), self._engine.connect() as connection:
            yield connection

    def _path(self, connection: Connection, wanted: HistoryFilter) -> AccessPath | None:
        """The way to the wanted inspections; None where there can be none."""
        if wanted.asked_verdicts == ():
            return None
        return best_path(connection, wanted, conditions(wanted, _floor(connection, wanted)))

    def _page(
        self, path: AccessPath, limit: int, *, before: Cursor | None = None, after: Cursor | None = None
    ) -> list[StoredInspection]:
        query = page_query(path, limit, before=before, after=after)
        with self._reading() as connection:
            found = list(connection.execute(query).scalars())
        records = self._known(found)
        # Oldest first is how those after a place are found: the ones right in front of it.
        order = reversed(found) if after is not None else found
        return [records[frame_id] for frame_id in order if frame_id in records]


def _floor(connection: Connection, wanted: HistoryFilter) -> datetime | None:
    """Time of the oldest sentence that is searched; None where there are no more."""
    if not wanted.texts:
        return None
    query = select(InspectionRow.inspected_at).where(InspectionRow.verdict == Verdict.REJECT)
    if wanted.until is not None:
        query = query.where(InspectionRow.inspected_at < wanted.until)
    order = (InspectionRow.inspected_at.desc(), InspectionRow.frame_id.desc())
    return connection.execute(query.order_by(*order).offset(SEARCHED - 1).limit(1)).scalar_one_or_none()
