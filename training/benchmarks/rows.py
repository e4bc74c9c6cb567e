"""A measured figure beside the one that is wanted."""

from __future__ import annotations

from dataclasses import dataclass

HEADER = "| what | found | wanted |\n|---|---|---|"


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
