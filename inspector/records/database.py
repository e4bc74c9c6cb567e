"""A database URL becomes an engine: drivers, durability, waiting for locks, errors a person can act on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from inspector.errors import RecordsError

LOCK_TIMEOUT_S = 30.0
"""How long a statement waits for another process's write on SQLite."""
CONNECT_TIMEOUT_S = 10
"""How long a connection to PostgreSQL may take."""

_EXAMPLES = "Use sqlite:///path/to/file.db or postgresql+psycopg://user:password@host/database"
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_BEGIN = "sqlite_begin"

# First match wins: names of SQLite result codes, and SQLSTATE codes of PostgreSQL (appendix A of its manual).
_REMEDIES = (
    ("SQLITE_BUSY", "Another process holds the file for long; end it or try again"),
    ("SQLITE_LOCKED", "Another process holds the file for long; end it or try again"),
    ("SQLITE_READONLY", "Give this user the right to write the file and its folder"),
    ("SQLITE_CANTOPEN", "Give this user the right to write the file and its folder"),
    ("SQLITE_PERM", "Give this user the right to write the file and its folder"),
    ("SQLITE_FULL", "Free space on the disk"),
    ("SQLITE_IOERR", "Check the disk and its free space; keep the file on a local disk"),
    ("SQLITE_NOTADB", "Name another file, or move this one away"),
    ("SQLITE_CORRUPT", "Move the file away and restore it from a backup"),
    ("42501", "Give this user the right to create and write tables in the schema"),
    ("53", "Free space or connections on the database server"),
    ("57", "Try again when the database server is up"),
)
# psycopg gives no code where a connection is refused, and the server's words depend on its language.
_REMEDY_CONNECTION = (
    "Check the URL, that the server runs and is reachable, and that the database exists (createdb)"
)
_REMEDY_OTHER = "See the database's own message above"


def parse_url(url: str) -> URL:
    """Check a database URL and fill in the driver.

    Raises:
        RecordsError: the URL cannot be parsed, names another database or driver, or keeps nothing on disk.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The URL itself may hold a password: it is not repeated.
        raise RecordsError("the database URL cannot be read", "it is not a URL", _EXAMPLES) from error
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise RecordsError(
            f"database {show(parsed)} cannot be used", f"{parsed.drivername} is not a known driver", _EXAMPLES
        )
    in_memory = parsed.database in (None, "", ":memory:") or parsed.query.get("mode") == "memory"
    if driver.startswith("sqlite") and in_memory:
        raise RecordsError(
            f"database {show(parsed)} cannot be used", "a database in memory keeps no records", _EXAMPLES
        )
    return parsed.set(drivername=driver)


def show(url: URL) -> str:
    """The URL as a person may see it: without its password, and without options, which may hold one too."""
    return url.set(query={}).render_as_string(hide_password=True)


def connect(url: URL, *, for_migration: bool = False) -> Engine:
    """An engine for a checked URL; on SQLite the file's folder is created and the file set to WAL.

    Args:
        url: what `parse_url` returned.
        for_migration: connections are not kept, and SQLite does not enforce foreign keys: a migration that
            rebuilds a table would otherwise delete, by cascade, the rows that point to it.

    Raises:
        RecordsError: the database or its driver is not there.
    """
    if url.get_backend_name() == "sqlite":
        return _connect_sqlite(url, for_migration=for_migration)
    pool = {"poolclass": NullPool} if for_migration else {"pool_pre_ping": True}
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    try:
        return create_engine(url, connect_args=timeout, **pool)
    except ImportError as error:
        raise RecordsError(
            f"database {show(url)} cannot be used",
            f"the driver does not load ({error})",
            "Install it with `pip install 'inspector[postgresql]'`",
        ) from error


def _connect_sqlite(url: URL, *, for_migration: bool) -> Engine:
    if not url.query.get("uri"):
        folder = Path(str(url.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordsError(
                f"database {show(url)} cannot be opened",
                f"folder {folder} cannot be created ({error.strerror})",
                "Give this user the right to write there, or name another place in the URL",
            ) from error
    pool = {"poolclass": NullPool} if for_migration else {}
    engine = create_engine(url, connect_args={"timeout": LOCK_TIMEOUT_S}, **pool)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # Python's driver would begin transactions late and commit before DDL; `begin` below does it openly.
        connection.isolation_level = None
        connection.execute(f"PRAGMA foreign_keys = {'OFF' if for_migration else 'ON'}")
        # A frame is acknowledged once its inspection is on disk. In WAL mode, NORMAL does not sync on commit
        # and may lose the last commits with the power; FULL does (sqlite.org/pragma.html#pragma_synchronous).
        connection.execute("PRAGMA synchronous = FULL")
        _use_wal(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Set the mode in which readers and a writer do not block each other.

    SQLite does not wait while another process is about to write a file that is not in this mode yet.
    """
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def for_writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take SQLite's write lock at once: later it can be refused."""
    return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn the database's own errors into `RecordsError`; `what` is the clause that says what failed."""
    try:
        yield
    except PoolTimeoutError as error:
        raise RecordsError(what, "all connections are in use", "Try again") from error
    except DBAPIError as error:
        why = " ".join(str(error.orig).split())
        raise RecordsError(what, why, _remedy(error)) from error


def _remedy(error: DBAPIError) -> str:
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    if code is None:
        return _REMEDY_CONNECTION
    return next((remedy for prefix, remedy in _REMEDIES if str(code).startswith(prefix)), _REMEDY_OTHER)
