"""What a check has found, in words for a person: what, why, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from inspector.errors import InspectorError
from inspector.settings import Settings


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Works, and somebody should look at it. Does not fail the command."""
    PROBLEM = "problem"
    """Does not work, or will not for long."""
    NOT_APPLICABLE = "not applicable"
    """Not configured, or cannot be looked at from here; `why` says which."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        state: how bad it is.
        what: the thing and how it is, as a clause without a full stop.
        why: the cause; empty where `what` says it.
        remedy: what to do; empty where nothing is to be done.
    """

    state: State
    what: str
    why: str = ""
    remedy: str = ""

    @classmethod
    def of_error(cls, error: InspectorError) -> Self:
        """A problem that an error tells of."""
        return cls(State.PROBLEM, error.what, error.why, error.remedy)


@dataclass(frozen=True, slots=True)
class Check:
    """Something that can be looked at.

    Attributes:
        subject: what it is about, one word or two.
        run: looks; what it raises is a problem.
        limit_s: seconds after which it is given up.
    """

    subject: str
    run: Callable[[Settings], Iterable[Finding]]
    limit_s: float = 15.0
