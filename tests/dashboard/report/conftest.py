from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.line import Line
from tests.services import postgresql

__all__ = ["postgresql"]


@pytest.fixture(params=["sqlite", "postgresql"])
def any_line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    """A line, once on each kind of database."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").create_database()
    with Line(tmp_path, database_url=url) as line:
        yield line
