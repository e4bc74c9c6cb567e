"""The outbox: what is stored and not yet told. Written in the storing transaction, emptied when confirmed.

The pattern is the transactional outbox: a service that dies between storing and telling finds on its return
what it owes. Whoever is told may hear it twice, and knows it by the frame id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from inspector.records.database import explained
from inspector.records.tables import DescriptionRow, InspectionRow, OutboxRow, Table
from inspector.records.values import Destination, StoredInspection, Told


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One thing that has to be told.

    Attributes:
        id: counts up, and never comes twice.
        what: which part of the record is news.
        record: as it is stored now.
    """

    id: int
    what: Told
    record: StoredInspection


@dataclass(frozen=True, slots=True)
class OutboxBacklog:
    """How much waits for one destination.

    Attributes:
        count: entries.
        oldest_at: when the oldest was stored; None where nothing waits.
    """

    count: int
    oldest_at: datetime | None


def insert_ignoring(connection: Connection, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
    """An insert that may be told what to do about a conflict: each database has its own."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def put(
    connection: Connection,
    keys: Iterable[int],
    what: Told,
    destinations: Collection[Destination],
    at: datetime,
) -> None:
    """Note that inspections, by key, have to be told; what waits already is left as it is."""
    rows = [
        {"inspection_id": key, "destination": destination, "what": what, "created_at": at}
        for key in keys
        for destination in destinations
    ]
    if rows:
        statement = insert_ignoring(connection, OutboxRow).on_conflict_do_nothing()
        connection.execute(statement, rows)


class Outbox:
    """The outbox of one database; `Records.outbox` is one.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        known: inspections by frame id.
        name: of the database, for messages.
    """

    def __init__(
        self,
        engine: Engine,
        transaction: Callable[[], AbstractContextManager[Connection]],
        known: Callable[[Collection[str]], dict[str, StoredInspection]],
        name: str,
    ) -> None:
        self._engine, self._transaction, self._known, self._name = engine, transaction, known, name

    def pending(self, destination: Destination, after: int, limit: int) -> list[OutboxEntry]:
        """What a destination has to be told, in the order in which it was stored.

        Args:
            destination: who is to be told.
            after: only entries with a higher id; 0 from the beginning.
            limit: at most so many.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = (
            select(OutboxRow.id, OutboxRow.what, InspectionRow.frame_id)
            .join(InspectionRow, InspectionRow.id == OutboxRow.inspection_id)
            .where(OutboxRow.destination == destination, OutboxRow.id > after)
            .order_by(OutboxRow.id)
            .limit(limit)
        )
        with explained(f"the outbox of {self._name} cannot be read"), self._engine.connect() as connection:
            entries = connection.execute(query).all()
        records = self._known({frame_id for _, _, frame_id in entries})
        # Between the two reads, an inspection may have been removed.
        return [
            OutboxEntry(key, what, records[frame_id])
            for key, what, frame_id in entries
            if frame_id in records
        ]

    def delivered(self, ids: Collection[int]) -> None:
        """Remove entries: whoever was to be told has confirmed them.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        if ids:
            with (
                explained(f"the outbox of {self._name} cannot be emptied"),
                self._transaction() as connection,
            ):
                connection.execute(delete(OutboxRow).where(OutboxRow.id.in_(ids)))

    def backlog(self, destination: Destination) -> OutboxBacklog:
        """How much waits for a destination.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = select(func.count(), func.min(OutboxRow.created_at)).where(
            OutboxRow.destination == destination
        )
        with explained(f"the outbox of {self._name} cannot be read"), self._engine.connect() as connection:
            count, oldest_at = connection.execute(query).one()
        return OutboxBacklog(count, oldest_at)

    def tell_again(self, frame_ids: Collection[str], destinations: Collection[Destination]) -> None:
        """Put inspections, and their descriptions where they have one, into the outbox once more.

        What waits already is put in anew: it may have been told, and be about to be removed.

        Raises:
            RecordsError: the database cannot be reached or written.
        """
        query = (
            select(InspectionRow.id).where(InspectionRow.frame_id.in_(frame_ids)).order_by(InspectionRow.id)
        )
        described = InspectionRow.id.in_(select(DescriptionRow.inspection_id))
        what = f"results cannot be told again from {self._name}"
        with explained(what), self._transaction() as connection:
            now = datetime.now(UTC)
            keys = connection.scalars(query).all()
            waiting = OutboxRow.inspection_id.in_(keys), OutboxRow.destination.in_(destinations)
            connection.execute(delete(OutboxRow).where(*waiting))
            put(connection, keys, Told.RESULT, destinations, now)
            put(
                connection,
                connection.scalars(query.where(described)).all(),
                Told.DESCRIPTION,
                destinations,
                now,
            )
