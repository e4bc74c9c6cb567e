"""Bring a database's tables to the state this version of the code needs."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from inspector.errors import RecordsError
from inspector.records.database import connect, explained, for_writing, show

_ADVISORY_LOCK = 0x696E7370
"""Any number that other users of the server do not take for their own advisory locks; this one is "insp"."""


def migrate(url: URL) -> None:
    """Create or upgrade the tables, where they are not up to date. Several processes may call it at once.

    Raises:
        RecordsError: the database cannot be reached or changed, or comes from newer code.
    """
    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    engine = connect(url, for_migration=True)
    try:
        with explained(f"database {show(url)} cannot be opened"), engine.connect() as connection:
            if _is_current(connection, script, url):
                return
        with explained(f"database {show(url)} cannot be migrated"), for_writing(engine).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            # Another process may have been first while this one waited for the lock.
            if not _is_current(connection, script, url):
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                _check_references(connection, url)
    finally:
        engine.dispose()


def alembic_config() -> Config:
    """Alembic's configuration: the revisions that ship inside this package."""
    config = Config()
    config.set_main_option("script_location", "inspector.records:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _is_current(connection: Connection, script: ScriptDirectory, url: URL) -> bool:
    current = MigrationContext.configure(connection).get_current_heads()
    known = {revision.revision for revision in script.walk_revisions()}
    unknown = sorted(set(current) - known)
    if unknown:
        raise RecordsError(
            f"database {show(url)} cannot be used",
            f"its tables are newer than this inspector (revision {', '.join(unknown)})",
            "Upgrade inspector on this machine, or name another database",
        )
    return set(current) == set(script.get_heads())


def _check_references(connection: Connection, url: URL) -> None:
    """SQLite does not enforce foreign keys during a migration, so look afterwards."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RecordsError(
            f"database {show(url)} cannot be migrated",
            f"{len(broken)} rows refer to rows that do not exist, first in table {broken[0][0]}",
            "Restore the database from a backup",
        )
