"""Who changed what, and when. Entries are only ever added."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection, Engine, insert, select

from inspector.records.database import explained
from inspector.records.tables import AuditRow
from inspector.records.values import AuditEntry, with_zone


def append(connection: Connection, entry: AuditEntry) -> None:
    """Add an entry in the transaction of the change that it tells of."""
    connection.execute(
        insert(AuditRow).values(
            happened_at=with_zone(entry.happened_at),
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            details=entry.details,
        )
    )


class Audit:
    """The audit log of one database; `Records.audit` is one.

    Args:
        engine: for reading.
        transaction: begins one that writes.
        name: of the database, for messages.
    """

    def __init__(
        self, engine: Engine, transaction: Callable[[], AbstractContextManager[Connection]], name: str
    ) -> None:
        self._engine, self._transaction, self._name = engine, transaction, name

    def add(self, entry: AuditEntry) -> None:
        """Add an entry.

        Raises:
            RecordsError: the database cannot be reached or written.
            ValueError: its time has no zone.
        """
        with (
            explained(f"the audit log of {self._name} cannot be written"),
            self._transaction() as connection,
        ):
            append(connection, entry)

    def latest(self, *, limit: int = 50, subject: str | None = None) -> list[AuditEntry]:
        """The newest entries, the newest first.

        Args:
            limit: at most so many.
            subject: only those of this subject, or of what lies below it: `bottle` has `bottle/6f0c…` too.

        Raises:
            RecordsError: the database cannot be reached.
        """
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if subject is not None:
            below = AuditRow.subject.startswith(f"{subject}/", autoescape=True)
            query = query.where((AuditRow.subject == subject) | below)
        columns = AuditRow.__table__.c
        query = query.with_only_columns(
            columns.happened_at, columns.actor, columns.action, columns.subject, columns.details
        )
        what = f"the audit log of {self._name} cannot be read"
        with explained(what), self._engine.connect() as connection:
            return [AuditEntry(*row) for row in connection.execute(query)]
