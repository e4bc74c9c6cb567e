"""A look into a box's database from outside, while it works."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def query(database: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """All rows of a statement; none while there is no such table yet. Nothing is written."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(statement, values).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "unable to open" in str(error):
            return []
        raise


def count_rows(database: Path) -> int:
    """Inspections."""
    return _number(database, "SELECT count(*) FROM inspections")


def count_ids(database: Path) -> int:
    """Different frame ids."""
    return _number(database, "SELECT count(DISTINCT frame_id) FROM inspections")


def count_waiting(database: Path) -> int:
    """What the outbox still has to tell."""
    return _number(database, "SELECT count(*) FROM outbox")


def is_stored(database: Path, frame_id: str) -> bool:
    """Whether a frame has a row."""
    return bool(query(database, "SELECT 1 FROM inspections WHERE frame_id = ?", frame_id))


def _number(database: Path, statement: str) -> int:
    rows = query(database, statement)
    return int(rows[0][0]) if rows else 0
