"""Something that is wrong at the moment, as a person is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.errors import InspectorError


@dataclass(frozen=True, slots=True)
class Problem:
    """A state that somebody should mend.

    Attributes:
        what: the thing that is wrong, as a clause.
        why: the cause.
        remedy: what to do.
        is_fatal: no frame can be judged or recorded while it lasts.
    """

    what: str
    why: str
    remedy: str
    is_fatal: bool = False

    @classmethod
    def of(cls, error: InspectorError, *, is_fatal: bool = False) -> Problem:
        """The problem that an error tells of."""
        return cls(error.what, error.why, error.remedy, is_fatal)
