"""How a database is, found without changing it: revision, clock, and whether it can be written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text

from inspector.records.audit import append
from inspector.records.database import connect, explained, for_writing, parse_url, show
from inspector.records.migrating import alembic_config
from inspector.records.tables import InspectionRow
from inspector.records.values import AuditEntry


@dataclass(frozen=True, slots=True)
class DatabaseCondition:
    """What was found.

    Attributes:
        name: URL without password.
        file: the file, of SQLite; None where a server keeps it.
        exists: whether there is a database; one of SQLite is made by the first program that opens it.
        revision: of its tables; None where it has none yet.
        pending: revisions that would be applied at the next start, the first one first.
        is_newer: its tables come from newer code.
        server_clock: what the server takes for now; None without a server.
        newest: when its newest inspection was judged; None where there is none, or it is not up to date.
    """

    name: str
    file: Path | None
    exists: bool = False
    revision: str | None = None
    pending: tuple[str, ...] = ()
    is_newer: bool = False
    server_clock: datetime | None = None
    newest: datetime | None = None


def examine(url: str) -> DatabaseCondition:
    """Look at a database, and write one row in a transaction that is rolled back. No table is changed.

    Raises:
        RecordsError: the URL is wrong, or the database cannot be reached or written.
    """
    parsed = parse_url(url)
    name = show(parsed)
    file = None
    if parsed.get_backend_name() == "sqlite" and not parsed.query.get("uri"):
        file = Path(str(parsed.database))
        if not file.exists():
            return DatabaseCondition(name, file)
    script = ScriptDirectory.from_config(alembic_config())
    known = [revision.revision for revision in script.walk_revisions()][::-1]
    engine = connect(parsed, for_migration=True)
    try:
        with explained(f"database {name} cannot be opened"), engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            clock = None if file else connection.execute(select(func.now())).scalar_one()
            is_current = revision == known[-1]
            newest = None
            if is_current:
                newest = connection.execute(select(func.max(InspectionRow.inspected_at))).scalar_one()
        is_newer = revision is not None and revision not in known
        if not is_newer:
            with explained(f"database {name} cannot be written"), for_writing(engine).connect() as connection:
                if is_current:
                    append(connection, AuditEntry(datetime.now(UTC), "doctor", "write test", "", {}))
                else:
                    connection.execute(text("CREATE TABLE inspector_write_test (id INTEGER)"))
                connection.rollback()
    finally:
        engine.dispose()
    done = known.index(revision) + 1 if revision in known else 0
    return DatabaseCondition(
        name=name,
        file=file,
        exists=True,
        revision=revision,
        pending=() if is_newer else tuple(known[done:]),
        is_newer=is_newer,
        server_clock=clock,
        newest=newest,
    )
