"""A measured figure beside the one that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEADER = "| what | found | wanted |\n|---|---|---|"


def merged(table: str, rows: Sequence[Row]) -> str:
    """A written table with new rows in the place of those of the same name; further ones come last.

    Args:
        table: Markdown, maybe with other lines around it, which are left out.
        rows: what was measured now.
    """
    new = {row.what: str(row) for row in rows}
    lines = [line for line in table.splitlines() if line.startswith("| ") and line not in HEADER]
    kept = [new.pop(line.split(" | ")[0].removeprefix("| "), line) for line in lines]
    return "\n".join([HEADER, *kept, *new.values()])


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        what: was measured.
        found: the figure.
        wanted: what it must be.
        is_reached: whether it is.
    """

    what: str
    found: str
    wanted: str
    is_reached: bool

    def __str__(self) -> str:
        mark = "" if self.is_reached else " **(missed)**"
        return f"| {self.what} | {self.found}{mark} | {self.wanted} |"
