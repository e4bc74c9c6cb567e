from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.records import Records
from tests.services import PostgresServer, postgresql

__all__ = ["postgresql"]


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/records/inspector.db"


@pytest.fixture
def postgresql_url(postgresql: PostgresServer) -> str:
    return postgresql.create_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database, once of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def records(url: str) -> Iterator[Records]:
    with Records.open(url) as opened:
        yield opened
